package rtc

import (
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/doctor"
)

// LookAtBrowser tells what a call would find in this browser.
func LookAtBrowser() doctor.Browser {
	global := js.Global()
	navigator := global.Get("navigator")
	b := doctor.Browser{
		Agent:          text(navigator.Get("userAgent")),
		PeerConnection: global.Get("RTCPeerConnection").Truthy(),
		Secure:         global.Get("isSecureContext").Truthy(),
		TellsErrors:    !isFirefox(),
	}
	for _, part := range []string{"WebSocket", "RTCDataChannel", "MediaStream", "BroadcastChannel"} {
		if !global.Get(part).Truthy() {
			b.Missing = append(b.Missing, part)
		}
	}
	for _, part := range []string{"mediaDevices", "locks", "permissions", "clipboard"} {
		if !navigator.Get(part).Truthy() {
			b.Missing = append(b.Missing, "navigator."+part)
		}
	}
	if b.PeerConnection {
		for _, part := range []string{"restartIce", "setConfiguration", "addTransceiver"} {
			if !global.Get("RTCPeerConnection").Get("prototype").Get(part).Truthy() {
				b.Missing = append(b.Missing, "RTCPeerConnection."+part)
			}
		}
	}
	return b
}

// LookAtDevices tells what the browser says of camera and microphone without
// asking the person.
func LookAtDevices(run int, put func(doctor.Event)) {
	seen := doctor.DevicesSeen{Run: run, Camera: doctor.DeviceFacts{Count: -1}, Microphone: doctor.DeviceFacts{Count: -1}}
	waiting := 3
	done := func() {
		if waiting--; waiting == 0 {
			put(seen)
		}
	}
	navigator := js.Global().Get("navigator")
	// A browser that does not know the name rejects, and one without the method throws.
	permission := func(name string, facts *doctor.DeviceFacts) {
		ask(navigator.Get("permissions"), "query", map[string]any{"name": name}, func(status js.Value, err error) {
			if err == nil {
				facts.Permission = doctor.Permission(text(status.Get("state")))
			}
			done()
		})
	}
	permission("camera", &seen.Camera)
	permission("microphone", &seen.Microphone)
	ask(navigator.Get("mediaDevices"), "enumerateDevices", nil, func(devices js.Value, err error) {
		if err == nil {
			seen.Camera.Count, seen.Microphone.Count = 0, 0
			for i := range devices.Length() {
				switch text(devices.Index(i).Get("kind")) {
				case "videoinput":
					seen.Camera.Count++
				case "audioinput":
					seen.Microphone.Count++
				}
			}
		}
		done()
	})
}

// ask calls a method that answers with a promise, of an object that may be
// missing.
func ask(object js.Value, method string, argument any, then func(v js.Value, err error)) {
	promise := js.Undefined()
	err := browser.Try(func() {
		if !object.Truthy() {
			panic(js.Error{Value: js.Global().Get("Error").New(method)})
		}
		promise = object.Call(method, argument)
	})
	if err != nil {
		then(js.Undefined(), err)
		return
	}
	browser.Then(promise, then)
}

// OpenBothDevices asks the person for both, as a call does, and lets them go
// at once.
func OpenBothDevices(put func(doctor.Event)) {
	answer := func(camera bool, name string) { put(doctor.DeviceOpened{Camera: camera, Name: name}) }
	media := js.Global().Get("navigator").Get("mediaDevices")
	try := func(microphone, camera bool, then func(name string)) {
		ask(media, "getUserMedia", constraints(microphone, camera), func(stream js.Value, err error) {
			if err != nil {
				then(nameOf(err))
				return
			}
			tracks := stream.Call("getTracks")
			for i := range tracks.Length() {
				tracks.Index(i).Call("stop")
			}
			then("")
		})
	}
	try(true, true, func(name string) {
		if name == "" {
			answer(true, "")
			answer(false, "")
			return
		}
		try(false, true, func(name string) { answer(true, name) })
		try(true, false, func(name string) { answer(false, name) })
	})
}
