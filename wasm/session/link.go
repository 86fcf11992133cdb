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
	Attempt     int  // of descriptions
	Making      bool // an offer is being made
	Offered     bool // have-local-offer
	Applying    bool // a remote offer is being applied, up to the answer
	Needed      bool // negotiation is needed, once it can be
	Restart     bool // … with an ICE restart
	Ignored     int  // the remote's offer that glare made void
	Negotiation int  // the newest offer's number, from either side
	Applied     int  // the remote offer that was applied last
	Answer      string
	Found       []json.RawMessage // the candidates of the newest local description
	Offer       string
	OfferAgain  time.Duration
	FirstOffer  time.Duration
	RemoteAt    time.Duration // the first remote description

	// Life signs.
	Control      bool // its channel is open
	Chat         bool
	Ever         bool          // was connected once
	HeardAt      time.Duration // anything came
	BeatHeardAt  time.Duration // a beat or its answer came
	StatsAt      time.Duration
	StatsAttempt int
	Packets      int64
	Local        string
	Remote       string
	RTT          float64
	Unresponsive bool
	Connection   string // connectionState
	DTLS         string
	Evidence     []string

	// Recovery.
	Rung      int
	RungUntil time.Duration
	GiveUpAt  time.Duration
}

func (p *peer) name() Link { return Link{p.ID, p.Life, p.Link.Generation} }

// oldName is the connection that stays until its successor is connected.
func (p *peer) oldName() Link { return Link{p.ID, p.Life, p.Link.Old} }

// polite says who gives way in glare: the higher id.
func (s *Session) polite(p *peer) bool { return s.Participant > p.ID }

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
		Rung: was.Rung, RungUntil: was.RungUntil, GiveUpAt: was.GiveUpAt, HeardAt: s.now.Mono, BeatHeardAt: s.now.Mono}
	if was.Generation != 0 && was.State != linkEnded {
		p.Link.Old = was.Generation
	}
	p.Lane = ""
	for i := range p.Unsent {
		p.Unsent[i].Handed = false
	}
	if !was.Ever || was.State == linkEnded {
		s.enterLink(p, linkNegotiating, "")
	}
	s.emit(CreatePeerConnection{p.name(), offers, s.Config.ICEServers})
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
	l.Old, l.OfferAt, l.Control, l.Chat = 0, 0, false, false
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
	if p.live() {
		s.send(p, s.toPeer(p, signal.TypeGaveUp, signal.Raw(signal.GaveUp{End: end})))
	}
	s.enterGivenUp(p, end)
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
		if l.Found = append(l.Found, ev.Candidate); len(l.Found) > mostFound {
			l.Found = l.Found[1:]
		}
		s.send(p, s.toPeer(p, signal.TypeCandidate, ev.Candidate))
	case CandidateRefused:
		l.note("a remote candidate was refused: " + ev.Err)
	case CandidateFailed:
		l.note("candidate error " + itoa(ev.Code) + " " + ev.Text)
	case ConnectionStateChanged:
		s.connectionState(p, ev.State)
	case DTLSStateChanged:
		l.DTLS = ev.State
		if ev.State == "failed" {
			s.endLink(p, Evidence{DTLS: ev.State})
		}
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
		l.note("the control channel closed")
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

// toPeer addresses a message with the four numbers.
func (s *Session) toPeer(p *peer, t signal.Type, payload []byte) signal.Envelope {
	return signal.Envelope{Type: t, To: p.ID, Life: s.Life, ToLife: p.Life,
		Generation: p.Link.Generation, Negotiation: max(1, p.Link.Negotiation), Payload: payload}
}

// offer makes an offer, or remembers that one is needed.
func (s *Session) offer(p *peer, restart bool) {
	l := &p.Link
	l.Restart = l.Restart || restart
	if l.Making || l.Offered || l.Applying {
		l.Needed = true
		return
	}
	l.Making, l.Needed = true, false
	l.Attempt++
	s.emit(SetLocalDescription{p.name(), l.Attempt, l.Restart, l.Rung == rungRelayOnly && s.hasRelay()})
	l.Restart = false
}

func (s *Session) localDescriptionSet(p *peer, ev LocalDescriptionSet) {
	l := &p.Link
	if ev.Err != "" {
		s.negotiationBroke(p, "set local description: "+ev.Err)
		return
	}
	if l.Applying {
		l.Applying, l.Found = false, nil
		l.Answer = ev.SDP
		s.sendAnswer(p)
		if l.Needed {
			s.offer(p, false)
		}
		return
	}
	l.Making, l.Offered, l.Found = false, true, nil
	l.Negotiation++
	l.Offer = ev.SDP
	l.OfferAgain = s.now.Mono + s.policy.OfferAgainAfter
	if l.FirstOffer == 0 {
		l.FirstOffer = s.now.Mono
	}
	if l.RungUntil != 0 {
		l.RungUntil = s.now.Mono + s.rungTime(l.Rung) // a rung's clock starts with its offer
	}
	s.send(p, s.toPeer(p, signal.TypeDescription, signal.Raw(signal.Description{Type: ev.Type, SDP: ev.SDP})))
}

// sendFound sends the candidates again that belong to a description that is
// sent again: a server that was restarted has forgotten them with it.
func (s *Session) sendFound(p *peer) {
	for _, candidate := range p.Link.Found {
		s.send(p, s.toPeer(p, signal.TypeCandidate, candidate))
	}
}

// mostFound bounds the candidates that are kept to be sent again.
const mostFound = 32

// sendAnswer sends the last answer, under the number of its offer.
func (s *Session) sendAnswer(p *peer) {
	e := s.toPeer(p, signal.TypeDescription, signal.Raw(signal.Description{Type: "answer", SDP: p.Link.Answer}))
	e.Negotiation = p.Link.Applied
	s.send(p, e)
}

func (s *Session) remoteDescriptionSet(p *peer, ev RemoteDescriptionSet) {
	l := &p.Link
	if ev.Err != "" {
		s.negotiationBroke(p, "set remote description: "+ev.Err)
		return
	}
	if l.RemoteAt == 0 {
		l.RemoteAt = s.now.Mono
	}
	if l.Applying {
		l.Attempt++
		s.emit(SetLocalDescription{p.name(), l.Attempt, false, false})
		return
	}
	if l.Needed {
		s.offer(p, false)
	}
}

// negotiationBroke is an offer or an answer that a browser does not take.
func (s *Session) negotiationBroke(p *peer, why string) {
	p.Link.note(why)
	s.endLink(p, Evidence{Negotiation: why})
}

// fromPeer takes a description or a candidate, from either lane.
func (s *Session) fromPeer(e signal.Envelope) {
	p := s.peer(e.From)
	if p == nil || p.Left || p.Bye || e.Life != p.Life || e.ToLife != 0 && e.ToLife != s.Life {
		return
	}
	l := &p.Link
	if e.Type == signal.TypeGaveUp {
		var g signal.GaveUp
		if e.Generation == l.Generation && l.State != linkEnded && e.Read(&g) == nil {
			g.End.Subject = p.ID
			s.enterGivenUp(p, g.End)
		}
		return
	}
	if e.Type == signal.TypeCandidate {
		if e.Generation == l.Generation && l.State != linkEnded && (l.Ignored == 0 || e.Negotiation != l.Ignored) {
			s.emit(AddCandidate{p.name(), e.Payload})
		}
		return
	}
	d, err := e.ReadDescription()
	switch {
	case err != nil:
		l.note(withoutGot(err.Error()))
	case e.Generation < l.Generation || e.Generation == l.Generation && l.State == linkEnded:
		// of an RTCPeerConnection that is no more
	case d.Type == "answer":
		s.answered(p, e, d)
	default:
		if e.Generation > l.Generation {
			s.newLink(p, e.Generation, false)
		}
		s.offered(p, e.Negotiation, d)
	}
}

// answered takes the answer to one's own newest offer.
func (s *Session) answered(p *peer, e signal.Envelope, d signal.Description) {
	l := &p.Link
	if e.Generation != l.Generation || !l.Offered || e.Negotiation != l.Negotiation {
		return
	}
	l.Offered, l.OfferAgain = false, 0
	l.Ignored = 0 // candidates that follow belong to this answer, under the same number
	l.Attempt++
	s.emit(SetRemoteDescription{p.name(), l.Attempt, d})
}

// offered takes a remote offer. In glare the impolite side goes on with its
// own, and the polite side gives its own up.
func (s *Session) offered(p *peer, n int, d signal.Description) {
	l := &p.Link
	if n == l.Applied {
		if !l.Applying && l.Answer != "" { // it has not heard the answer
			s.sendAnswer(p)
			s.sendFound(p)
		}
		return
	}
	if n < l.Applied || n <= l.Negotiation && !l.Making && !l.Offered {
		return // an offer that was given up in glare, and comes late
	}
	if (l.Making || l.Offered) && !s.polite(p) {
		l.Ignored = n
		return
	}
	switch {
	case !l.Making && !l.Offered:
	case l.RemoteAt == 0:
		s.startOver(p)
	default:
		l.Needed = true // what the own offer was for is still wanted after the rollback
	}
	l.Making, l.Offered, l.OfferAgain = false, false, 0
	l.Applying, l.Applied, l.Negotiation, l.Ignored, l.Answer = true, n, n, 0, ""
	l.OfferAt = 0
	l.Attempt++
	s.emit(SetRemoteDescription{p.name(), l.Attempt, d})
}

// startOver gives a first offer up together with its RTCPeerConnection: it
// asks for nothing that the remote's offer does not. A rollback would do, but
// Chromium 156 sometimes never gathers a candidate after one that comes while
// the first gathering starts (TestGlareOnTheFirstOfferConnects).
func (s *Session) startOver(p *peer) {
	l := &p.Link
	s.emit(ClosePeerConnection{p.name()})
	s.emit(CreatePeerConnection{p.name(), false, s.Config.ICEServers})
	l.Attempt++ // what still comes of the closed one is stale
	l.Connection, l.DTLS, l.FirstOffer = "", "", 0
}

// tickNegotiation repeats and gives up first negotiations.
func (s *Session) tickNegotiation(p *peer) {
	l, now := &p.Link, s.now.Mono
	if due(l.OfferAt, now) && p.live() {
		l.OfferAt = 0
		if l.Generation == 0 || l.State == linkEnded {
			s.newLink(p, l.Generation+1, true)
		}
		return
	}
	if l.State == linkEnded || l.Generation == 0 {
		return
	}
	if due(l.OfferAgain, now) && l.Offered {
		l.OfferAgain = now + s.policy.OfferAgainAfter
		s.send(p, s.toPeer(p, signal.TypeDescription, signal.Raw(signal.Description{Type: "offer", SDP: l.Offer})))
		s.sendFound(p)
	}
	if l.State != linkNegotiating || !p.live() {
		return
	}
	switch {
	case l.RemoteAt == 0 && l.FirstOffer != 0 && now-l.FirstOffer >= s.policy.NegotiateWithin:
		s.endLink(p, Evidence{NoAnswer: true})
	case l.RemoteAt != 0 && now-l.RemoteAt >= s.policy.ConnectWithin:
		s.endLink(p, Evidence{NoPath: true})
	}
}
