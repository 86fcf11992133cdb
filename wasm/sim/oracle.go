package sim

import (
	"fmt"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// oracle knows what was done to whom, and looks whether the pages and the
// room say so.
type oracle struct {
	world      *World
	identities []*identity
	reach      []spans // per machine: the server cannot be reached
	stall      []spans // per machine: no JavaScript runs in one of its pages
	path       []spans // per pair of machines, in both orders
	server     spans
	restartAt  time.Duration
	restarts   int
	finals     []final
	said       []chat
	post       map[string]*post
	posts      []*post
	inversions int // of the order of joining; what is nearly at once may be either
}

// final is the last end that a page was shown about a participant.
type final struct {
	page    *page
	subject string
	end     signal.End
	at      time.Duration
}

// chat is one message, and who should hear it.
type chat struct {
	from   *page
	id     string // of its speaker
	text   string
	at     time.Duration
	expect []hearer
}

// hearer is a page that should hear a message, under the name that it had.
type hearer struct {
	page *page
	id   string
}

func newOracle(w *World) oracle { return oracle{world: w, post: map[string]*post{}} }

// settle makes the books once the machines are known.
func (o *oracle) open() {
	n := len(o.world.machines)
	book := func(n int) []spans {
		s := make([]spans, n)
		for i := range s {
			s[i].since = -1
		}
		return s
	}
	o.reach, o.stall, o.path = book(n), book(n), book(n*n)
	o.server.since = -1
}

// assess notes what does not work from now on. Every fault ends with it.
func (o *oracle) assess() {
	w, now := o.world, o.world.clock.now
	o.server.set(now, w.server.down > 0 || w.server.draining)
	for i, m := range w.machines {
		stalled, half := false, false
		for _, t := range m.tabs {
			if p := t.page; p != nil && !p.gone {
				stalled = stalled || !p.runs()
				half = half || p.socket != nil && p.socket.toServer.cut && p.socket.state != socketClosed
			}
		}
		o.reach[i].set(now, !m.reaches() || half)
		o.stall[i].set(now, stalled)
		for j, n := range w.machines {
			a, b := w.road(m, n), w.road(n, m)
			bad := func(r *road) bool {
				return r.blocked > 0 || r.direct > 0 || r.loss > 0 || r.slow > 100*time.Millisecond
			}
			o.path[i*len(w.machines)+j].set(now, !m.sends() || !n.sends() || bad(a) || bad(b))
		}
	}
}

func (o *oracle) identity(id string) *identity {
	for _, i := range o.identities {
		if i.id == id {
			return i
		}
	}
	return nil
}

// of is the identity that the page lives by.
func (o *oracle) of(p *page) *identity {
	for _, i := range o.identities {
		if i.page == p {
			return i
		}
	}
	return nil
}

// whose is the identity that the page lives by, or comes back with.
func (o *oracle) whose(p *page) *identity {
	if i := o.of(p); i != nil || p.tab.record == nil {
		return i
	}
	if i := o.identity(p.tab.record.Participant); i != nil && (i.page == nil || i.page.gone) {
		return i
	}
	return nil
}

// did notes what ends a page.
func (o *oracle) did(p *page, d deed) {
	i := o.whose(p)
	o.world.tell(fmt.Sprintf("%s %s", p, d))
	if i == nil {
		o.copied(p, d)
	}
	if i != nil && i.deed == deedSentAway {
		i.lately |= 1 << d // a beacon may say so yet
	}
	if i == nil || i.left || i.deed == deedSentAway || i.deed == deedRemoved {
		return
	}
	i.deeds |= 1 << d
	i.lately |= 1 << d
	i.deed, i.at, i.said, i.word = d, o.world.clock.now, false, false
	i.roads = o.hasRoad(p)
}

// copied notes what a copy of a tab does: without Web Locks it speaks for the
// identity, too. A beacon is late by 8 s at most, and the longest window 30 s.
func (o *oracle) copied(p *page, d deed) {
	if p.machine().locks || p.tab.record == nil {
		return
	}
	if i := o.identity(p.tab.record.Participant); i != nil {
		if i.alive() {
			i.lately |= 1 << deedNone // its own page is still there
		}
		i.lately |= 1 << d
		i.copied = o.world.clock.now + 40*second
	}
}

// hasRoad says whether the page's last words reach the server.
func (o *oracle) hasRoad(p *page) bool {
	// Without Web Locks the room may take a page that is not let in yet for a
	// copy, and then it is told nothing of the one that it knows.
	known := p.machine().locks || p.view.Signaling == session.SignalingStateOpen
	return known && p.machine().reaches() && o.world.server.serves() && p.socket != nil && p.socket.state == socketOpen && p.socket.code == 0 && !p.socket.toServer.cut && p.socket.served && p.socket.greeted
}

// letIn notes that the server has welcomed a page of the identity, whether the
// page comes to read it or not.
func (o *oracle) letIn(id string) {
	if i := o.identity(id); i != nil {
		i.lately |= 1 << deedNone
	}
}

// saidBye notes that the stub had something to say.
func (o *oracle) saidBye(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.said = true
	}
}

// stopped notes that the browser has stopped the scripts of a page that goes.
func (o *oracle) stopped(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.mute = true
	}
}

// tellsNothing notes that the stub had no socket whose state told a
// navigation from a close, where the browser has no other sign.
func (o *oracle) tellsNothing(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.blind = true
	}
}

// leftWord notes that the browser has something to send in place of the page.
func (o *oracle) leftWord(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil && i.page == p {
		i.word = true
	}
}

// pressedLeave notes that the person hangs up.
func (o *oracle) pressedLeave(p *page) {
	i := o.whose(p)
	if i == nil {
		o.copied(p, deedLeft)
	} else if !i.left {
		i.left, i.at, i.said = true, o.world.clock.now, true
		i.roads = o.hasRoad(p)
	}
}

// removes notes that somebody is put out of the room.
func (o *oracle) removes(p *page) {
	if i := o.of(p); i != nil && i.alive() {
		i.deeds |= 1 << deedRemoved
		i.deed, i.lately, i.at, i.roads = deedRemoved, 1<<deedRemoved, o.world.clock.now, true
	}
}

func (o *oracle) destroyed(p *page) {
	for i := range o.finals {
		if o.finals[i].page == p {
			o.finals[i].page = nil
		}
	}
}

// restarted notes that the room was forgotten.
func (o *oracle) restarted() {
	o.restartAt = o.world.clock.now
	o.restarts++
}

// keyLost notes that nobody can prove any more who they were.
func (o *oracle) keyLost() {
	for _, i := range o.identities {
		i.keyLost = true
	}
}

func (o *oracle) name(id string) string {
	if i := o.identity(id); i != nil {
		return i.machine.name + " (" + id + ")"
	}
	return id
}

// trouble is how long something was in the way between two machines, or
// between one and the server, lately.
func (o *oracle) trouble(a, b *machine, lately time.Duration) time.Duration {
	to := o.world.clock.now
	from := to - lately
	d := o.server.within(from, to) + o.reach[b.index].within(from, to) + o.stall[b.index].within(from, to)
	if a != nil {
		d += o.reach[a.index].within(from, to) + o.stall[a.index].within(from, to) + o.path[a.index*len(o.world.machines)+b.index].within(from, to)
	}
	return d
}
