package session

import "holdline/server/signal"

// device is the own microphone, camera or screen.
type device struct {
	State DeviceState
	Want  bool // the person wants it on
	Open  bool // there is a live track
	Cause Cause
	Error string
}

func (s *Session) device(k DeviceKind) *device {
	switch k {
	case Camera:
		return &s.Camera
	case Screen:
		return &s.Screen
	}
	return &s.Microphone
}

// startDevices asks for the devices that the page wants; mic and cam say
// whether they start switched on.
func (s *Session) startDevices(c Config, mic, cam bool) {
	for _, d := range []struct {
		kind      DeviceKind
		asked, on bool
	}{{Microphone, c.Microphone, mic}, {Camera, c.Camera, cam}} {
		*s.device(d.kind) = device{State: DeviceOff, Want: d.on && d.asked}
		if d.asked {
			s.device(d.kind).State = DeviceAsking
		}
	}
	if c.Microphone || c.Camera {
		s.emit(OpenDevices{c.Microphone, c.Camera})
	}
	s.restScreen()
	s.Changes++
}

// restScreen is the screen that nobody shares, in a browser that can or cannot.
func (s *Session) restScreen() {
	s.Screen = device{State: DeviceOff}
	if !s.Config.Screen {
		s.Screen = device{State: DeviceMissing, Cause: signal.CauseUnsupportedBrowser}
	}
}

// enterDevice is the only function that writes a device's state after the
// start. A device that opened is switched as the person wants it by now.
func (s *Session) enterDevice(k DeviceKind, st DeviceState, cause Cause, err string) {
	d := s.device(k)
	before := s.media()
	d.Open = st == DeviceOn || st == DeviceMuted
	if d.Open && !d.Want {
		st = DeviceMuted
		s.emit(SwitchDevice{k, false})
	}
	d.State, d.Cause, d.Error = st, cause, err
	s.Changes++
	if s.media() != before {
		s.tellMedia()
	}
}

// close is what the end of the session does to a device: what the person wants
// stays, for Rejoin.
func (d *device) close() { *d = device{State: DeviceOff, Want: d.Want} }

// deviceOpened, deviceFailed and deviceEnded are what the browser says.
func (s *Session) deviceOpened(k DeviceKind) {
	if k == Screen {
		s.screenOpened()
		return
	}
	s.enterDevice(k, DeviceOn, "", "")
}

func (s *Session) deviceFailed(k DeviceKind, name string) {
	if k == Screen {
		s.screenFailed(name)
		return
	}
	s.enterDevice(k, DeviceMissing, deviceCause(name), name)
}

func (s *Session) deviceEnded(k DeviceKind) {
	if k == Screen {
		s.Screen.Want = false
		s.enterDevice(Screen, DeviceOff, "", "")
		return
	}
	s.enterDevice(k, DeviceMissing, signal.CauseDeviceLost, "")
}

func (s *Session) switchDevice(k DeviceKind, on bool) {
	if k == Screen {
		s.share(on)
		return
	}
	d := s.device(k)
	d.Want = on
	s.dirty = true
	switch {
	case d.Open:
		s.emit(SwitchDevice{k, on})
		st := DeviceMuted
		if on {
			st = DeviceOn
		}
		s.enterDevice(k, st, "", "")
	case on && d.State != DeviceAsking:
		s.enterDevice(k, DeviceAsking, "", "")
		s.emit(OpenDevices{k == Microphone, k == Camera})
	}
	s.Changes++
}

// share begins and stops sharing the screen. It is not muted: each time the
// person picks anew what to show, so nothing of it is kept for the next page.
func (s *Session) share(on bool) {
	d := &s.Screen
	if !s.Config.Screen || s.Phase == phaseLobby {
		return
	}
	d.Want = on
	switch {
	case on && !d.Open && d.State != DeviceAsking:
		s.enterDevice(Screen, DeviceAsking, "", "")
		s.emit(OpenScreen{})
	case !on && d.Open:
		s.emit(CloseScreen{})
		s.enterDevice(Screen, DeviceOff, "", "")
	}
}

// screenOpened shares what was picked, unless the person thought better of it.
func (s *Session) screenOpened() {
	if !s.Screen.Want {
		s.emit(CloseScreen{})
		s.enterDevice(Screen, DeviceOff, "", "")
		return
	}
	s.enterDevice(Screen, DeviceOn, "", "")
}

// screenFailed is a picker that gave nothing. One that the person closed is
// an answer, not an error: it fails by NotAllowedError (W3C screen-capture,
// section 5.1).
func (s *Session) screenFailed(name string) {
	s.Screen.Want = false
	if name == "NotAllowedError" {
		s.enterDevice(Screen, DeviceOff, "", "")
		return
	}
	s.enterDevice(Screen, DeviceMissing, deviceCause(name), name)
}

// media is what the others are told.
func (s *Session) media() signal.Media {
	return signal.Media{Microphone: s.Microphone.State == DeviceOn, Camera: s.Camera.State == DeviceOn, Screen: s.Screen.State == DeviceOn}
}

// deviceCause words getUserMedia's error names (W3C mediacapture-main,
// section 10.1.2). SecurityContext is ours: navigator.mediaDevices is missing
// because the page is not secure.
func deviceCause(name string) Cause {
	switch name {
	case "NotAllowedError", "SecurityError":
		return signal.CauseDeviceDenied
	case "SecurityContext":
		return signal.CauseUnsupportedBrowser
	case "NotReadableError", "AbortError":
		return signal.CauseDeviceLost
	}
	return signal.CauseDeviceMissing
}
