package session

import (
	"time"

	"holdline/server/signal"
)

// toPeer addresses a message with the four numbers.
func (s *Session) toPeer(p *peer, t signal.Type, payload []byte) signal.Envelope {
	return signal.Envelope{Type: t, To: p.ID, Life: s.Life, ToLife: p.Life,
		Generation: p.Link.Generation, Negotiation: max(1, p.Link.Negotiation), Payload: payload}
}

// offer makes an offer, or remembers that one is needed. An ICE restart leaves
// the one before it the time to find its path: in Firefox 153 DTLS fails, or the
// channels close, where the next comes 100 ms after its answer
// (TestEitherSideMayRestartICE with Chromium).
func (s *Session) offer(p *peer, restart bool) {
	l := &p.Link
	l.Restart = l.Restart || restart
	if l.Restart && s.expired() && s.ICE.AskedAt == 0 {
		s.askICE()
	}
	if l.Making || l.Offered || l.Applying || l.Restart && s.now.Mono < s.settled(l) {
		l.Needed = true
		return
	}
	l.Making, l.Needed = true, false
	s.begins(l)
	l.Attempt++
	order := SetLocalDescription{Link: p.name(), Attempt: l.Attempt, Restart: l.Restart, Relay: l.Rung == rungRelayOnly && s.hasRelay()}
	if l.Restart {
		order.ICEServers = s.iceServers()
		s.search(p)
	}
	s.emit(order)
	l.Restarts, l.Restart = l.Restart, false
}

// settled is when the newest agreement has had the time to find its path, and
// credentials that a restart needs should be there. On a link that never had a
// path there is nothing to lose.
func (s *Session) settled(l *link) time.Duration {
	if l.AgreedAt == 0 || !l.Ever {
		return s.freshBy()
	}
	return max(l.AgreedAt+s.policy.RestartApart, s.freshBy())
}

func (s *Session) localDescriptionSet(p *peer, ev LocalDescriptionSet) {
	l := &p.Link
	if ev.Err != "" {
		s.endLink(p, Evidence{Negotiation: "set local description: " + ev.Err})
		return
	}
	if ufrag := ufragOf(ev.SDP); ufrag != l.Local {
		l.Local, l.Search.NAT = ufrag, nat{} // other sockets from here on
	}
	if l.Applying {
		l.Applying, l.Found = false, nil
		l.Answer, l.AgreedAt, l.ChecksAt = s.describe("answer", ev.SDP), s.now.Mono, s.now.Mono+s.policy.ChecksAfter
		s.sendAnswer(p)
		if l.Needed {
			s.offer(p, false)
		}
		return
	}
	l.Making, l.Offered, l.Found = false, true, nil
	l.Negotiation++
	l.Offer = s.describe("offer", ev.SDP)
	l.OfferAgain = s.now.Mono + s.policy.OfferAgainAfter
	if l.RungUntil != 0 {
		l.RungUntil = s.now.Mono + s.rungTime(l) // a rung's clock starts with its offer
	}
	s.send(p, s.toPeer(p, signal.TypeDescription, signal.Raw(l.Offer)))
}

// describe is a description as it is told: also when it is sent again it is of
// the network on which it was made.
func (s *Session) describe(kind, sdp string) signal.Description {
	return signal.Description{Type: kind, SDP: sdp, Networks: s.Networks}
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
	e := s.toPeer(p, signal.TypeDescription, signal.Raw(p.Link.Answer))
	e.Negotiation = p.Link.Applied
	s.send(p, e)
}

func (s *Session) remoteDescriptionSet(p *peer, ev RemoteDescriptionSet) {
	l := &p.Link
	if ev.Err != "" {
		s.endLink(p, Evidence{Negotiation: "set remote description: " + ev.Err})
		return
	}
	if l.RemoteAt == 0 {
		l.RemoteAt = s.now.Mono
	}
	if l.Applying {
		l.Attempt++
		s.emit(SetLocalDescription{Link: p.name(), Attempt: l.Attempt})
		return
	}
	if l.Needed {
		s.offer(p, false)
	}
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
			s.findFor(p, &g.End)
			s.enterGivenUp(p, g.End)
		}
		return
	}
	if e.Type == signal.TypeCandidate {
		// With an offer that glare made void come candidates of its credentials. Of
		// a first offer nothing else is there yet; a later one may have those of the
		// description before it, whose candidates are needed (webrtc-pc, 10.7).
		void := l.Ignored != 0 && e.Negotiation == l.Ignored && l.RemoteAt == 0 && !l.Answered
		if w := &l.Waiting; w.Negotiation != 0 && e.Negotiation == w.Negotiation && e.Generation == l.Generation {
			if len(w.Candidates) < mostFound {
				w.Candidates = append(w.Candidates, e.Payload)
			}
			return
		}
		if e.Generation == l.Generation && l.State != linkEnded && !void {
			s.remoteCandidate(p, e.Payload)
		}
		return
	}
	d, err := e.ReadDescription()
	if err != nil {
		l.note(withoutGot(err.Error()))
		return
	}
	s.remoteMoved(p, d.Networks)
	switch {
	case e.Generation < l.Generation || e.Generation == l.Generation && l.State == linkEnded:
		// of an RTCPeerConnection that is no more
	case d.Type == "answer":
		s.answered(p, e, d)
	case s.tooMuch(p, e):
		l.note("the remote offers too much")
	default:
		if e.Generation > l.Generation {
			s.replaced(p, e.Generation)
		}
		s.offered(p, e.Negotiation, d)
	}
}

// What a remote page may offer: 20 at once and 2 a second, each of which costs
// this page a connection or an answer with all its candidates; what is more is
// as good as lost, and an offer that is still meant comes again. And how far its
// numbers may run ahead: there would be no higher one to answer them with.
const (
	mostOffers = 20
	offerEvery = 500 * time.Millisecond
	mostAhead  = 1000
)

// tooMuch says whether an offer is beyond what a remote page may ask for.
func (s *Session) tooMuch(p *peer, e signal.Envelope) bool {
	l := &p.Link
	ahead := e.Generation > l.Generation+mostAhead || e.Generation == l.Generation && e.Negotiation > l.Negotiation+mostAhead ||
		e.Generation > l.Generation && e.Negotiation > mostAhead
	if ahead || p.OffersUntil-s.now.Mono > (mostOffers-1)*offerEvery {
		return true
	}
	p.OffersUntil = max(p.OffersUntil, s.now.Mono) + offerEvery
	return false
}

// replaced takes the remote's new connection: it has the old one for dead, also
// where this side does not see that yet, and says nothing on it any more.
func (s *Session) replaced(p *peer, generation int) {
	if l := &p.Link; l.State == linkConnected {
		l.note("the remote made a new connection")
		l.GiveUpAt = s.now.Mono + s.policy.RecoverWithin
		s.broke(l)
		s.enterLink(p, linkInterrupted, signal.CauseNetworkLost)
	}
	s.newLink(p, generation, false)
	s.repairs(p, rungNewConnection)
}

// answered takes the answer to one's own newest offer.
func (s *Session) answered(p *peer, e signal.Envelope, d signal.Description) {
	l := &p.Link
	if e.Generation != l.Generation || !l.Offered || e.Negotiation != l.Negotiation {
		return
	}
	l.Opened = l.Opened || l.AgreedAt == 0
	l.Offered, l.OfferAgain, l.Answered, l.AgreedAt = false, 0, true, s.now.Mono
	l.FirstOffer = s.now.Mono // it is this browser that is waited for from here on
	ufrag := ufragOf(d.SDP)
	if ufrag != l.Remote {
		l.Search.RemoteNAT = nat{} // other sockets from here on
	}
	l.Remote, l.Came = ufrag, 0
	l.Ignored = 0 // candidates that follow belong to this answer, under the same number
	l.Attempt++
	s.emit(SetRemoteDescription{Link: p.name(), Attempt: l.Attempt, Description: d})
}

// offered takes a remote offer. In glare the impolite side goes on with its
// own, and the polite side gives its own up.
func (s *Session) offered(p *peer, n int, d signal.Description) {
	l := &p.Link
	if n == l.Applied {
		if !l.Applying && l.Answer.SDP != "" { // it has not heard the answer
			s.sendAnswer(p)
			s.sendFound(p)
		}
		return
	}
	if n < l.Applied || n < l.Negotiation || n == l.Negotiation && !l.Offered {
		return // an offer that was given up in glare, and comes late
	}
	if (l.Making || l.Offered) && !s.polite(p) {
		l.Ignored = n
		return
	}
	if s.tooSoon(l, d) {
		if n != l.Waiting.Negotiation { // else a copy
			l.Waiting = waitingOffer{Negotiation: n, Description: d}
		}
		return
	}
	order, ufrag := SetRemoteDescription{Link: p.name(), Description: d}, ufragOf(d.SDP)
	if l.Remote != "" && ufrag != l.Remote { // ICE restarts, so this side gathers anew, too
		s.search(p)
		order.ICEServers = s.iceServers()
	}
	l.Remote, l.Came = ufrag, 0
	switch {
	case !l.Making && !l.Offered:
	case l.RemoteAt == 0 && !l.Answered:
		// Who numbers after this offer has answered it, which was not heard, and
		// gives way in nothing any more.
		l.Opened = l.Offered && n > l.Negotiation
		s.startOver(p)
	default:
		l.Needed = true // what the own offer was for is still wanted after the rollback
		l.Restart = l.Restart || l.Restarts
	}
	l.Making, l.Offered, l.OfferAgain = false, false, 0
	l.Applying, l.Applied, l.Negotiation, l.Ignored, l.Answer = true, n, n, 0, signal.Description{}
	l.OfferAt = 0
	s.begins(l)
	if l.Rung == rungNewConnection && l.YieldUntil != 0 {
		// The new connection is left to the remote for a moment. What came is a
		// restart, the rung before, and is given that one's time.
		l.Rung, l.RungUntil = 0, 0
	}
	s.repairs(p, rungRestartICE)
	s.releaseCandidates(p) // of the agreement before
	l.Attempt++
	order.Attempt = l.Attempt
	s.emit(order)
}

// startOver gives a first offer up together with its RTCPeerConnection: it
// asks for nothing that the remote's offer does not. A rollback would do, but
// Chromium 156 sometimes never gathers a candidate after one that comes while
// the first gathering starts (TestGlareOnTheFirstOfferConnects).
func (s *Session) startOver(p *peer) {
	l := &p.Link
	s.emit(ClosePeerConnection{p.name()})
	s.search(p)
	s.emit(CreatePeerConnection{p.name(), false, s.iceServers()})
	l.Attempt++ // what still comes of the closed one is stale
	l.Connection, l.DTLS, l.FirstOffer = "", "", 0
}

// waits says whether a restart waits for the agreement before it to settle.
func (l *link) waits() bool {
	return l.Needed && l.Restart && !l.Making && !l.Offered && !l.Applying
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
	s.tickWaiting(p)
	if l.waits() && now >= s.settled(l) {
		s.offer(p, false)
	}
	if !s.checksWait(l) {
		s.releaseCandidates(p)
	}
	if due(l.OfferAgain, now) && l.Offered {
		l.OfferAgain = now + s.policy.OfferAgainAfter
		s.send(p, s.toPeer(p, signal.TypeDescription, signal.Raw(l.Offer)))
		s.sendFound(p)
	}
	if l.State != linkNegotiating || !s.reachable(p) {
		return
	}
	switch {
	case l.RemoteAt == 0 && l.FirstOffer != 0 && now-l.FirstOffer >= s.policy.NegotiateWithin:
		if l.Making || l.Applying || l.Answered {
			s.endLink(p, Evidence{Negotiation: "this browser took no description within " + s.policy.NegotiateWithin.String()})
			return
		}
		s.endLink(p, Evidence{NoAnswer: true})
	case l.RemoteAt != 0 && now-l.RemoteAt >= s.policy.ConnectWithin:
		s.endLink(p, Evidence{NoPath: true})
	}
}
