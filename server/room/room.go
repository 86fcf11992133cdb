package room

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"holdline/server/signal"
)

// Room is one room. Not safe for concurrent use.
type Room struct {
	name      string
	key       []byte
	policy    Policy
	people    []*participant // who has a place, in order
	left      []leftEnd      // who had one, oldest first
	nextOrder int
	out       []Action
}

type participant struct {
	id     string
	name   string
	order  int
	life   int64
	nonce  string // of the page that lives this life
	page   string // what the server called it when it served it
	conn   Conn
	from   netip.Addr // where the page's socket comes from
	serial int        // of the newest token; older ones than its predecessor are not taken
	floor  int        // the lowest serial that is still taken

	state    signal.PresenceState
	end      signal.End // provisional, while leaving or away
	until    time.Duration
	revision int      // of the newest End
	goodbye  int      // the highest count of leaving, stay and bye in this life
	bye      bool     // terminal for this life
	unsure   bool     // its leaving could not say where to
	seen     Evidence // of its going, while it is away
	died     []string // what its browser has said of this life's death

	held     time.Duration // when the place is held no longer but by a peer's word
	vouched  time.Duration // when a peer last said that it hears this one; 0 is never
	reported bool          // only others have said so far that it is in the room

	outbox signal.Outbox
	inSeq  int64 // the highest seq that came from this life
}

type leftEnd struct {
	end  signal.End
	at   time.Duration
	life int64  // the last one
	page string // and its page
}

// New makes an empty room. The key signs tokens. first is the order of the
// first newcomer: where it grows with the time of making, newcomers rank
// behind everybody who comes back from before a restart of the server.
func New(name string, key []byte, policy Policy, first int) *Room {
	return &Room{name: name, key: key, policy: policy, nextOrder: first}
}

// Step takes one fact and returns the orders that follow from it. The slice
// is valid until the next Step. now is monotonic, from any origin.
func (r *Room) Step(now time.Duration, ev Event) []Action {
	clear(r.out)
	r.out = r.out[:0]
	r.expire(now)
	switch ev := ev.(type) {
	case Hello:
		r.hello(now, ev)
	case Message:
		r.message(now, ev)
	case Closed:
		r.closed(now, ev)
	case Beacon:
		r.beacon(now, ev.Beacon)
	case Gone:
		r.gone(now, ev)
	case Crashed:
		r.crashed(now, ev)
	case Remove:
		r.remove(now, ev.Participant)
	case Drain:
		r.drain(now, ev.Return)
	case Tick:
	}
	return r.out
}

// Deadline is when the room wants a Tick; ok is false while nothing runs out.
func (r *Room) Deadline() (at time.Duration, ok bool) {
	for _, p := range r.people {
		if p.state != signal.PresenceAway {
			continue
		}
		if ends := r.ends(p); !ok || ends < at {
			at, ok = ends, true
		}
	}
	if n := len(r.left); len(r.people) == 0 && n > 0 {
		return r.left[n-1].at + r.policy.KeepLeft, true
	}
	return at, ok
}

// Empty reports whether nobody has a place and nobody could still be told
// how it ended: the room can be forgotten.
func (r *Room) Empty(now time.Duration) bool {
	return len(r.people) == 0 && (len(r.left) == 0 || now-r.left[len(r.left)-1].at >= r.policy.KeepLeft)
}

// People counts those who have a place.
func (r *Room) People() int { return len(r.people) }

func (r *Room) expire(now time.Duration) {
	for _, p := range slices.Clone(r.people) {
		if p.state == signal.PresenceAway && r.ends(p) <= now {
			if r.isHeard(p, now) {
				p.until = p.vouched + r.policy.VouchFor // media must not die with the signaling
				continue
			}
			r.leave(now, p, p.end)
		}
	}
	for len(r.left) > 0 && now-r.left[0].at >= r.policy.KeepLeft {
		r.left = r.left[1:]
	}
}

// ends is when the place of somebody who is away runs out. Where nobody has a
// socket, nobody can vouch and nobody is to be told: a network in front of the
// server may be down, and the call may go on without it. Then those who did
// not say goodbye keep their places until the first is back.
func (r *Room) ends(p *participant) time.Duration {
	attached := slices.ContainsFunc(r.people, func(q *participant) bool { return q.conn != 0 })
	if attached || p.end.Cause.Said() {
		return p.until
	}
	return p.until + r.policy.KeepLeft
}

func (r *Room) find(id string) *participant {
	for _, p := range r.people {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (r *Room) byConn(c Conn) *participant {
	for _, p := range r.people {
		if p.conn == c && c != 0 {
			return p
		}
	}
	return nil
}

// presence is the row of p for others.
func (p *participant) presence(now time.Duration) signal.Presence {
	row := signal.Presence{Participant: p.id, Name: p.name, Life: p.life, Order: p.order, State: p.state, Count: p.goodbye, Bye: p.bye}
	if p.state != signal.PresencePresent {
		end := p.end
		row.End = &end
	}
	if p.state == signal.PresenceAway {
		row.Remaining = max(1, (p.until - now).Milliseconds())
	}
	return row
}

// message takes what a page said after its hello.
func (r *Room) message(now time.Duration, ev Message) {
	p := r.byConn(ev.Conn)
	if p == nil {
		r.refuse(ev.Conn, signal.Refusal{ID: "not-joined", Field: "type", Limit: "hello first", Got: string(ev.Envelope.Type)})
		return
	}
	e := ev.Envelope
	if e.Ack <= p.outbox.Last {
		p.outbox.Ack(e.Ack)
	}
	if e.Seq != 0 {
		if e.Seq <= p.inSeq {
			return // a copy of what came already
		}
		p.inSeq = e.Seq
	}
	switch e.Type {
	case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
		// The stub says these, perhaps before the page has seen the welcome.
	default:
		p.floor = p.serial
	}
	switch e.Type {
	case signal.TypeBeat:
		r.send(p, signal.Envelope{Type: signal.TypeBeatBack, Ack: p.inSeq})
	case signal.TypeBeatBack:
	case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
		g, err := e.ReadGoodbye()
		if err != nil {
			r.refuse(p.conn, signal.RefusalOf(err))
			return
		}
		r.goodbye(now, p, e.Type, e.Life, g)
	case signal.TypeDescription, signal.TypeCandidate, signal.TypeGaveUp:
		r.forward(p, e)
	case signal.TypeRefresh:
		r.refresh(p, e)
	case signal.TypeVouch:
		if q := r.find(e.To); q != nil && q != p {
			q.vouched = max(now, 1)
		}
	case signal.TypeHello:
		r.refuse(p.conn, signal.Refusal{ID: "second-hello", Field: "type", Limit: "one hello a socket", Got: "another"})
	default:
		r.refuse(p.conn, signal.Refusal{ID: "bad-field", Field: "type", Limit: "a message for the server", Got: string(e.Type)})
	}
}

// forward passes a description or a candidate on, unread.
func (r *Room) forward(p *participant, e signal.Envelope) {
	to := r.find(e.To)
	if to == nil || to == p {
		r.refuse(p.conn, signal.Refusal{ID: "unknown-peer", Field: "to", Limit: "somebody else in the room", Got: e.To})
		return
	}
	if e.Life != p.life || e.ToLife != 0 && e.ToLife != to.life {
		return // of a page, or for a page, that is gone
	}
	e.From, e.Ack = p.id, to.inSeq
	r.deliver(to, e)
}

// deliver sends what must not be lost: it is kept until acknowledged.
func (r *Room) deliver(to *participant, e signal.Envelope) {
	e.Seq = 0
	r.send(to, to.outbox.Put(e))
}

func (r *Room) send(p *participant, e signal.Envelope) {
	if p.conn != 0 {
		r.out = append(r.out, Send{p.conn, e})
	}
}

func (r *Room) refuse(c Conn, why signal.Refusal) {
	r.out = append(r.out, Send{c, signal.Envelope{Type: signal.TypeError, Payload: signal.Raw(why)}})
}

// close closes a socket; who lived by it has none from here on.
func (r *Room) close(c Conn, code signal.CloseCode) {
	if p := r.byConn(c); p != nil {
		p.conn = 0
	}
	r.out = append(r.out, Close{c, code})
}

// drain sends everybody away. Nobody has left: all their places are held.
func (r *Room) drain(now, wait time.Duration) {
	goaway := signal.Raw(signal.Goaway{Return: max(wait, r.policy.GoawayReturn).Milliseconds()})
	var gone []*participant
	for _, p := range r.people {
		if p.conn != 0 {
			r.send(p, signal.Envelope{Type: signal.TypeGoaway, Ack: p.inSeq, Payload: goaway})
			r.close(p.conn, signal.CloseGoaway)
			gone = append(gone, p)
		}
	}
	for _, p := range gone {
		if !p.bye {
			r.away(now, p, signal.NewEnd(p.id, signal.CauseServerShutdown), r.policy.GraceClosed)
		}
	}
}

// tell sends to everybody but p. What is said of presence is not kept: the
// roster of the next welcome says it anew.
func (r *Room) tell(p *participant, t signal.Type, payload any) {
	raw := signal.Raw(payload)
	for _, q := range r.people {
		if q != p && q.conn != 0 {
			r.send(q, signal.Envelope{Type: t, Ack: q.inSeq, Payload: raw})
		}
	}
}

// tellPresence tells everybody else how p stands; who shares its network is
// told that, too.
func (r *Room) tellPresence(p *participant, t signal.Type, now time.Duration) {
	for _, q := range r.people {
		if q != p && q.conn != 0 {
			r.send(q, signal.Envelope{Type: t, Ack: q.inSeq, Payload: signal.Raw(p.presenceFor(q, now))})
		}
	}
}

// String is for logs: no names, no ids.
func (r *Room) String() string { return "room of " + strconv.Itoa(len(r.people)) }
