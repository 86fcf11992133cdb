package sim

import (
	"fmt"
	"strconv"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

// Fault is one thing that happens to the world: a person does something, a
// browser or a network fails. Everything about it is decided beforehand, so
// that a list of faults can be cut and played again.
type Fault struct {
	At   time.Duration
	Kind Kind
	Who  int
	Whom int           // the other end, where there is one
	For  time.Duration // until it is over, or undone; 0: for good, or at once
	N    uint64        // what else is to be chosen
}

// Kind is a kind of fault.
type Kind int

// act is what a kind of fault does.
type act struct {
	name   string
	weight float64 // how often, beside the others that a seed has chosen
	least  time.Duration
	most   time.Duration // of For; 0 where it has none
	pair   bool          // Whom counts
	lasts  bool          // until For is over; without, For is when somebody comes back
	do     func(w *World, f Fault)
}

// The kinds of faults, in the order of acts.
const (
	Join Kind = iota
	Leave
	Rejoin
	CloseTab
	Reload
	Navigate
	Elsewhere
	Cancel
	Download
	Crash
	Kill
	PowerOff
	Discard
	Fail
	Freeze
	Hide
	Dialog
	Sleep
	Duplicate
	Ask
	Garble
	Remove
	SendAway
	Say
	Mute
	DeviceLost
	Share
	ClockSet
	Uplink
	Unplug
	ServerPath
	Roam
	ResetSocket
	HalfOpen
	Block
	OneWay
	Direct
	Lossy
	Slow
	Restart
	RestartNewKey
	Drain
	Renegotiate
	Unfit
	Insecure
	Refuse
	Return
	kinds
)

const (
	second = time.Second
	minute = time.Minute
)

var acts [kinds]act

func init() {
	acts = [kinds]act{
		Join:          {"joins", 2, 0, 0, false, false, join},
		Leave:         {"presses Leave", 1, 0, 0, false, false, leave},
		Rejoin:        {"presses Rejoin", 1, 0, 0, false, false, rejoin},
		CloseTab:      {"closes the tab", 1, second, 40 * second, false, false, closeTab},
		Reload:        {"reloads", 3, 0, 1500 * time.Millisecond, false, false, reload},
		Navigate:      {"follows a link on the site", 1, second, 30 * second, false, false, navigate},
		Elsewhere:     {"goes to another site", 1, second, 30 * second, false, false, elsewhere},
		Cancel:        {"wants to leave and stays", 1, 500 * time.Millisecond, 8 * second, false, true, cancel},
		Download:      {"downloads", 1, 0, 0, false, false, download},
		Crash:         {"crashes", 1, second, 40 * second, false, false, crash},
		Kill:          {"is killed", 1, second, 40 * second, false, false, kill},
		PowerOff:      {"loses power", 0.5, 5 * second, 60 * second, false, true, powerOff},
		Discard:       {"is discarded", 0.5, second, 40 * second, false, false, discard},
		Fail:          {"has its program fail", 0.4, second, 30 * second, false, false, fail},
		Freeze:        {"is frozen", 1, second, 60 * second, false, true, freeze},
		Hide:          {"is hidden", 1, second, 60 * second, false, true, hide},
		Dialog:        {"has a dialog", 1, 200 * time.Millisecond, 30 * second, false, true, dialog},
		Sleep:         {"sleeps", 1, second, 90 * second, false, true, sleep},
		Duplicate:     {"duplicates the tab", 0.7, second, 30 * second, false, true, duplicate},
		Ask:           {"wants to be asked", 0.3, 0, 0, false, false, ask},
		Garble:        {"is sent what does not decode", 0.3, 0, 0, false, false, garble},
		Remove:        {"is removed", 0.3, 0, 0, false, false, remove},
		SendAway:      {"is sent away by the server", 0.4, 0, 0, false, false, sendAway},
		Say:           {"says something", 3, 0, 0, false, false, say},
		Mute:          {"mutes", 0.5, 0, 0, false, false, mute},
		DeviceLost:    {"loses the camera", 0.3, 0, 0, false, false, deviceLost},
		Share:         {"shares the screen", 2, 100 * time.Millisecond, 40 * second, false, true, share},
		ClockSet:      {"sets the clock", 0.5, 0, 0, false, false, clockSet},
		Uplink:        {"has no network", 2, 100 * time.Millisecond, 70 * second, false, true, uplink},
		Unplug:        {"pulls the cable", 1, 100 * time.Millisecond, 70 * second, false, true, unplug},
		ServerPath:    {"does not reach the server", 2, 100 * time.Millisecond, 70 * second, false, true, serverPath},
		Roam:          {"moves to another network", 1.5, 50 * time.Millisecond, 4 * second, false, true, roam},
		ResetSocket:   {"has the socket reset", 1.5, 0, 0, false, false, resetSocket},
		HalfOpen:      {"has a half-open socket", 1, 0, 0, false, false, halfOpen},
		Block:         {"is blocked from", 2, 100 * time.Millisecond, 70 * second, true, true, block},
		OneWay:        {"does not get through to", 1, 100 * time.Millisecond, 50 * second, true, true, oneWay},
		Direct:        {"needs the relay to", 1, second, 70 * second, true, true, direct},
		Lossy:         {"loses packets to", 1, second, 40 * second, true, true, lossy},
		Slow:          {"is slow to", 1, second, 40 * second, true, true, slow},
		Restart:       {"the server restarts", 1, 300 * time.Millisecond, 40 * second, false, true, restart(true, false)},
		RestartNewKey: {"the server restarts without its key", 0.3, 300 * time.Millisecond, 20 * second, false, true, restart(false, false)},
		Drain:         {"the server drains", 1, 300 * time.Millisecond, 20 * second, false, true, restart(true, true)},
		Renegotiate:   {"renegotiates with", 2, 0, 0, true, false, renegotiate},
		Unfit:         {"takes no description", 0.2, second, 10 * second, false, true, unfit},
		Insecure:      {"cannot do DTLS", 0.2, second, 10 * second, false, true, insecure},
		Return:        {"opens the room again", 2, 0, 0, false, false, returns},
		Refuse:        {"can make no connection", 0.2, second, 10 * second, false, true, refuse},
	}
}

func (k Kind) String() string { return acts[k].name }

// String words the fault for people, and for the list of a failing seed.
func (f Fault) String() string {
	who := names[f.Who] + " "
	switch f.Kind {
	case Restart, RestartNewKey, Drain:
		who = ""
	}
	s := fmt.Sprintf("%8.3fs  %s%s", f.At.Seconds(), who, f.Kind)
	if acts[f.Kind].pair {
		s += " " + names[f.Whom]
	}
	if f.For > 0 {
		s += " for " + strconv.FormatFloat(f.For.Seconds(), 'f', 3, 64) + "s"
	}
	return s
}

// Do does it now.
func (w *World) Do(f Fault) {
	w.tell("** " + f.String()[11:])
	w.machines[f.Who].had |= 1 << f.Kind
	acts[f.Kind].do(w, f)
	w.changed()
}

// changed looks at everything again.
func (w *World) changed() {
	w.oracle.assess()
	w.reroute()
}

// undo does something when the fault is over.
func (w *World) undo(f Fault, do func()) {
	w.after(f.For, func() {
		w.tell("   over: " + f.Kind.String())
		do()
		w.changed()
	})
}

// page is the living page of a person's newest tab.
func (m *machine) page() *page {
	for i := len(m.tabs) - 1; i >= 0; i-- {
		if p := m.tabs[i].page; p != nil && !p.gone {
			return p
		}
	}
	return nil
}

// running is the same, if it can be clicked on.
func (m *machine) running() *page {
	if p := m.page(); p != nil && p.begun && p.runs() && !p.leaving {
		return p
	}
	return nil
}

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

func (f Fault) flag(bit int) bool { return f.N>>bit&1 == 1 }

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

func mute(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.DeviceSwitched{Device: pick(&w.noise, session.Microphone, session.Camera), On: f.flag(0)})
	}
}

func deviceLost(w *World, f Fault) {
	if p := w.machines[f.Who].running(); p != nil {
		p.put(session.DeviceEnded{Device: session.Camera})
	}
}

func clockSet(w *World, f Fault) {
	w.machines[f.Who].skew += time.Duration(f.N%7_200_000)*time.Millisecond - time.Hour
}
