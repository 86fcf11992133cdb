package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"holdline/server/signal"
	"holdline/wasm/crowd"
)

// How a run is divided.
const (
	joinRate   = 200              // newcomers per second at the start
	calmBefore = 15 * time.Second // no deed before the end
	settleIn   = 60 * time.Second // how long everybody may take to be connected then
)

// ghostAfter is how long somebody who pressed Leave may be shown: no longer
// than it takes to say so, or, when the server was away and could not hear it,
// than the place is held after a socket that closed without a goodbye (20 s) and
// a peer's word for it counts (10 s).
var ghostAfter = crowd.Patience{Heard: 10 * time.Second, Unheard: 35 * time.Second}

// The server is back at its level when it needs at most this much more than
// before the first client came. Go frees neither its descriptors of goroutines
// that have ended, about 500 bytes each, nor the space of maps that were large.
const (
	spareHeap          = 2 << 20
	spareHeapGoroutine = 512 // for each that there was at the peak
	spareGoroutines    = 4   // what is closing just then
)

// run is the whole run; what it finds out goes into the figures.
func (l *load) run(ctx context.Context) error {
	if err := l.prepare(); err != nil {
		return err
	}
	l.start = time.Now()
	l.tell("%d clients in %d rooms for %v, seed %d", l.clients, l.clients/2, l.duration, l.seed)
	if err := l.warm(ctx); err != nil {
		return err
	}
	level, err := l.moment("before", true)
	if err != nil {
		return err
	}
	var browsers *pair
	if l.browsers {
		if browsers, err = l.startPair(); err != nil {
			return err
		}
		l.atEnd(browsers.close)
		l.tell("the browsers are connected")
	}
	l.start = time.Now()
	people, err := l.play(ctx)
	if err != nil {
		return err
	}
	if _, err := l.moment("all there, at the end", false); err != nil {
		return err
	}
	if browsers != nil {
		l.judge(browsers)
		if err := browsers.leave(); err != nil {
			return err
		}
		browsers.close()
	}
	l.part(people)
	return l.compare(ctx, level)
}

// warm has two people meet and part, so that the level is not that of a
// program that has done nothing yet.
func (l *load) warm(ctx context.Context) error {
	a, b := l.crowd.Newcomer("warm", "Ana", 1), l.crowd.Newcomer("warm", "Ben", 2)
	if err := l.until(ctx, settleIn, func() bool { return crowd.Apart(a, b) == "" }); err != nil {
		return fmt.Errorf("the first two do not meet: %s", crowd.Apart(a, b))
	}
	a.Leave()
	b.Leave()
	return l.until(ctx, time.Minute, func() bool {
		v, err := l.server.vitals(false)
		return err == nil && v.Rooms == 0 && v.Sockets == 0
	})
}

// until looks again and again.
func (l *load) until(ctx context.Context, patience time.Duration, done func() bool) error {
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %v", patience)
		}
		if pause(ctx, 50*time.Millisecond); ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// play lets everybody in, and restarts the server three times, until all are
// settled at the end.
func (l *load) play(ctx context.Context) (people []*crowd.Person, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	people = make([]*crowd.Person, l.clients)
	var there sync.Mutex // over people
	var seats sync.WaitGroup
	joined := time.Duration(l.clients) * time.Second / joinRate
	for seat := range people {
		seats.Go(func() {
			entry := time.Duration(seat) * time.Second / joinRate
			pause(ctx, time.Until(l.start.Add(entry)))
			p := l.crowd.Newcomer(fmt.Sprintf("room-%d", seat/2), fmt.Sprintf("seat-%d", seat), l.seed+uint64(seat)*0x9e3779b97f4a7c15)
			l.follow(ctx, p, makePlan(l.seed, seat, max(entry, joined), l.duration-calmBefore), func(p *crowd.Person) {
				there.Lock()
				defer there.Unlock()
				people[seat] = p
			})
		})
	}
	present := func() []*crowd.Person {
		there.Lock()
		defer there.Unlock()
		return slices.Clone(people)
	}
	watched := make(chan struct{})
	watching, stopWatching := context.WithCancel(ctx)
	go func() { defer close(watched); l.crowd.WatchGhosts(watching, ghostAfter) }()
	defer func() { stopWatching(); <-watched }()
	for _, r := range restarts(l.duration) {
		pause(ctx, time.Until(l.start.Add(r.at-2*time.Second)))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if _, err := l.moment("before "+r.name, false); err != nil {
			return nil, err
		}
		if err := l.restart(ctx, r, present); err != nil {
			return nil, err
		}
	}
	pause(ctx, time.Until(l.start.Add(l.duration)))
	seats.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	began := time.Now()
	_ = l.until(ctx, settleIn, func() bool { return l.apart(people, nil) == 0 })
	l.apart(people, func(why string) { l.crowd.Figures.Fault("not together at the end", why) })
	l.tell("all pairs together %v after the last deed", time.Since(began).Round(10*time.Millisecond))
	for i, p := range people {
		l.crowd.Compare(p, people[i^1])
	}
	return people, nil
}

// restart ends the server and starts the next.
func (l *load) restart(ctx context.Context, r *restart, present func() []*crowd.Person) error {
	burst, endBurst := context.WithCancel(ctx)
	defer endBurst()
	if r.burst {
		pause(ctx, time.Until(l.start.Add(r.at-time.Second)))
		go l.burst(burst, present)
	}
	pause(ctx, time.Until(l.start.Add(r.at)))
	r.at = time.Since(l.start)
	returning := l.crowd.Restarting()
	sent := syscall.SIGTERM
	if r.kill {
		sent = syscall.SIGKILL
	}
	if _, err := l.server.stop(sent); err != nil {
		l.crowd.Figures.Fault("the server ends badly", fmt.Sprintf("%s: %v", r.name, err))
	}
	r.ended = time.Now()
	pause(ctx, r.pause)
	next, err := l.startServer()
	if err != nil {
		return err
	}
	l.server = next
	r.back = time.Now()
	l.crowd.Back()
	l.tell("%s: ended after %s, back after %s", r.name, seconds(r.ended.Sub(l.start.Add(r.at))), seconds(r.back.Sub(r.ended)))
	err = l.until(ctx, 30*time.Second, func() bool { return l.crowd.Missing(returning) == 0 })
	if err != nil {
		l.crowd.Figures.Fault("lost: not attached again", fmt.Sprintf("%s: %d within 30 s", r.name, l.crowd.Missing(returning)))
	}
	if r.attached = returning.Attached; r.attached.IsZero() {
		r.attached = time.Now()
	}
	r.returns = l.crowd.Figures.Welcomes(r.back, r.attached.Add(time.Millisecond))
	l.restarts = append(l.restarts, r)
	l.tell("%s: %d joins, the last attached %s after the return, peak %d in one second", r.name, len(r.returns), seconds(r.attached.Sub(r.back)), crowd.Peak(r.returns, time.Second))
	_, err = l.moment("after "+r.name, false)
	return err
}

// burst lets everybody renegotiate every 200 ms, ten times or until ctx ends:
// more, for a server that is away, would only pile up in the pages.
func (l *load) burst(ctx context.Context, present func() []*crowd.Person) {
	for range 10 {
		for _, p := range present() {
			if p != nil && !p.HasLeft() && ctx.Err() == nil {
				p.Renegotiate()
			}
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// apart counts the pairs that are not together, and tells of each.
func (l *load) apart(people []*crowd.Person, tell func(why string)) (n int) {
	for i := 0; i < len(people); i += 2 {
		if why := crowd.Apart(people[i], people[i+1]); why != "" {
			n++
			if tell != nil {
				tell(why)
			}
		}
	}
	return n
}

// part lets everybody press Leave within a few seconds.
func (l *load) part(people []*crowd.Person) {
	var leaving sync.WaitGroup
	for i, p := range people {
		leaving.Go(func() {
			time.Sleep(time.Duration(i) * 5 * time.Second / time.Duration(len(people)))
			p.Leave()
		})
	}
	leaving.Wait()
	l.crowd.Wait()
	l.tell("all have left")
}

// compare looks into every room for ghosts, and holds what the last process
// needs against the level.
func (l *load) compare(ctx context.Context, level vitals) error {
	err := l.until(ctx, 10*time.Second, func() bool {
		v, err := l.server.vitals(false)
		return err == nil && v.Sockets == 0 && v.Participants == 0
	})
	if err != nil {
		v, _ := l.server.vitals(false)
		l.crowd.Figures.Fault("ghost: the server still has somebody", fmt.Sprintf("%d sockets, %d participants", v.Sockets, v.Participants))
	}
	if _, err := l.moment("all have left", false); err != nil {
		return err
	}
	for room := range l.clients / 2 {
		if err := l.probe(ctx, fmt.Sprintf("room-%d", room)); err != nil {
			return err
		}
	}
	if err := l.probe(ctx, "browsers"); err != nil {
		return err
	}
	l.tell("every room was looked into")
	if err := l.until(ctx, keepLeft+20*time.Second, func() bool {
		v, err := l.server.vitals(false)
		return err == nil && v.Rooms == 0
	}); err != nil {
		l.crowd.Figures.Fault("rooms stay", err.Error())
	}
	last, err := l.moment("at the end", true)
	if err != nil {
		return err
	}
	peak := 0
	for _, m := range l.moments {
		peak = max(peak, m.Goroutines)
	}
	if spare := int64(spareHeap + peak*spareHeapGoroutine); last.Heap > level.Heap+spare {
		l.crowd.Figures.Fault("the heap is not back at its level", fmt.Sprintf("%d bytes, before %d, spare %d", last.Heap, level.Heap, spare))
	} else {
		l.tell("the heap is back at its level: %.1f MB more, at most %.1f MB", float64(last.Heap-level.Heap)/1e6, float64(spare)/1e6)
	}
	if last.Goroutines > level.Goroutines+spareGoroutines {
		l.crowd.Figures.Fault("the goroutines are not back at their level", fmt.Sprintf("%d, before %d, spare %d", last.Goroutines, level.Goroutines, spareGoroutines))
	}
	took, err := l.server.stop(syscall.SIGTERM)
	if err != nil {
		l.crowd.Figures.Fault("the server ends badly", err.Error())
	}
	l.tell("the last server ended %v after SIGTERM", took.Round(time.Millisecond))
	return nil
}

// probe enters a room whose people have left: nobody may be on its roster.
func (l *load) probe(ctx context.Context, room string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, l.url+"/ws", &websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}})
	if err != nil {
		return fmt.Errorf("look into %s: %w", room, err)
	}
	defer ws.CloseNow()
	say := func(t signal.Type, seq int64, payload any) error {
		data, err := signal.Envelope{Type: t, Life: 1, Seq: seq, Payload: signal.Raw(payload)}.Encode()
		if err == nil {
			err = ws.Write(ctx, websocket.MessageText, data)
		}
		return err
	}
	if err := say(signal.TypeHello, 1, signal.Hello{Room: room, Name: "probe"}); err != nil {
		return err
	}
	var e signal.Envelope
	for e.Type == "" || e.Type == signal.TypeICE { // which goes before the welcome
		_, data, err := ws.Read(ctx)
		if err == nil {
			e, err = signal.Decode(data, signal.Limits{Message: 1 << 20})
		}
		if err != nil {
			return fmt.Errorf("look into %s: %w", room, err)
		}
	}
	var w signal.Welcome
	err = e.Read(&w)
	if err != nil || e.Type != signal.TypeWelcome {
		return fmt.Errorf("look into %s: %s %w", room, e.Type, err)
	}
	for _, row := range w.Roster {
		l.crowd.Figures.Fault("ghost: on the roster of an empty room", fmt.Sprintf("%s: %s %s", room, row.Name, row.State))
	}
	if err := say(signal.TypeBye, 0, signal.Goodbye{Count: 1, Intent: signal.IntentHangup}); err != nil {
		return err
	}
	_, _, _ = ws.Read(ctx) // the server closes
	return nil
}
