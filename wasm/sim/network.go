package sim

import (
	"time"

	"holdline/server/room"
	"holdline/wasm/session"
)

// The faults of networks, servers and what they carry.

func closed(s *socket, code int) room.Closed { return room.Closed{Conn: s.id, Code: code} }

// online tells the pages of a machine what navigator.onLine says.
func (m *machine) online(on bool) {
	for _, t := range m.tabs {
		if t.page != nil && !t.page.gone {
			t.page.put(session.NetworkChanged{Online: on})
		}
	}
}

// attach is another network besides the one in use: the browser says online,
// and nothing was lost. It comes between pages that run and are connected: an
// ICE restart in the middle of a first connection, or an old one that a page
// sends when its dialog is over, may fail Firefox's DTLS.
func attach(w *World, f Fault) {
	m := w.machines[f.Who]
	for _, c := range w.connections {
		if c.page.machine() == m && !c.closed && !c.page.gone && !c.broken && (!c.control.open || !c.page.runs() || c.peer != nil && !c.peer.page.runs()) {
			w.after(second, func() { attach(w, f) })
			return
		}
	}
	m.online(true)
}

// uplink is a router that is gone: the machine does not notice.
func uplink(w *World, f Fault) {
	m := w.machines[f.Who]
	m.uplink++
	w.undo(f, func() { m.uplink-- })
}

// unplug is a cable that is pulled: the browser knows at once, and Firefox
// gives all its connections up.
func unplug(w *World, f Fault) {
	m := w.machines[f.Who]
	m.uplink++
	w.after(10*time.Millisecond, func() { m.online(false) })
	if m.browser == firefox {
		w.after(20*time.Millisecond, func() {
			for _, c := range clone(w.connections) {
				if c.page.machine() == m && c.pair != nil && !c.closed {
					c.fail()
				}
			}
		})
	}
	w.undo(f, func() {
		m.uplink--
		w.after(20*time.Millisecond, func() { m.online(true) })
	})
}

func clone[T any](all []T) []T { return append([]T(nil), all...) }

func serverPath(w *World, f Fault) {
	m := w.machines[f.Who]
	m.server++
	w.undo(f, func() { m.server-- })
}

// roam moves the machine to another network: all that it had is half-open.
func roam(w *World, f Fault) {
	m := w.machines[f.Who]
	m.uplink++
	m.address++
	for _, t := range m.tabs {
		if t.page == nil || t.page.gone {
			continue
		}
		for _, s := range t.page.sockets() {
			s.half()
			if f.flag(0) { // ERR_NETWORK_CHANGED
				w.after(time.Duration(f.N>>4%500)*time.Millisecond, func() { s.lost(1006, "") })
			}
		}
	}
	w.undo(f, func() {
		m.uplink--
		if f.flag(1) {
			w.after(20*time.Millisecond, func() { m.online(true) })
		}
	})
}

func resetSocket(w *World, f Fault) {
	if p := w.machines[f.Who].page(); p != nil && p.socket != nil && p.socket.state != socketClosed {
		p.socket.reset()
	}
}

func halfOpen(w *World, f Fault) {
	if p := w.machines[f.Who].page(); p != nil && p.socket != nil && p.socket.state != socketClosed {
		p.socket.half()
	}
}

// roads changes both directions between two people, or one of them.
func roads(both bool, set func(r *road, on bool, f Fault)) func(w *World, f Fault) {
	return func(w *World, f Fault) {
		a, b := w.machines[f.Who], w.machines[f.Whom]
		change := func(on bool) {
			set(w.road(a, b), on, f)
			if both {
				set(w.road(b, a), on, f)
			}
		}
		change(true)
		w.undo(f, func() { change(false) })
	}
}

func count(o *outages, on bool) {
	if on {
		*o++
	} else {
		*o--
	}
}

var (
	block  = roads(true, func(r *road, on bool, _ Fault) { count(&r.blocked, on) })
	oneWay = roads(false, func(r *road, on bool, _ Fault) { count(&r.blocked, on) })
	direct = roads(true, func(r *road, on bool, _ Fault) { count(&r.direct, on) })
	lossy  = roads(true, func(r *road, on bool, f Fault) {
		r.loss = 0
		if on {
			r.loss = float64(f.N%50) / 100
		}
	})
	slow = roads(true, func(r *road, on bool, f Fault) {
		r.slow = 0
		if on {
			r.slow = time.Duration(f.N%900) * time.Millisecond
		}
	})
)

func restart(sameKey, drain bool) func(w *World, f Fault) {
	return func(w *World, f Fault) {
		w.server.stop(drain)
		w.undo(f, func() { w.server.start(sameKey) })
	}
}

// renegotiate is the browser's wish: a codec, a track, on either end.
func renegotiate(w *World, f Fault) {
	a, b := w.machines[f.Who].running(), w.machines[f.Whom].page()
	if a == nil || b == nil {
		return
	}
	for _, c := range clone(a.links) {
		if c.mated != nil && c.mated.page == b {
			c.wish()
			if f.flag(0) { // both at once: glare
				c.mated.wish()
			}
		}
	}
}

// wish makes a negotiation needed.
func (c *connection) wish() {
	if !c.closed && !c.page.gone {
		c.needed = true
		c.negotiationNeeded()
	}
}

func unfit(w *World, f Fault) {
	m := w.machines[f.Who]
	m.unfit, m.odd = true, true
	w.undo(f, func() { m.unfit = false })
}

func insecure(w *World, f Fault) {
	m := w.machines[f.Who]
	m.insecure, m.odd = true, true
	w.undo(f, func() { m.insecure = false })
}

func refuse(w *World, f Fault) {
	m := w.machines[f.Who]
	m.refuses, m.odd = true, true
	w.undo(f, func() { m.refuses = false })
}
