package session

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// world is two or more pages, the real room, and browsers that are as simple
// as they can be, in virtual time.
type world struct {
	*testing.T
	now      time.Duration
	serial   int
	later    []scheduled
	room     *room.Room
	conns    room.Conn
	pages    []*page
	down     bool // the server does not answer
	jitter   *rand.Rand
	last     map[time.Duration]time.Duration // by delay: when the last one arrives
	blocked  bool                            // no packets between pages
	noMedia  bool                            // no RTP: packets are data and STUN only
	broken   bool                            // browsers never find a path
	ice      []signal.ICEServer              // that the server gives out
	lifetime time.Duration                   // of the credentials among them
	kept     map[string]Record               // localStorage of a browser that all pages share
}

type scheduled struct {
	at     time.Duration
	serial int
	do     func()
}

const (
	origin      = 1_700_000_000_000 // ms
	signalTime  = 10 * time.Millisecond
	packetTime  = 5 * time.Millisecond
	checksEvery = 500 * time.Millisecond
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Second, last: map[time.Duration]time.Duration{}, kept: map[string]Record{}}
	w.restartServer()
	return w
}

// restartServer forgets everybody; the key stays.
func (w *world) restartServer() {
	w.room = room.New("tea", []byte("the server's key"), room.DefaultPolicy(), 1)
	for _, p := range w.pages {
		p.socketEnds(1006)
	}
}

func (w *world) after(d time.Duration, do func()) {
	at := w.now + d
	if w.jitter != nil { // what takes the same road stays in order
		at = max(at+time.Duration(w.jitter.IntN(3000))*time.Microsecond, w.last[d])
		w.last[d] = at
	}
	w.serial++
	s := scheduled{at, w.serial, do}
	i, _ := slices.BinarySearchFunc(w.later, s, func(a, b scheduled) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.serial - b.serial
	})
	w.later = slices.Insert(w.later, i, s)
}

// run lets d pass.
func (w *world) run(d time.Duration) {
	w.Helper()
	for end, turns := w.now+d, 0; ; turns++ {
		if turns > 10_000_000 {
			w.Fatal("the world does not come to rest")
		}
		at, do := end, func() {}
		if len(w.later) > 0 && w.later[0].at <= at {
			s := w.later[0]
			at, do = s.at, func() { w.later = w.later[1:]; s.do() }
		}
		for _, p := range w.pages {
			if t, ok := p.s.Deadline(); ok && !p.gone && !p.stopped && max(t, p.busyUntil) < at {
				at, do = max(t, p.busyUntil), func() { p.tick() }
			}
		}
		if t, ok := w.room.Deadline(); ok && t < at {
			at, do = t, func() { w.roomStep(room.Tick{}) }
		}
		if at >= end && (len(w.later) == 0 || w.later[0].at > end) {
			w.now = end
			return
		}
		w.now = max(w.now, at)
		do()
	}
}

// until runs until the condition holds, for at most d.
func (w *world) until(d time.Duration, what string, ok func() bool) {
	w.Helper()
	for end := w.now + d; !ok(); w.run(5 * time.Millisecond) {
		if w.now > end {
			w.Fatalf("after %v not yet: %s", d, what)
		}
	}
}

func (w *world) roomStep(ev room.Event) {
	for _, a := range w.room.Step(w.now, ev) {
		switch a := a.(type) {
		case room.Send:
			text, err := a.Envelope.Encode()
			if err != nil {
				w.Fatal(err)
			}
			for _, p := range w.pages {
				if p.conn == a.Conn && a.Conn != 0 {
					attempt := p.attempt
					w.after(signalTime, func() { p.step(ReadSignaling(attempt, string(text))) })
				}
			}
		case room.Issue:
			ice := signal.ICE{For: a.For, Servers: w.ice, Lifetime: w.lifetime.Milliseconds()}
			for _, p := range w.pages {
				if p.conn == a.Conn && a.Conn != 0 {
					attempt := p.attempt
					ice.Address = p.address
					w.after(signalTime, func() {
						p.step(SignalingReceived{attempt, signal.Envelope{Type: signal.TypeICE, Ack: a.Ack, Payload: signal.Raw(ice)}})
					})
				}
			}
		case room.Close:
			for _, p := range w.pages {
				if p.conn == a.Conn && a.Conn != 0 {
					p.conn = 0
					attempt := p.attempt
					w.after(signalTime, func() { p.step(SignalingClosed{Attempt: attempt, Code: int(a.Code), Clean: true}) })
				}
			}
		}
	}
}

// page is one page of a tab with its browser.
type page struct {
	world     *world
	s         *Session
	trace     *Trace
	conn      room.Conn
	attempt   int
	pcs       map[Link]*pc
	record    *Record
	goodbyes  Goodbyes
	gone      bool
	stopped   bool // the process does not run: crashed or frozen
	busyUntil time.Duration
	slept     time.Duration // how far the wall clock is ahead
	cutOff    bool          // it cannot reach the server
	void      bool          // what it dials neither opens nor fails
	address   string        // from which the server sees it come
	log       []Action
	kinds     map[string]int // orders carried out, by type
	refuse    string         // setRemoteDescription fails with this
	hangs     bool           // no description is ever set
	picker    string         // getDisplayMedia fails with this
}

// pc is an RTCPeerConnection that knows descriptions by number only.
type pc struct {
	link    Link
	local   string // of the signaling state have-local-offer
	remote  string // of have-remote-offer
	stable  string // offer and answer that both sides agreed on
	offers  int
	open    bool
	closed  bool
	packets int64
	media   int64
}

func (w *world) open(c Config) *page {
	w.Helper()
	p := &page{world: w, s: New(DefaultPolicy()), trace: NewTrace(), pcs: map[Link]*pc{}, kinds: map[string]int{}}
	w.pages = append(w.pages, p)
	c.Room, c.Origin, c.Seed = "tea", origin, uint64(len(w.pages))
	p.step(Started{c})
	return p
}

// call is two pages that are connected.
func (w *world) call() (ana, ben *page) {
	w.Helper()
	ana = w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	ben = w.open(Config{Name: "Ben", JoinNow: true})
	w.until(3*time.Second, "connected", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
	w.run(time.Second)
	return ana, ben
}

func (p *page) time() Time {
	return Time{Mono: p.world.now, Wall: origin + (p.world.now + p.slept).Milliseconds()}
}

func (p *page) tick() {
	p.step(Tick{})
	// A deadline that a Tick leaves behind would be a page that spins.
	for range 2 {
		if at, ok := p.s.Deadline(); !ok || at > p.world.now {
			return
		}
		p.step(Tick{})
	}
	if at, ok := p.s.Deadline(); ok && at <= p.world.now {
		p.world.Fatalf("the deadline %v stays behind at %v: the page spins", at, p.world.now)
	}
}

func (p *page) step(ev Event) {
	if p.gone || p.stopped {
		return
	}
	for _, a := range slices.Clone(p.trace.Step(p.s, p.time(), ev)) {
		p.log = append(p.log, a)
		p.kinds[strings.TrimPrefix(fmt.Sprintf("%T", a), "session.")]++
		p.perform(a)
	}
	if p.s.Nevers != 0 {
		p.world.Fatalf("%T cannot happen, says the matrix", ev)
	}
}

func (p *page) perform(a Action) {
	w := p.world
	switch a := a.(type) {
	case OpenSignaling:
		p.socketEnds(1000)
		p.attempt = a.Attempt
		if p.void {
			return
		}
		if w.down || p.cutOff {
			w.after(signalTime, func() { p.step(SignalingClosed{Attempt: a.Attempt, Code: 1006}) })
			return
		}
		w.conns++
		p.conn = w.conns
		w.after(signalTime, func() { p.step(SignalingOpened(a)) })
	case SendSignaling:
		conn := p.conn
		if a.Attempt != p.attempt || conn == 0 {
			return
		}
		text, err := a.Envelope.Encode()
		if err != nil {
			w.Fatal(err)
		}
		w.after(signalTime, func() { w.toRoom(conn, text) })
	case CloseSignaling:
		p.socketEnds(1000)
	case CreatePeerConnection:
		p.pcs[a.Link] = &pc{link: a.Link}
	case SetLocalDescription:
		p.with(a.Link, func(c *pc) { p.setLocal(c, a) })
	case SetRemoteDescription:
		p.with(a.Link, func(c *pc) { p.setRemote(c, a) })
	case SendControl:
		p.packet(a.Link, func(q *page, l Link) { q.step(ControlReceived{l, a.Envelope}) })
	case SendChat:
		var c signal.Chat
		if err := a.Envelope.Read(&c); err != nil {
			w.Fatal(err)
		}
		p.packet(a.Link, func(q *page, l Link) { q.step(ChatReceived{l, a.Envelope.Seq, c}) })
	case SampleStats:
		p.with(a.Link, func(c *pc) {
			w.after(packetTime, func() {
				if !w.noMedia && !w.blocked && p.other(c.link) != nil {
					c.packets += 50
					c.media += 50
				}
				p.step(StatsSampled{Link: a.Link, Attempt: a.Attempt, Packets: c.packets, Media: c.media, Flow: Flow{Pair: &Pair{Local: Candidate{Type: "host"}, Remote: Candidate{Type: "host"}}, RTT: 1}})
			})
		})
	case ClosePeerConnection:
		p.with(a.Link, p.closePC)
	case OpenDevices:
		w.after(30*time.Millisecond, func() {
			for _, d := range []struct {
				asked bool
				kind  DeviceKind
			}{{a.Microphone, Microphone}, {a.Camera, Camera}} {
				if d.asked {
					p.step(DeviceOpened{d.kind})
				}
			}
		})
	case OpenScreen:
		picked := p.picker
		w.after(30*time.Millisecond, func() {
			if picked != "" {
				p.step(DeviceFailed{Screen, picked})
				return
			}
			p.step(DeviceOpened{Screen})
		})
	case PrepareGoodbye:
		p.goodbyes = a.Goodbyes
	case SaveRecord:
		p.record = &a.Record
	case ClearRecord:
		p.record = nil
	case SaveStopped:
		w.kept[a.Record.Participant] = a.Record
	case ForgetStopped:
		delete(w.kept, a.Participant)
	}
}

func (w *world) toRoom(conn room.Conn, text []byte) {
	if w.down {
		return
	}
	e, err := signal.Decode(text, signal.DefaultLimits)
	if err != nil {
		w.Fatalf("the server would refuse %s: %v", text, err)
	}
	if e.Type != signal.TypeHello {
		w.roomStep(room.Message{Conn: conn, Envelope: e})
		return
	}
	hello, err := e.ReadHello(signal.DefaultLimits)
	if err != nil {
		w.Fatal(err)
	}
	w.roomStep(room.Hello{Conn: conn, Envelope: e, Hello: hello, NewID: fmt.Sprintf("p%d", conn)})
}

// socketEnds is the end of the page's socket, told to both sides.
func (p *page) socketEnds(code int) {
	if p.conn == 0 {
		return
	}
	conn, attempt := p.conn, p.attempt
	p.conn = 0
	p.world.after(signalTime, func() {
		p.step(SignalingClosed{Attempt: attempt, Code: code})
		p.world.roomStep(room.Closed{Conn: conn, Code: code})
	})
}

// loses ends the page's socket, drained with word to come back after 30 s.
func (p *page) loses(drained bool) {
	if !drained {
		p.socketEnds(1006)
		return
	}
	p.step(SignalingReceived{p.attempt, signal.Envelope{Type: signal.TypeGoaway, Payload: signal.Raw(signal.Goaway{Return: 30000})}})
	p.step(SignalingClosed{Attempt: p.attempt, Code: int(signal.CloseGoaway), Clean: true})
}

func (p *page) with(l Link, do func(*pc)) {
	if c := p.pcs[l]; c != nil && !c.closed {
		do(c)
	}
}

// other finds the page and link at the other end.
func (p *page) other(l Link) *page {
	for _, q := range p.world.pages {
		if q != p && !q.gone && q.s.Participant == l.Peer && q.s.Life == l.Life {
			if c := q.pcs[Link{p.s.Participant, p.s.Life, l.Generation}]; c != nil && !c.closed {
				return q
			}
		}
	}
	return nil
}

// packet delivers to the other end, in order, unless packets are blocked.
func (p *page) packet(l Link, deliver func(q *page, l Link)) {
	c := p.pcs[l]
	if c == nil || !c.open || p.world.blocked {
		return
	}
	back := Link{p.s.Participant, p.s.Life, l.Generation}
	p.world.after(packetTime, func() {
		if q := p.other(l); q != nil {
			q.pcs[back].packets++
			deliver(q, back)
		}
	})
}

func (p *page) setLocal(c *pc, a SetLocalDescription) {
	answer := LocalDescriptionSet{Link: a.Link, Attempt: a.Attempt}
	switch {
	case c.remote != "":
		answer.Type, answer.SDP = "answer", "answer to "+c.remote
		c.stable, c.remote = c.remote, ""
	case c.local != "":
		answer.Type, answer.SDP = "offer", c.local
	default:
		c.offers++
		c.local = fmt.Sprintf("offer %d of %s", c.offers, p.s.Participant)
		answer.Type, answer.SDP = "offer", c.local
	}
	if p.hangs {
		return
	}
	p.world.after(packetTime, func() {
		p.step(answer)
		p.step(CandidateFound{Link: a.Link, Candidate: json.RawMessage(`{"candidate":"candidate:1 1 udp 1 10.0.0.1 5000 typ host","sdpMid":"0"}`)})
		p.step(CandidateFound{Link: a.Link, Candidate: json.RawMessage(`{"candidate":""}`)})
		p.connect(c)
	})
}

func (p *page) setRemote(c *pc, a SetRemoteDescription) {
	answer := RemoteDescriptionSet{Link: a.Link, Attempt: a.Attempt, Err: p.refuse}
	switch {
	case a.Description.Type == "offer":
		c.local, c.remote = "", a.Description.SDP // an own offer is rolled back
	case c.local == "":
		answer.Err = "InvalidStateError: an answer without an offer"
	case a.Description.SDP != "answer to "+c.local:
		answer.Err = "OperationError: an answer to another offer: " + a.Description.SDP + ", not " + c.local
	default:
		c.stable, c.local = c.local, ""
	}
	if p.hangs {
		return
	}
	p.world.after(packetTime, func() {
		p.step(answer)
		p.connect(c)
	})
}

// connect opens the channels once both sides agree on the same offer.
func (p *page) connect(c *pc) {
	w := p.world
	q := p.other(c.link)
	if q == nil || c.open || c.closed || c.stable == "" || w.broken {
		return
	}
	if w.blocked { // a browser goes on with its checks
		w.after(checksEvery, func() { p.connect(c) })
		return
	}
	back := q.pcs[Link{p.s.Participant, p.s.Life, c.link.Generation}]
	if back.stable != c.stable {
		return
	}
	for _, side := range []struct {
		p *page
		c *pc
	}{{p, c}, {q, back}} {
		side.c.open = true
		w.after(2*packetTime, func() {
			if side.c.closed {
				return
			}
			side.p.step(ConnectionStateChanged{side.c.link, "connected"})
			side.p.step(ControlOpened{side.c.link})
			side.p.step(ChatOpened{side.c.link})
		})
	}
}

func (p *page) closePC(c *pc) {
	c.closed = true
	back := Link{p.s.Participant, p.s.Life, c.link.Generation}
	for _, q := range p.world.pages {
		if q != p && !q.gone && q.s.Participant == c.link.Peer && !p.world.blocked {
			p.world.after(packetTime, func() {
				q.with(back, func(d *pc) {
					if d.open {
						q.step(ControlClosed{back})
						q.step(ChatClosed{back})
					}
				})
			})
		}
	}
}

// goes is what stub and browser do when a page goes.
func (p *page) goes(intent signal.Intent) {
	g := signal.Goodbye{Count: p.goodbyes.Count + 2, Intent: intent}
	p.world.say(p, signal.TypeBye, g)
	p.step(PageHide{Intent: intent})
	p.vanishes()
}

// say sends a goodbye as the stub does: on the socket and all control channels.
func (w *world) say(p *page, t signal.Type, g signal.Goodbye) {
	e := signal.Envelope{Type: t, Life: p.goodbyes.Life, Payload: signal.Raw(g)}
	p.perform(SendSignaling{p.attempt, e})
	for _, l := range p.goodbyes.Links {
		p.perform(SendControl{l, e})
	}
}

// vanishes is a page whose process is gone, goodbye or not.
func (p *page) vanishes() {
	conn := p.conn
	p.conn = 0
	p.world.after(3*signalTime, func() {
		p.gone = true
		p.world.roomStep(room.Closed{Conn: conn, Code: 1001})
	})
}

// reload goes and comes again with what was kept.
func (p *page) reload() *page {
	p.goes(signal.IntentReload)
	p.world.run(300 * time.Millisecond)
	return p.world.open(Config{Name: "lobby name", Record: p.record, Locked: true, Navigation: "reload"})
}

func (p *page) peer(name string) PeerSnapshot {
	p.world.Helper()
	for _, v := range p.s.Snapshot().Peers {
		if v.Name == name {
			return v
		}
	}
	p.world.Fatalf("%s has no participant %s", p.s.Name, name)
	return PeerSnapshot{}
}

// expect compares the page's own state and, where name is given, a peer's.
func (p *page) expect(want State, name string, peer PeerState, cause Cause) {
	p.world.Helper()
	v := p.s.Snapshot()
	if v.State != want {
		p.world.Errorf("%s: state %s, want %s", v.Name, v.State, want)
	}
	if name == "" {
		return
	}
	if q := p.peer(name); q.State != peer || q.Cause != cause {
		p.world.Errorf("%s sees %s as %s %q, want %s %q", v.Name, name, q.State, q.Cause, peer, cause)
	}
}

// count is how many orders satisfy the condition so far.
func count[A Action](p *page, ok func(A) bool) (n int) {
	for _, a := range p.log {
		if a, is := a.(A); is && ok(a) {
			n++
		}
	}
	return n
}

// sent is how many messages of a type went to the server.
func (p *page) sent(t signal.Type) int {
	return count(p, func(a SendSignaling) bool { return a.Envelope.Type == t })
}
