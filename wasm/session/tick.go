package session

import (
	"time"

	"holdline/server/signal"
)

// Deadline is the next moment at which the session wants a Tick; ok is false
// while it waits for nothing.
func (s *Session) Deadline() (at time.Duration, ok bool) {
	want := func(t time.Duration) {
		if t != 0 && (!ok || t < at) {
			at, ok = t, true
		}
	}
	if s.Gone {
		return 0, false
	}
	if s.Phase == phaseJoining || s.Phase == phaseJoined {
		l := &s.Signaling
		want(l.RetryAt)
		if l.RetryAt == 0 {
			want(l.HeardAt + s.patience())
			if l.Welcomed {
				want(l.BeatAt)
			}
		}
		if s.LeavingAt != 0 {
			want(s.LeavingAt + s.policy.StayAfter)
		}
	}
	if s.Phase == phaseJoined {
		want(s.BeatAt)
		want(s.refreshAt())
		for _, p := range s.Peers {
			s.peerDeadline(p, want)
		}
	}
	return at, ok
}

func (s *Session) peerDeadline(p *peer, want func(time.Duration)) {
	l := &p.Link
	if p.Left {
		want(p.EndedAt + s.policy.ShowEndedFor)
		return
	}
	want(s.expiry(p))
	if s.Signaling.State == SignalingStateOpen {
		want(p.VouchAt)
	}
	if p.live() {
		want(l.OfferAt)
	}
	if l.State != linkEnded {
		want(s.waitingAt(l))
	}
	if l.waits() && l.State != linkEnded {
		want(s.settled(l))
	}
	switch l.State {
	case linkNegotiating:
		if l.Offered {
			want(l.OfferAgain)
		}
		if s.reachable(p) && l.RemoteAt != 0 {
			want(l.RemoteAt + s.policy.ConnectWithin)
		} else if s.reachable(p) && l.FirstOffer != 0 {
			want(l.FirstOffer + s.policy.NegotiateWithin)
		}
	case linkConnected:
		want(l.HeardAt + s.limit(p))
		if l.AskedAt != 0 {
			want(s.answerBy(l))
		}
		if len(l.Held) != 0 && !l.Applying {
			want(l.ChecksAt)
		}
	case linkInterrupted, linkRecovering:
		if l.Offered {
			want(l.OfferAgain)
		}
		if s.reachable(p) {
			want(max(l.RungUntil, s.now.Mono+time.Millisecond))
			want(l.YieldUntil)
		}
		if p.live() || s.Signaling.State != SignalingStateOpen {
			want(l.GiveUpAt)
		}
	}
}

// late says whether this page's own timer is behind its time by more than the
// browser makes it.
func (s *Session) late(now Time) bool {
	limit := s.policy.LookAfter
	if s.Hidden {
		limit += s.policy.BeatHidden // timers fire once a second
	}
	return s.Wake != 0 && now.Mono-s.Wake > limit
}

// tick fires what is due.
func (s *Session) tick() {
	if s.late(s.now) {
		// This page's own timers were late: the machine was busy, or the person had
		// a dialog open. What came meanwhile lies in the queue
		// behind this tick; nobody is judged before it is read.
		s.forgive()
	}
	s.tickSignaling()
	s.tickLeaving()
	if s.Phase != phaseJoined {
		return
	}
	s.tickBeats()
	s.tickICE()
	for _, p := range s.Peers {
		if !p.Left {
			s.tickNegotiation(p)
			s.tickProbe(p)
			s.tickRecovery(p)
			s.tickVouch(p)
		}
	}
	s.tickPeers()
}

// forgive gives every lane a moment to be heard.
func (s *Session) forgive() {
	forgive := func(heard *time.Duration, limit time.Duration) {
		if least := s.now.Mono - limit + s.policy.LookAfter; *heard < least {
			*heard = least
			s.Forgiven++
		}
	}
	if s.Signaling.AskedAt != 0 {
		s.Signaling.AskedAt = s.now.Mono
	}
	forgive(&s.Signaling.HeardAt, s.patience())
	for _, p := range s.Peers {
		l := &p.Link
		if l.Ever && l.State != linkEnded {
			forgive(&l.HeardAt, s.limit(p))
			forgive(&l.BeatHeardAt, s.limit(p))
			if l.AskedAt != 0 {
				l.AskedAt = s.now.Mono
			}
		}
		negotiates, broken := l.State == linkNegotiating, l.State == linkInterrupted || l.State == linkRecovering
		if negotiates && l.FirstOffer != 0 {
			forgive(&l.FirstOffer, s.policy.NegotiateWithin)
		}
		if negotiates && l.RemoteAt != 0 {
			forgive(&l.RemoteAt, s.policy.ConnectWithin)
		}
		if broken && l.GiveUpAt != 0 {
			forgive(&l.GiveUpAt, 0)
		}
	}
}

// visible takes whether anybody can see the page. Then beats come and are
// judged faster: nobody is judged by what was due at the slower rate. Who looks
// at the page again may have come to where there is a network: what waits is
// tried at once.
func (s *Session) visible(yes bool) {
	s.Hidden = !yes
	if !yes {
		return
	}
	s.forgive()
	if s.BeatAt != 0 {
		s.BeatAt = s.now.Mono
	}
	if s.Phase != phaseJoining && s.Phase != phaseJoined {
		return
	}
	s.retryNow()
	for _, p := range s.Peers {
		if p.Link.Rung == rungWait {
			s.climbFrom(p, 0)
		}
	}
}

// jump is how far the clocks have parted since they last did, 0 while they go
// together.
func (s *Session) jump(now Time) time.Duration {
	if d := now.drift() - s.Drift; s.Drift != 0 && (d > s.policy.JumpAfter || d < -s.policy.JumpAfter) {
		return d
	}
	return 0
}

// clocks notices that wall and monotonic clock part: the machine slept, or
// somebody set the clock. What is still alive is heard before any timer fires.
func (s *Session) clocks() {
	if d := s.jump(s.now); d != 0 {
		s.Drift += d
		if d > 0 { // forward: the monotonic clock stood still while the machine slept
			s.SleptAt = max(s.now.Mono, 1)
			s.ICE.slept(d)
			if s.After == "" { // a crash or a discard came first
				s.After = signal.AfterSleep
			}
		}
		s.forgive()
		if s.Signaling.Welcomed {
			s.Signaling.BeatAt = s.now.Mono
		}
	}
}
