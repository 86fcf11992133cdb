package session

// What was sent into a long silence comes back late, long after the path does:
// SCTP repeats it at times that double, up to 3 s in Chromium 156, and its
// receiver of pictures asks for a key frame only every 3 s. A connection over
// which packets pass again may so stand still for 3 s more. A new one has its
// first message and its first picture at once.

// stale says whether a new connection is quicker on a link than whatever its
// own may still do: nothing came for long, or this page has left the network
// that it was on.
func (s *Session) stale(l *link) bool {
	return l.Ever && l.Generation != 0 && (l.Stale || s.now.Mono-l.HeardAt >= s.policy.StaleAfter)
}

// flows takes the packets of a link that may be stale, and says whether they
// are enough to call it connected. After a long silence a beat is, where the
// remote sends no picture, which would still be frozen; or that no new
// connection came instead for so long that whatever was frozen is not any more,
// and a page without a beat hangs.
func (s *Session) flows(p *peer, beat bool) bool {
	l := &p.Link
	if l.State == linkInterrupted || l.State == linkRecovering {
		if s.now.Mono-l.HeardAt >= s.policy.StaleAfter {
			l.Stale, l.FlowsAt = true, s.now.Mono
			s.dialAnew() // what brought them carries a socket, too
		}
	}
	if beat && !p.Media.Camera && !p.Media.Screen {
		l.Stale, l.FlowsAt = false, 0
	}
	return l.FlowsAt == 0 || s.now.Mono-l.FlowsAt >= s.policy.StaleFor
}
