package session

import (
	"encoding/json"
	"strings"
	"time"

	"holdline/server/signal"
)

// waitingOffer is a remote offer that restarts ICE and came too soon after the
// agreement before it, with the candidates that came along.
type waitingOffer struct {
	Negotiation int // 0: there is none
	Description signal.Description
	Candidates  []json.RawMessage
}

// tooSoon says whether a remote offer has to wait: where one that restarts ICE
// follows the agreement before it at once, DTLS fails in Firefox 153. The other
// side leaves the time between by its own clock, but over a socket that was
// half-open an answer and the next offer come together.
func (s *Session) tooSoon(l *link, d signal.Description) bool {
	return s.Config.ChecksWait && l.Ever && l.AgreedAt != 0 && s.now.Mono < l.AgreedAt+s.policy.RestartApart &&
		l.Remote != "" && ufragOf(d.SDP) != l.Remote
}

// ufragOf is the username fragment of a description: another one restarts ICE
// (RFC 8839, section 5.4).
func ufragOf(sdp string) string {
	_, tail, found := strings.Cut(sdp, "a=ice-ufrag:")
	if !found {
		return ""
	}
	ufrag, _, _ := strings.Cut(tail, "\n")
	return strings.TrimRight(ufrag, "\r")
}

// waitingAt is when the waiting offer is due; 0 while there is none.
func (s *Session) waitingAt(l *link) time.Duration {
	if l.Waiting.Negotiation == 0 {
		return 0
	}
	return l.AgreedAt + s.policy.RestartApart
}

// tickWaiting takes the offer that waited.
func (s *Session) tickWaiting(p *peer) {
	l := &p.Link
	if !due(s.waitingAt(l), s.now.Mono) {
		return
	}
	w := l.Waiting
	l.Waiting = waitingOffer{}
	s.offered(p, w.Negotiation, w.Description)
	for _, candidate := range w.Candidates {
		s.remoteCandidate(p, candidate)
	}
}
