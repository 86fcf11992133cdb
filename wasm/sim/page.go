package sim

import (
	"fmt"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// tab is a browser tab: what stays when its page goes.
type tab struct {
	machine   *machine
	name      string
	record    *session.Record // sessionStorage
	page      *page
	returns   bool // the person who opened it wants to go back in
	hidden    bool
	mark      bool // in sessionStorage: the stub said bye
	discarded bool // document.wasDiscarded of the next page
	reset     int  // navigations so far; what was planned for an older page is void
}

// page is one page load: its driver, and what the browser does to it.
type page struct {
	tab     *tab
	world   *World
	session *session.Session
	trace   *session.Trace // nil where nobody keeps one
	load    int
	served  string        // what the server called it
	origin  time.Duration // of performance.now
	queue   []session.Event
	due     bool // the timer has come
	turning bool
	timer   int // counts timers; only the newest is heard
	shown   int64
	view    session.Snapshot
	reached time.Duration // when it was last connected to somebody, or a message of its came to somebody

	dialogs  outages // reasons why no JavaScript runs
	frozen   bool
	tasks    []session.Event // what the browser has for the page meanwhile
	late     bool            // the timer has come meanwhile
	gone     bool            // the page is destroyed
	leaving  bool            // pagehide was
	cached   bool            // it is in the bfcache
	begun    bool            // Started was stepped
	socket   *socket
	links    []*connection // RTCPeerConnections that are not closed
	goodbyes session.Goodbyes
	stub     *socket       // the socket that the stub has
	parting  *socket       // and had at beforeunload
	goings   int           // that were begun, whatever came of them
	channels []*connection // and the control channels
	listens  bool          // beforeunload has a handler
	unsure   time.Duration // when it last might be leaving
	spins    int
	second   time.Duration // the second whose steps are counted
	inSecond int
	sharing  bool            // a screen is captured
	closings int             // of all devices: what is picked after one is let go
	dials    []time.Duration // when sockets were opened
}

func (p *page) machine() *machine { return p.tab.machine }

func (p *page) String() string {
	return fmt.Sprintf("%s's %s (load %d)", p.machine().name, p.tab.name, p.load)
}

// runs says whether JavaScript runs in the page.
func (p *page) runs() bool {
	return !p.gone && p.dialogs == 0 && !p.frozen && !p.cached && !p.machine().asleep && !p.machine().off
}

func (p *page) now() session.Time {
	m, now := p.machine(), p.world.clock.now
	return session.Time{
		Mono: now - p.origin - m.slept,
		Wall: epoch + (now + m.skew).Milliseconds(),
	}
}

// put is a callback that has a fact for the driver.
func (p *page) put(ev session.Event) {
	if p.gone || !p.begun {
		return
	}
	if !p.runs() || len(p.tasks) > 0 {
		p.tasks = append(p.tasks, ev)
		if len(p.tasks) > 200_000 {
			p.world.failf("%s has %d tasks waiting", p, len(p.tasks))
		}
		return
	}
	p.queue = append(p.queue, ev)
	p.turn()
}

// wakeUp lets JavaScript run again: what waited comes now, the timer before
// or after it.
func (p *page) wakeUp() {
	if !p.runs() || p.turning {
		return
	}
	timerFirst := p.world.noise.chance(0.5)
	if p.late && timerFirst {
		p.late, p.due = false, true
		p.turn()
	}
	tasks := p.tasks
	p.tasks = nil
	for _, ev := range tasks {
		p.queue = append(p.queue, ev)
		p.turn()
	}
	if p.late {
		p.late, p.due = false, true
		p.turn()
	}
}

// mightLeave says whether the page might be leaving, for all that the others
// know: what it said, and the answer to one who claims its place, take their time.
func (p *page) mightLeave() bool {
	return p.session.MayLeave() || p.unsure != 0 && p.world.clock.now-p.unsure < 3*p.world.signalTime
}

// turn is driver.turn: the queue before a Tick, then the timer anew.
func (p *page) turn() {
	if p.turning {
		return
	}
	p.turning = true
	for {
		if len(p.queue) > 0 {
			ev := p.queue[0]
			if p.queue = p.queue[1:]; len(p.queue) == 0 {
				p.queue = nil
			}
			p.step(ev)
			continue
		}
		if !p.due {
			break
		}
		p.due = false
		p.step(session.Tick{})
		p.spins++
		if at, ok := p.session.Deadline(); !ok || at > p.now().Mono {
			p.spins = 0
		} else if p.spins > 5 {
			p.world.failf("%s spins: its deadline %v stays behind", p, at)
			break
		}
	}
	p.turning = false
	p.arm()
}

// arm sets the one timer. The driver adds a millisecond; browsers are later
// than asked, and a hidden page ticks at 1 Hz.
func (p *page) arm() {
	w := p.world
	p.timer++
	at, ok := p.session.Deadline()
	if !ok || p.gone {
		return
	}
	wait := max(at-p.now().Mono, 0)
	fire := w.clock.now + wait + time.Millisecond + w.noise.between(0, 2*time.Millisecond)
	if w.noise.below(256) == 0 {
		fire += w.noise.between(0, 120*time.Millisecond) // a long task
	}
	if p.tab.hidden {
		fire = p.origin + (fire - p.origin + time.Second - 1).Truncate(time.Second)
	}
	timer := p.timer
	w.at(fire, func() {
		if p.timer != timer || p.gone {
			return
		}
		if !p.runs() {
			p.late = true
			return
		}
		p.due = true
		p.turn()
	})
}

// step gives the session one fact and carries out its orders.
func (p *page) step(ev session.Event) {
	w := p.world
	if p.gone || w.failure != nil {
		return
	}
	w.steps++
	if second := w.clock.now.Truncate(time.Second); second != p.second {
		p.second, p.inSecond = second, 0
	}
	if p.inSecond++; p.inSecond > 3000 {
		w.failf("%s takes more than 3000 steps in a second, now %T", p, ev)
		return
	}
	if w.Coverage != nil {
		w.Coverage.cell(p.session.Cell(ev))
	}
	if p.session.MayLeave() {
		p.unsure = w.clock.now
	}
	now := p.now()
	if w.Detail {
		p.detail(ev)
	}
	var actions []session.Action
	if p.trace != nil {
		actions = p.trace.Step(p.session, now, ev)
	} else {
		actions = p.session.Step(now, ev)
	}
	for _, a := range actions {
		if w.Detail {
			p.detail(a)
		}
		p.perform(a)
	}
	if nevers, _ := p.session.Faults(); nevers > 0 {
		w.failf("%s: %T cannot happen, says the matrix", p, ev)
	}
	if r := p.session.Revision(); r != p.shown {
		p.shown = r
		before := p.view
		p.view = p.session.Snapshot()
		w.oracle.shown(p, before, p.view)
	}
	if w.Coverage != nil {
		p.session.Rungs(w.Coverage.rung)
	}
}

// detail tells a fact or an order, unless it is a beat.
func (p *page) detail(what any) {
	var e signal.Envelope
	arrow := "->"
	switch what := what.(type) {
	case session.SendControl:
		e = what.Envelope
	case session.SendSignaling:
		e = what.Envelope
	case session.ControlReceived:
		e = what.Envelope
	case session.SignalingReceived:
		e = what.Envelope
	case session.Tick, session.StatsSampled, session.SampleStats, session.PrepareGoodbye, session.SaveRecord, session.SaveStopped:
		return
	}
	if _, fact := what.(session.Event); fact {
		arrow = "<-"
	}
	if e.Type == signal.TypeBeat || e.Type == signal.TypeBeatBack {
		return
	}
	text := fmt.Sprintf("%+v", what)
	if e.Type != "" {
		link := ""
		if l, ok := what.(interface{ On() session.Link }); ok {
			link = fmt.Sprint(l.On())
		}
		text = fmt.Sprintf("%s %s from=%s to=%s lives=%d/%d gen=%d neg=%d seq=%d ack=%d %.160s", link, e.Type, e.From, e.To, e.Life, e.ToLife, e.Generation, e.Negotiation, e.Seq, e.Ack, e.Payload)
	}
	p.world.tell(fmt.Sprintf("      %s %s %s %.300s", p.machine().name, arrow, strings.TrimPrefix(fmt.Sprintf("%T", what), "session."), text))
}
