package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// Plan is a whole history, from one seed.
type Plan struct {
	Seed     uint64
	People   int
	Browsers []browser
	Locks    bool
	Wire     bool
	Traced   bool
	Relay    bool
	Lobby    bool
	Devices  [][2]string   // getUserMedia's errors for microphone and camera
	Screens  []string      // getDisplayMedia's errors
	Phones   []bool        // have no getDisplayMedia
	Signal   time.Duration // one way to the server
	Packet   time.Duration // one way between browsers
	Quiet    time.Duration // when the last fault is over
	Faults   []Fault
}

// NewPlan makes the plan of a seed: a random subset of the faults, at random
// rates.
func NewPlan(seed uint64) Plan {
	r := stream(seed, 1)
	p := Plan{
		Seed: seed, People: pick(&r, 2, 2, 2, 2, 2, 2, 3, 3, 3, 4), Locks: r.chance(0.8), Wire: r.chance(0.1), Traced: r.chance(0.05), Relay: r.chance(0.5), Lobby: r.chance(0.1),
		Signal: pick[time.Duration](&r, 2, 10, 10, 40, 120) * time.Millisecond, Packet: pick[time.Duration](&r, 1, 5, 5, 20, 80) * time.Millisecond,
		Quiet: r.between(10*second, 70*second),
	}
	if r.chance(0.02) {
		p.People = 5 + r.below(4)
	}
	for range p.People {
		p.Browsers = append(p.Browsers, pick(&r, chromium, firefox))
		device := func() string {
			return pick(&r, "", "", "", "", "", "NotAllowedError", "NotFoundError", "NotReadableError")
		}
		p.Devices = append(p.Devices, [2]string{device(), device()})
		p.Screens = append(p.Screens, pick(&r, "", "", "", "", "NotAllowedError", "NotReadableError"))
		p.Phones = append(p.Phones, r.chance(0.1))
	}
	for who := range p.People {
		at := time.Duration(0)
		if r.chance(0.6) {
			at = r.between(0, 4*second)
		}
		p.Faults = append(p.Faults, Fault{At: at, Kind: Join, Who: who})
	}
	var chosen []Kind
	total := 0.0
	keep := pick(&r, 0.08, 0.15, 0.3, 0.6)
	for k := Kind(0); k < kinds; k++ {
		if r.chance(keep) {
			chosen = append(chosen, k)
			total += acts[k].weight
		}
	}
	every := r.between(700*time.Millisecond, 10*second)
	bursts := r.chance(0.3)
	pause := func() time.Duration {
		if bursts && r.chance(0.7) {
			return r.between(5*time.Millisecond, 900*time.Millisecond)
		}
		return r.between(every/4, every*2)
	}
	for at := r.between(0, every); at < p.Quiet && total > 0; at += pause() {
		x := r.share() * total
		k := chosen[len(chosen)-1]
		for _, c := range chosen {
			if x -= acts[c].weight; x < 0 {
				k = c
				break
			}
		}
		f := Fault{At: at, Kind: k, Who: r.below(p.People), N: r.next()}
		f.Whom = (f.Who + 1 + r.below(p.People-1)) % p.People
		if a := acts[k]; a.most > 0 {
			f.For = r.between(a.least, a.most)
			if r.chance(0.5) {
				f.For = r.between(a.least, min(a.most, 4*a.least+2*second)) // most are short
			}
			f.For = min(f.For, p.Quiet-f.At)
		}
		p.Faults = append(p.Faults, f)
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
	return p
}

// The bounds that the oracle holds the machine to, after the last fault.
const (
	ConvergeWithin = 50 * time.Second  // all who live are connected to each other
	SettleWithin   = 120 * time.Second // nobody's place is held any more
)

// Result is what came of a plan.
type Result struct {
	Steps     int
	Now       time.Duration
	Converged time.Duration // after the last fault
}

// Play plays a plan to its end.
func (p Plan) Play(o Options) (Result, error) {
	o.Seed = p.Seed
	w := New(o, p.People)
	w.signalTime, w.packetTime, w.wire = p.Signal, p.Packet, p.Wire
	for i, m := range w.machines {
		m.browser, m.locks, m.lobby = p.Browsers[i], p.Locks, p.Lobby
		m.mic, m.cam = p.Devices[i][0], p.Devices[i][1]
		m.screen, m.phone = p.Screens[i], p.Phones[i]
	}
	w.traced, w.relay = p.Traced, p.Relay
	for _, f := range p.Faults {
		w.at(f.At, func() { w.Do(f) })
	}
	err := w.run(p.Quiet)
	var converged time.Duration
	if err == nil {
		w.tell("** quiet from here on")
		converged, err = w.calmDown()
	}
	return Result{w.steps, w.clock.now, converged}, err
}

// calmDown is the quiet tail: everything works, people press Rejoin where
// something has ended, and the world must come to agree. It is over when all
// is well for a while: somebody may still be coming back.
func (w *World) calmDown() (converged time.Duration, err error) {
	start := w.clock.now
	for step, well := 0, 0; well < 3; step++ {
		if err := w.run(w.clock.now + second); err != nil {
			return 0, err
		}
		since := w.clock.now - start
		apart := w.apart()
		if apart == "" && converged == 0 {
			converged = since
		}
		well++
		if apart != "" {
			converged, well = 0, 0
			if since > ConvergeWithin {
				w.failf("%v after the last fault: %s", since, apart)
				return 0, w.failure
			}
			if step%5 == 4 {
				w.rejoinWhereEnded()
			}
			continue
		}
		held := w.held()
		if held != "" {
			well = 0
		}
		if held != "" && since > SettleWithin {
			w.failf("%v after the last fault: %s", since, held)
			return 0, w.failure
		}
	}
	w.conclude()
	return converged, w.failure
}

// participants are the pages that want to be in the call.
func (w *World) participants() (all []*page) {
	for _, p := range w.pages {
		if p.begun && !p.session.Ended() {
			all = append(all, p)
		}
	}
	return all
}

// apart says who is not connected to whom; "" when all are.
func (w *World) apart() string {
	all := w.participants()
	for _, p := range w.pages {
		if !p.begun {
			return p.String() + " has not begun"
		}
		if !p.runs() {
			return p.String() + " does not run"
		}
	}
	for _, p := range all {
		v := &p.view
		if v.Signaling != session.SignalingStateOpen {
			return fmt.Sprintf("%s has its signaling %s", p, v.Signaling)
		}
		if p.socket.toServer.cut {
			return p.String() + " has a half-open socket"
		}
		for _, q := range all {
			if q == p {
				continue
			}
			found := false
			for i := range v.Peers {
				if s := &v.Peers[i]; s.Participant == q.view.Participant {
					found = true
					if s.State != session.PeerConnected || s.Cause != "" {
						return fmt.Sprintf("%s sees %s as %s %s", p, q, s.State, s.Cause)
					}
				}
			}
			if !found {
				return fmt.Sprintf("%s does not know %s (%s)", p, q, q.view.Participant)
			}
		}
		if wrong := w.screens(p, all); wrong != "" {
			return wrong
		}
	}
	return ""
}

// held says whose place is still held, or who is shown and is not there.
func (w *World) held() string {
	all := w.participants()
	lives := func(id string) bool {
		return slices.ContainsFunc(all, func(p *page) bool { return p.view.Participant == id })
	}
	if w.server.room != nil && len(all) > 0 { // with nobody there, nobody is given up before long
		for _, s := range w.server.room.Seats() {
			if w.oracle.thawsMaybe(s.Participant) {
				continue
			}
			if !lives(s.Participant) {
				return "the room still has " + w.oracle.name(s.Participant) + ", " + string(s.State)
			}
			if s.State != signal.PresencePresent {
				return "the room has " + w.oracle.name(s.Participant) + " as " + string(s.State)
			}
		}
	}
	for _, p := range all {
		for i := range p.view.Peers {
			if s := &p.view.Peers[i]; s.State != session.PeerEnded && !lives(s.Participant) && !w.oracle.thawsMaybe(s.Participant) {
				return fmt.Sprintf("%s still shows %s as %s %s", p, w.oracle.name(s.Participant), s.State, s.Cause)
			}
		}
	}
	return ""
}

// thawsMaybe says whether nobody can know that a frozen page is gone: its
// place is held for ten minutes, and while the server was away nobody saw the
// end of its stream.
func (o *oracle) thawsMaybe(id string) bool {
	i := o.identity(id)
	return i != nil && !i.alive() && o.restarts > 0 && had(Freeze)(i)
}

// rejoinWhereEnded: people press Rejoin when something has ended that they
// did not end.
func (w *World) rejoinWhereEnded() {
	for _, p := range clone(w.pages) {
		if !p.begun || !p.runs() {
			continue
		}
		if p.session.Ended() {
			if i := w.oracle.of(p); p.view.Cause != signal.CauseHangup && !p.machine().sentAway && (i == nil || !i.left) && p.view.Cause != signal.CauseReplaced {
				w.tell(p.String() + " presses Rejoin")
				p.put(session.RejoinPressed{})
			}
			continue
		}
		for i := range p.view.Peers {
			s := &p.view.Peers[i]
			if j := w.oracle.identity(s.Participant); s.State == session.PeerEnded && j != nil && j.alive() {
				w.tell(p.String() + " presses Rejoin")
				p.put(session.RejoinPressed{})
				break
			}
		}
	}
}

// Shrink drops faults for as long as the plan still fails, and returns what
// is left of it. It plays the plan at most tries times.
func (p Plan) Shrink(tries int) Plan {
	fails := func(faults []Fault) bool {
		q := p
		q.Faults = faults
		_, err := q.Play(Options{})
		return err != nil
	}
	faults := p.Faults
	for size := max(1, len(faults)/2); ; size /= 2 {
		for from := 0; from < len(faults) && tries > 0; {
			without := slices.Concat(faults[:from], faults[min(from+size, len(faults)):])
			tries--
			if fails(without) {
				faults = without
			} else {
				from += size
			}
		}
		if size <= 1 || tries <= 0 {
			break
		}
	}
	p.Faults = faults
	return p
}

// String lists the plan's faults.
func (p Plan) String() string {
	var b strings.Builder
	b.WriteString("people:")
	for i, k := range p.Browsers {
		b.WriteString(" " + names[i] + " in " + k.String())
	}
	if !p.Locks {
		b.WriteString(", no Web Locks")
	}
	b.WriteString("; " + p.Signal.String() + " to the server, " + p.Packet.String() + " between browsers; quiet from " +
		strconv.FormatFloat(p.Quiet.Seconds(), 'f', 1, 64) + "s\n")
	for _, f := range p.Faults {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}
