package session

import (
	"time"

	"holdline/server/signal"
)

// heard notes a sign of life; beat says that the page itself gave it.
func (s *Session) heard(p *peer, beat bool) {
	l := &p.Link
	broken := l.State == linkInterrupted || l.State == linkRecovering
	connected := broken && l.Control && s.flows(p, beat)
	l.HeardAt = s.now.Mono
	if beat {
		l.BeatHeardAt = s.now.Mono
		if l.Unresponsive {
			l.Unresponsive = false
			s.Changes++
		}
	}
	if connected {
		s.connected(p)
	}
}

// connected is a link that works: the ladder is left.
func (s *Session) connected(p *peer) {
	l := &p.Link
	if l.Old != 0 {
		s.emit(ClosePeerConnection{Link{p.ID, p.Life, l.Old}})
		l.Old = 0
	}
	l.Ever = true
	s.repaired(l)
	l.Rung, l.RungUntil, l.YieldUntil, l.GiveUpAt = 0, 0, 0, 0
	l.Moved = false
	l.HeardAt, l.BeatHeardAt = s.now.Mono, s.now.Mono // a page that was cut off is not unresponsive
	s.enterLink(p, linkConnected, "")
	if p.heardWhileAway() {
		s.probe(p)
	}
}

// limit is how long nothing may come before the link is interrupted.
func (s *Session) limit(p *peer) time.Duration {
	if s.Hidden || p.Hidden {
		return s.policy.InterruptedAfterHidden
	}
	return s.policy.InterruptedAfter
}

// statistics looks at what the browser counts: packets that come while beats
// do not mean that the page hangs, not the path.
func (s *Session) statistics(p *peer, ev StatsSampled) {
	l := &p.Link
	if ev.Packets > l.Packets {
		l.Packets = ev.Packets
		was := l.HeardAt
		s.heard(p, false)
		if p.Link.Generation != ev.Generation {
			return // it is made anew, and what was counted is of the one before
		}
		// The packets were counted since the last sample; only the newest is news.
		l.HeardAt = max(was, s.now.Mono-time.Duration(max(ev.Age, 0)*float64(time.Millisecond)))
		if l.State == linkConnected && !l.Unresponsive && !s.halting(l) && s.now.Mono-l.BeatHeardAt >= s.limit(p) {
			l.Unresponsive = true
			s.Changes++
		}
	}
	l.Tells = l.Tells || ev.Age > 0 || ev.Media > 0
	s.paired(l, ev)
}

// connectionState takes RTCPeerConnection.connectionState. It is not the end
// of anything: Chromium says disconnected 5 to 7.5 s after the last packet
// and failed 10 s later, and a restart repairs even that.
func (s *Session) connectionState(p *peer, st string) {
	l := &p.Link
	l.Connection = st
	switch st {
	case "disconnected":
		if l.State == linkConnected && s.now.Mono-l.HeardAt >= s.policy.LookAfter {
			s.interrupted(p, "connectionState disconnected")
		}
	case "failed":
		if l.State == linkNegotiating && l.RemoteAt != 0 {
			l.note("connectionState failed")
			s.offer(p, true) // another path may turn up until ConnectWithin is over
			return
		}
		if l.State == linkConnected {
			s.interrupted(p, "connectionState failed")
		}
	}
}

// controlClosed: a channel that closes while the page lives means that the
// association is gone; only a new connection helps. One that never opened goes
// with the remote's RTCPeerConnection; its next offer, or the word that it gave
// up, is on the way.
func (s *Session) controlClosed(p *peer) {
	const fact = "the control channel closed"
	p.Link.note(fact) // evidence, whatever comes of it
	if p.Link.State != linkNegotiating {
		s.associationGone(p, fact)
	}
}

// secured takes RTCDtlsTransport.state. A handshake that fails ends a first
// connection; a later one's, the ladder goes on. What fails after it worked is
// gone as a channel is that closes.
func (s *Session) secured(p *peer, state string) {
	l := &p.Link
	was := l.DTLS
	l.DTLS = state
	switch {
	case state != "failed":
	case was == "connected":
		s.associationGone(p, "DTLS failed")
	case l.State != linkNegotiating || was != "connecting":
		l.note("DTLS failed")
	default:
		s.endLink(p, Evidence{DTLS: state})
	}
}

// associationGone is the end of DTLS or SCTP on a link that had worked.
func (s *Session) associationGone(p *peer, why string) {
	l := &p.Link
	l.note(why)
	l.Gone = true
	switch {
	case !p.live():
	case l.State == linkConnected:
		s.interrupted(p, why)
	case !s.Offline:
		l.Rung = rungNewConnection - 1
		s.climb(p)
	}
}

// interrupted is rung 0.
func (s *Session) interrupted(p *peer, why string) {
	l := &p.Link
	l.note(why)
	if l.State != linkConnected {
		return
	}
	if p.Unknown && s.Signaling.State == SignalingStateOpen {
		s.left(Diagnose(Evidence{Subject: p.ID, NotInRoom: true}))
		return
	}
	l.GiveUpAt = s.now.Mono + s.policy.RecoverWithin
	s.broke(l)
	s.enterLink(p, linkInterrupted, signal.CauseNetworkLost)
	s.releaseCandidates(p)
	s.askServer()
	s.climbFrom(p, 0)
}

// The rungs of the ladder that this policy has. A new connection comes before
// the relay by itself: it may use the relay as well, and in Chromium 156 and
// Firefox 153 it finds a path around a firewall sooner than a restart does that
// is bound to relayed candidates (TestPathThatAFirewallBlocks).
const (
	rungRestartICE = iota + 1
	rungNewConnection
	rungRelayOnly
	rungWait
)

// rungTime is how long a rung may take.
func (s *Session) rungTime(l *link) time.Duration {
	switch l.Rung {
	case rungRestartICE:
		rtt := time.Duration(l.Flow.RTT * float64(time.Millisecond))
		return min(s.policy.RestartICEFor+10*max(rtt, 0), s.policy.RestartICEForMost)
	case rungNewConnection:
		return s.policy.NewConnectionFor
	case rungRelayOnly:
		return s.policy.RelayOnlyFor
	}
	return s.policy.RetryPathEvery
}

// climb takes the next rung, if the remote can be reached at all: while it is
// away, the room decides. The polite side leaves the offer to the other for a
// moment, so that the two do not meet.
func (s *Session) climb(p *peer) {
	l := &p.Link
	if l.State != linkInterrupted && l.State != linkRecovering || !s.reachable(p) {
		return
	}
	l.Rung = s.nextRung(l)
	l.YieldUntil = 0
	if s.polite(p) && l.Cause != signal.CauseNetworkChanged && !l.Yielded {
		l.YieldUntil, l.Yielded = s.now.Mono+s.policy.YieldFor, l.Rung == rungNewConnection
	}
	l.RungUntil = s.now.Mono + s.rungTime(l) + max(0, l.YieldUntil-s.now.Mono)
	s.enterLink(p, linkRecovering, l.Cause)
	s.Changes++ // also where its offer has to wait
	if l.YieldUntil == 0 {
		s.takeRung(p)
	}
}

// repairs notes that the remote has made the offer of a rung: only one at a
// time is tried.
func (s *Session) repairs(p *peer, rung int) {
	l := &p.Link
	if l.State != linkInterrupted && l.State != linkRecovering {
		return
	}
	l.Rung = max(l.Rung, rung)
	l.TopRung = max(l.TopRung, l.Rung)
	l.YieldUntil, l.RungUntil = 0, max(l.RungUntil, s.now.Mono+s.rungTime(l))
	s.enterLink(p, linkRecovering, l.Cause)
}

// nextRung is the one after that on which the link stands.
func (s *Session) nextRung(l *link) int {
	next := min(l.Rung+1, rungWait)
	switch {
	case next > rungNewConnection:
	case !l.Tells && l.Connection == "connected" && !l.Moved:
		// Nothing tells this browser's silent path from a page that hangs: Firefox
		// 153 counts no packets of a call without media, and says so by itself
		// once the other browser does not answer its checks.
		next = rungRestartICE
	case s.stalled(l):
		next = rungNewConnection
	}
	if next == rungRelayOnly && !s.hasRelay() {
		next++
	}
	if l.Gone && !s.Offline { // on a page that is offline it proves nothing about the remote
		next = max(next, rungNewConnection)
	}
	return next
}

// takeRung makes the rung's offer.
func (s *Session) takeRung(p *peer) {
	l := &p.Link
	l.YieldUntil, l.TopRung = 0, max(l.TopRung, l.Rung)
	if l.Rung == rungNewConnection {
		s.newLink(p, l.Generation+1, true)
		return
	}
	s.offer(p, true)
}

// climbAnew begins the ladder anew for a remote that is back: while it was away
// nothing could help, so that time does not count.
func (s *Session) climbAnew(p *peer) {
	l := &p.Link
	if s.makeAnew(p) || l.State != linkInterrupted && l.State != linkRecovering {
		return
	}
	l.GiveUpAt = s.now.Mono + s.policy.RecoverWithin
	s.climbFrom(p, 0)
}

// climbFrom takes the rung after this one, with a clock of its own.
func (s *Session) climbFrom(p *peer, rung int) {
	l := &p.Link
	l.Rung, l.RungUntil, l.YieldUntil, l.Yielded = rung, 0, 0, false
	s.climb(p)
}

// climbAgain begins the ladder anew for links that waited for a lane: this
// page's own signaling is open again.
func (s *Session) climbAgain() {
	for _, p := range s.Peers {
		l := &p.Link
		broken := l.State == linkInterrupted || l.State == linkRecovering
		switch {
		case !broken || !p.live() || l.Applying:
		case l.Offered && l.AgreedAt == 0:
			// A new connection on which nothing is agreed. Where the network went with
			// the socket it was made without any, and may have found no candidate
			// (TestPathThatTheLastUplinkTakesAlong, Firefox 153).
			s.climbFrom(p, rungRestartICE)
		case s.stalled(l) || !l.Making && !l.Offered:
			s.climbFrom(p, 0)
		}
		s.makeAnew(p)
	}
}

// reachable says whether an offer can get to the remote's page.
func (s *Session) reachable(p *peer) bool {
	return p.live() && s.Signaling.State == SignalingStateOpen && p.Presence != signal.PresenceAway
}

func (s *Session) tickRecovery(p *peer) {
	l, now := &p.Link, s.now.Mono
	switch l.State {
	case linkConnected:
		if now-l.HeardAt >= s.limit(p) {
			s.interrupted(p, "nothing came for "+l.silence(now))
		}
	case linkInterrupted, linkRecovering:
		if due(l.GiveUpAt, now) && (p.live() || s.Signaling.State != SignalingStateOpen) {
			s.endLink(p, Evidence{Silent: true})
			return
		}
		switch {
		case l.RungUntil == 0 || due(l.RungUntil, now):
			s.climb(p)
		case due(l.YieldUntil, now) && s.reachable(p):
			s.takeRung(p)
		}
	}
}

func (l *link) silence(now time.Duration) string {
	return itoa(int((now - l.HeardAt).Milliseconds())) + " ms"
}

// networkChanged is the browser's hint: what waits is tried at once.
func (s *Session) networkChanged(online bool) {
	s.Offline = !online
	if !online {
		return
	}
	s.ICE.Moved = false
	s.Networks++
	s.dialAnew()
	s.askServer() // nobody says of an open socket that it went with the network
	for _, p := range s.Peers {
		p.Link.All, p.Link.Symmetric, p.Link.Reach = search{}, false, reach{} // of the network before
		p.Link.leaves()
		switch l := &p.Link; l.State {
		case linkNegotiating:
			if p.live() && l.Generation != 0 {
				s.offer(p, true) // what was gathered is of the network before
			}
		case linkConnected:
			if p.live() && l.RemoteAt != 0 {
				s.offer(p, true) // at once: a path over the network that went is dead, and nobody says so
			}
		case linkInterrupted, linkRecovering:
			l.Cause, l.Moved = signal.CauseNetworkChanged, l.Control // one that is being made goes on, for hints come together
			s.climbFrom(p, 0)
		}
	}
}
