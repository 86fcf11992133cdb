package sim

import (
	"fmt"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// shown looks at what a page shows now.
func (o *oracle) shown(p *page, before, after session.Snapshot) {
	if after.Participant != before.Participant || after.Signaling != before.Signaling {
		o.owner(p, after)
	}
	if after.State != before.State {
		o.world.tell(fmt.Sprintf("%s is %s %s", p, after.State, after.Cause))
	}
	if after.End != nil && before.End == nil {
		o.ownEnd(p, *after.End)
	}
	for i := range after.Peers {
		now := &after.Peers[i]
		var was *session.PeerSnapshot
		for j := range before.Peers {
			if before.Peers[j].Participant == now.Participant {
				was = &before.Peers[j]
			}
		}
		o.peer(p, was, now)
	}
	for i := range before.Peers {
		was, there := &before.Peers[i], false
		for j := range after.Peers {
			there = there || after.Peers[j].Participant == was.Participant
		}
		if !there {
			o.taken(p, was, before.State != session.StateEnded && before.Life == after.Life, after.Signaling == session.SignalingStateOpen && before.Signaling == session.SignalingStateOpen)
		}
	}
	if len(after.Messages) > len(before.Messages) {
		o.heard(p, after)
	}
}

// owner notes who lives by an identity: one page at a time.
func (o *oracle) owner(p *page, v session.Snapshot) {
	if v.Participant == "" || v.Signaling != session.SignalingStateOpen {
		return
	}
	i := o.identity(v.Participant)
	if i == nil {
		i = &identity{id: v.Participant, machine: p.machine()}
		o.identities = append(o.identities, i)
		o.world.tell(fmt.Sprintf("%s is participant %s", p, v.Participant))
	}
	if i.left && o.restartAt < i.at {
		// Another tab with the same record may bring it back to a server that was restarted, or that has not heard of the Leave: that
		// tab may never have been let in.
		unheard := !i.roads || !i.machine.locks
		if i.end != nil && o.restartAt < i.endAt || !unheard || i.machine.locks && !had(Duplicate, Return)(i) {
			o.world.failf("%s lives by %s, who has left", p, i.id)
		}
	}
	i.left = false
	// Without Web Locks a copy of a tab cannot be told from its reload while the tab may be leaving, or has lost the server and does not know it: it takes over.
	yields := func(old *page) bool {
		return old.leaving || !old.machine().locks && (old.mightLeave() || !o.hasRoad(old))
	}
	if old := i.page; old != nil && old != p && !old.gone && !yields(old) && old.view.Participant == i.id && !old.session.Ended() && old.view.Signaling == session.SignalingStateOpen {
		o.world.failf("%s and %s both live by %s", old, p, i.id)
	}
	// A welcome may be under way, or wait for the way or in a page that hangs.
	if now, m := o.world.clock.now, p.machine().index; i.end != nil && o.restartAt < i.endAt && now-i.endAt-o.stall[m].within(i.endAt, now)-o.reach[m].within(i.endAt, now) > 2*second {
		o.world.failf("%s lives by %s, whom the room has ended: %s", p, i.id, i.end.Cause)
	}
	if i.deed == deedRemoved && i.page == p && o.restartAt < i.at {
		return // the welcome was under way already
	}
	for _, other := range o.identities {
		if other != i && other.page == p {
			other.page = nil // it is somebody else now
		}
	}
	i.page, i.deed, i.lately, i.end = p, deedNone, 0, nil
}

// ownEnd looks at the end of a page's own session.
func (o *oracle) ownEnd(p *page, e signal.End) {
	i := o.of(p)
	if o.world.Coverage != nil {
		o.world.Coverage.end(e)
	}
	if p.machine().sentAway {
		if i := o.identity(p.session.Snapshot().Participant); i != nil && i.deed == deedNone && (e.Cause == signal.CauseNotAllowed || e.Cause == signal.CauseTooMuch) {
			i.deed, i.lately, i.at, i.roads = deedSentAway, 1<<deedSentAway, o.world.clock.now, true
		}
		return
	}
	switch e.Cause {
	case signal.CauseHangup:
		if i != nil && !i.left {
			o.world.failf("%s ends with %s, and nobody pressed Leave", p, e.Cause)
		}
	case signal.CauseReplaced:
		if !p.machine().locks && len(p.machine().tabs) > 1 {
			return // without Web Locks the server decides, and after a restart the first one back has it
		}
		for _, t := range p.machine().tabs {
			if t.page != p && t.page != nil && !t.page.gone {
				return
			}
		}
		o.world.failf("%s ends with %s, and there is no other page: %v", p, e.Cause, e.Evidence)
	case signal.CauseRoomFull: // whether it was is looked at when the room says so
		if i := o.of(p); i != nil {
			i.crowded = true
		}
	default:
		o.world.failf("%s ends with %s: %v", p, e.Cause, e.Evidence)
	}
}

// peer looks at how a page shows somebody else.
func (o *oracle) peer(p *page, was, now *session.PeerSnapshot) {
	w := o.world
	if was == nil || was.State != now.State || was.Cause != now.Cause {
		if w.Tell != nil {
			w.tell(fmt.Sprintf("%s sees %s %s %s", p, o.name(now.Participant), now.State, now.Cause))
		}
	}
	if w.Coverage != nil && now.End != nil {
		w.Coverage.end(*now.End)
	}
	if now.Cause != "" && now.State != session.PeerEnded && (was == nil || was.State != now.State || was.Cause != now.Cause) {
		o.plausible(p, now)
	}
	if now.Cause == signal.CauseUnknown {
		w.failf("%s shows %s as %s for an unknown cause", p, now.Participant, now.State)
	}
	if was != nil && was.End != nil && was.End.Final && was.State == session.PeerEnded {
		switch {
		case o.restarts > 0: // a room that was rebuilt may have them again
		case now.State != session.PeerEnded:
			w.failf("%s shows %s as %s after the final end %s", p, now.Participant, now.State, was.End.Cause)
		case now.End == nil || now.End.Revision < was.End.Revision:
			w.failf("%s goes back from revision %d of %s", p, was.End.Revision, now.Participant)
		}
	}
	if was != nil && was.State == session.PeerConnected && (now.State == session.PeerInterrupted || now.State == session.PeerRecovering) {
		o.interrupted(p, now)
	}
	if now.State == session.PeerConnected {
		if was == nil || was.State != session.PeerConnected {
			p.reached = w.clock.now
		}
		o.connected(p, now)
	}
	if now.State != session.PeerEnded {
		return
	}
	for k := range o.said { // what was said to one who ended meanwhile may be lost
		if c := &o.said[k]; c.from.tab == p.tab {
			for j := range c.expect {
				if c.expect[j].id == now.Participant {
					c.expect[j].page = nil
				}
			}
		}
	}
	if now.End != nil && (was == nil || was.End == nil || was.State != session.PeerEnded || was.End.Revision != now.End.Revision || was.End.Cause != now.End.Cause || was.End.Final != now.End.Final) {
		o.note(p, *now.End)
		o.ended(p, now)
	}
}

// plausible: what is shown while nothing has ended yet has a reason, too.
func (o *oracle) plausible(p *page, v *session.PeerSnapshot) {
	w := o.world
	i := o.identity(v.Participant)
	if i == nil || explains(i, v.Cause, true) {
		return
	}
	if me := o.of(p); me != nil && me.deeds != 0 {
		return // its own end may be under way
	}
	ok := false
	a, b := &identity{machine: p.machine()}, i
	either := func(kinds ...Kind) bool { return had(kinds...)(a) || had(kinds...)(b) }
	switch v.Cause {
	case signal.CausePageClosed, signal.CausePageNavigated, signal.CausePageReloaded:
		ok = had(Cancel, Download, Reload, Navigate, Elsewhere, CloseTab, Duplicate)(i)
	case signal.CausePageUnresponsive:
		ok = either(Dialog, Cancel, Hide, Freeze, Sleep, Lossy, Slow, Restart, Drain, RestartNewKey) || o.trouble(p.machine(), i.machine, 90*second) > 0 || p.pruned(i.id)
	case signal.CauseNetworkChanged:
		ok = either(Roam, Unplug, Attach)
	case signal.CausePathBlocked, signal.CauseNetworkLost, signal.CauseServerUnreachable, signal.CauseServerShutdown, signal.CauseSignalingLost, signal.CausePageVanished:
		ok = o.trouble(p.machine(), i.machine, 90*second) > 0 || o.restarts > 0 || i.deeds != 0 || i.left || either(ResetSocket, HalfOpen, Roam, SendAway, Cancel, Download, Reload, Navigate, Elsewhere, Freeze, Duplicate)
	}
	if !ok && !p.machine().odd && !i.machine.odd {
		w.failf("%s shows %s as %s by %s, and nothing of the kind was done", p, o.name(i.id), v.State, v.Cause)
	}
}

// interrupted: a link is not given up while packets flow both ways and both
// pages run.
func (o *oracle) interrupted(p *page, v *session.PeerSnapshot) {
	w := o.world
	i := o.identity(v.Participant)
	if i == nil || !i.alive() || i.page.leaving || i.page.tab.hidden || p.tab.hidden {
		return
	}
	const lately = 4 * time.Second
	since := w.clock.now - lately
	a, b := p.machine().index, i.machine.index
	if o.stall[a].within(since, w.clock.now)+o.stall[b].within(since, w.clock.now)+o.path[a*len(w.machines)+b].within(since-4*second, w.clock.now) > 0 {
		return
	}
	for _, c := range p.links {
		if c.link.Peer != i.id || c.link.Generation != v.Generation {
			continue
		}
		if c.consent && c.control.open && c.peer.consent && c.peer.control.open && c.heardAt < since && c.peer.heardAt < since {
			w.failf("%s shows %s as %s (%s), and everything is well between them", p, o.name(i.id), v.State, v.Cause)
		}
	}
}

// connected: there is, or was, a path on the connection that is in use.
func (o *oracle) connected(p *page, v *session.PeerSnapshot) {
	for _, c := range p.links {
		if c.link.Peer == v.Participant && c.link.Generation == v.Generation && c.mated == nil && !c.closed {
			o.world.failf("%s shows %s as connected over connection %d, which never had a path", p, o.name(v.Participant), v.Generation)
		}
	}
}

// taken: an element that is taken off the page has told the room's word last,
// if the page could know it.
func (o *oracle) taken(p *page, was *session.PeerSnapshot, inCall, open bool) {
	for i, f := range o.finals {
		if f.page == p && f.subject == was.Participant {
			o.finals = append(o.finals[:i:i], o.finals[i+1:]...)
			now := o.world.clock.now
			if lately := now - 14*second; inCall && open && o.reach[p.machine().index].within(lately, now) == 0 && o.stall[p.machine().index].within(lately, now) == 0 && o.server.within(lately, now) == 0 && o.settled(f.subject) {
				o.agrees(f)
			}
			return
		}
	}
	if was.State != session.PeerEnded && o.restarts == 0 && inCall {
		o.world.failf("%s takes %s off, who was %s", p, o.name(was.Participant), was.State)
	}
}

// heard looks at what came in over the chat.
func (o *oracle) heard(p *page, v session.Snapshot) {
	last := v.Messages[len(v.Messages)-1]
	for _, m := range v.Messages[:len(v.Messages)-1] {
		if m.ID == last.ID {
			o.world.failf("%s shows the message %s twice", p, m.ID)
		}
	}
}
