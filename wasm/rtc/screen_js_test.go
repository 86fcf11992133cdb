package rtc

import (
	"strings"
	"syscall/js"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// withScreen has getDisplayMedia give a canvas that is painted on.
func withScreen(t *testing.T) {
	t.Helper()
	withMedia(t, `{ getDisplayMedia: async () => {
		const canvas = document.createElement("canvas")
		const g = canvas.getContext("2d")
		const paint = () => { g.fillRect(Math.random() * 300, 0, 9, 150); window.painting = setTimeout(paint, 50) }
		paint()
		return canvas.captureStream(20)
	} }`)
	t.Cleanup(func() { js.Global().Call("eval", "clearTimeout(window.painting)") })
}

// share opens the screen and carries out the negotiation that it asks for.
func (c *call) share(s *side) {
	c.Helper()
	opened := func(ev session.DeviceOpened) bool { return ev.Device == session.Screen }
	before := seen(s, opened)
	c.renegotiates("the screen is negotiated", s, func() { s.devices.Perform(session.OpenScreen{}) })
	if seen(s, opened) != before+1 {
		c.Errorf("the screen was not told as opened: %#v", s.seen)
	}
}

// renegotiates does what needs a negotiation, and carries that out.
func (c *call) renegotiates(what string, s *side, do func()) {
	c.Helper()
	needed := func(session.NegotiationNeeded) bool { return true }
	answered := func(session.RemoteDescriptionSet) bool { return true }
	needs, answers := seen(s, needed), seen(s, answered)
	do()
	c.until(what+": it is needed", func() bool { return seen(s, needed) > needs })
	s.setLocal()
	c.until(what+": it is answered", func() bool { return seen(s, answered) > answers && text(s.pc().Get("signalingState")) == "stable" })
}

// sendsScreen is the track of the screen's sender.
func (s *side) sendsScreen() js.Value {
	return s.connections.all[s.link].screen.Get("sender").Get("track")
}

func (s *side) screens() int {
	stream := s.screen.Get("srcObject")
	if !stream.Truthy() {
		return 0
	}
	return stream.Call("getVideoTracks").Length()
}

func (c *call) hasTransceivers(s *side, name string, want ...string) {
	c.Helper()
	if got := transceivers(s); strings.Join(got, ", ") != strings.Join(want, ", ") {
		c.Errorf("transceivers of the %s: %q, want %q", name, got, want)
	}
}

func TestScreensHaveSectionsOfTheirOwn(t *testing.T) {
	withScreen(t)
	c := newCall(t)
	offerer, answerer := c.connect()
	camera := [2]js.Value{offerer.video.Get("srcObject"), answerer.video.Get("srcObject")}

	c.share(answerer) // the side that did not offer
	c.until("the offerer has the track", func() bool { return offerer.screens() == 1 })
	c.share(offerer)
	c.until("the answerer has the other", func() bool { return answerer.screens() == 1 })
	main := []string{"audio sendrecv sendrecv", "video sendrecv sendrecv"}
	c.hasTransceivers(offerer, "offerer", append(main, "video recvonly recvonly", "video sendonly sendonly")...)
	c.hasTransceivers(answerer, "answerer", append(main, "video sendonly sendonly", "video recvonly recvonly")...)
	for i, s := range c.ends {
		if !s.video.Get("srcObject").Equal(camera[i]) || camera[i].Call("getVideoTracks").Length() != 1 {
			t.Error("a screen came into the camera's element")
		}
		if n := seen(s, func(ev session.TrackReceived) bool { return ev.Device == session.Screen }); n != 1 {
			t.Errorf("told of %d screens, want 1", n)
		}
	}
	answerer.screen.Set("muted", true)
	answerer.screen.Call("play")
	c.until("its picture has a size", func() bool { return answerer.screen.Get("videoWidth").Int() == 300 })

	// Neither a stop nor the next share is negotiated: the section stands.
	needed := func(session.NegotiationNeeded) bool { return true }
	needs := seen(offerer, needed)
	offerer.devices.Perform(session.CloseScreen{})
	c.until("the offerer sends nothing", func() bool { return offerer.sendsScreen().IsNull() })
	offerer.devices.Perform(session.OpenScreen{})
	c.until("the offerer sends again", func() bool { return offerer.sendsScreen().Truthy() })
	frames := func() int {
		return answerer.screen.Call("getVideoPlaybackQuality").Get("totalVideoFrames").Int()
	}
	before := frames()
	c.until("the picture moves on", func() bool { return frames() > before+5 })
	c.hasTransceivers(offerer, "offerer that shares again", append(main, "video recvonly recvonly", "video sendonly sendonly")...)
	if n := seen(offerer, needed); n != needs {
		t.Errorf("a stop and the next share needed %d negotiations, want none", n-needs)
	}

	// The browser's own bar stops it as well.
	answerer.devices.tracks[session.Screen].Call("dispatchEvent", eval(`new Event("ended")`))
	c.until("the answerer sends nothing", func() bool { return answerer.sendsScreen().IsNull() })
	if n := seen(answerer, func(ev session.DeviceEnded) bool { return ev.Device == session.Screen }); n != 1 {
		t.Errorf("told %d times that the screen ended, want once", n)
	}
	offerer.devices.Perform(session.CloseDevices{})
	c.end()
}

// Both begin at the same time: the polite side rolls back, and offers after it.
func TestScreensThatAreSharedAtOnce(t *testing.T) {
	withScreen(t)
	c := newCall(t)
	impolite, polite := c.connect()
	offer := func(s *side) (sdp string) {
		c.Helper()
		s.devices.Perform(session.OpenScreen{})
		for sdp == "" {
			switch ev := s.next(t).(type) {
			case session.NegotiationNeeded:
				s.setLocal()
			case session.LocalDescriptionSet:
				sdp = ev.SDP
			}
		}
		return sdp
	}
	offer(polite) // is ignored by the impolite side
	o := offer(impolite)
	polite.attempt++
	polite.connections.Perform(session.SetRemoteDescription{Link: polite.link, Attempt: polite.attempt, Description: signal.Description{Type: "offer", SDP: o}})
	c.until("the polite side has the screen", func() bool { return polite.screens() == 1 })
	c.until("both are stable", func() bool {
		return text(impolite.pc().Get("signalingState")) == "stable" && text(polite.pc().Get("signalingState")) == "stable"
	})
	polite.setLocal() // what its own offer was for is still wanted
	c.until("the impolite side has the other", func() bool { return impolite.screens() == 1 })
	main := []string{"audio sendrecv sendrecv", "video sendrecv sendrecv"}
	c.until("all is agreed", func() bool { return strings.Contains(strings.Join(transceivers(polite), " "), "sendonly sendonly") })
	c.hasTransceivers(impolite, "impolite side", append(main, "video sendonly sendonly", "video recvonly recvonly")...)
	c.hasTransceivers(polite, "polite side", append(main, "video sendonly sendonly", "video recvonly recvonly")...)
	for _, s := range c.ends {
		if n := s.video.Get("srcObject").Call("getVideoTracks").Length(); n != 1 {
			t.Errorf("%d pictures in the camera's element, want 1", n)
		}
		s.devices.Perform(session.CloseDevices{})
	}
	c.end()
}

// Who shares already when a connection is made: its first offer has the
// screen, and who answers offers its own right after.
func TestScreensOfANewConnection(t *testing.T) {
	withScreen(t)
	c := newCall(t)
	for _, s := range c.ends {
		s.devices.Perform(session.OpenScreen{})
		if got, want := s.next(t), (session.DeviceOpened{Device: session.Screen}); got != want {
			t.Fatalf("event %#v, want %#v", got, want)
		}
	}
	offerer, answerer := c.ends[0], c.ends[1]
	offerer.create(true)
	answerer.create(false)
	offerer.setLocal()
	c.open()
	c.until("the answerer has the screen", func() bool { return answerer.screens() == 1 })
	c.until("the answerer's own is needed", func() bool {
		needed := false
		for _, ev := range answerer.seen {
			switch ev.(type) {
			case session.LocalDescriptionSet:
				needed = false
			case session.NegotiationNeeded:
				needed = true
			}
		}
		return needed
	})
	answerer.setLocal()
	c.until("the offerer has the other", func() bool { return offerer.screens() == 1 })
	main := []string{"audio sendrecv sendrecv", "video sendrecv sendrecv"}
	c.until("it is agreed", func() bool { return text(answerer.pc().Get("signalingState")) == "stable" })
	c.hasTransceivers(offerer, "offerer", append(main, "video sendonly sendonly", "video recvonly recvonly")...)
	c.hasTransceivers(answerer, "answerer", append(main, "video recvonly recvonly", "video sendonly sendonly")...)
	for _, s := range c.ends {
		s.devices.Perform(session.CloseDevices{})
	}
	c.end()
}

func TestAScreenThatIsNotGiven(t *testing.T) {
	for name, media := range map[string]string{
		"NotAllowedError":  `{ getDisplayMedia: async () => { throw new DOMException("declined", "NotAllowedError") } }`,
		"NotReadableError": `{ getDisplayMedia: async () => { throw new DOMException("refused by the system", "NotReadableError") } }`,
		"SecurityContext":  `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			withMedia(t, media)
			held := browser.Held()
			s := newSide("b")
			s.devices.Perform(session.OpenScreen{})
			if got, want := s.next(t), (session.DeviceFailed{Device: session.Screen, Name: name}); got != want {
				t.Errorf("event %#v, want %#v", got, want)
			}
			if browser.Held() != held || len(s.devices.tracks) != 0 {
				t.Errorf("%d functions held, want %d; %d tracks", browser.Held(), held, len(s.devices.tracks))
			}
		})
	}
	withMedia(t, "undefined")
	if CanShareScreen() {
		t.Error("a page without mediaDevices can share a screen")
	}
}

func TestAScreenThatIsPickedAfterTheCallIsStopped(t *testing.T) {
	withMedia(t, `{ getDisplayMedia: async () => window.lateScreen = document.createElement("canvas").captureStream() }`)
	s := newSide("b")
	s.devices.Perform(session.OpenScreen{})
	s.devices.Perform(session.CloseDevices{})
	c := &call{T: t, ends: [2]*side{s, newSide("a")}}
	for range 200 {
		browser.Await(t.Context(), js.Global().Get("Promise").Call("resolve"))
		if late := js.Global().Get("lateScreen"); late.Truthy() && text(late.Call("getTracks").Index(0).Get("readyState")) == "ended" {
			if len(s.events) != 0 {
				c.Errorf("the late screen was taken: %#v", <-s.events)
			}
			return
		}
	}
	t.Error("the late screen is still captured")
}
