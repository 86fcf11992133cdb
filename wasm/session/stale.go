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
// are enough to call it connected: after a long silence it is a beat that tells,
// or that no new connection came instead for so long that the page on the other
// side may hang.
func (s *Session) flows(l *link, beat bool) bool {
	if l.State == linkInterrupted || l.State == linkRecovering {
		if s.now.Mono-l.HeardAt >= s.policy.StaleAfter {
			l.Stale, l.FlowsAt = true, s.now.Mono
		}
	}
	if beat {
		l.Stale, l.FlowsAt = false, 0
	}
	return l.FlowsAt == 0 || s.now.Mono-l.FlowsAt >= s.policy.StaleFor
}
