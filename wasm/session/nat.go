package session

// nat is what the candidates of one search tell of the NATs in front of a page.
type nat struct {
	Mapped     []mapping // where sockets are mapped to
	IPv4, IPv6 int       // sockets that there are, by their host candidates; behind a name it may be either
}

// mapping is a server-reflexive address: where a NAT maps a network to.
type mapping struct{ Network, Address, Port string }

// mostMappings bounds them: a machine has a handful of networks.
const mostMappings = 16

// learn takes a candidate. RTCP's, for which Firefox 153 has a socket of its
// own until it is answered, tell nothing.
func (n *nat) learn(c iceCandidate) {
	if c.Component != "1" || c.Protocol != "udp" {
		return
	}
	switch {
	case c.Type == "srflx" && len(n.Mapped) < mostMappings:
		n.Mapped = append(n.Mapped, mapping{c.Network, c.Address, c.Port})
	case c.Type != "host":
	case c.hidden():
		n.IPv4++
		n.IPv6++
	case family(c.Address) == "IPv6":
		n.IPv6++
	default:
		n.IPv4++
	}
}

// symmetric says whether a NAT maps one socket to several ports of one address:
// two STUN servers were asked from it, so each destination is mapped anew
// (address- and port-dependent mapping, RFC 4787, section 4.1), and nobody else
// can be told where to send. Sockets are told apart by Chromium's network-id.
// Firefox 153 has none: there may be as many ports as sockets.
func (n nat) symmetric() bool {
	ports := map[mapping]map[string]bool{} // by network and address
	for _, m := range n.Mapped {
		of := mapping{Network: m.Network, Address: m.Address}
		if ports[of] == nil {
			ports[of] = map[string]bool{}
		}
		ports[of][m.Port] = true
		sockets := 1
		if m.Network == "" {
			sockets = max(1, n.IPv4)
			if family(m.Address) == "IPv6" {
				sockets = max(1, n.IPv6)
			}
		}
		if len(ports[of]) > sockets {
			return true
		}
	}
	return false
}
