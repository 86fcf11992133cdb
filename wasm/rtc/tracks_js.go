package rtc

import (
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// What a transceiver is for cannot be told from its track: a screen is a
// picture as well. Its place tells. The first offer of a connection begins with
// one for sound and one for the camera, used both ways; a screen's follows, or
// comes with a later offer, and is used by the side that shares only. So the
// camera's is the first video section on both sides, whoever offered, and media
// sections never change places (RFC 8829, section 5.2.2).

// kindOf is what the transceiver carries.
func (p *connection) kindOf(transceiver js.Value) session.DeviceKind {
	switch {
	case text(transceiver.Get("receiver").Get("track").Get("kind")) == "audio":
		return session.Microphone
	case transceiver.Equal(p.cameras()):
		return session.Camera
	}
	return session.Screen
}

// cameras is the transceiver of both cameras, undefined before the first offer.
func (p *connection) cameras() js.Value {
	if !p.camera.IsUndefined() {
		return p.camera
	}
	transceivers := p.js.Call("getTransceivers")
	for i := range transceivers.Length() {
		if t := transceivers.Index(i); text(t.Get("receiver").Get("track").Get("kind")) == "video" {
			p.camera = t
			break
		}
	}
	return p.camera
}

// track shows a remote track: sound and camera in one element, a screen in
// another.
func (c *Connections) track(p *connection, transceiver js.Value) {
	kind := p.kindOf(transceiver)
	stream := p.stream
	if kind == session.Screen {
		stream = p.screens
	}
	stream.Call("addTrack", transceiver.Get("receiver").Get("track"))
	c.put(session.TrackReceived{Link: p.link, Device: kind})
	c.Show()
}

// Show gives every participant's elements the streams of its newest connection
// that has tracks, where the elements are on the page by now.
func (c *Connections) Show() {
	c.show(session.Camera, func(p *connection) js.Value { return p.stream })
	c.show(session.Screen, func(p *connection) js.Value { return p.screens })
}

func (c *Connections) show(kind session.DeviceKind, stream func(*connection) js.Value) {
	newest := map[string]*connection{}
	for _, p := range c.all {
		if stream(p).Call("getTracks").Length() == 0 {
			continue
		}
		if q := newest[p.link.Peer]; q == nil || q.link.Life < p.link.Life || q.link.Generation < p.link.Generation {
			newest[p.link.Peer] = p
		}
	}
	for peer, p := range newest {
		if v := c.video(peer, kind); v.Truthy() && !v.Get("srcObject").Equal(stream(p)) {
			v.Set("srcObject", stream(p))
		}
	}
}

// hide takes the connection's pictures out of their elements.
func (c *Connections) hide(p *connection) {
	for kind, stream := range map[session.DeviceKind]js.Value{session.Camera: p.stream, session.Screen: p.screens} {
		if v := c.video(p.link.Peer, kind); v.Truthy() && v.Get("srcObject").Equal(stream) {
			v.Set("srcObject", nil)
		}
	}
}

// sendTracks puts the tracks that are there on every sender. The transceivers
// of sound and camera stand from the first offer, so a camera that is granted
// later needs no negotiation. The more one sends to, the smaller the picture.
func (c *Connections) sendTracks() {
	for _, p := range c.all {
		transceivers := p.js.Call("getTransceivers")
		for i := range transceivers.Length() {
			t := transceivers.Index(i)
			if kind := p.kindOf(t); kind != session.Screen {
				c.sendTrack(t.Get("sender"), kind)
			}
		}
		c.sendScreen(p)
	}
}

func (c *Connections) sendTrack(sender js.Value, kind session.DeviceKind) {
	c.replaceTrack(sender, kind)
	if _, open := c.devices.tracks[kind]; open && kind == session.Camera {
		c.fit(sender)
	}
}

func (c *Connections) replaceTrack(sender js.Value, kind session.DeviceKind) {
	track, open := c.devices.tracks[kind]
	if !open {
		track = js.Null()
	}
	if !sender.Get("track").Equal(track) {
		_ = browser.Try(func() { browser.Then(sender.Call("replaceTrack", track), func(js.Value, error) {}) })
	}
}

// sendScreen gives a shared screen a transceiver of its own, which later ones
// use again: descriptions do not grow with every share. It is added by
// addTransceiver, which no remote offer makes its own and which a rollback
// leaves standing (RFC 8829, sections 5.10 and 5.7). The browser then fires
// negotiationneeded. From then on it stands as the camera's does. A section that
// is turned off and on again gives Firefox 153 packets that come late, or before
// the answer: it takes their SSRC for the camera's, and shows nothing of the
// screen for good (TestBothBeginToShareAtOnce, seen from Firefox: 4 of 50).
func (c *Connections) sendScreen(p *connection) {
	track, shared := c.devices.tracks[session.Screen]
	switch {
	case !p.screen.IsUndefined():
		c.replaceTrack(p.screen.Get("sender"), session.Screen)
	case shared && !p.cameras().IsUndefined(): // not before the first offer, which has to begin with sound and camera
		p.screen = p.js.Call("addTransceiver", track, map[string]any{"direction": "sendonly", "streams": []any{c.devices.screen}})
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

// acceptTransceivers answers an offer in kind: the transceivers of sound and
// camera send too.
func (c *Connections) acceptTransceivers(p *connection) {
	transceivers := p.js.Call("getTransceivers")
	for i := range transceivers.Length() {
		t := transceivers.Index(i)
		if d := text(t.Get("direction")); p.kindOf(t) != session.Screen && !t.Get("mid").IsNull() && d != "stopped" && d != "sendrecv" {
			t.Set("direction", "sendrecv")
			t.Get("sender").Call("setStreams", c.devices.stream) // sound and picture are played in step
		}
	}
	c.sendTracks()
}
