// Package page reads the page's controls and renders a session's snapshot.
//
// What stands on the page for a snapshot is decided in View, which knows no
// browser; Page puts a View into the document and touches only what differs.
// The shell around it (static/boot.js, static/shell.js) is there before the
// client and outlives it.
package page

import (
	"strconv"
	"strings"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// View is what stands on the page: finished words and attributes.
type View struct {
	State     string
	Signaling string
	Cause     string
	Status    string

	SignalingNotice string
	DeviceNotice    string
	Back            string // the lobby's offer to go back in, "" where there is none
	FormerNotice    string // came back too late: what the others were told
	FormerCause     string
	Sharing         bool // the own screen

	Invite     bool // nobody is here: show the link
	Tiles      []Tile
	Cells      int  // of the stage, the invitation and the own tile included
	SelfInCell bool // the own tile is a cell among the others, else it sits in the corner
	Screens    int  // cells with a shared screen; the others make room for them

	SelfInitials string
	SelfPicture  bool
	SelfMuted    bool
	Microphone   Control
	Camera       Control
	Screen       Control
	CanShare     bool // the browser can capture a screen

	Again float64 // in how many milliseconds a countdown changes; 0: none runs
}

// Control is a button that switches something on and off.
type Control struct {
	On   bool
	Name string // the id of its accessible name: what pressing it does
}

// View is the page for s at now (milliseconds since 1970).
func (t Table) View(s session.Snapshot, now float64) View {
	v := View{
		State:           string(s.State),
		Signaling:       string(s.Signaling),
		Cause:           string(s.Cause),
		Status:          t.status(s),
		SignalingNotice: t.signalingNotice(s),
		DeviceNotice:    joined(t.deviceNotice(s.Microphone, s.Camera), t.screenNotice(s.Screen)),
		FormerNotice:    t.formerNotice(s),
		Sharing:         s.Screen.State == session.DeviceOn,
		SelfInitials:    initials(s.Name),
		SelfPicture:     s.Camera.State == session.DeviceOn,
		SelfMuted:       s.State != session.StateLobby && !wanted(s.Microphone),
		Microphone:      control(s.Microphone, "microphone.mute", "microphone.unmute"),
		Camera:          control(s.Camera, "camera.off", "camera.on"),
		Screen:          Control{Name: "screen.share"},
		CanShare:        s.Screen.Cause != signal.CauseUnsupportedBrowser,
	}
	if v.Sharing {
		v.Screen = Control{On: true, Name: "screen.stop"}
	}
	if s.Former != nil {
		v.FormerCause = string(s.Former.Cause)
	}
	v.Back, v.Again = t.back(s.Back, now)
	if v.Back != "" && v.Status == "" {
		v.Status = v.Back
	}
	v.Invite = s.State == session.StateWaiting
	for _, p := range s.Peers {
		tile, again := t.tile(p, now)
		v.Tiles = append(v.Tiles, tile)
		if tile.Screen {
			v.Screens++
		}
		if p.State != session.PeerEnded {
			v.Invite = false
		}
		if again > 0 && (v.Again == 0 || again < v.Again) {
			v.Again = again
		}
	}
	v.SelfInCell = len(v.Tiles) > 1
	v.Cells = len(v.Tiles)
	if v.Invite {
		v.Cells++
	}
	if v.SelfInCell {
		v.Cells++
	}
	return v
}

// wanted reports whether a device is on, or will be once the person has
// answered the browser.
func wanted(d session.Device) bool {
	return d.State == session.DeviceOn || d.State == session.DeviceAsking
}

func control(d session.Device, off, on string) Control {
	if wanted(d) {
		return Control{On: true, Name: off}
	}
	return Control{Name: on}
}

// status says in words what is happening, the most pressing thing first.
// It holds no countdown: it is read out whenever it changes.
func (t Table) status(s session.Snapshot) string {
	switch s.State {
	case session.StateLobby:
		if s.Microphone.State == session.DeviceAsking || s.Camera.State == session.DeviceAsking {
			return t.Say("device.asking")
		}
		return ""
	case session.StateEnded:
		return t.Say("status.ended")
	}
	if s.Cause != signal.CauseNone {
		if words := t.Say("self.now." + string(s.Cause)); words != "" {
			return words
		}
	}
	if s.State == session.StateJoining {
		return t.Say("status.joining")
	}
	if p, ok := troubled(s.Peers); ok {
		return t.peer(p)
	}
	switch s.State {
	case session.StateWaiting:
		return t.Say("status.waiting")
	case session.StateRecovering:
		return t.Say("status.recovering")
	}
	blocked, sharing := "", ""
	for _, p := range s.Peers {
		if blocked == "" && pathOf(p) == pathRelayed && p.Path.Why == session.WhyBlocked {
			blocked = t.Say("status.blocked", "name", t.name(p.Name))
		}
		if sharing == "" && p.Screen {
			sharing = t.Say("status.sharing", "name", t.name(p.Name))
		}
	}
	if words := joined(blocked, sharing); words != "" {
		return words
	}
	return t.company(s.Peers)
}

// troubled is the participant to speak of: the first who is not simply
// connected, else who was the last to go.
func troubled(peers []session.PeerSnapshot) (worst session.PeerSnapshot, ok bool) {
	for _, p := range peers {
		if p.State == session.PeerEnded {
			if !ok || p.EndedAt > worst.EndedAt {
				worst, ok = p, true
			}
		} else if p.State != session.PeerConnected || p.Cause != signal.CauseNone {
			return p, true
		}
	}
	return worst, ok
}

// company says who is in the call.
func (t Table) company(peers []session.PeerSnapshot) string {
	ids := []string{"status.waiting", "status.one", "status.two", "status.three"}
	params := []string{}
	for i, key := range []string{"a", "b", "c"} {
		if i < len(peers) {
			params = append(params, key, t.name(peers[i].Name))
		}
	}
	if len(peers) < len(ids) {
		return t.Say(ids[len(peers)], params...)
	}
	return t.Say("status.many", append(params, "count", strconv.Itoa(len(peers)-2))...)
}

// signalingNotice says that the server is out of reach, and what still works.
func (t Table) signalingNotice(s session.Snapshot) string {
	if s.Signaling != session.SignalingStateLost {
		return ""
	}
	for _, p := range s.Peers {
		if p.State == session.PeerConnected {
			return t.Say("signaling.lost")
		}
	}
	return t.Say("signaling.lost.alone")
}

// deviceNotice says why there is no sound or no picture from here.
func (t Table) deviceNotice(microphone, camera session.Device) string {
	m, c := deviceProblem(microphone), deviceProblem(camera)
	switch {
	case m == "" && c == "":
		return ""
	case m == c:
		return t.Say("device.both." + m)
	case m == "":
		return t.Say("device.camera." + c)
	case c == "":
		return t.Say("device.microphone." + m)
	}
	return t.Say("device.microphone."+m) + " " + t.Say("device.camera."+c)
}

// screenNotice says that the own screen could not be captured. Where the
// browser never can, there is no button that anybody could have pressed.
func (t Table) screenNotice(screen session.Device) string {
	if screen.State != session.DeviceMissing || screen.Cause == signal.CauseUnsupportedBrowser {
		return ""
	}
	return t.Say("screen.failed")
}

// formerNotice tells one who came back too late what the others were told, in
// their words.
func (t Table) formerNotice(s session.Snapshot) string {
	if s.Former == nil {
		return ""
	}
	return t.Say("former", "told", t.peer(session.PeerSnapshot{Name: s.Name, State: session.PeerEnded, End: s.Former}))
}

// joined are the sentences that there are.
func joined(a, b string) string { return strings.TrimSpace(a + " " + b) }

func deviceProblem(d session.Device) string {
	switch d.Cause {
	case signal.CauseNone:
		if d.State != session.DeviceMissing {
			return ""
		}
	case signal.CauseDeviceDenied, signal.CauseDeviceLost, signal.CauseUnsupportedBrowser:
		return string(d.Cause)
	}
	return string(signal.CauseDeviceMissing)
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
