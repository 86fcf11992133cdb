package room

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

// FuzzStep plays events that it reads from bytes, three each: what, who, and
// how. Every socket belongs to one of eight pages, whose tokens are shown
// truly, of an older welcome, or not at all.
func FuzzStep(f *testing.F) {
	f.Add([]byte("\x00\x01\x00\x00\x02\x00\x10\x01\x20\x30\x01\x02\x40\x02\x00"))
	f.Add([]byte("aA1bB2cC3dD4eE5fF6gG7hH8iI9jJ0"))
	f.Add([]byte(strings.Repeat("\x00\x01\x01\x05\x01\x09\x06\x01\x21\x07\x02\x30", 8)))
	f.Fuzz(func(t *testing.T, script []byte) { playScript(t, script) })
}

func TestWhatAlwaysHoldsHoldsInRandomConversations(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		script := make([]byte, 900)
		for i := range script {
			script[i] = byte(random.Uint32())
		}
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playScript(t, script) }) {
			return
		}
	}
}

func playScript(t *testing.T, script []byte) {
	w := &fuzzWorld{
		conversation: newConversation(t), live: map[Conn]bool{}, page: map[Conn]int{},
		tokens: map[int][]string{}, ids: map[int]string{}, life: map[int]int64{}, revisions: map[string]int{},
	}
	w.r.policy.MaxParticipants = 5
	w.r.policy.KeptMessages, w.r.policy.KeptBytes = 4, 400
	for ; len(script) >= 3; script = script[3:] {
		w.play(script[0], script[1], script[2])
	}
}

type fuzzWorld struct {
	*conversation
	conn      Conn
	live      map[Conn]bool
	page      map[Conn]int // which of the eight pages a socket is of
	tokens    map[int][]string
	ids       map[int]string
	life      map[int]int64
	revisions map[string]int
}

func (w *fuzzWorld) play(what, who, how byte) {
	page, conn := int(who%8), Conn(1+int64(who)%max(1, int64(w.conn)))
	to := w.ids[int(how%8)]
	switch what % 8 {
	case 0, 1:
		w.conn++
		w.live[w.conn], w.page[w.conn] = true, page
		w.life[page] += int64(how >> 1 & 1)
		ev := Hello{
			Conn: w.conn, NewID: fmt.Sprint("p", w.conn),
			Envelope: signal.Envelope{Type: signal.TypeHello, Life: max(1, w.life[page]-int64(how>>2&1)), Seq: int64(how >> 6), Ack: int64(how >> 5 & 3)},
			Address:  netip.AddrFrom4([4]byte{192, 168, 1, who}),
			Hello:    signal.Hello{Room: "blue", Name: "x", Locked: how&1 != 0, Page: fmt.Sprint("page", page)},
		}
		if all := w.tokens[page]; len(all) > 0 && how&8 == 0 {
			ev.Hello.Token = all[len(all)-1-int(how>>4)%len(all)]
		}
		w.do(ev)
	case 2, 3:
		types := []signal.Type{signal.TypeBeat, signal.TypeDescription, signal.TypeCandidate, signal.TypeHello, signal.TypeRefresh, signal.TypeDescription, signal.TypeCandidate, signal.TypeBeatBack}
		w.do(Message{conn, signal.Envelope{
			Type: types[how>>5], To: to, Life: w.life[w.page[conn]], ToLife: int64(what >> 6), Generation: 1 + int(how>>3&3), Negotiation: 1,
			Seq: int64(what >> 3), Ack: int64(how >> 4), Payload: signal.Raw(strings.Repeat("x", int(how))),
		}})
	case 4:
		types := []signal.Type{signal.TypeLeaving, signal.TypeStay, signal.TypeBye}
		w.do(Message{conn, signal.Envelope{Type: types[how%3], Life: w.life[w.page[conn]], Payload: signal.Raw(w.farewell(what, how))}})
	case 5:
		delete(w.live, conn)
		w.do(Closed{Conn: conn, Code: 1006, Silent: how&1 != 0})
	case 6:
		switch what >> 6 {
		case 2:
			w.do(Gone{Participant: to, Life: w.life[page]})
			return
		case 3:
			w.do(Crashed{Page: fmt.Sprint("page", page), Reason: signal.CrashReason([]string{"", "oom", "unresponsive", "other"}[how&3])})
			return
		}
		w.do(Beacon{signal.Beacon{Room: "blue", Participant: to, Life: w.life[page], Goodbye: w.farewell(what, who)}})
	case 7:
		if what == 255 {
			w.do(Drain{})
			return
		}
		w.now += time.Duration(how) * 100 * time.Millisecond // at most 25.5 s: shorter than the longest grace
		w.do(Tick{})
		if at, ok := w.r.Deadline(); ok && how&1 != 0 {
			w.now = at
			w.do(Tick{})
		}
	}
}

func (w *fuzzWorld) farewell(what, how byte) signal.Goodbye {
	intents := []signal.Intent{"", signal.IntentHangup, signal.IntentClose, signal.IntentReload, signal.IntentNavigate, signal.IntentUnload, signal.IntentFailed, signal.IntentUnknown}
	return signal.Goodbye{Count: int(what >> 3), Intent: intents[how>>5]}
}

// do steps the room and checks what must always hold.
func (w *fuzzWorld) do(ev Event) {
	w.t.Helper()
	before := w.seated()
	actions := slices.Clone(w.r.Step(w.now, ev))
	w.checkCredentials(before, actions)
	for _, a := range actions {
		w.line(a) // decodes the payload
		switch a := a.(type) {
		case Send:
			if !w.live[a.Conn] && !speaks(ev, a) {
				w.t.Fatalf("%T: sends %s on socket %d, which is gone", ev, a.Envelope.Type, a.Conn)
			}
			w.sent(a)
		case Issue:
			if !w.live[a.Conn] && !asks(ev, a) || w.r.find(a.Participant) == nil {
				w.t.Fatalf("%T: ice for %s on socket %d, which or who is gone", ev, a.Participant, a.Conn)
			}
		case Close:
			if !w.live[a.Conn] {
				w.t.Fatalf("%T: closes socket %d, which is gone", ev, a.Conn)
			}
			delete(w.live, a.Conn)
		}
	}
	if _, tick := ev.(Tick); tick {
		if at, ok := w.r.Deadline(); ok && at <= w.now {
			w.t.Fatalf("after a tick at %v the deadline is %v", w.now, at)
		}
	}
	w.check()
}

// speaks says whether a is the answer to one who speaks on a closing socket.
func speaks(ev Event, a Send) bool {
	m, ok := ev.(Message)
	return ok && m.Conn == a.Conn && a.Envelope.Type == signal.TypeError
}

// asks says whether a is the answer to a refresh.
func asks(ev Event, a Issue) bool {
	m, ok := ev.(Message)
	return ok && m.Conn == a.Conn && m.Envelope.Type == signal.TypeRefresh
}

func (w *fuzzWorld) sent(a Send) {
	var ends []signal.End
	switch e := a.Envelope; e.Type {
	case signal.TypeWelcome:
		page := w.page[a.Conn]
		w.tokens[page] = append(w.tokens[page], w.welcomes[a.Conn].Token)
		w.ids[page] = e.To
		for _, row := range w.welcomes[a.Conn].Roster {
			if row.Participant == e.To {
				w.t.Fatalf("%s is in the roster of its own welcome", e.To)
			}
		}
	case signal.TypeAway:
		var row signal.Presence
		if err := e.Read(&row); err != nil {
			w.t.Fatal(err)
		}
		ends = append(ends, *row.End)
	case signal.TypeLeft:
		var left signal.Left
		if err := e.Read(&left); err != nil {
			w.t.Fatal(err)
		}
		if !left.End.Final || left.End.Cause == signal.CausePageReloaded {
			w.t.Fatalf("left with %+v", left.End)
		}
		ends = append(ends, left.End)
	}
	for _, end := range ends {
		if end.Revision < w.revisions[end.Subject] || end.Revision < 1 {
			w.t.Fatalf("revision of %s went from %d to %d", end.Subject, w.revisions[end.Subject], end.Revision)
		}
		w.revisions[end.Subject] = end.Revision
	}
}

func (w *fuzzWorld) check() {
	conns, held, known := map[Conn]bool{}, 0, map[string]int{}
	for _, l := range w.r.left {
		known[l.end.Subject] = w.revisions[l.end.Subject]
	}
	for _, p := range w.r.people {
		known[p.id] = w.revisions[p.id]
	}
	w.revisions = known // who is forgotten starts anew, as after a restart
	for i, p := range w.r.people {
		if i > 0 && w.r.people[i-1].order >= p.order {
			w.t.Fatalf("orders %d, %d", w.r.people[i-1].order, p.order)
		}
		if p.order >= w.r.nextOrder {
			w.t.Fatalf("order %d, but the next is %d", p.order, w.r.nextOrder)
		}
		if p.conn != 0 && (conns[p.conn] || !w.live[p.conn]) {
			w.t.Fatalf("socket %d is shared or gone", p.conn)
		}
		conns[p.conn] = true
		if (p.state == signal.PresenceAway) != (p.conn == 0 || p.bye) {
			w.t.Fatalf("%s is %s with socket %d, bye %v", p.id, p.state, p.conn, p.bye)
		}
		for _, l := range w.r.left {
			if l.end.Subject == p.id {
				w.t.Fatalf("%s is here and has left", p.id)
			}
		}
		descriptions, last := map[string]int{}, int64(0)
		bytes := 0
		for _, k := range p.outbox.Kept {
			if k.Type == signal.TypeDescription {
				descriptions[k.From]++
			}
			if k.Seq <= last || k.To != p.id || k.From == p.id {
				w.t.Fatalf("kept for %s: %+v after seq %d", p.id, k, last)
			}
			last = k.Seq
			bytes += len(k.Payload)
		}
		for from, n := range descriptions {
			if n > 1 {
				w.t.Fatalf("%d descriptions of %s are kept for %s", n, from, p.id)
			}
		}
		if bytes != p.outbox.Bytes {
			w.t.Fatalf("%d bytes are kept, counted as %d", bytes, p.outbox.Bytes)
		}
		if over := len(p.outbox.Kept) > p.outbox.MaxMessages || bytes > p.outbox.MaxBytes; over && len(p.outbox.Kept) > len(descriptions) {
			w.t.Fatalf("%d messages and %d bytes are kept, not only descriptions", len(p.outbox.Kept), bytes)
		}
		held++
	}
	if held > w.r.policy.MaxParticipants || len(w.r.left) > maxLeft {
		w.t.Fatalf("%d have a place, %d left", held, len(w.r.left))
	}
}
