package sim

import (
	"strconv"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// What people do with their pages.

func join(w *World, f Fault) {
	m := w.machines[f.Who]
	if m.page() != nil || m.off || m.asleep {
		return
	}
	w.serial++
	t := &tab{machine: m, name: "tab " + strconv.Itoa(len(m.tabs)+1)}
	m.tabs = append(m.tabs, t)
	t.visit("navigate")
}

// returns is a person whose page is gone, and who opens the room in a new tab.
func returns(w *World, f Fault) {
	m := w.machines[f.Who]
	if m.page() != nil || m.off || m.asleep {
		return
	}
	w.serial++
	t := &tab{machine: m, name: "tab " + strconv.Itoa(len(m.tabs)+1), returns: true}
	m.tabs = append(m.tabs, t)
	t.visit("navigate")
}

func leave(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil && p.view.State != session.StateLobby && p.view.State != session.StateEnded {
		w.oracle.pressedLeave(p)
		p.put(session.LeavePressed{})
	}
}

func rejoin(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.RejoinPressed{})
	}
}

// again loads the page in the tab once more.
func (t *tab) again(after time.Duration, navigation string) {
	w, reset := t.machine.world, t.reset
	w.after(after, func() {
		if t.reset == reset && (t.page == nil || t.page.gone) && !t.machine.off && !t.machine.asleep {
			t.visit(navigation)
			w.changed()
		}
	})
}

func closeTab(w *World, f Fault) {
	p := w.machines[f.Who].page()
	if p == nil {
		return
	}
	p.tab.leave(going{deed: deedClosed}, func() {
		if f.For > 0 && f.flag(0) {
			p.tab.again(f.For, "back_forward") // reopened
		}
	})
}

func reload(w *World, f Fault) {
	p := w.machines[f.Who].page()
	if p == nil {
		return
	}
	g := going{deed: deedReloaded, intent: signal.IntentReload, answer: f.For}
	if f.flag(0) {
		g.hint = signal.IntentReload // location.reload, not the button
	}
	p.tab.leave(g, func() { p.tab.again(0, "reload") })
}

func navigate(w *World, f Fault) {
	goes(w, f, going{deed: deedNavigated, intent: signal.IntentNavigate, hint: signal.IntentNavigate, target: "/check"})
}

func elsewhere(w *World, f Fault) {
	g := going{deed: deedNavigated, intent: signal.IntentNavigate}
	switch f.N % 3 {
	case 0:
		g.hint = signal.IntentNavigate
	case 1:
		g.hint, g.intent = signal.IntentTraverse, signal.IntentTraverse
	}
	goes(w, f, g)
}

func goes(w *World, f Fault, g going) {
	p := w.machines[f.Who].page()
	if p == nil {
		return
	}
	g.answer = time.Duration(f.N>>8%1500) * time.Millisecond
	if f.For > 0 && f.flag(2) && f.flag(1) {
		g.back = f.For
	}
	p.tab.leave(g, func() {
		if f.For > 0 && f.flag(1) {
			p.tab.again(f.For, "back_forward")
		}
	})
}

// cancel is a leave that is taken back: the question was answered with no.
func cancel(w *World, f Fault) {
	p := w.machines[f.Who].running()
	if p == nil {
		return
	}
	p.maybe(going{deed: deedNavigated, hint: pick(&w.noise, "", signal.IntentNavigate, signal.IntentReload)})
	p.dialogs++
	w.undo(f, func() {
		p.dialogs--
		p.wakeUp()
	})
}

// download is a link that answers with a file: beforeunload, and nothing else.
func download(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.maybe(going{deed: deedNavigated, hint: signal.IntentNavigate})
	}
}

// duplicate makes a copy of the tab, with its sessionStorage.
func duplicate(w *World, f Fault) {
	m := w.machines[f.Who]
	p := m.running()
	if p == nil {
		return
	}
	copied := &tab{machine: m, name: "tab " + strconv.Itoa(len(m.tabs)+1)}
	if p.tab.record != nil {
		r := *p.tab.record
		copied.record = &r
	}
	m.tabs = append(m.tabs, copied)
	copied.visit("back_forward")
	w.undo(f, func() { copied.leave(going{deed: deedClosed}, nil) })
}

func say(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		w.oracle.says(p)
	}
}

func ask(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.AskChosen{On: f.flag(0)})
	}
}

func mute(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.DeviceSwitched{Device: pick(&w.noise, session.Microphone, session.Camera), On: f.flag(0)})
	}
}
