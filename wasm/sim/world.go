package sim

import (
	"fmt"
	"strconv"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

const epoch = 1_700_000_000_000 // ms since 1970 when the world begins

var wireLimits = signal.Limits{Message: 1 << 20, Name: 64}

// Options are what a world is made with.
type Options struct {
	Seed uint64
	// Tell is told the story, line by line; nil when nobody listens.
	Tell func(line string)
	// Detail tells every fact and every order too, except beats.
	Detail bool
	// Coverage counts what was reached; nil when nobody counts.
	Coverage *Coverage
	Policy   session.Policy
	Room     room.Policy
}

// World is everything there is.
type World struct {
	clock
	Options
	noise        random
	signalTime   time.Duration // one way to the server
	packetTime   time.Duration // one way between browsers
	wire         bool          // every message is encoded and decoded
	relay        bool          // there is a relay
	traced       bool          // every page keeps a trace, which must replay
	server       server
	machines     []*machine
	roads        []road
	pages        []*page // that live
	sockets      []*socket
	connections  []*connection           // that live
	descriptions map[string]*description // by their SDP
	oracle       oracle
	steps        int // of sessions and rooms
	serial       int
	failure      error
}

// New makes a world with machines for the given number of people.
func New(o Options, people int) *World {
	if o.Policy.Beat == 0 {
		o.Policy = session.DefaultPolicy()
	}
	if o.Room.PingEvery == 0 {
		o.Room = room.DefaultPolicy()
	}
	w := &World{Options: o, noise: stream(o.Seed, 2), signalTime: 10 * time.Millisecond, packetTime: 5 * time.Millisecond}
	w.server = server{world: w, policy: o.Room, key: []byte("the server's key")}
	w.descriptions = map[string]*description{}
	w.oracle = newOracle(w)
	for i := range people {
		w.machines = append(w.machines, &machine{world: w, index: i, name: names[i], locks: true})
	}
	w.roads = make([]road, people*people)
	w.oracle.open()
	return w
}

var names = []string{"ana", "ben", "cem", "dia", "eva", "fay", "gil", "hal"}

// MaxPeople is how many people a world can have.
const MaxPeople = 8

// run lets time pass until the moment given, or until something is wrong.
func (w *World) run(until time.Duration) error {
	for len(w.heap) > 0 && w.heap[0].at <= until {
		if w.failure != nil {
			return w.failure
		}
		w.pop()()
	}
	w.clock.now = max(w.clock.now, until)
	return w.failure
}

// failf notes the first thing that is wrong.
func (w *World) failf(format string, args ...any) {
	if w.failure == nil {
		w.failure = fmt.Errorf("at %s: "+format, append([]any{w.stamp()}, args...)...)
		w.tell("WRONG: " + w.failure.Error())
	}
}

func (w *World) stamp() string { return strconv.FormatFloat(w.clock.now.Seconds(), 'f', 3, 64) + "s" }

func (w *World) tell(line string) {
	if w.Tell != nil {
		w.Tell(fmt.Sprintf("%9s  %s", w.stamp(), line))
	}
}

// newID is a participant's id, as random as the server's.
func (w *World) newID() string {
	w.serial++
	n := w.noise.next()
	return string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + strconv.Itoa(w.serial)
}

// onWire sends an envelope through the codec where this world does.
func (w *World) onWire(e *signal.Envelope, limits signal.Limits) {
	if !w.wire {
		return
	}
	text, err := e.Encode()
	if err != nil {
		w.failf("%s does not encode: %v", e.Type, err)
		return
	}
	back, err := signal.Decode(text, limits)
	if err != nil {
		w.failf("the other end refuses %s: %v", text, err)
		return
	}
	*e = back
}

func (w *World) forget(s *socket) {
	for i, o := range w.sockets {
		if o == s {
			w.sockets = append(w.sockets[:i:i], w.sockets[i+1:]...)
			return
		}
	}
}
