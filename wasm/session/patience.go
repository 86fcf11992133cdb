package session

import "time"

// How long a first connection may take: its clocks, which stand still while
// nothing can get to the remote's page or come from it. Then no answer and no
// path say nothing.

// begins starts the clock of the first offer, whichever side's it is.
func (s *Session) begins(l *link) {
	if l.FirstOffer == 0 {
		l.FirstOffer = max(s.now.Mono, 1)
	}
}

// pause stops the clocks while the remote cannot be reached. What is made anew
// afterwards has at least the time of an offer that is sent again, but only
// once: a network that cuts every socket is not waited for without end.
func (s *Session) pause(p *peer) {
	l := &p.Link
	switch {
	case l.State != linkNegotiating:
		l.PausedAt = 0
	case !s.reachable(p):
		if l.PausedAt == 0 {
			l.PausedAt = max(s.now.Mono, 1)
		}
	case l.PausedAt != 0:
		paused, least := s.now.Mono-l.PausedAt, s.policy.OfferAgainAfter
		if l.Resumed {
			least = 0
		}
		l.PausedAt, l.Resumed = 0, true
		goOn := func(at *time.Duration, within time.Duration) {
			if *at != 0 {
				*at = min(max(*at+paused, s.now.Mono-within+least), s.now.Mono)
			}
		}
		goOn(&l.FirstOffer, s.policy.NegotiateWithin)
		goOn(&l.RemoteAt, s.policy.ConnectWithin)
	}
}
