package session

import (
	"encoding/json"
	"time"

	"holdline/server/signal"
)

// linkState is the state of a peer link, in the order of linkMatrix.
type linkState int

const (
	linkNegotiating linkState = iota
	linkConnected
	linkInterrupted
	linkRecovering
	linkEnded
)

// link is one RTCPeerConnection to a remote participant, and what came before
// it: the zero value waits for the first.
type link struct {
	State      linkState
	Cause      Cause // why it is not simply connected
	End        *End  // once it is ended while the participant is still in the room
	Since      time.Duration
	Generation int           // 0: there is none yet
	Old        int           // generation that stays open until this one is connected
	OfferAt    time.Duration // when the side that waits offers itself

	// Negotiation, as W3C webrtc-pc, section 10.7 ("perfect negotiation") has it.
	Attempt     int                // of descriptions
	Making      bool               // an offer is being made
	Offered     bool               // have-local-offer
	Applying    bool               // a remote offer is being applied, up to the answer
	Needed      bool               // negotiation is needed, once it can be
	AgreedAt    time.Duration      // when the newest answer was taken or made
	Opened      bool               // the first agreement was on this side's offer
	Restart     bool               // … with an ICE restart
	Restarts    bool               // the newest offer of one's own does
	Ignored     int                // the remote's offer that glare made void
	Negotiation int                // the newest offer's number, from either side
	Applied     int                // the remote offer that was applied last
	Answer      signal.Description // as it was sent
	Found       []json.RawMessage  // the candidates of the newest local description
	Held        []json.RawMessage  // the remote's that wait until ChecksAt
	ChecksAt    time.Duration
	Came        int                // candidates for the remote description in use
	Local       string             // the username fragment of one's own description in use
	Remote      string             // and of the remote one
	Waiting     waitingOffer       // the remote's, that came too soon
	Offer       signal.Description // as it was sent
	OfferAgain  time.Duration
	FirstOffer  time.Duration // from when an answer is waited for, then this browser that takes it; 0 before
	RemoteAt    time.Duration // from when a path is: the first remote description
	PausedAt    time.Duration // since when neither can come
	Resumed     bool          // they could again, once at least
	Answered    bool          // was given an answer, which may connect it before the browser says that it is set

	// Life signs.
	Control      bool // its channel is open
	Chat         bool
	Ever         bool          // was connected once
	HeardAt      time.Duration // anything came
	BeatHeardAt  time.Duration // a beat or its answer came
	Asked        int64         // the beat whose answer shows that the page is still there
	AskedAt      time.Duration // 0 while nobody waits for it
	Echo         time.Duration // how long the last answer took
	StatsAt      time.Duration
	StatsAttempt int
	Packets      int64
	Flow         Flow          // of the newest sample
	FlowAt       time.Duration // when it was taken
	Tells        bool          // its statistics tell silence from a page that hangs
	Unresponsive bool
	Gone         bool          // its association is: the control channel closed
	Moved        bool          // this page has left the network on which it was connected
	FlowsAt      time.Duration // when packets came again after a long silence
	Connection   string        // connectionState
	DTLS         string
	Evidence     []string

	// Recovery.
	Rung       int
	RungUntil  time.Duration
	YieldUntil time.Duration // the rung's offer is left to the remote until then
	Yielded    bool          // the new connection was already left to it in vain
	GiveUpAt   time.Duration
	BrokenAt   time.Duration // when it was interrupted; 0 while it works
	TopRung    int           // the highest since then
	WasDirect  bool          // before that
	Blocked    bool          // a direct path was there, and only the relay helped
	Left       *Pair         // the chosen one when either side last changed its network: it tells nothing of the new one
	Recoveries []Recovery    // those that are over, oldest first

	Search          search // for the newest path
	All             search // for all of this link's; where NATs map to counts for each search by itself
	Reach           reach  // which servers answer
	Symmetric       bool   // a search found this page's NAT so, since the network changed last
	RemoteSymmetric bool   // and the other's
}

func (p *peer) name() Link { return Link{p.ID, p.Life, p.Link.Generation} }

// oldName is the connection that stays until its successor is connected.
func (p *peer) oldName() Link { return Link{p.ID, p.Life, p.Link.Old} }

// polite says who gives way in glare: of two first offers the higher id, and
// from then on who opened the connection. Chromium 156 that answered the first
// offer and rolls back the first of its own goes on decoding the remote picture
// and shows nothing of it any more (TestGlareInMidCallStopsNoPicture).
func (s *Session) polite(p *peer) bool {
	if p.Link.AgreedAt == 0 {
		return s.Participant > p.ID
	}
	return p.Link.Opened
}

// enterLink is the only function that writes a link's state.
func (s *Session) enterLink(p *peer, st linkState, cause Cause) {
	l := &p.Link
	if l.State == st && l.Cause == cause {
		return
	}
	s.moves(linkTransitions, linkNames[l.State], linkNames[st])
	l.State, l.Cause, l.Since = st, cause, s.now.Mono
	s.Changes++
}

// newLink makes a new RTCPeerConnection. The one before it stays until this
// one is connected: descriptions may still come and go on its channel.
func (s *Session) newLink(p *peer, generation int, offers bool) {
	was := p.Link
	if was.Old != 0 {
		s.emit(ClosePeerConnection{Link{p.ID, p.Life, was.Old}})
	}
	p.Link = link{Generation: generation, State: was.State, Cause: was.Cause, Since: was.Since, Ever: was.Ever,
		Rung: was.Rung, RungUntil: was.RungUntil, GiveUpAt: was.GiveUpAt, HeardAt: s.now.Mono, BeatHeardAt: s.now.Mono,
		BrokenAt: was.BrokenAt, TopRung: was.TopRung, WasDirect: was.WasDirect, Blocked: was.Blocked, Recoveries: was.Recoveries, All: was.All, Reach: was.Reach, Symmetric: was.Symmetric, RemoteSymmetric: was.RemoteSymmetric}
	switch {
	case was.State == linkEnded:
		p.Link.Reach = reach{} // of another try
	case was.Generation != 0:
		p.Link.Old = was.Generation
	}
	p.Lane = ""
	for i := range p.Unsent {
		p.Unsent[i].Handed = false
	}
	if !was.Ever || was.State == linkEnded {
		if was.BrokenAt != 0 {
			p.Link.recovered(Recovery{At: s.epoch(was.BrokenAt), Rung: was.TopRung, Failed: true, Cause: was.Cause})
		}
		p.Link.Rung, p.Link.RungUntil, p.Link.GiveUpAt, p.Link.BrokenAt = 0, 0, 0, 0
		s.enterLink(p, linkNegotiating, "")
	}
	s.search(p)
	s.emit(CreatePeerConnection{p.name(), offers, s.iceServers()})
	s.Changes++
	if offers {
		s.offer(p, false)
	}
}

// closeLink lets go of the link's RTCPeerConnection.
func (s *Session) closeLink(p *peer) {
	l := &p.Link
	if l.Old != 0 {
		s.emit(ClosePeerConnection{Link{p.ID, p.Life, l.Old}})
	}
	if l.Generation != 0 && l.State != linkEnded {
		s.emit(ClosePeerConnection{p.name()})
	}
	l.Old, l.OfferAt, l.AskedAt, l.Control, l.Chat = 0, 0, 0, false, false
	s.enterLink(p, linkEnded, l.Cause)
}

// endLink gives a link up while the participant is still in the room.
func (s *Session) endLink(p *peer, e Evidence) {
	e.Subject, e.Evidence = p.ID, p.Link.Evidence
	e.SignalingOpen, e.Present = s.Signaling.State == SignalingStateOpen, p.live()
	end := Diagnose(e)
	if end.Cause == signal.CauseUnknown {
		s.Unknowns++
	}
	s.findFor(p, &end)
	if p.live() {
		s.send(p, s.toPeer(p, signal.TypeGaveUp, signal.Raw(signal.GaveUp{End: end})))
	}
	s.enterGivenUp(p, end)
}

// findFor says in an end that is about a path what this page's evidence shows:
// what the other side's shows is about its own network.
func (s *Session) findFor(p *peer, end *End) {
	end.Finding = signal.FindingNone
	if end.Cause == signal.CauseICEFailed || end.Cause == signal.CausePathBlocked {
		end.Finding = Find(s.pathEvidence(p))
	}
}

// enterGivenUp ends a link, by this side's decision or the remote's.
func (s *Session) enterGivenUp(p *peer, end End) {
	s.closeLink(p)
	p.Link.Cause = end.Cause
	p.Link.End, p.EndedAt = &end, s.now.Mono
	s.Changes++
}

func (s *Session) handleLink(p *peer, ev Event) {
	l := &p.Link
	switch ev := ev.(type) {
	case NegotiationNeeded:
		if l.Negotiation > 0 || l.Making || l.Applying { // the first offer is made with the connection
			s.offer(p, false)
		}
	case LocalDescriptionSet:
		s.localDescriptionSet(p, ev)
	case RemoteDescriptionSet:
		s.remoteDescriptionSet(p, ev)
	case CandidateFound:
		s.found(p, ev)
	case CandidateRefused:
		l.note("a remote candidate was refused: " + ev.Err)
	case CandidateFailed:
		l.Reach.fails(ev)
		l.note("candidate error " + itoa(ev.Code) + " " + ev.Text)
	case ConnectionStateChanged:
		s.connectionState(p, ev.State)
	case DTLSStateChanged:
		s.secured(p, ev.State)
	case ConnectionRefused:
		s.endLink(p, Evidence{Negotiation: ev.Err})
	case ControlOpened:
		s.controlOpened(p)
	case ControlReceived:
		if ev.Generation != l.Generation {
			s.inBand(p, ev.Envelope)
			return
		}
		s.heard(p, true)
		s.control(p, ev.Envelope)
	case ControlGarbled:
		l.note("a control message does not decode: " + withoutGot(ev.Err))
	case ControlClosed:
		l.Control = false
		s.controlClosed(p)
	case ChatOpened:
		l.Chat = true
		s.sendUnsent(p)
	case ChatReceived:
		s.heard(p, false)
		s.hear(p, ev.Seq, ev.Chat)
	case StatsSampled:
		s.statistics(p, ev)
	}
}

// note keeps evidence for the report, bounded.
func (l *link) note(fact string) {
	const most = 16
	if len(l.Evidence) < most && (len(l.Evidence) == 0 || l.Evidence[len(l.Evidence)-1] != fact) {
		l.Evidence = append(l.Evidence, fact)
	}
}
