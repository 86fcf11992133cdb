package sim

import (
	"fmt"
	"strconv"
	"time"
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
	Attach
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
		Attach:        {"gets another network besides", 1, 0, 0, false, false, attach},
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

func (f Fault) flag(bit int) bool { return f.N>>bit&1 == 1 }
