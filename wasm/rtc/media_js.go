package rtc

import (
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// Devices are the own microphone and camera.
type Devices struct {
	put     func(session.Event)
	self    func() js.Value // the element of one's own picture
	stream  js.Value
	tracks  map[session.DeviceKind]js.Value
	stop    map[session.DeviceKind]func()
	changed func() // the tracks to send are others than before
	asked   int    // counts openings, so that what a page no longer wants is let go
}

// NewDevices makes devices that are not open.
func NewDevices(put func(session.Event), self func() js.Value) *Devices {
	return &Devices{
		put: put, self: self, stream: js.Global().Get("MediaStream").New(),
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
			name := err.Error()
			if e, ok := err.(*browser.Error); ok {
				name = e.Name
			}
			d.fail(microphone, camera, name)
		}
	})
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
		d.drop(kind, true)
		d.tracks[kind] = track
		d.stop[kind] = browser.Listen(track, "ended", func(js.Value) {
			d.drop(kind, false)
			d.changed()
			d.put(session.DeviceEnded{Device: kind})
		})
		d.stream.Call("addTrack", track)
		d.put(session.DeviceOpened{Device: kind})
	}
	d.Show()
	d.changed()
}

func (d *Devices) drop(kind session.DeviceKind, stop bool) {
	track, open := d.tracks[kind]
	if !open {
		return
	}
	d.stop[kind]()
	d.stream.Call("removeTrack", track)
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

// track shows a remote track with the others of its connection.
func (c *Connections) track(p *connection, track js.Value) {
	p.stream.Call("addTrack", track)
	kind := session.Microphone
	if text(track.Get("kind")) == "video" {
		kind = session.Camera
	}
	c.put(session.TrackReceived{Link: p.link, Device: kind})
	c.Show()
}

// Show gives every participant's element the stream of its newest connection
// that has tracks, where the element is on the page by now.
func (c *Connections) Show() {
	newest := map[string]*connection{}
	for _, p := range c.all {
		if p.stream.Call("getTracks").Length() == 0 {
			continue
		}
		if q := newest[p.link.Peer]; q == nil || q.link.Life < p.link.Life || q.link.Generation < p.link.Generation {
			newest[p.link.Peer] = p
		}
	}
	for peer, p := range newest {
		if v := c.video(peer); v.Truthy() && !v.Get("srcObject").Equal(p.stream) {
			v.Set("srcObject", p.stream)
		}
	}
}

// sendTracks puts the tracks that are there on every sender. The transceivers
// stand from the first offer, so a camera that is granted later needs no
// negotiation. The more one sends to, the smaller the picture.
func (c *Connections) sendTracks() {
	for _, p := range c.all {
		transceivers := p.js.Call("getTransceivers")
		for i := range transceivers.Length() {
			sender := transceivers.Index(i).Get("sender")
			kind := text(transceivers.Index(i).Get("receiver").Get("track").Get("kind"))
			c.sendTrack(sender, kind)
		}
	}
}

func (c *Connections) sendTrack(sender js.Value, kind string) {
	device := session.Microphone
	if kind == "video" {
		device = session.Camera
	}
	track, open := c.devices.tracks[device]
	if !open {
		track = js.Null()
	}
	if !sender.Get("track").Equal(track) {
		_ = browser.Try(func() { browser.Then(sender.Call("replaceTrack", track), func(js.Value, error) {}) })
	}
	if open && kind == "video" {
		c.fit(sender)
	}
}

// fit scales the picture down with the number of those it is sent to: one
// gets it whole, up to three get half the lines, more a third.
func (c *Connections) fit(sender js.Value) {
	by := 1.0
	switch n := len(c.all); {
	case n > 3:
		by = 3
	case n > 1:
		by = 2
	}
	parameters := sender.Call("getParameters")
	encodings := parameters.Get("encodings")
	if !encodings.Truthy() || encodings.Length() == 0 {
		return
	}
	if now := encodings.Index(0).Get("scaleResolutionDownBy"); now.Type() == js.TypeNumber && now.Float() == by {
		return
	}
	encodings.Index(0).Set("scaleResolutionDownBy", by)
	// Refused while another change is under way; the next connection asks again.
	_ = browser.Try(func() { browser.Then(sender.Call("setParameters", parameters), func(js.Value, error) {}) })
}

// acceptTransceivers answers an offer in kind: every transceiver that it has
// sends too.
func (c *Connections) acceptTransceivers(p *connection) {
	transceivers := p.js.Call("getTransceivers")
	for i := range transceivers.Length() {
		t := transceivers.Index(i)
		if d := text(t.Get("direction")); !t.Get("mid").IsNull() && d != "stopped" && d != "sendrecv" {
			t.Set("direction", "sendrecv")
			t.Get("sender").Call("setStreams", c.devices.stream) // sound and picture are played in step
		}
	}
	c.sendTracks()
}
