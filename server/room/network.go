package room

import (
	"net/netip"
	"time"

	"holdline/server/signal"
)

// refresh asks for fresh ICE credentials: for the page itself, or to be passed
// on to somebody in the room whose signaling is lost and who asked in the band.
// These end with that one's place, not with the asker's; but the asker sees
// them, so the Issue says who has asked, whom the relay counts them for.
func (r *Room) refresh(p *participant, e signal.Envelope) {
	ask, err := e.ReadRefresh()
	if err != nil {
		r.refuse(p.conn, signal.RefusalOf(err))
		return
	}
	if ask.For == "" || ask.For == p.id {
		r.out = append(r.out, Issue{Conn: p.conn, Participant: p.id, Ack: p.inSeq})
		return
	}
	if r.find(ask.For) == nil {
		r.refuse(p.conn, signal.Refusal{ID: "unknown-peer", Field: "for", Limit: "somebody in the room", Got: ask.For})
		return
	}
	r.out = append(r.out, Issue{Conn: p.conn, Participant: p.id, For: ask.For, Ack: p.inSeq})
}

// presenceFor is the row of p for q.
func (p *participant) presenceFor(q *participant, now time.Duration) signal.Presence {
	row := p.presence(now)
	row.LAN = p.shares(q)
	return row
}

// shares says whether p and q come to the server from one local network, so
// that telling each where the other is found may help: mDNS names do not pass
// from one subnet to the next, nor through many a hotspot. That is so of two
// addresses that only such a network has, or of one and the server's own
// machine, or of one IPv6 /64, which is a link (RFC 4291, section 2.5.4).
//
// Private addresses need not be alike: the server sees both unchanged, so it is
// in that network, and a company routes from 10.1.0.0/16 to 10.2.0.0/16 or
// 192.168.1.0/24. Where two private networks meet in the server alone, what they
// are told costs a check that fails, and shows a private address to somebody in
// the same room.
//
// Two that come from one address tell nothing: a proxy or a NAT may stand
// between, and two pages of one machine need no help.
func (p *participant) shares(q *participant) bool {
	a, b := p.from.Unmap(), q.from.Unmap()
	if a == b {
		return false
	}
	link, err := a.Prefix(64)
	return local(a) && local(b) || err == nil && a.Is6() && link.Contains(b)
}

// local reports whether an address is of a local network, or of this machine.
func local(ip netip.Addr) bool { return ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback() }
