package rtc

import (
	"syscall/js"
	"testing"
	"time"

	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// withMedia runs the test with another navigator.mediaDevices.
func withMedia(t *testing.T, code string) {
	t.Helper()
	js.Global().Call("eval", `Object.defineProperty(navigator, "mediaDevices", { value: `+code+`, configurable: true })`)
	t.Cleanup(func() { js.Global().Call("eval", "delete navigator.mediaDevices") })
}

func (s *side) next(t *testing.T) session.Event {
	t.Helper()
	select {
	case ev := <-s.events:
		return ev
	case <-time.After(10 * time.Second):
		t.Fatal("no event for 10 s")
		return nil
	}
}

func TestAMissingCameraDoesNotCostTheMicrophone(t *testing.T) {
	real := `navigator.mediaDevices`
	js.Global().Set("realMedia", js.Global().Call("eval", real))
	withMedia(t, `{ getUserMedia: (c) => c.video ? Promise.reject(new DOMException("none", "NotFoundError")) : realMedia.getUserMedia(c) }`)
	held := browser.Held()
	s := newSide("b")
	s.devices.Perform(session.OpenDevices{Microphone: true, Camera: true})
	got := map[session.Event]bool{s.next(t): true, s.next(t): true}
	for _, want := range []session.Event{session.DeviceOpened{Device: session.Microphone}, session.DeviceFailed{Device: session.Camera, Name: "NotFoundError"}} {
		if !got[want] {
			t.Errorf("events %v, want %#v among them", got, want)
		}
	}
	track := s.devices.tracks[session.Microphone]
	s.devices.Perform(session.SwitchDevice{Device: session.Microphone, On: false})
	if track.Get("enabled").Bool() {
		t.Error("a muted track is enabled")
	}
	s.devices.Perform(session.CloseDevices{})
	if state := text(track.Get("readyState")); state != "ended" {
		t.Errorf("after CloseDevices the microphone is %s", state)
	}
	if browser.Held() != held {
		t.Errorf("%d functions held after CloseDevices, want %d", browser.Held(), held)
	}
}

func TestWithoutASecureContextThereAreNoDevices(t *testing.T) {
	withMedia(t, "undefined")
	s := newSide("b")
	s.devices.Perform(session.OpenDevices{Microphone: true, Camera: true})
	for _, kind := range []session.DeviceKind{session.Microphone, session.Camera} {
		if got, want := s.next(t), (session.DeviceFailed{Device: kind, Name: "SecurityContext"}); got != want {
			t.Errorf("event %#v, want %#v", got, want)
		}
	}
}

func TestAStreamThatComesAfterCloseDevicesIsStopped(t *testing.T) {
	js.Global().Set("realMedia", js.Global().Call("eval", "navigator.mediaDevices"))
	withMedia(t, `{ getUserMedia: (c) => { const s = realMedia.getUserMedia(c); s.then((v) => window.lateStream = v); return s } }`)
	s := newSide("b")
	s.devices.Perform(session.OpenDevices{Microphone: true})
	s.devices.Perform(session.CloseDevices{})
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		if late := js.Global().Get("lateStream"); late.Truthy() && text(late.Call("getTracks").Index(0).Get("readyState")) == "ended" {
			if len(s.events) != 0 || len(s.devices.tracks) != 0 {
				t.Errorf("the late stream was taken: %#v", <-s.events)
			}
			return
		}
	}
	t.Error("the late stream is still live: the microphone stays on")
}

func TestATrackThatEndsByItselfIsTold(t *testing.T) {
	s := newSide("b")
	s.devices.Perform(session.OpenDevices{Camera: true})
	if got, want := s.next(t), (session.DeviceOpened{Device: session.Camera}); got != want {
		t.Fatalf("event %#v, want %#v", got, want)
	}
	s.devices.tracks[session.Camera].Call("dispatchEvent", eval(`new Event("ended")`))
	if got, want := s.next(t), (session.DeviceEnded{Device: session.Camera}); got != want {
		t.Errorf("event %#v, want %#v", got, want)
	}
	if len(s.devices.tracks) != 0 {
		t.Error("the track is still taken for live")
	}
}
