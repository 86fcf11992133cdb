package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

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
	if i == nil || !i.alive() || i.keyLost || v.End.Final && o.world.clock.now < i.copied {
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
	if t := o.trouble(p.machine(), i.machine, lately); t < need && !i.crowded && !o.unplaced(v.End) {
		o.world.failf("%s shows %s as ended (%s, %v), who lives; in the last %v they had trouble for %v", p, o.name(i.id), v.End.Cause, v.End.Evidence, lately, t)
	}
}

// crowded says whether somebody was only reported to a restarted server, and
// others took the places: there are more who want to be in than may.
func (o *oracle) crowded(e signal.End) bool {
	return len(o.world.participants()) > o.world.server.policy.MaxParticipants && len(e.Evidence) > 0 && e.Evidence[0] == "was in the room before the server restarted"
}

// unplaced says whether a restarted server did not take a page's word for
// somebody because it holds all places for others, gone or not, of whom it heard
// before.
func (o *oracle) unplaced(e *signal.End) bool {
	room := o.world.server.room
	return room != nil && room.People() >= o.world.server.policy.MaxParticipants && slices.Equal(e.Evidence, []string{"not in the room any more"})
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
	if i.alive() && !again && w.clock.now >= i.copied {
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
