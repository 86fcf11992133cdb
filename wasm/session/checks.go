package session

import "encoding/json"

// takeCandidate hands a remote candidate to the browser, which checks paths with
// it at once. On a path that works, Firefox's checks let the answer go first:
// where those of Firefox 153 overtake its answer to an ICE restart, Chromium 156
// prunes their pair and goes on with one to Firefox's address of before, which
// answers checks and drops everything else, so that the restart ends a path that
// was well. Chromium's checks must not wait: without the candidates of an offer it
// would choose such a pair itself (TestChecksDoNotOvertakeTheAnswer).
func (s *Session) takeCandidate(p *peer, candidate json.RawMessage) {
	if s.checksWait(&p.Link) && len(p.Link.Held) < mostFound {
		p.Link.Held = append(p.Link.Held, candidate)
		return
	}
	s.emit(AddCandidate{p.name(), candidate})
}

// checksWait says whether an answer is being made, or on its way.
func (s *Session) checksWait(l *link) bool {
	return s.Config.ChecksWait && l.State == linkConnected && (l.Applying || s.now.Mono < l.ChecksAt)
}

// releaseCandidates hands over what waited.
func (s *Session) releaseCandidates(p *peer) {
	for _, candidate := range p.Link.Held {
		s.emit(AddCandidate{p.name(), candidate})
	}
	p.Link.Held = nil
}
