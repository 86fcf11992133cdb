// Package driver steps the session: facts come in from callbacks in their
// order, orders go out in theirs, and one timer wakes it. It decides nothing.
package driver

import (
	"context"
	"sync"
	"time"

	"holdline/wasm/session"
)

// World is what the driver needs of its surroundings. All of it is called
// from the driver's goroutine only and must not block.
type World interface {
	// Now reads both clocks.
	Now() session.Time
	// Perform carries out one order. What it brings about is Put.
	Perform(session.Action)
	// WakeAfter calls wake once after d, instead of an earlier call's; with a
	// negative d never.
	WakeAfter(d time.Duration, wake func())
	// Show renders the session after a batch of events that changed it.
	Show(session.Snapshot)
}

// Driver owns a session.
type Driver struct {
	session *session.Session
	trace   *session.Trace
	world   World

	mu    sync.Mutex
	queue []session.Event
	ready chan struct{} // one slot: there is something to do
	due   bool          // the timer has come
	shown int64
}

// New makes the driver of a session in a world. t may be nil: then nobody can
// replay what happens.
func New(s *session.Session, t *session.Trace, w World) *Driver {
	return &Driver{session: s, trace: t, world: w, ready: make(chan struct{}, 1), shown: -1}
}

// Put adds a fact to the queue. It never blocks, so it may be called from any
// callback; the order of calls is the order of steps.
func (d *Driver) Put(ev session.Event) {
	d.mu.Lock()
	d.queue = append(d.queue, ev)
	d.mu.Unlock()
	d.signal()
}

func (d *Driver) wake() {
	d.mu.Lock()
	d.due = true
	d.mu.Unlock()
	d.signal()
}

func (d *Driver) signal() {
	select {
	case d.ready <- struct{}{}:
	default:
	}
}

// Run steps until ctx is done. Everything that lies in the queue is stepped
// before a Tick, so that nobody is judged silent whose words were only not
// read yet.
func (d *Driver) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.ready:
		}
		d.turn()
	}
}

// turn steps through the queue once, then ticks if it is time.
func (d *Driver) turn() {
	for {
		d.mu.Lock()
		batch := d.queue
		d.queue = nil
		tick := d.due && len(batch) == 0
		if tick {
			d.due = false
			batch = []session.Event{session.Tick{}}
		}
		d.mu.Unlock()
		if len(batch) == 0 {
			break
		}
		for _, ev := range batch {
			d.step(ev)
		}
	}
	if r := d.session.Revision(); r != d.shown {
		d.shown = r
		d.world.Show(d.session.Snapshot())
	}
	d.arm()
}

func (d *Driver) step(ev session.Event) {
	now := d.world.Now()
	for _, a := range d.perhapsTraced(now, ev) {
		d.world.Perform(a)
	}
}

func (d *Driver) perhapsTraced(now session.Time, ev session.Event) []session.Action {
	if d.trace == nil {
		return d.session.Step(now, ev)
	}
	return d.trace.Step(d.session, now, ev)
}

// arm sets the timer to the session's next deadline.
func (d *Driver) arm() {
	at, ok := d.session.Deadline()
	if !ok {
		d.world.WakeAfter(-1, nil)
		return
	}
	d.world.WakeAfter(max(at-d.world.Now().Mono, 0), d.wake)
}
