package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"holdline/server/signal"
	"holdline/wasm/crowd"
)

// deed is what a person does.
type deed int

const (
	deedChat deed = iota
	deedRenegotiate
	deedMute
	deedNetwork // another network: ICE restarts
	deedReload
	deedBack // closes the tab and brings it back
	deedCut  // the socket's path ends without a word
	deedReplace
	deeds
)

var deedNames = [deeds]string{"chat", "renegotiate", "mute", "network", "reload", "close and come back", "cut", "leave, replaced"}

// weights is how often each deed comes, of their sum.
var weights = [deeds]int{40, 15, 10, 5, 12, 6, 6, 6}

// deedEvery is the mean time between two deeds of one person.
const deedEvery = 20 * time.Second

// step is a deed with its time from the start, and how long the person is
// away for it.
type step struct {
	at   time.Duration
	deed deed
	away time.Duration
	seed uint64 // of the one who replaces
}

// makePlan is what the person of this seat does between two times; one seed
// makes one plan.
func makePlan(seed uint64, seat int, from, to time.Duration) (plan []step) {
	rng := rand.New(rand.NewPCG(seed, uint64(seat)))
	sum := 0
	for _, w := range weights {
		sum += w
	}
	for at := from; ; {
		at += time.Duration(rng.ExpFloat64() * float64(deedEvery))
		if at >= to {
			return plan
		}
		n, d := rng.IntN(sum), deed(0)
		for n >= weights[d] {
			n -= weights[d]
			d++
		}
		// A reload is back in 1 to 3 s, a closed tab well within its window of 10 s.
		away := 300*time.Millisecond + time.Duration(rng.Int64N(int64(1500*time.Millisecond)))
		plan = append(plan, step{at, d, away, rng.Uint64()})
		if d >= deedReload {
			at += away
		}
	}
}

// follow does what the plan of a seat says; sits is told who sits there.
func (l *load) follow(ctx context.Context, p *crowd.Person, plan []step, sits func(*crowd.Person)) {
	sits(p)
	name := p.Name()
	for i, s := range plan {
		pause(ctx, time.Until(l.start.Add(s.at)))
		// Who is not in yet can do nothing. A page that goes between hello and
		// welcome leaves a participant behind whom it never knew of.
		for !p.Joined() && ctx.Err() == nil {
			pause(ctx, 20*time.Millisecond)
		}
		if ctx.Err() != nil {
			return
		}
		l.deeds[s.deed].Add(1)
		switch s.deed {
		case deedChat:
			p.Say()
		case deedRenegotiate:
			p.Renegotiate()
		case deedMute:
			p.Mute(s.seed%2 == 0)
		case deedNetwork:
			p.ChangeNetwork()
		case deedReload:
			p.Reload(ctx, signal.IntentReload, s.away)
		case deedBack:
			p.Reload(ctx, signal.IntentClose, s.away)
		case deedCut:
			p.Cut()
		case deedReplace:
			p.Leave()
			pause(ctx, s.away)
			p = l.crowd.Newcomer(p.Room(), fmt.Sprintf("%s+%d", name, i), s.seed)
			sits(p)
		}
	}
}

// pause waits, unless the run ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// restart is one end of the server, and its return.
type restart struct {
	name  string
	at    time.Duration
	kill  bool          // SIGKILL
	pause time.Duration // between the end of the process and the next
	burst bool          // everybody speaks and renegotiates at once, from a second before

	ended    time.Time
	back     time.Time
	attached time.Time // the last of those who were there
	returns  []time.Time
}

// restarts are the three of a run.
func restarts(duration time.Duration) []*restart {
	return []*restart{
		{name: "SIGTERM, drained", at: duration / 4},
		{name: "SIGKILL, away for 1 s", at: duration / 2, kill: true, pause: time.Second},
		{name: "SIGTERM under a burst", at: duration * 3 / 4, burst: true},
	}
}
