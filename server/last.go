package main

import (
	"fmt"
	"mime"
	"net/http"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// What a browser says of a page that cannot say it any more.

// ServeGone takes what a page had left with its browser for its end. The
// answers are those of ServeBye.
func (l *lobby) ServeGone(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, signal.MaxBeacon)
	if !ok {
		return
	}
	g, err := signal.DecodeGone(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !room.ValidByeKey(l.key, signal.Beacon{Room: g.Room, Participant: g.Participant, Life: g.Life, Key: g.Key}) {
		http.Error(w, "key: not the one for this room, participant and life", http.StatusForbidden)
		return
	}
	if h := l.find(g.Room); h != nil {
		h.step(room.Gone{Participant: g.Participant, Life: g.Life})
	}
	w.WriteHeader(http.StatusNoContent)
}

// ServeReports takes what browsers report (W3C Reporting API, section 3.5) of
// the page that was served under the name in the query. 204 says that it was
// read, whether it told anything or not; a report of a page that nobody here
// knows is counted.
func (l *lobby) ServeReports(w http.ResponseWriter, r *http.Request) {
	if !l.reporters.allow(r.RemoteAddr, time.Now()) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, fmt.Sprintf("too many reports: want at most %d a second from one address", reportRate), http.StatusTooManyRequests)
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != signal.ReportsType {
		http.Error(w, fmt.Sprintf("Content-Type: want %s, got %s", signal.ReportsType, clip(kind)), http.StatusUnsupportedMediaType)
		return
	}
	page := r.URL.Query().Get("page")
	if !signal.ValidPage(page) {
		http.Error(w, fmt.Sprintf("page: want the name that the page was served under, got %q", clip(page)), http.StatusBadRequest)
		return
	}
	body, ok := readBody(w, r, signal.MaxReports)
	if !ok {
		return
	}
	crashes, err := signal.DecodeReports(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, c := range crashes {
		if h := l.find(c.Room); h == nil || !h.crashed(room.Crashed{Page: page, Reason: c.Reason}) {
			l.log.Info("crash report of a page that nobody knows", "so_far", l.unknownReports.Add(1))
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// crashed passes a crash report on to a room that knows the page.
func (h *hall) crashed(ev room.Crashed) (known bool) {
	h.mu.Lock()
	known = h.room.Knows(ev.Page)
	h.mu.Unlock()
	if known {
		h.step(ev)
	}
	return known
}
