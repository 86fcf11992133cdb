package sim

import (
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

// What befalls pages and machines.

func dies(d deed, navigation string) func(w *World, f Fault) {
	return func(w *World, f Fault) {
		p := w.machines[f.Who].page()
		if p == nil {
			return
		}
		p.crash(d)
		p.tab.discarded = d == deedDiscarded
		if f.For > 0 && f.N%3 > 0 {
			p.tab.again(f.For, navigation)
		}
	}
}

var (
	crash   = dies(deedCrashed, "reload")
	kill    = dies(deedKilled, "back_forward")
	discard = dies(deedDiscarded, "back_forward")
)

// fail is Go that has exited: the stub says so, and nothing runs any more.
func fail(w *World, f Fault) {
	p := w.machines[f.Who].running()
	if p == nil || !p.goodbyes.Armed {
		return
	}
	w.oracle.did(p, deedFailed)
	bye := signal.Goodbye{Count: p.goodbyes.Count + 2, Intent: signal.IntentFailed}
	p.tab.mark = true
	p.machine().forget(p.goodbyes.Participant)
	p.say(signal.TypeBye, bye)
	w.oracle.saidBye(p)
	if p.goodbyes.Key != "" {
		p.beacon(bye)
	}
	for _, l := range p.goodbyes.Links {
		p.with(l, (*connection).close)
	}
	p.destroy() // its socket stays open, until the person reloads or closes the page
	if f.For > 0 && f.flag(0) {
		s := p.socket
		w.after(f.For, func() {
			if s != nil {
				s.drop(1001)
			}
		})
		p.tab.again(f.For, "reload")
	}
}

// powerOff takes the machine away; when it is back, the browser restores the
// tab, or not.
func powerOff(w *World, f Fault) {
	m := w.machines[f.Who]
	if m.off || m.asleep {
		return
	}
	m.off = true
	for _, t := range m.tabs {
		if t.page != nil && !t.page.gone {
			t.page.crash(deedPowerOff)
			if f.flag(0) {
				t.again(f.For+second, "back_forward")
			}
		}
	}
	w.undo(f, func() { m.off = false })
}

func freeze(w *World, f Fault) {
	m := w.machines[f.Who]
	p := m.page()
	if p == nil || m.browser != chromium || p.frozen || !p.tab.hidden {
		return
	}
	p.put(session.PageFrozen{})
	p.frozen = true
	w.undo(f, func() {
		if p.gone {
			return
		}
		p.frozen = false
		p.put(session.PageResumed{})
		for _, s := range p.sockets() { // Chromium closes it on resume
			s.toServer.send(func() { s.cease(closed(s, 1001)) })
			s.lost(1001, "")
		}
		p.wakeUp()
	})
}

func hide(w *World, f Fault) {
	p := w.machines[f.Who].page()
	if p == nil || p.tab.hidden {
		return
	}
	t := p.tab
	t.hidden = true
	p.put(session.VisibilityChanged{Hidden: true})
	w.undo(f, func() {
		t.hidden = false
		if t.page != nil && !t.page.gone {
			t.page.put(session.VisibilityChanged{Hidden: false})
		}
	})
}

func dialog(w *World, f Fault) {
	p := w.machines[f.Who].page()
	if p == nil {
		return
	}
	p.dialogs++
	w.undo(f, func() {
		p.dialogs--
		p.wakeUp()
	})
}

func sleep(w *World, f Fault) {
	m := w.machines[f.Who]
	if m.asleep || m.off {
		return
	}
	m.asleep = true
	counts := f.flag(0) // performance.now counts on in some systems
	w.undo(f, func() {
		m.asleep = false
		if !counts {
			m.slept += f.For
		}
		for _, t := range m.tabs {
			if t.page != nil && !t.page.gone {
				t.page.wakeUp()
			}
		}
	})
}

// garble is a page or a server of another kind, or a proxy between them.
func garble(w *World, f Fault) {
	p := w.machines[f.Who].running()
	if p == nil {
		return
	}
	if p.socket != nil && p.socket.state == socketOpen {
		p.put(session.SignalingGarbled{Attempt: p.socket.attempt, Err: "signal: malformed message"})
	}
	for _, c := range clone(p.links) {
		p.put(session.ControlGarbled{Link: c.link, Err: "signal: malformed message"})
	}
}

// remove is done by who runs the room.
func remove(w *World, f Fault) {
	m := w.machines[f.Who]
	p := m.page()
	if p == nil || !p.begun || w.server.room == nil || w.server.down > 0 {
		return
	}
	if i := w.oracle.of(p); i != nil && i.alive() && w.server.seats(i.id) {
		m.sentAway = true
		w.oracle.removes(p)
		w.server.step(room.Remove{Participant: i.id})
	}
}

// sendAway is a close by the server: final, or for a while.
func sendAway(w *World, f Fault) {
	m := w.machines[f.Who]
	p := m.page()
	if p == nil || !p.begun || p.socket == nil || !p.socket.greeted || !p.socket.served {
		return
	}
	code := [...]signal.CloseCode{signal.CloseNotAllowed, signal.CloseTooMuch, signal.CloseSlow, signal.CloseBusy}[f.N%4]
	if row, _ := signal.CloseOf(int(code)); row.Final {
		m.sentAway = true
		if i := w.oracle.identity(p.view.Participant); i != nil {
			if i.alive() {
				i.deed, i.lately, i.at, i.roads = deedSentAway, 1<<deedSentAway, w.clock.now, true
				i.deeds |= 1 << deedSentAway
			}
		}
	}
	p.socket.shut(code)
}

func deviceLost(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.DeviceEnded{Device: session.Camera})
	}
}

func clockSet(w *World, f Fault) {
	w.machines[f.Who].skew += time.Duration(f.N%7_200_000)*time.Millisecond - time.Hour
}
