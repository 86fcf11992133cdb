package sim

import (
	"fmt"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// oracle knows what was done to whom, and looks whether the pages and the
// room say so.
type oracle struct {
	world      *World
	identities []*identity
	reach      []spans // per machine: the server cannot be reached
	stall      []spans // per machine: no JavaScript runs in one of its pages
	path       []spans // per pair of machines, in both orders
	server     spans
	restartAt  time.Duration
	restarts   int
	finals     []final
	said       []chat
	post       map[string]*post
	posts      []*post
	inversions int // of the order of joining; what is nearly at once may be either
}

// final is the last end that a page was shown about a participant.
type final struct {
	page    *page
	subject string
	end     signal.End
	at      time.Duration
}

// chat is one message, and who should hear it.
type chat struct {
	from   *page
	id     string // of its speaker
	text   string
	at     time.Duration
	expect []hearer
}

// hearer is a page that should hear a message, under the name that it had.
type hearer struct {
	page *page
	id   string
}

func newOracle(w *World) oracle { return oracle{world: w, post: map[string]*post{}} }

// settle makes the books once the machines are known.
func (o *oracle) open() {
	n := len(o.world.machines)
	book := func(n int) []spans {
		s := make([]spans, n)
		for i := range s {
			s[i].since = -1
		}
		return s
	}
	o.reach, o.stall, o.path = book(n), book(n), book(n*n)
	o.server.since = -1
}

// assess notes what does not work from now on. Every fault ends with it.
func (o *oracle) assess() {
	w, now := o.world, o.world.clock.now
	o.server.set(now, w.server.down > 0 || w.server.draining)
	for i, m := range w.machines {
		stalled, half := false, false
		for _, t := range m.tabs {
			if p := t.page; p != nil && !p.gone {
				stalled = stalled || !p.runs()
				half = half || p.socket != nil && p.socket.toServer.cut && p.socket.state != socketClosed
			}
		}
		o.reach[i].set(now, !m.reaches() || half)
		o.stall[i].set(now, stalled)
		for j, n := range w.machines {
			a, b := w.road(m, n), w.road(n, m)
			bad := func(r *road) bool {
				return r.blocked > 0 || r.direct > 0 || r.loss > 0 || r.slow > 100*time.Millisecond
			}
			o.path[i*len(w.machines)+j].set(now, !m.sends() || !n.sends() || bad(a) || bad(b))
		}
	}
}

func (o *oracle) identity(id string) *identity {
	for _, i := range o.identities {
		if i.id == id {
			return i
		}
	}
	return nil
}

// of is the identity that the page lives by.
func (o *oracle) of(p *page) *identity {
	for _, i := range o.identities {
		if i.page == p {
			return i
		}
	}
	return nil
}

// whose is the identity that the page lives by, or comes back with.
func (o *oracle) whose(p *page) *identity {
	if i := o.of(p); i != nil || p.tab.record == nil {
		return i
	}
	if i := o.identity(p.tab.record.Participant); i != nil && (i.page == nil || i.page.gone) {
		return i
	}
	return nil
}

// did notes what ends a page.
func (o *oracle) did(p *page, d deed) {
	i := o.whose(p)
	o.world.tell(fmt.Sprintf("%s %s", p, d))
	if i == nil && !p.machine().locks && p.tab.record != nil {
		// Without Web Locks a copy of the tab speaks for the identity, too.
		if other := o.identity(p.tab.record.Participant); other != nil {
			other.lately |= 1 << d
		}
	}
	if i != nil && i.deed == deedSentAway {
		i.lately |= 1 << d // a beacon may say so yet
	}
	if i == nil || i.left || i.deed == deedSentAway || i.deed == deedRemoved {
		return
	}
	i.deeds |= 1 << d
	i.lately |= 1 << d
	i.deed, i.at, i.said, i.word = d, o.world.clock.now, false, false
	i.roads = o.hasRoad(p)
}

// hasRoad says whether the page's last words reach the server.
func (o *oracle) hasRoad(p *page) bool {
	return p.machine().reaches() && o.world.server.serves() && p.socket != nil && p.socket.state == socketOpen && !p.socket.toServer.cut && p.socket.served && p.socket.greeted
}

// letIn notes that the server has welcomed a page of the identity, whether the
// page comes to read it or not.
func (o *oracle) letIn(id string) {
	if i := o.identity(id); i != nil {
		i.lately |= 1 << deedNone
	}
}

// saidBye notes that the stub had something to say.
func (o *oracle) saidBye(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.said = true
	}
}

// stopped notes that the browser has stopped the scripts of a page that goes.
func (o *oracle) stopped(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.mute = true
	}
}

// tellsNothing notes that the stub had no socket whose state told a
// navigation from a close, where the browser has no other sign.
func (o *oracle) tellsNothing(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil {
		i.blind = true
	}
}

// leftWord notes that the browser has something to send in place of the page.
func (o *oracle) leftWord(p *page) {
	if i := o.identity(p.goodbyes.Participant); i != nil && i.page == p {
		i.word = true
	}
}

// pressedLeave notes that the person hangs up.
func (o *oracle) pressedLeave(p *page) {
	if i := o.whose(p); i != nil && !i.left {
		i.left, i.at, i.said = true, o.world.clock.now, true
		// Without Web Locks the room may take a page that is not let in yet for a copy.
		i.roads = o.hasRoad(p) && (p.machine().locks || p.view.Signaling == session.SignalingStateOpen)
	}
}

// removes notes that somebody is put out of the room.
func (o *oracle) removes(p *page) {
	if i := o.of(p); i != nil && i.alive() {
		i.deeds |= 1 << deedRemoved
		i.deed, i.lately, i.at, i.roads = deedRemoved, 1<<deedRemoved, o.world.clock.now, true
	}
}

func (o *oracle) destroyed(p *page) {
	for i := range o.finals {
		if o.finals[i].page == p {
			o.finals[i].page = nil
		}
	}
}

// restarted notes that the room was forgotten.
func (o *oracle) restarted() {
	o.restartAt = o.world.clock.now
	o.restarts++
}

// keyLost notes that nobody can prove any more who they were.
func (o *oracle) keyLost() {
	for _, i := range o.identities {
		i.keyLost = true
	}
}

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
		ok = either(Dialog, Cancel, Hide, Freeze, Sleep, Lossy, Slow, Restart, Drain, RestartNewKey) || o.trouble(p.machine(), i.machine, 90*second) > 0
	case signal.CauseNetworkChanged:
		ok = either(Roam, Unplug)
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

func (o *oracle) name(id string) string {
	if i := o.identity(id); i != nil {
		return i.machine.name + " (" + id + ")"
	}
	return id
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

// settled says whether the room's last word about somebody has had the time to
// get to everybody.
func (o *oracle) settled(id string) bool {
	i := o.identity(id)
	return i == nil || i.end == nil || o.world.clock.now-i.endAt > 2*second
}

// note keeps the last end that a page was shown, for the agreement.
func (o *oracle) note(p *page, e signal.End) {
	for i := range o.finals {
		if f := &o.finals[i]; f.page == p && f.subject == e.Subject {
			f.end, f.at = e, o.world.clock.now
			return
		}
	}
	o.finals = append(o.finals, final{p, e.Subject, e, o.world.clock.now})
}

// ended: who is shown as ended must be gone, or have been out of reach.
func (o *oracle) ended(p *page, v *session.PeerSnapshot) {
	i := o.identity(v.Participant)
	if i == nil || !i.alive() || i.keyLost {
		return
	}
	need, lately := 9*time.Second, 90*time.Second
	switch v.End.Cause {
	case signal.CauseHangup:
		need = time.Hour
	case signal.CausePathBlocked, signal.CauseNetworkLost:
		need, lately = 25*time.Second, 60*time.Second
	case signal.CauseNegotiationTimeout, signal.CauseICEFailed:
		need, lately = 13*time.Second, 45*time.Second
	case signal.CauseDTLSFailed, signal.CauseNegotiationFailed:
		need = time.Hour
	}
	if p.machine().odd || i.machine.odd && v.End.Cause != signal.CauseHangup {
		return // its browser failed at something that only the link can show
	}
	if now := o.world.clock.now; i.at > 0 && now-i.at >= 10*second && p.view.Signaling != session.SignalingStateOpen && need < time.Hour {
		return // it had gone, and a page without signaling cannot know that it is back
	}
	if t := o.trouble(p.machine(), i.machine, lately); t < need && !i.crowded {
		o.world.failf("%s shows %s as ended (%s, %v), who lives; in the last %v they had trouble for %v", p, o.name(i.id), v.End.Cause, v.End.Evidence, lately, t)
	}
}

// crowded says whether somebody was only reported to a restarted server, and
// others took the places: there are more who want to be in than may.
func (o *oracle) crowded(e signal.End) bool {
	return len(o.world.participants()) > o.world.server.policy.MaxParticipants && len(e.Evidence) > 0 && e.Evidence[0] == "was in the room before the server restarted"
}

// trouble is how long something was in the way between two machines, or
// between one and the server, lately.
func (o *oracle) trouble(a, b *machine, lately time.Duration) time.Duration {
	to := o.world.clock.now
	from := to - lately
	d := o.server.within(from, to) + o.reach[b.index].within(from, to) + o.stall[b.index].within(from, to)
	if a != nil {
		d += o.reach[a.index].within(from, to) + o.stall[a.index].within(from, to) + o.path[a.index*len(o.world.machines)+b.index].within(from, to)
	}
	return d
}

// departed looks at a final end of the room.
func (o *oracle) departed(e signal.End) {
	w := o.world
	if w.Coverage != nil {
		w.Coverage.end(e)
	}
	i := o.identity(e.Subject)
	if i == nil {
		return // it was gone before it knew that it was in
	}
	w.tell(fmt.Sprintf("the room ends %s: %s %v", o.name(e.Subject), e.Cause, e.Evidence))
	again := i.end != nil && o.restartAt < i.endAt
	if again && e.Revision <= i.end.Revision {
		w.failf("the room ends %s twice, without a new revision", o.name(e.Subject))
	}
	end := e
	i.end, i.endAt = &end, w.clock.now
	i.ends++
	if !e.Final {
		w.failf("the room ends %s with an end that is not final", o.name(e.Subject))
	}
	if i.crowded = o.crowded(e); i.crowded {
		return
	}
	if i.alive() && !again {
		if t := o.trouble(nil, i.machine, 90*second); t < 9*time.Second {
			w.failf("the room ends %s (%s, %v), who lives; in the last 90 s it had trouble for %v", o.name(i.id), e.Cause, e.Evidence, t)
			return
		}
	}
	if e.Cause == signal.CausePageVanished && o.restartAt > i.at && o.restarts > 0 {
		return // the room that knew it was forgotten, and the page that remembers had not heard it
	}
	if n := len(e.Evidence); n > 0 && strings.HasPrefix(e.Evidence[n-1], "came back after a ") && had(Duplicate)(i) {
		return // a copy of its tab has no mark, and speaks for a page that was never its own
	}
	if len(e.Evidence) > 1 && strings.HasPrefix(e.Evidence[1], "leaving with intent") && had(Cancel, Download, Reload, Navigate, Elsewhere, CloseTab)(i) {
		return // leaving was the last that was heard
	}
	if !explains(i, e.Cause, len(e.Evidence) > 0 && e.Evidence[0] == "said goodbye to a page while the server was away") {
		w.failf("the room ends %s, who %s, with %s %v", o.name(i.id), i.story(), e.Cause, e.Evidence)
	}
}

func (i *identity) story() string {
	if i.left {
		return "left"
	}
	return i.deed.String()
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
