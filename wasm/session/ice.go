package session

import (
	"strings"
	"time"

	"holdline/server/signal"
)

// iceState is what the server gave this page to find paths with.
type iceState struct {
	Servers []signal.ICEServer
	GotAt   time.Duration
	Good    time.Duration // how long from then the credentials open allocations; 0 without credentials
	Address string        // from which the server saw the page come last
	AskedAt time.Duration // for fresh ones; 0 while none are awaited
	AskedOf string        // the remote page that was asked in the band; "" where the server was
	Moved   bool          // the server sees another address than before, and nothing was done about it yet
}

// iceServers are those that the next connection, or the next restart, is made with.
func (s *Session) iceServers() []signal.ICEServer {
	if len(s.ICE.Servers) > 0 {
		return s.ICE.Servers
	}
	return s.Config.ICEServers
}

// takeICE takes what the server says before a welcome and when it was asked.
// Of somebody else it was asked in the band, and goes back there.
func (s *Session) takeICE(ice signal.ICE) {
	if ice.For != "" && ice.For != s.Participant {
		if p := s.peer(ice.For); p != nil && p.WantsICE {
			p.WantsICE = false
			ice.For, ice.Address = "", ""
			s.sendControl(p, signal.TypeICE, ice)
		}
		return
	}
	c := &s.ICE
	c.Servers, c.GotAt, c.AskedAt, c.AskedOf = ice.Servers, max(s.now.Mono, 1), 0, ""
	c.Good = time.Duration(min(ice.Lifetime, mostLifetime)) * time.Millisecond
	if ice.Address == "" {
		return
	}
	c.Moved = c.Moved || c.Address != "" && c.Address != ice.Address && family(c.Address) == family(ice.Address)
	c.Address = ice.Address
}

// mostLifetime bounds what a server may say: a day, in ms.
const mostLifetime = 24 * 60 * 60 * 1000

// family tells IPv6 from IPv4, also by a trace's pseudonym: where a page comes
// by the other one, it has not moved.
func family(address string) string {
	if strings.Contains(address, ":") || strings.HasPrefix(address, "ipv6-") {
		return "IPv6"
	}
	return "IPv4"
}

// refreshAt is when to ask for fresh credentials: at half of their life, so
// that a restart finds good ones whenever it comes. 0 is never.
func (s *Session) refreshAt() time.Duration {
	if s.ICE.Good == 0 {
		return 0
	}
	at := max(s.ICE.GotAt+max(s.ICE.Good/2, s.policy.RefreshAgainAfter), 1)
	if s.ICE.AskedAt == 0 {
		return at
	}
	return max(at, s.ICE.AskedAt+s.policy.RefreshAgainAfter)
}

// tickICE asks for fresh credentials.
func (s *Session) tickICE() {
	if due(s.refreshAt(), s.now.Mono) {
		s.askICE()
	}
}

// askICE asks the server; while that is out of reach, somebody in the call
// who reaches it.
func (s *Session) askICE() {
	s.ICE.AskedAt, s.ICE.AskedOf = max(s.now.Mono, 1), ""
	if s.Signaling.Welcomed {
		s.emit(SendSignaling{s.Signaling.Attempt, signal.Envelope{Type: signal.TypeRefresh, Life: s.Life, Ack: s.Signaling.InSeq}})
		return
	}
	for _, p := range s.Peers {
		if p.Link.State == linkConnected && p.Link.Control && p.Lane == string(SignalingStateOpen) {
			s.ICE.AskedOf = p.ID
			s.sendControl(p, signal.TypeRefresh, signal.Refresh{})
			return
		}
	}
}

// refreshFor passes on that a remote page without signaling asks.
func (s *Session) refreshFor(p *peer) {
	if !s.Signaling.Welcomed || p.Lane != string(SignalingStateLost) || p.ICEAskedAt != 0 && s.now.Mono < p.ICEAskedAt+s.policy.RefreshAgainAfter {
		return // the server puts out who says too much, whoever had it say so
	}
	p.WantsICE, p.ICEAskedAt = true, max(s.now.Mono, 1)
	s.emit(SendSignaling{s.Signaling.Attempt, signal.Envelope{Type: signal.TypeRefresh, Life: s.Life, Ack: s.Signaling.InSeq, Payload: signal.Raw(signal.Refresh{For: p.ID})}})
}

// slept makes the credentials as old as they are: the monotonic clock stood
// still while the machine slept.
func (c *iceState) slept(d time.Duration) {
	if c.Good != 0 {
		c.GotAt -= d
	}
}

// expired says whether no relay takes the credentials at hand any more.
func (s *Session) expired() bool {
	return s.ICE.Good != 0 && s.now.Mono >= s.ICE.GotAt+s.ICE.Good
}

// freshBy is until when a restart waits for credentials: with expired ones it
// would find no relay. 0 is not at all.
func (s *Session) freshBy() time.Duration {
	if !s.expired() || s.ICE.AskedAt == 0 {
		return 0
	}
	return s.ICE.AskedAt + s.policy.RefreshWithin
}
