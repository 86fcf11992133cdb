package session

import (
	"time"

	"holdline/server/signal"
)

// probe asks the page of somebody whose signaling ended without a goodbye
// whether it is still there: a beat is answered from the message handler,
// hidden or not, so it need not be waited for as long as for the next one.
func (s *Session) probe(p *peer) {
	if s.mayNotProbe {
		return
	}
	l := &p.Link
	s.Beats++
	s.BeatSentAt = s.now.Mono
	l.Asked, l.AskedAt = s.Beats, max(s.now.Mono, 1)
	s.sendControl(p, signal.TypeBeat, signal.BeatCount{N: s.Beats, Hidden: s.Hidden})
}

// beatBack takes the answer to a beat. Who answers since its signaling ended
// is there, so the server is told.
func (s *Session) beatBack(p *peer, n int64) {
	l := &p.Link
	if n == s.Beats {
		l.Echo = s.now.Mono - s.BeatSentAt
	}
	if l.AskedAt == 0 || n < l.Asked || s.mayNotProbe {
		return
	}
	l.AskedAt = 0
	if p.heardWhileAway() {
		p.VouchAt = max(s.now.Mono, 1)
	}
}

// answerBy is when the answer has to be there.
func (s *Session) answerBy(l *link) time.Duration {
	return l.AskedAt + s.policy.AnswerWithin + 2*l.Echo
}

// tickProbe takes silence for an answer. Who is heard otherwise may only be
// busy, and is asked again.
func (s *Session) tickProbe(p *peer) {
	l := &p.Link
	switch {
	case l.AskedAt == 0 || s.mayNotProbe:
	case !p.heardWhileAway():
		l.AskedAt = 0
	case s.now.Mono < s.answerBy(l):
	case l.HeardAt <= l.AskedAt+l.Echo: // what came by then was under way
		l.AskedAt = 0
		s.interrupted(p, "no answer since its signaling ended")
	default:
		s.probe(p)
	}
}
