package room

import (
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

// shares says whether p and q come to the server from one local network: from
// two addresses that only such a network has, or one of them from the server's
// own machine. Two that come from one address tell nothing: a proxy may stand
// between, and two pages of one machine need no help.
func (p *participant) shares(q *participant) bool {
	a, b := p.from.Unmap(), q.from.Unmap()
	local := a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsLoopback()
	localToo := b.IsPrivate() || b.IsLinkLocalUnicast() || b.IsLoopback()
	return local && localToo && a != b
}
