package session

import "holdline/server/signal"

// device is the own microphone or camera.
type device struct {
	State DeviceState
	Want  bool // the person wants it on
	Open  bool // there is a live track
	Cause Cause
	Error string
}

func (s *Session) device(k DeviceKind) *device {
	if k == Camera {
		return &s.Camera
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
	s.Changes++
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

func (s *Session) switchDevice(k DeviceKind, on bool) {
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

// media is what the others are told.
func (s *Session) media() signal.Media {
	return signal.Media{Microphone: s.Microphone.State == DeviceOn, Camera: s.Camera.State == DeviceOn}
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
