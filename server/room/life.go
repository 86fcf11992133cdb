package room

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// present, leaving, away and leave are the only ones that write a
// participant's state, deadline and end. Each End is a new revision.

func (r *Room) present(p *participant) {
	p.state, p.end, p.until = signal.PresencePresent, signal.End{}, 0
	r.tellPresence(p, signal.TypePresent, 0)
}

func (r *Room) leaving(now time.Duration, p *participant, end signal.End) {
	p.state, p.end, p.until = signal.PresenceLeaving, p.revise(end), 0
	r.tellPresence(p, signal.TypeAway, now)
}

func (r *Room) away(now time.Duration, p *participant, end signal.End, hold time.Duration) {
	p.state, p.end, p.until, p.held = signal.PresenceAway, p.revise(end), now+hold, now+hold
	p.seen = Evidence{Participant: p.id}
	r.tellPresence(p, signal.TypeAway, now)
}

// lost is away without a goodbye: what comes later may explain it better.
func (r *Room) lost(now time.Duration, p *participant, seen Evidence, hold time.Duration) {
	seen.Participant = p.id
	r.away(now, p, Diagnose(seen), hold)
	p.seen = seen
}

func (p *participant) revise(end signal.End) signal.End {
	p.revision++
	end.Revision = p.revision
	return end
}

// leave ends p for good: the End is final, and everybody is told.
func (r *Room) leave(now time.Duration, p *participant, end signal.End) {
	switch end.Cause {
	case signal.CausePageReloaded:
		// A reload passes; one that never came back was closed meanwhile.
		end = signal.NewEnd(p.id, signal.CausePageClosed, append(slices.Clone(end.Evidence), "did not come back")...)
	case signal.CauseServerShutdown, signal.CauseSignalingLost:
		// So does the server's own absence; who does not come back to it is gone.
		end = signal.NewEnd(p.id, signal.CausePageVanished, append(slices.Clone(end.Evidence), "did not come back")...)
	}
	end = p.revise(end)
	end.Final = true
	r.people = slices.DeleteFunc(r.people, func(q *participant) bool { return q == p })
	for _, q := range r.people {
		q.outbox.Forget(p.id)
	}
	r.left = append(r.left, leftEnd{end, now, p.life, p.page})
	if len(r.left) > maxLeft {
		r.left = r.left[1:]
	}
	r.tell(p, signal.TypeLeft, signal.Left{End: end})
	r.out = append(r.out, Revoke{p.id})
	if p.conn != 0 {
		r.out = append(r.out, Close{p.conn, signal.CloseBye})
		p.conn = 0
	}
}

// goodbye takes leaving, stay and bye, from the socket or the beacon. The
// highest count wins; a bye is terminal for its life, and what a page says
// about another life than the one that lives now is of the past.
func (r *Room) goodbye(now time.Duration, p *participant, t signal.Type, life int64, g signal.Goodbye) {
	if life != p.life || p.bye || g.Count <= p.goodbye {
		return
	}
	p.goodbye = g.Count
	end := Diagnose(Evidence{Participant: p.id, Said: t, Intent: g.Intent, Target: g.Target})
	switch t {
	case signal.TypeLeaving:
		if g.Intent == signal.IntentFreeze {
			r.away(now, p, end, r.policy.GraceFrozen)
			return
		}
		p.unsure = g.Intent == signal.IntentUnknown
		r.leaving(now, p, end)
	case signal.TypeStay:
		if p.conn != 0 {
			r.present(p)
		}
	case signal.TypeBye:
		p.bye = true
		if g.Intent == signal.IntentHangup {
			r.leave(now, p, end)
			return
		}
		r.away(now, p, end, r.hold(end.Cause))
	}
}

// hold is how long a place is held after a goodbye with this cause.
func (r *Room) hold(c signal.Cause) time.Duration {
	switch c {
	case signal.CausePageReloaded:
		return r.policy.ReturnWindowReload
	case signal.CausePageFrozen:
		return r.policy.GraceFrozen
	}
	return r.policy.ReturnWindow
}

// closed takes the end of a socket.
func (r *Room) closed(now time.Duration, ev Closed) {
	p := r.byConn(ev.Conn)
	if p == nil {
		return // it had been displaced, or never said hello
	}
	p.conn = 0
	if p.bye {
		return // the bye said it all
	}
	if p.state == signal.PresenceLeaving && !ev.Silent && !ev.Ours {
		// Firefox 153 closes the socket at beforeunload, even for a download:
		// the page may yet say bye by beacon, or stay on a new socket.
		end := p.end
		if p.unsure {
			end = Diagnose(Evidence{Participant: p.id, Said: signal.TypeLeaving, Intent: signal.IntentUnknown, Closed: true, Code: ev.Code})
		}
		r.away(now, p, end, r.hold(end.Cause))
		return
	}
	hold := r.policy.GraceClosed
	if ev.Silent {
		hold = r.policy.GraceSilent
	}
	r.lost(now, p, Evidence{Closed: true, Ours: ev.Ours, Code: ev.Code, Detail: ev.Detail, Silent: ev.Silent, Died: p.died}, hold)
}

// remove puts somebody out, at once and for good.
func (r *Room) remove(now time.Duration, id string) {
	p := r.find(id)
	if p == nil {
		return
	}
	if p.conn != 0 {
		r.close(p.conn, signal.CloseRemoved)
	}
	r.leave(now, p, signal.NewEnd(id, signal.CauseRemoved, "removed by who runs the room"))
}

// yield makes a place free in a full room: one that only a peer's word holds;
// for one who returns to a restarted server also one that was only reported,
// and first one of those whom nobody hears.
func (r *Room) yield(now time.Duration, returns bool) bool {
	for _, yields := range []func(p *participant) bool{
		func(p *participant) bool { return returns && p.reported && !r.isHeard(p, now) },
		func(p *participant) bool { return p.held <= now },
		func(p *participant) bool { return returns && p.reported },
	} {
		for _, p := range r.people {
			if p.state == signal.PresenceAway && yields(p) {
				r.leave(now, p, p.end)
				return true
			}
		}
	}
	return false
}

// isHeard says whether a peer has vouched for p lately.
func (r *Room) isHeard(p *participant, now time.Duration) bool {
	return p.vouched != 0 && p.vouched+r.policy.VouchFor > now
}

// heard takes a returning page's word for whom it hears: it vouches for them.
func (r *Room) heard(now time.Duration, roster []signal.Presence) {
	for _, row := range roster {
		if p := r.find(row.Participant); p != nil && row.Heard && row.Life == p.life {
			p.vouched = max(now, 1)
		}
	}
}

// rebuild takes a returning page's word for who else was in the room that a
// restarted server does not remember: they are away, with their places held.
func (r *Room) rebuild(now time.Duration, roster []signal.Presence) {
	for _, row := range roster {
		if len(r.people) >= r.policy.MaxParticipants {
			return
		}
		if !signal.ValidParticipant(row.Participant) || row.Life < 1 || row.Order < 1 || row.Count < 0 ||
			signal.CheckName(row.Name, r.policy.Limits.Name) != nil || r.find(row.Participant) != nil || r.hasLeft(row.Participant) {
			continue
		}
		p := r.enter(row.Participant, row.Order)
		p.name, p.life, p.goodbye, p.reported = row.Name, row.Life, row.Count, true
		if row.End != nil && row.End.Cause.Said() {
			p.bye = row.Bye
			if p.bye && row.End.Cause == signal.CauseHangup {
				r.leave(now, p, Diagnose(Evidence{Participant: p.id, Told: row.End.Cause}))
				continue
			}
			r.away(now, p, Diagnose(Evidence{Participant: p.id, Told: row.End.Cause}), r.hold(row.End.Cause))
			continue
		}
		r.lost(now, p, Evidence{Restarted: true}, r.policy.GraceClosed)
	}
}

func (r *Room) hasLeft(id string) bool {
	return slices.ContainsFunc(r.left, func(l leftEnd) bool { return l.end.Subject == id })
}

// learn revises a final End by what the page knows now that it is back, and
// returns it.
func (r *Room) learn(id string, after signal.After) *signal.End {
	for i := range r.left {
		l := &r.left[i]
		if l.end.Subject != id {
			continue
		}
		if cause, ok := after.Cause(); ok && !l.end.Cause.Said() && l.end.Cause != cause {
			r.correct(l, cause, "came back after a "+string(after))
		}
		told := l.end
		return &told
	}
	return nil
}

// correct makes a new revision of a final End, for all.
func (r *Room) correct(l *leftEnd, cause signal.Cause, fact string) {
	better := signal.NewEnd(l.end.Subject, cause, append(slices.Clone(l.end.Evidence), fact)...)
	better.Revision, better.Final = l.end.Revision+1, true
	l.end = better
	for _, q := range r.people {
		r.send(q, signal.Envelope{Type: signal.TypeLeft, Ack: q.inSeq, Payload: signal.Raw(signal.Left{End: better})})
	}
}

// beacon takes a goodbye by the other road. Its key was checked; a copy of
// what the socket said changes nothing.
func (r *Room) beacon(now time.Duration, b signal.Beacon) {
	if p := r.find(b.Participant); p != nil {
		r.goodbye(now, p, signal.TypeBye, b.Life, b.Goodbye)
	}
}
