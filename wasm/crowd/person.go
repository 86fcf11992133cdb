package crowd

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// Person is somebody in a room of two, with one tab: what must be the same
// throughout, and what was seen.
type Person struct {
	crowd *Crowd
	room  string
	name  string
	seeds *rand.Rand // of the pages
	// Three of four have the call's tab behind another one: then pages beat once
	// a second, and two cores carry 2,000 of them.
	hidden bool

	unheard atomic.Bool  // it had no signaling when it pressed Leave
	leftAt  atomic.Int64 // when Leave was pressed, in ns; 0 while it is there
	epoch   int          // the last restart of the server after which it was welcomed; guarded by the crowd's mu

	mu     sync.Mutex
	record *session.Record // sessionStorage
	page   *page           // nil between two pages
	id     string          // as the first welcome said
	order  int
	metAt  time.Time // of the first welcome
	said   []saying
}

// Newcomer enters a room in a new tab.
func (c *Crowd) Newcomer(room, name string, seed uint64) *Person {
	p := &Person{crowd: c, room: room, name: name, seeds: rand.New(rand.NewPCG(seed, 1))}
	p.hidden = p.seeds.IntN(4) > 0
	p.open(nil, "navigate")
	return p
}

func (p *Person) open(record *session.Record, navigation string) {
	g := p.crowd.visit(p, record, navigation)
	p.mu.Lock()
	p.page = g
	p.mu.Unlock()
}

func (p *Person) current() *page {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.page
}

func (p *Person) keep(r *session.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.record = r
}

// welcomed compares with the first welcome.
func (p *Person) welcomed(id string, w signal.Welcome) {
	c := p.crowd
	p.mu.Lock()
	first := p.id == ""
	if first {
		p.id, p.order, p.metAt = id, w.Order, time.Now()
	}
	was, order := p.id, p.order
	p.mu.Unlock()
	c.welcome(w.Resumed)
	if !first {
		c.attached(p)
	}
	switch {
	case first:
		c.met(p, id)
		if w.Resumed {
			c.fault("a newcomer was taken for somebody", p.String())
		}
	case id != was:
		c.fault("lost: came back as somebody else", fmt.Sprintf("%s, former %v", p, w.Former))
	case w.Order != order:
		c.fault("the order changed", fmt.Sprintf("%s from %d to %d", p, order, w.Order))
	case !w.Resumed:
		c.fault("lost: not resumed", p.String())
	}
}

func (p *Person) String() string { return p.room + "/" + p.name }

// saw looks at each new snapshot for what must not be.
func (p *Person) saw(g *page, s session.Snapshot) {
	c := p.crowd
	if now := p.current(); now != g && now != nil {
		return
	}
	if s.State == session.StateEnded && !p.HasLeft() {
		c.fault("lost: the session ended", fmt.Sprintf("%s by %s", p, s.Cause))
	}
	if nevers, unknowns := g.session.Faults(); nevers+unknowns > 0 { // Show runs on the driver's goroutine
		c.fault("the session met what cannot happen", fmt.Sprintf("%s: %d events or moves, %d ends", p, nevers, unknowns))
	}
	for _, q := range s.Peers {
		before := g.seen[q.Participant]
		g.seen[q.Participant] = q.State
		if q.State == before {
			continue
		}
		switch q.State {
		case session.PeerInterrupted, session.PeerRecovering:
			c.note("link " + string(q.State))
		case session.PeerEnded:
			if other := c.who(q.Participant); s.State != session.StateEnded && (other == nil || !other.HasLeft()) {
				c.fault("lost: given up though it is there", fmt.Sprintf("%s sees %s ended by %s", p, other, q.Cause))
			}
		}
	}
}

// HasLeft says whether Leave was pressed.
func (p *Person) HasLeft() bool { return p.leftAt.Load() != 0 }

// Reload takes the page away with a bye of this intent and brings the next
// one after a while.
func (p *Person) Reload(ctx context.Context, intent signal.Intent, after time.Duration) {
	p.mu.Lock()
	g := p.page
	p.page = nil
	p.mu.Unlock()
	g.hide(intent)
	select {
	case <-ctx.Done():
	case <-time.After(after):
	}
	p.mu.Lock()
	record := p.record
	p.mu.Unlock()
	if record == nil {
		p.crowd.fault("lost: no record to come back with", p.String())
	}
	p.open(record, "reload")
}

// Leave presses Leave, and closes the tab once the page has said so.
func (p *Person) Leave() {
	g := p.current()
	if s := g.snapshot(); s.Signaling != session.SignalingStateOpen {
		p.unheard.Store(true)
		p.crowd.note("Leave while the server was away")
	}
	p.crowd.leaves(p)
	g.put(session.LeavePressed{})
	deadline := time.Now().Add(10 * time.Second)
	for g.snapshot().State != session.StateEnded {
		if time.Now().After(deadline) {
			p.crowd.fault("Leave does not end the session", p.String())
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	g.unload()
}

// saying is a chat message.
type saying struct {
	text string
	at   time.Time
}

// Say writes a message that no other equals.
func (p *Person) Say() {
	p.mu.Lock()
	text := fmt.Sprintf("%s says %d", p, len(p.said)+1)
	p.said = append(p.said, saying{text, time.Now()})
	g := p.page
	p.mu.Unlock()
	p.crowd.Figures.Said.Add(1)
	g.put(session.Said{Text: text})
}

// Renegotiate is what a new track brings about.
func (p *Person) Renegotiate() {
	g := p.current()
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for l := range g.links {
		g.put(session.NegotiationNeeded{Link: l})
	}
}

// Mute switches the microphone.
func (p *Person) Mute(on bool) {
	p.current().put(session.DeviceSwitched{Device: session.Microphone, On: on})
}

// ChangeNetwork is the browser's hint of another network: links restart ICE.
func (p *Person) ChangeNetwork() { p.current().put(session.NetworkChanged{Online: true}) }

// Cut ends the socket's path without a word.
func (p *Person) Cut() {
	if s := p.current().lastSocket(); s != nil {
		s.cut()
	}
}

// Joined says whether the present page was let in.
func (p *Person) Joined() bool {
	g := p.current()
	if g == nil {
		return false
	}
	switch g.snapshot().State {
	case session.StateWaiting, session.StateConnected, session.StateRecovering:
		return true
	}
	return false
}

// Name is what the person is called in the room.
func (p *Person) Name() string { return p.name }

// Room is where the person is.
func (p *Person) Room() string { return p.room }

// participant is the person's id, "" before the first welcome.
func (p *Person) participant() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.id
}
