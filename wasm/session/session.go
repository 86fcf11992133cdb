package session

import (
	"slices"
	"strings"
	"time"

	"holdline/server/signal"
)

// phase is how far the person's own session is.
type phase int

const (
	phaseLobby phase = iota
	phaseJoining
	phaseJoined
	phaseEnded
)

// Session is the machine. Not safe for concurrent use: the driver owns it.
type Session struct {
	policy Policy
	state
	now         Time
	out         []Action
	dirty       bool // the record for the next page has changed
	mayNotAsk   bool // in a replay: the server was not asked in this step
	mayNotProbe bool // and whose answer is waited for did not change
}

// state is everything that decides, as plain data: a checkpoint of it is part
// of the trace. Times are monotonic; 0 is never.
type state struct {
	Config      Config
	Phase       phase
	Name        string
	Participant string
	Life        int64
	Began       int64         // when the participant's first life did, ms since the Unix epoch
	VouchFor    time.Duration // for which the server counts a vouch
	Token       string
	ByeKey      string
	Order       int
	Networks    int // how often this page's network has changed
	Signaling   signalingLink
	Peers       []*peer // in the room's order
	TakenOff    []Link  // the last links of those who ended and are off the page
	Microphone  device
	Camera      device
	Screen      device
	Messages    []ChatMessage
	Undelivered []Undelivered // what the last page left, to those who were not met since
	Said        int           // chat messages of this life so far
	Count       int           // the goodbye counter of this life
	LeavingAt   time.Duration // beforeunload was seen
	Gone        bool          // pagehide was seen
	Hidden      bool
	AskToLeave  bool
	BeatAt      time.Duration // the next beat on the control channels
	BeatSentAt  time.Duration // the last one
	Beats       int64
	Offline     bool // the browser says that there is no network
	ICE         iceState
	After       signal.After  // what the next hello says of the past
	SleptAt     time.Duration // the clocks jumped
	Former      *End          // what the others were told of the last stay
	Offer       *Record       // of a page that stopped: the lobby offers to go back in
	SavedAt     int64         // the record, ms since the Unix epoch
	End         *End
	Drift       time.Duration
	Forgiven    int           // silences that this page's own late timers explain
	Wake        time.Duration // the deadline that was last given out
	Random      uint64
	Goodbyes    Goodbyes
	Changes     int64 // grows with every change that a page shows
	Nevers      int   // events and moves that the tables say cannot happen
	Unknowns    int   // ends that no row of Diagnose explains
}

// New makes the session of a page. Its first event must be Started.
func New(policy Policy) *Session { return &Session{policy: policy} }

// Step takes one fact and returns the orders that follow from it. The slice
// is valid until the next Step. This is the only way in which a session
// changes.
func (s *Session) Step(now Time, ev Event) []Action {
	clear(s.out)
	s.out, s.now = s.out[:0], now
	s.clocks()
	switch s.decide(ev) {
	case handle:
		s.handle(ev)
	case never:
		s.Nevers++
	}
	for _, p := range s.Peers {
		s.pause(p)
	}
	s.prepareGoodbye()
	if s.dirty {
		s.dirty = false
		s.saveRecord()
	}
	s.Wake, _ = s.Deadline()
	return s.out
}

// decide looks the event up in the matrix. What belongs to a link that is no
// more dies here.
func (s *Session) decide(ev Event) verdict {
	if s.Gone && ev.kind() != kindPageShow {
		return ignore // the page is on its way out; nothing may be started any more
	}
	if l, ok := linkOf(ev); ok {
		p := s.peer(l.Peer)
		if s.Phase == phaseEnded || p == nil || p.Link.State == linkEnded {
			return ignore
		}
		if p.Link.Old != 0 && l == p.oldName() && ev.kind() == kindControlReceived {
			return handle // in-band signaling may come on the connection that is to be replaced
		}
		if p.name() != l {
			return ignore
		}
		if stale(ev, &p.Link) {
			return ignore
		}
		return linkMatrix[ev.kind()][p.Link.State]
	}
	if a, ok := signalingAttempt(ev); ok && a != s.Signaling.Attempt {
		return ignore
	}
	return phaseMatrix[ev.kind()][s.Phase]
}

// stale says whether ev answers an order that something newer has replaced.
func stale(ev Event, l *link) bool {
	switch ev := ev.(type) {
	case LocalDescriptionSet:
		return ev.Attempt != l.Attempt
	case RemoteDescriptionSet:
		return ev.Attempt != l.Attempt
	case StatsSampled:
		return ev.Attempt != l.StatsAttempt
	}
	return false
}

func signalingAttempt(ev Event) (attempt int, ok bool) {
	switch ev := ev.(type) {
	case SignalingOpened:
		return ev.Attempt, true
	case SignalingReceived:
		return ev.Attempt, true
	case SignalingGarbled:
		return ev.Attempt, true
	case SignalingClosed:
		return ev.Attempt, true
	}
	return 0, false
}

func (s *Session) handle(ev Event) {
	switch ev := ev.(type) {
	case Started:
		s.started(ev.Config)
	case JoinPressed:
		s.join(ev.Name)
		s.decline()
	case LeavePressed:
		s.hangUp()
	case RejoinPressed:
		s.rejoin()
	case GoBackPressed:
		s.claimStopped()
	case StoppedClaimed:
		s.goBack(ev)
	case Said:
		s.say(ev.Text)
	case DeviceSwitched:
		s.switchDevice(ev.Device, ev.On)
	case AskChosen:
		s.AskToLeave = ev.On
		s.Changes++
	case DeviceOpened:
		s.deviceOpened(ev.Device)
	case DeviceFailed:
		s.deviceFailed(ev.Device, ev.Name)
	case DeviceEnded:
		s.deviceEnded(ev.Device)
	case BeforeUnload:
		s.Count++
		s.LeavingAt = s.now.Mono
	case PageHide:
		s.Count += 2
		s.Gone = true
	case PageShow:
		s.shown(ev.Persisted)
	case PageFrozen:
		s.Count++
		s.sayGoodbye(signal.TypeLeaving, signal.IntentFreeze)
	case PageResumed:
		s.Count++
		s.sayGoodbye(signal.TypeStay, "")
		s.forgive()
	case VisibilityChanged:
		s.visible(!ev.Hidden)
	case NetworkChanged:
		s.networkChanged(ev.Online)
	case Tick:
		s.tick()
	case SignalingOpened:
		s.sayHello()
	case SignalingReceived:
		s.received(ev.Envelope)
	case SignalingGarbled:
		// The server is of another kind than this page; what it means cannot be
		// guessed, and the next beat decides whether the lane is alive.
	case SignalingClosed:
		s.signalingClosed(ev)
	default:
		l, _ := linkOf(ev)
		s.handleLink(s.peer(l.Peer), ev)
	}
}

// started is the first event: the page comes back with its record, or joins
// at once, or waits in the lobby.
func (s *Session) started(c Config) {
	s.Config, s.Name, s.AskToLeave, s.Hidden = c, c.Name, c.AskToLeave, c.Hidden
	s.Random = c.Seed | 1
	s.Drift = s.now.drift()
	s.Signaling.State = SignalingStateClosed
	mic, cam := true, true
	if r := c.Record; r != nil && r.Room == c.Room {
		s.resume(*r)
		mic, cam = r.Microphone, r.Camera
	} else if !c.JoinNow {
		if s.Offer = s.lastStopped(c.Stopped); s.Offer != nil {
			mic, cam = s.Offer.Microphone, s.Offer.Camera // who was muted is still muted
		}
	}
	s.Config.Record, s.Config.Stopped, s.After = nil, nil, c.After
	s.startDevices(c, mic, cam)
	if s.Participant != "" || s.Life > 0 || c.JoinNow {
		s.join(s.Name)
	}
}

// resume takes over who a record says that this was.
func (s *Session) resume(r Record) {
	s.Name, s.Participant, s.Life, s.Began, s.Token = r.Name, r.Participant, r.Life, r.Began, r.Token
	s.Messages, s.Undelivered = slices.Clone(r.Messages), slices.Clone(r.Undelivered)
}

// join enters the room as the participant of the record, or as a newcomer.
func (s *Session) join(name string) {
	name = strings.TrimSpace(name)
	if signal.CheckName(name, signal.DefaultLimits.Name) != nil {
		return // the page says what is wrong with it; nobody is in the lobby without a name
	}
	s.Name = name
	s.nextLife()
	s.Count, s.Networks = 0, 0
	s.LeavingAt, s.BeatAt, s.Gone, s.End = 0, 0, false, nil
	s.enterSignaling(SignalingStateClosed, "")
	s.Signaling.forget()
	s.enterPhase(phaseJoining)
	s.dirty = true
	s.openSignaling()
}

// nextLife numbers this page's life by the ms since the first one of its
// participant began: whatever copies of a record there are, in a duplicated
// or restored tab, no two pages come to the same number, and the later has the
// higher. A clock that was set back does not matter.
func (s *Session) nextLife() {
	if s.Life == 0 {
		s.Began = s.now.Wall
	}
	s.Life = max(s.Life+1, 1+s.now.Wall-s.Began)
}

// rejoin comes back after an end: as somebody new after one's own, to a
// participant whose link ended with a new connection.
func (s *Session) rejoin() {
	if s.Phase == phaseEnded {
		s.forgetIdentity()
		s.Peers = nil
		s.startDevices(s.Config, s.Microphone.Want, s.Camera.Want)
		s.join(s.Name)
		return
	}
	for _, p := range s.Peers {
		if p.Link.State == linkEnded && p.live() {
			s.newLink(p, p.Link.Generation+1, true)
		}
	}
}

// forgetIdentity makes the next life somebody else's. What was to be said is
// said by who it was: of a copied tab, the other page.
func (s *Session) forgetIdentity() {
	s.Participant, s.Token, s.ByeKey, s.Life, s.Began = "", "", "", 0, 0
	s.Undelivered = nil
}

// hangUp is the person's own Leave: both lanes are told, then all is closed.
func (s *Session) hangUp() {
	s.Count++
	s.sayGoodbye(signal.TypeBye, signal.IntentHangup)
	s.end(signal.NewEnd(s.Participant, signal.CauseHangup, "Leave was pressed"))
}

// end ends one's own session.
func (s *Session) end(e End) {
	e.Final = true
	e.Revision++
	if e.Cause == signal.CauseUnknown {
		s.Unknowns++
	}
	for _, p := range s.Peers {
		s.closeLink(p)
	}
	if s.Signaling.State != SignalingStateRefused {
		s.closeSignaling()
		s.enterSignaling(SignalingStateClosed, "")
	}
	s.emit(CloseDevices{})
	s.Microphone.close()
	s.Camera.close()
	s.restScreen()
	s.emit(ClearRecord{})
	if s.Participant != "" && e.Cause != signal.CauseReplaced { // else the page that lives by it now has it
		s.emit(ForgetStopped{s.Participant})
	}
	s.dirty = false
	s.LeavingAt = 0
	s.End = &e
	s.enterPhase(phaseEnded)
}

func (s *Session) enterPhase(p phase) {
	s.moves(phaseTransitions, phaseNames[s.Phase], phaseNames[p])
	s.Phase = p
	s.Changes++
}

// shown is a page that is there again: from the bfcache it starts its next
// life, for the last one said bye.
func (s *Session) shown(persisted bool) {
	if !persisted || !s.Gone {
		return
	}
	s.anew()
	s.emit(CloseScreen{}) // what became of it, or of its picker, meanwhile was not heard
	s.restScreen()
	s.Config.Locked = false // the stub let go of it; a duplicated tab may have it by now
	s.emit(ClaimIdentity{s.Participant})
	s.join(s.Name)
}

func (s *Session) emit(a Action) { s.out = append(s.out, a) }

// random is xorshift64: deterministic from the seed.
func (s *Session) random() float64 {
	s.Random ^= s.Random << 13
	s.Random ^= s.Random >> 7
	s.Random ^= s.Random << 17
	return float64(s.Random>>11) / (1 << 53)
}

func (s *Session) saveRecord() {
	if s.Phase != phaseJoining && s.Phase != phaseJoined {
		return
	}
	s.SavedAt = s.now.Wall
	r := Record{
		Room: s.Config.Room, Name: s.Name, Participant: s.Participant, Life: s.Life, Began: s.Began, Token: s.Token,
		Microphone: s.Microphone.Want, Camera: s.Camera.Want, At: s.now.Wall, Messages: recent(s.Messages),
		Undelivered: s.undelivered(),
	}
	s.emit(SaveRecord{r})
	if s.Phase == phaseJoined { // before, another tab may live by it
		s.emit(SaveStopped{r})
	}
}
