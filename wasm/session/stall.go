package session

import "holdline/server/signal"

// What was sent into a long silence comes back late, long after the path does:
// SCTP repeats it at times that double, up to 3 s in Chromium 156, and its
// receiver of pictures asks for a key frame only every 3 s (make bench-paths,
// nothing for 15 s). A connection over which packets pass again may so stand
// still for 3 s more. A new one has its first message and its first picture at
// once.

// stalled says whether a new connection is quicker on a link than whatever its
// own may still do: nothing came for long, what came again just now has been
// silent for long, or this page has left the network on which it was connected.
func (s *Session) stalled(l *link) bool {
	return l.Ever && l.Generation != 0 && (l.Moved || s.halting(l) || s.now.Mono-l.HeardAt >= s.policy.StalledAfter)
}

// halting says whether packets pass again after a long silence, and what was
// sent into that may still be missing.
func (s *Session) halting(l *link) bool {
	return l.FlowsAt != 0 && s.now.Mono-l.FlowsAt < s.policy.HaltingFor
}

// flows takes a sign of life of a link that was broken, and says whether it is
// connected by that: after a long silence a new connection is made first, where
// the remote can be reached. A beat over the old one tells that messages get
// through, but not that a picture does. Where the browser tells nothing of
// packets, it was a message that came.
func (s *Session) flows(p *peer, beat bool) bool {
	l := &p.Link
	moves := l.Tells && (!beat || p.Media.Camera || p.Media.Screen)
	switch {
	case !moves || p.frozen():
		l.FlowsAt = 0
	case s.now.Mono-l.HeardAt >= s.policy.StalledAfter:
		l.FlowsAt = max(s.now.Mono, 1)
		if s.Signaling.Cause != signal.CauseServerShutdown { // which has said when to come back
			s.dialAnew() // what brought them carries a socket, too
		}
		if s.reachable(p) {
			s.climbFrom(p, rungRestartICE)
			return false
		}
	}
	return !s.halting(l) || !s.reachable(p)
}

// makeAnew makes a link anew that is connected only since packets pass again,
// now that the remote can be reached, and says whether it is.
func (s *Session) makeAnew(p *peer) bool {
	if p.Link.State != linkConnected || !s.halting(&p.Link) || !s.reachable(p) || p.Unknown {
		return false
	}
	s.interrupted(p, "packets pass again after a long silence")
	return true
}

// frozen says whether the participant's page has said that it is being frozen:
// its silence is not the path's.
func (p *peer) frozen() bool {
	return p.Presence == signal.PresenceAway && p.End != nil && p.End.Cause == signal.CausePageFrozen
}
