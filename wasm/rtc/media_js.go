package rtc

import (
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// Devices are the own microphone, camera and screen.
type Devices struct {
	put     func(session.Event)
	self    func() js.Value // the element of one's own picture
	stream  js.Value        // of microphone and camera
	screen  js.Value        // of the screen
	tracks  map[session.DeviceKind]js.Value
	stop    map[session.DeviceKind]func()
	changed func() // the tracks to send are others than before
	asked   int    // counts openings, so that what a page no longer wants is let go
}

// NewDevices makes devices that are not open.
func NewDevices(put func(session.Event), self func() js.Value) *Devices {
	return &Devices{
		put: put, self: self, stream: js.Global().Get("MediaStream").New(), screen: js.Global().Get("MediaStream").New(),
		tracks: map[session.DeviceKind]js.Value{}, stop: map[session.DeviceKind]func(){},
		changed: func() {},
	}
}

// Perform carries out an order about devices; ok is false for other orders.
func (d *Devices) Perform(a session.Action) (ok bool) {
	switch a := a.(type) {
	case session.OpenDevices:
		d.open(a.Microphone, a.Camera)
	case session.SwitchDevice:
		if t, open := d.tracks[a.Device]; open {
			t.Set("enabled", a.On)
		}
	case session.OpenScreen:
		d.openScreen()
	case session.CloseScreen:
		d.drop(session.Screen, true)
		d.changed()
	case session.CloseDevices:
		d.asked++
		for kind := range d.tracks {
			d.drop(kind, true)
		}
		d.changed()
	default:
		return false
	}
	return true
}

// constraints are what a call needs: 540 lines are enough for a tile, and
// leave a phone's uplink and two cores room for eight.
func constraints(microphone, camera bool) map[string]any {
	c := map[string]any{"audio": microphone, "video": camera}
	if camera {
		c["video"] = map[string]any{
			"width":     map[string]any{"ideal": 960},
			"height":    map[string]any{"ideal": 540},
			"frameRate": map[string]any{"ideal": 30, "max": 30},
		}
	}
	return c
}

// open asks for both at once, so that the person is asked once; when that
// fails each is asked for by itself, so that a missing camera does not cost
// the microphone.
func (d *Devices) open(microphone, camera bool) {
	asked := d.asked
	media := js.Global().Get("navigator").Get("mediaDevices")
	if !media.Truthy() {
		d.fail(microphone, camera, "SecurityContext") // the page is not secure
		return
	}
	browser.Then(media.Call("getUserMedia", constraints(microphone, camera)), func(stream js.Value, err error) {
		switch {
		case err == nil:
			d.take(stream, asked)
		case microphone && camera && asked == d.asked:
			d.open(true, false)
			d.open(false, true)
		default:
			d.fail(microphone, camera, nameOf(err))
		}
	})
}

// CanShareScreen says whether the browser can capture a screen: a phone's
// cannot, and none can in a page that is not secure.
func CanShareScreen() bool {
	media := js.Global().Get("navigator").Get("mediaDevices")
	return media.Truthy() && media.Get("getDisplayMedia").Type() == js.TypeFunction
}

// screenConstraints ask for what can be read and sent to seven others: full
// HD at half the pictures of a camera. The browser may offer another surface
// while it shares, and leaves out this very tab, which would show itself.
var screenConstraints = map[string]any{
	"video": map[string]any{
		"width":     map[string]any{"max": 1920},
		"height":    map[string]any{"max": 1080},
		"frameRate": map[string]any{"ideal": 15, "max": 30},
	},
	"audio":              false,
	"selfBrowserSurface": "exclude",
	"surfaceSwitching":   "include",
}

// openScreen lets the person pick what to share. The press of the button is
// still fresh: browsers ask that it was within the last seconds.
func (d *Devices) openScreen() {
	asked := d.asked
	if !CanShareScreen() {
		d.put(session.DeviceFailed{Device: session.Screen, Name: "SecurityContext"})
		return
	}
	media := js.Global().Get("navigator").Get("mediaDevices")
	browser.Then(media.Call("getDisplayMedia", screenConstraints), func(stream js.Value, err error) {
		if err != nil {
			d.put(session.DeviceFailed{Device: session.Screen, Name: nameOf(err)})
			return
		}
		track := stream.Call("getVideoTracks").Index(0)
		if asked != d.asked {
			track.Call("stop")
			return
		}
		track.Set("contentHint", "detail") // letters matter more than movement
		d.keep(session.Screen, track)
		d.changed()
	})
}

// nameOf is a DOMException's name.
func nameOf(err error) string {
	if e, ok := err.(*browser.Error); ok {
		return e.Name
	}
	return err.Error()
}

func (d *Devices) fail(microphone, camera bool, name string) {
	if microphone {
		d.put(session.DeviceFailed{Device: session.Microphone, Name: name})
	}
	if camera {
		d.put(session.DeviceFailed{Device: session.Camera, Name: name})
	}
}

// take keeps the tracks of a stream, unless the person left meanwhile.
func (d *Devices) take(stream js.Value, asked int) {
	tracks := stream.Call("getTracks")
	for i := range tracks.Length() {
		track := tracks.Index(i)
		if asked != d.asked {
			track.Call("stop")
			continue
		}
		kind := session.Microphone
		if text(track.Get("kind")) == "video" {
			kind = session.Camera
		}
		d.keep(kind, track)
	}
	d.Show()
	d.changed()
}

func (d *Devices) keep(kind session.DeviceKind, track js.Value) {
	d.drop(kind, true)
	d.tracks[kind] = track
	d.stop[kind] = browser.Listen(track, "ended", func(js.Value) {
		d.drop(kind, false)
		d.changed()
		d.put(session.DeviceEnded{Device: kind})
	})
	d.streamOf(kind).Call("addTrack", track)
	d.put(session.DeviceOpened{Device: kind})
}

// streamOf is the stream that a track belongs to: what is played in step.
func (d *Devices) streamOf(kind session.DeviceKind) js.Value {
	if kind == session.Screen {
		return d.screen
	}
	return d.stream
}

func (d *Devices) drop(kind session.DeviceKind, stop bool) {
	track, open := d.tracks[kind]
	if !open {
		return
	}
	d.stop[kind]()
	d.streamOf(kind).Call("removeTrack", track)
	if stop {
		track.Call("stop")
	}
	delete(d.tracks, kind)
	delete(d.stop, kind)
}

// Show shows one's own picture in its element.
func (d *Devices) Show() {
	if v := d.self(); v.Truthy() && !v.Get("srcObject").Equal(d.stream) {
		v.Set("srcObject", d.stream)
	}
}
