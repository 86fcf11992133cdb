package page

import (
	"net/netip"
	"strconv"
	"strings"

	"holdline/wasm/session"
)

// How a path stands in data-path.
const (
	pathDirect  = "direct"
	pathRelayed = "relayed"
	pathNone    = "none"
)

// pathOf is data-path of a participant.
func pathOf(p session.PeerSnapshot) string {
	switch {
	case p.Path == nil || p.Path.State != session.PathConnected || p.State == session.PeerEnded:
		return pathNone
	case p.Path.Relayed:
		return pathRelayed
	}
	return pathDirect
}

// verdict says in one sentence how the path to p is.
func (t Table) verdict(p session.PeerSnapshot) string {
	params := []string{"name", t.name(p.Name)}
	switch {
	case p.State == session.PeerEnded:
		return t.peer(p)
	case p.Path == nil:
		return t.Say("path.none", params...)
	case p.Path.State != session.PathConnected:
		return t.first(params, "path.state."+string(p.Path.State), "path.none")
	case p.Path.Relayed:
		if p.Path.Why == session.WhyNone {
			return t.Say("path.relayed", params...)
		}
		return t.first(params, "path.relayed."+string(p.Path.Why), "path.relayed")
	}
	return t.Say(direct(p.Path.Pair), params...)
}

// direct is the id of the words for what a direct pair says of the networks.
func direct(pair *session.Pair) string {
	if pair == nil {
		return "path.direct"
	}
	local, remote := pair.Local, pair.Remote
	switch {
	case local.Type == "srflx" || remote.Type == "srflx":
		return "path.direct.nat"
	case local.Type == "host" && remote.Type == "host" && (nearby(local.Address) || nearby(remote.Address)):
		return "path.direct.network"
	case local.Type == "host" && remote.Type == "host":
		return "path.direct.own"
	}
	return "path.direct"
}

// nearby reports whether an address means something in its own network only:
// a private one (RFC 1918, RFC 4193), a link's own, or one behind an mDNS name,
// which some browsers tell as none at all.
func nearby(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err != nil || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback()
}

// ending words one end of a pair: what it is, how and where it is reached.
func (t Table) ending(c session.Candidate) string {
	parts := []string{t.known("path.type.", c.Type)}
	if c.Protocol != "" {
		parts = append(parts, strings.ToUpper(c.Protocol))
	}
	if c.Address != "" {
		parts = append(parts, t.address(c.Address, c.Port))
	}
	if c.Network != "" {
		parts = append(parts, t.known("path.network.", c.Network))
	}
	return strings.Join(parts, " · ")
}

// known words what a browser said, and leaves it as it is where it has no words.
func (t Table) known(family, said string) string {
	if words := t[family+said]; words != "" {
		return words
	}
	return said
}

// address words an address and its port.
func (t Table) address(address string, port int) string {
	switch {
	case strings.HasSuffix(address, ".local"):
		return t.Say("path.hidden.address")
	case port == 0:
		return address
	case strings.Contains(address, ":"):
		return "[" + address + "]:" + strconv.Itoa(port)
	}
	return address + ":" + strconv.Itoa(port)
}

// since words how long ago a time was: whole seconds, from a minute on whole
// minutes; "" for never.
func (t Table) since(at, now float64) string {
	age := max(0, now-at)
	switch {
	case at <= 0:
		return ""
	case age < minute:
		return t.Say("ago", "time", t.in(seconds, age))
	}
	return t.Say("ago", "time", t.Say("unit.min", "value", strconv.Itoa(int(age/minute))))
}
