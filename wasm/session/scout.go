package session

import "time"

// While a call goes on without its server, one of those who are connected is
// the scout: it tries every second, and the others come when it tells them on
// the control channel that the server is there again. So a call is whole soon
// after its server, and the server is not asked by everybody each second.

// scouts says whether this page is the scout: of those without signaling who
// are connected here, nobody came before it into the room.
func (s *Session) scouts() bool {
	calls := false
	for _, p := range s.Peers {
		if p.Link.State != linkConnected || !p.Link.Control || p.Left {
			continue
		}
		calls = true
		if p.Lane == string(SignalingStateLost) && p.Order < s.Order {
			return false
		}
	}
	return calls
}

// scouted takes a remote's word about its lane: where the server is open to
// the remote it may be open here. After a drain the first of a room would bring
// all the others with it.
func (s *Session) scouted(p *peer) {
	if p.Lane == string(SignalingStateOpen) && s.Signaling.State == SignalingStateLost {
		s.retryNow()
	}
}

// retryAfter is how long to wait before the next try: the policy's steps, each
// with jitter, for all pages of a server that died lost it in the same moment.
func (s *Session) retryAfter() time.Duration {
	steps := s.policy.SignalingRetry
	wait := steps[min(s.Signaling.Tries, len(steps)-1)]
	if s.scouts() || s.broken() {
		wait = min(wait, s.policy.SignalingScout)
	}
	return wait + time.Duration((s.random()*2-1)*s.policy.SignalingJitter*float64(wait))
}
