package session

import (
	"strings"
	"time"
)

// reach is what the searches of a link tell of this page's own network: which
// servers answer, since that network changed last or the link broke. What
// answered before says nothing of what passes now.
type reach struct {
	AskedAt time.Duration // when the first of these searches began; 0 while none did
	STUN    bool          // a STUN server answered over UDP
	UDP     bool          // a relay answered over UDP
	Stream  bool          // a relay answered over TCP or TLS
	Relay   bool          // a relay answered, and the browser does not tell over what
	Refused string        // what a relay said instead
}

// answers notes a local candidate: it tells who answered.
func (r *reach) answers(ev CandidateFound, c iceCandidate) {
	switch c.Type {
	case "srflx":
		r.STUN = r.STUN || c.Protocol == "udp" && !strings.HasPrefix(ev.URL, "turn")
	case "relay":
		r.Refused = ""
		switch relayProtocol(ev) {
		case "udp":
			r.UDP = true
		case "tcp", "tls":
			r.Stream = true
		default: // Firefox 153
			r.Relay = true
		}
	}
}

// relayProtocol is how the browser reached the relay of a candidate, "" where it
// does not tell. Chromium 156 leaves it to the URL where that is UDP, the default
// of turn: (RFC 7065, section 3.1).
func relayProtocol(ev CandidateFound) string {
	switch {
	case ev.RelayProtocol != "":
		return ev.RelayProtocol
	case strings.HasPrefix(ev.URL, "turns:"):
		return "tls"
	case strings.HasSuffix(ev.URL, "?transport=tcp"):
		return "tcp"
	case strings.HasPrefix(ev.URL, "turn:"):
		return "udp"
	}
	return ""
}

// udp says whether a relay answered over UDP, and stream over TCP or TLS. One of
// which the browser does not tell came the way that STUN shows to be open.
func (r *reach) udp() bool    { return r.UDP || r.Relay && r.STUN }
func (r *reach) stream() bool { return r.Stream || r.Relay && !r.STUN }

// fails notes an icecandidateerror: 701 is a server that does not answer, and
// every other code an answer (W3C webrtc-pc, section 4.8.1.3).
func (r *reach) fails(ev CandidateFailed) {
	if ev.Code != 701 && ev.Code != 0 && strings.HasPrefix(ev.URL, "turn") {
		r.Refused = itoa(ev.Code) + " " + ev.Text
	}
}

// asks notes that a search begins: the first after a break asks all servers anew.
func (l *link) asks(now time.Duration) {
	if l.Reach.AskedAt == 0 || l.Reach.AskedAt < l.BrokenAt {
		l.Reach = reach{AskedAt: max(now, 1)}
	}
}

// asked says whether any of one's servers has a URL of that scheme.
func (s *Session) asked(scheme string) bool {
	for _, server := range s.iceServers() {
		for _, url := range server.URLs {
			if strings.HasPrefix(url, scheme) {
				return true
			}
		}
	}
	return false
}

// hasRelay says whether there is a relay to try by itself.
func (s *Session) hasRelay() bool { return s.asked("turn") }
