package doctor

import (
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// Doctor is the machine: one check-up, or one after the other.
type Doctor struct {
	policy  Policy
	run     int // counts check-ups; facts of an older one are stale
	now     session.Time
	began   float64 // ms since 1970
	browser Browser
	origin  string // of the server
	checks  []progress
	ice     signal.ICE
	opened  bool // the socket did
	open    bool // it has not closed since: the server's credentials last for as long
	told    bool // the server told its ICE servers
	stun    []string
	relay   map[CheckID][]signal.ICEServer
	found   []Found
	done    map[CheckID]bool // gathering ended by itself
	failure map[CheckID]CandidateFailed
	refused string         // what a relay said
	asking  bool           // the person was asked for camera and microphone
	opening []DeviceOpened // what came of that so far
	out     []Action
}

// progress is a check with its clock.
type progress struct {
	Check
	since time.Duration
	until time.Duration // 0 while nothing is waited for
}

// Found is a candidate with the check that found it.
type Found struct {
	Check CheckID `json:"check"`
	Candidate
}

// New makes a doctor who waits for Started.
func New(p Policy) *Doctor {
	d := &Doctor{policy: p}
	d.reset()
	return d
}

func (d *Doctor) reset() {
	d.checks = nil
	for _, c := range checks {
		d.checks = append(d.checks, progress{Check: Check{ID: c.id, Group: c.group, State: StateWaiting}})
	}
	d.ice, d.opened, d.told, d.stun, d.relay = signal.ICE{}, false, false, nil, nil
	d.found, d.done, d.failure, d.refused = nil, map[CheckID]bool{}, map[CheckID]CandidateFailed{}, ""
}

// Step takes a fact and gives the orders that follow from it.
func (d *Doctor) Step(now session.Time, ev Event) []Action {
	d.now, d.out = now, nil
	switch ev := ev.(type) {
	case Started:
		d.browser, d.origin = ev.Browser, ev.Origin
		d.begin()
	case AgainPressed:
		if !d.running() && !d.asking {
			d.begin()
		}
	case DevicesPressed:
		d.askForDevices()
	case DeviceOpened:
		d.deviceOpened(ev)
	case Tick:
		d.expire()
	default:
		d.answer(ev)
	}
	if d.open && !d.running() {
		d.closeSocket()
	}
	return d.out
}

// answer takes what an order brought about, unless a newer check-up has begun.
func (d *Doctor) answer(ev Event) {
	switch ev := ev.(type) {
	case ServerAnswered:
		d.ifCurrent(ev.Run, func() { d.serverAnswered(ev) })
	case SocketOpened:
		d.ifCurrent(ev.Run, d.socketOpened)
	case ICETold:
		d.ifCurrent(ev.Run, func() { d.iceTold(ev.ICE) })
	case ICERefused:
		d.ifCurrent(ev.Run, func() { d.iceRefused(ev.Err) })
	case SocketClosed:
		d.ifCurrent(ev.Run, func() { d.socketClosed(ev) })
	case CandidateFound:
		d.ifCurrent(ev.Run, func() { d.candidateFound(ev) })
	case CandidateFailed:
		d.ifCurrent(ev.Run, func() { d.candidateFailed(ev) })
	case GatheringDone:
		d.ifCurrent(ev.Run, func() { d.gatheringDone(ev.Check) })
	case GatheringRefused:
		d.ifCurrent(ev.Run, func() { d.gatheringRefused(ev) })
	case LoopOpened:
		d.ifCurrent(ev.Run, d.loopOpened)
	case LoopPinged:
		d.ifCurrent(ev.Run, func() { d.loopPinged(ev) })
	case LoopCarried:
		d.ifCurrent(ev.Run, func() { d.loopCarried(ev) })
	case LoopFailed:
		d.ifCurrent(ev.Run, func() { d.loopFailed(ev.Err) })
	case DevicesSeen:
		d.ifCurrent(ev.Run, func() { d.devicesSeen(ev) })
	}
}

func (d *Doctor) ifCurrent(run int, do func()) {
	if run == d.run {
		do()
	}
}

// Deadline is when the next Tick is due, on the monotonic clock.
func (d *Doctor) Deadline() (at time.Duration, ok bool) {
	for _, c := range d.checks {
		if c.until > 0 && (!ok || c.until < at) {
			at, ok = c.until, true
		}
	}
	return at, ok
}

// begin orders what needs no answer of the server's.
func (d *Doctor) begin() {
	d.run++
	d.reset()
	d.began = float64(d.now.Wall)
	d.examineBrowser()
	d.start(CheckServer, d.policy.ServerWithin)
	d.do(AskServer{d.run})
	d.start(CheckClock, 0)
	d.start(CheckSocket, d.policy.SocketWithin)
	d.do(OpenSocket{d.run})
	d.open = true
	if d.browser.PeerConnection {
		d.start(CheckAddresses, d.policy.AddressesWithin)
		d.do(Gather{Run: d.run, Check: CheckAddresses})
	} else {
		d.skipNetwork(SupportLacking)
	}
	d.start(CheckCamera, d.policy.DevicesWithin)
	d.start(CheckMicrophone, d.policy.DevicesWithin)
	d.do(LookAtDevices{d.run})
}

// skipNetwork gives up what has not begun of the checks that need a
// connection.
func (d *Doctor) skipNetwork(why Outcome) {
	for i := range d.checks {
		if c := &d.checks[i]; c.Group == GroupOthers && c.State == StateWaiting && (why != ServersUnknown || c.ID != CheckHiding) {
			d.finish(c.ID, StateSkipped, why)
		}
	}
}

func (d *Doctor) examineBrowser() {
	b := d.browser
	d.start(CheckSupport, 0)
	d.detail(CheckSupport, Detail{Name: DetailBrowser, Text: b.Agent})
	for _, m := range b.Missing {
		d.detail(CheckSupport, Detail{Name: DetailMissing, Text: m})
	}
	d.detail(CheckSupport, Detail{Name: DetailSecure, Word: yesOrNo(b.Secure)})
	switch {
	case !b.PeerConnection:
		d.finish(CheckSupport, StateFailed, SupportLacking)
	case !b.Secure:
		d.finish(CheckSupport, StateWarned, SupportInsecure)
	default:
		d.finish(CheckSupport, StatePassed, SupportComplete)
	}
}

func yesOrNo(b bool) Word {
	if b {
		return WordYes
	}
	return WordNo
}

func (d *Doctor) do(a Action) { d.out = append(d.out, a) }

func (d *Doctor) at(id CheckID) *progress {
	for i := range d.checks {
		if d.checks[i].ID == id {
			return &d.checks[i]
		}
	}
	panic("doctor: no such check: " + string(id))
}

func (d *Doctor) is(id CheckID, s State) bool { return d.at(id).State == s }

// start begins a check that is given up after a while, or never with 0.
func (d *Doctor) start(id CheckID, within time.Duration) {
	c := d.at(id)
	c.State, c.since, c.until = StateRunning, d.now.Mono, 0
	if within > 0 {
		c.until = d.now.Mono + within
	}
}

// finish gives a check its outcome.
func (d *Doctor) finish(id CheckID, s State, o Outcome) {
	c := d.at(id)
	if c.State == StateRunning {
		c.Took = milliseconds(d.now.Mono - c.since)
	}
	c.State, c.Outcome, c.until = s, o, 0
}

func (d *Doctor) detail(id CheckID, all ...Detail) {
	c := d.at(id)
	c.Details = append(c.Details, all...)
}

// running reports whether any check is still to come to its outcome, other
// than by the person's answer to the browser.
func (d *Doctor) running() bool {
	for _, c := range d.checks {
		if (c.State == StateRunning || c.State == StateWaiting) && !(d.asking && c.Group == GroupDevices) {
			return d.run > 0
		}
	}
	return false
}

// expire gives up what has waited for too long.
func (d *Doctor) expire() {
	for i := range d.checks {
		c := &d.checks[i]
		if c.until == 0 || c.until > d.now.Mono {
			continue
		}
		switch c.ID {
		case CheckServer:
			d.serverSilent()
		case CheckSocket:
			d.socketSilent()
		case CheckAddresses:
			d.addressesDone()
		case CheckLoop:
			d.loopFailed("")
		case CheckCamera, CheckMicrophone:
			d.judgeDevice(c.ID, DeviceFacts{Count: -1})
		default:
			d.probeSilent(c.ID)
		}
	}
}

func milliseconds(t time.Duration) float64 { return float64(t.Microseconds()) / 1000 }

func number(n DetailName, v float64, u Unit) Detail { return Detail{Name: n, Number: v, Unit: u} }
