package session

import "time"

// Where a network goes, its socket goes with it, and neither browser says so
// for many seconds: Chromium 156 fires no close for 100 s. So the moment in
// which a path falls silent is also the moment to look at the socket.

// askServer asks the server for a sign of life. A socket that does not answer
// soon is dialed anew, and what was said on it is said again on the next.
func (s *Session) askServer() {
	if l := &s.Signaling; l.Welcomed && l.AskedAt == 0 && !s.mayNotAsk {
		l.AskedAt = max(s.now.Mono, 1)
		s.beatSignaling()
	}
}

// broken says whether the path to somebody who is there is silent.
func (s *Session) broken() bool {
	for _, p := range s.Peers {
		if st := p.Link.State; p.live() && (st == linkInterrupted || st == linkRecovering) {
			return true
		}
	}
	return false
}

// patience is how long nothing may come on the socket.
func (s *Session) patience() time.Duration {
	l := &s.Signaling
	switch {
	case !l.Opened && l.Took != 0 && s.broken():
		// The network is silent on every lane. A socket that was dialed into the
		// void repeats its SYN after 1 s, and then only after 2 s more (RFC 6298,
		// section 5.5): a new one finds the network sooner. Not yet sooner than
		// that, for Chromium 156 holds a socket back the longer the more of them
		// have failed lately.
		return min(2*s.policy.SignalingScout+4*l.Took, s.policy.SignalingConnect)
	case !l.Opened:
		return s.policy.SignalingConnect
	case l.AskedAt != 0 && l.Welcomed:
		return l.AskedAt + s.policy.AnswerWithin + 2*max(l.Echo, l.Took) - l.HeardAt
	}
	return s.policy.SignalingDead
}
