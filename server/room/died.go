package room

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// What a browser says of a page that could not say goodbye. It makes a new
// revision of what was said so far, provisional or final. It overrules no
// goodbye and no decision of the server (signal.Cause.Said), and says nothing
// of another life than the one it is about.

// leftBehind is the evidence of Gone. Chromium 156 sends it when a page's
// process dies and when it discards the tab, not when a page says goodbye:
// then the stub takes it back (TestACrashIsToldAtOnce).
const leftBehind = "the browser sent what the page had left for its end"

// gone takes what a page has left for its end.
func (r *Room) gone(now time.Duration, ev Gone) {
	if p := r.find(ev.Participant); p != nil {
		if ev.Life == p.life {
			r.died(now, p, leftBehind)
		}
		return
	}
	for i := range r.left {
		if l := &r.left[i]; l.end.Subject == ev.Participant && l.life == ev.Life {
			r.diedBefore(l, leftBehind)
		}
	}
}

// crashed takes a crash report. A duplicated tab may have been served from the
// browser's cache, under the same name: the report is about both.
func (r *Room) crashed(now time.Duration, ev Crashed) {
	for _, p := range slices.Clone(r.people) {
		if p.page == ev.Page && ev.Page != "" {
			r.died(now, p, ev.Reason.Words())
		}
	}
	for i := range r.left {
		if l := &r.left[i]; l.page == ev.Page && ev.Page != "" {
			r.diedBefore(l, ev.Reason.Words())
		}
	}
}

// livesOn notes that the page of somebody who has left is here as somebody new:
// how it dies is the end of that one.
func (r *Room) livesOn(id, page string) {
	for i := range r.left {
		if l := &r.left[i]; l.end.Subject == id && l.page == page {
			l.page, l.life = "", 0
		}
	}
}

// died takes a fact about the present life of p. While its socket is open it
// is only noted: the goodbye that it overtook may come yet.
func (r *Room) died(now time.Duration, p *participant, fact string) {
	if slices.Contains(p.died, fact) {
		return
	}
	p.died = append(p.died, fact)
	if p.state != signal.PresenceAway || p.conn != 0 || p.end.Cause.Said() {
		return
	}
	p.seen.Died = p.died
	p.end = p.revise(Diagnose(p.seen))
	r.tell(p, signal.TypeAway, p.presence(now))
}

// diedBefore takes a fact about somebody who has left.
func (r *Room) diedBefore(l *leftEnd, fact string) {
	if !l.end.Cause.Said() && !slices.Contains(l.end.Evidence, fact) {
		r.correct(l, signal.CausePageCrashed, fact)
	}
}

// Knows reports whether the page of anybody who is here, or was lately, was
// served under this name.
func (r *Room) Knows(page string) bool {
	return page != "" && (slices.ContainsFunc(r.people, func(p *participant) bool { return p.page == page }) ||
		slices.ContainsFunc(r.left, func(l leftEnd) bool { return l.page == page }))
}
