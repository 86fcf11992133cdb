package room

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// hello lets somebody in: a newcomer, a page that comes back in the same
// life with a new socket, or the next life of the same participant.
func (r *Room) hello(now time.Duration, ev Hello) {
	if r.byConn(ev.Conn) != nil {
		r.refuse(ev.Conn, signal.Refusal{ID: "second-hello", Field: "type", Limit: "one hello a socket", Got: "another"})
		return
	}
	t, known := readToken(r.key, ev.Hello.Token)
	known = known && t.Room == r.name
	var p *participant
	if known {
		p = r.find(t.Participant)
	}
	former := r.former(t, known && p == nil)
	switch {
	case p != nil && (t.Serial < p.floor || ev.Envelope.Life < p.life):
		// An older page of this participant: its successor has taken over.
		r.close(ev.Conn, signal.CloseReplaced)
		return
	case p != nil && ev.Envelope.Life > p.life && p.conn != 0 && p.state == signal.PresencePresent && !p.isPage(ev.Hello) && !ev.Hello.Locked:
		// A duplicated tab, on a page without Web Locks: the life that has the
		// socket keeps the identity. A page from the bfcache has no lock yet.
		r.close(ev.Conn, signal.CloseReplaced)
		return
	case p != nil && ev.Envelope.Life == p.life && !p.reported && ev.Hello.Nonce != p.nonce && !ev.Hello.Locked:
		// Without Web Locks a tab and its copy, or a reload and a copy, come to
		// the same life: the first that is let in lives it.
		r.close(ev.Conn, signal.CloseReplaced)
		return
	case p != nil && ev.Envelope.Life == p.life && p.bye:
		r.close(ev.Conn, signal.CloseBye)
		return
	case p == nil && len(r.people) >= r.policy.MaxParticipants && !r.yield(now, known && former == nil):
		r.close(ev.Conn, signal.CloseRoomFull)
		return
	case p == nil && known && former == nil:
		// Nobody here knows this participant: the server was restarted.
		p = r.enter(t.Participant, t.Order)
		p.serial, p.floor = t.Serial, t.Serial
	case p == nil:
		known = false
		p = r.enter(ev.NewID, r.nextOrder)
	}
	if known {
		p.floor, p.serial = max(p.floor, t.Serial), max(p.serial, t.Serial)
	}
	if p.conn != 0 && p.conn != ev.Conn {
		r.close(p.conn, signal.CloseDisplaced)
	}
	if ev.Envelope.Life > p.life || p.reported {
		r.begin(p, ev.Envelope)
	}
	p.conn, p.from, p.name, p.nonce, p.page, p.vouched = ev.Conn, ev.Address, ev.Hello.Name, ev.Hello.Nonce, ev.Hello.Page, 0
	p.died = nil // it is here
	p.goodbye = max(p.goodbye, ev.Hello.Count)
	p.outbox.Ack(ev.Envelope.Ack)
	if former != nil {
		r.livesOn(former.Subject, ev.Hello.Page)
		former = r.learn(former.Subject, ev.Hello.After)
	}
	r.present(p)
	if known {
		if now < r.policy.RebuildFor {
			r.rebuild(now, ev.Hello.Roster)
		}
		r.heard(now, ev.Hello.Roster)
	}
	r.expire(now)
	r.welcome(now, p, known, former)
}

// isPage says that the hello is of the page that lived last as p.
func (p *participant) isPage(h signal.Hello) bool { return h.Nonce != "" && h.Nonce == p.nonce }

// begin starts a life's conversation where the page says it stands. What is
// kept for a life that somebody only reported is of the same life.
func (r *Room) begin(p *participant, hello signal.Envelope) {
	var kept []signal.Envelope
	if p.reported && hello.Life == p.life {
		kept = p.outbox.Kept
	} else {
		p.goodbye, p.bye = 0, false
	}
	p.life, p.reported = hello.Life, false
	p.inSeq = max(hello.Seq-1, 0)
	p.outbox = signal.NewOutbox(r.policy.KeptMessages, r.policy.KeptBytes)
	p.outbox.Last = hello.Ack
	for _, k := range kept {
		p.outbox.Put(k)
	}
}

// former is the End of a participant that comes back too late.
func (r *Room) former(t token, gone bool) *signal.End {
	if !gone {
		return nil
	}
	for _, l := range r.left {
		if l.end.Subject == t.Participant {
			end := l.end
			return &end
		}
	}
	return nil
}

// enter gives a place, in the order.
func (r *Room) enter(id string, order int) *participant {
	p := &participant{id: id, order: order, outbox: signal.NewOutbox(r.policy.KeptMessages, r.policy.KeptBytes)}
	r.nextOrder = max(r.nextOrder, order+1)
	i, _ := slices.BinarySearchFunc(r.people, order, func(p *participant, order int) int { return p.order - order })
	r.people = slices.Insert(r.people, i, p)
	return p
}

// welcome answers a hello, and sends again what was kept.
func (r *Room) welcome(now time.Duration, p *participant, resumed bool, former *signal.End) {
	p.serial++
	w := signal.Welcome{
		Name: p.name, Order: p.order, Resumed: resumed, Former: former,
		Token:  token{Room: r.name, Participant: p.id, Order: p.order, Serial: p.serial}.sign(r.key),
		ByeKey: ByeKey(r.key, r.name, p.id, p.life),
		Roster: []signal.Presence{},
		Limits: signal.RoomLimits{
			Participants: r.policy.MaxParticipants, Message: r.policy.Limits.Message,
			Beat: r.policy.PingEvery.Milliseconds(), Dead: r.policy.DeadAfter.Milliseconds(), Vouch: r.policy.VouchFor.Milliseconds(),
		},
	}
	for _, q := range r.people {
		if q != p {
			w.Roster = append(w.Roster, q.presenceFor(p, now))
		}
	}
	for _, l := range r.left {
		if l.end.Subject != p.id {
			w.Left = append(w.Left, l.end)
		}
	}
	r.out = append(r.out, Issue{Conn: p.conn, Participant: p.id, Ack: p.inSeq}) // first: the welcome leads to connections
	r.send(p, signal.Envelope{Type: signal.TypeWelcome, To: p.id, Life: p.life, Ack: p.inSeq, Payload: signal.Raw(w)})
	for _, k := range p.outbox.Kept {
		r.send(p, k)
	}
}
