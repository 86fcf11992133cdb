package rtc

import (
	"strings"
	"syscall/js"
	"testing"
	"time"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/doctor"
)

// visitor is the doctor's surroundings in a test: it keeps what comes.
type visitor struct {
	*testing.T
	probes *Probes
	events chan doctor.Event
	held   int
}

func newVisitor(t *testing.T) *visitor {
	v := &visitor{T: t, events: make(chan doctor.Event, 1000), held: browser.Held()}
	v.probes = NewProbes(func(ev doctor.Event) { v.events <- ev })
	return v
}

// next waits for an event of which ok says yes, and passes over the others.
func (v *visitor) next(what string, ok func(doctor.Event) bool) doctor.Event {
	v.Helper()
	patience := time.After(20 * time.Second)
	for {
		select {
		case ev := <-v.events:
			if ok(ev) {
				return ev
			}
		case <-patience:
			v.Fatalf("%s: did not happen", what)
		}
	}
}

// released checks that nothing of ours stays in the browser.
func (v *visitor) released() {
	v.Helper()
	if held := browser.Held(); held != v.held {
		v.Errorf("%d functions are held, %d were before", held, v.held)
	}
}

func TestAProbeTellsItsCandidatesAndTheEndOfTheSearch(t *testing.T) {
	v := newVisitor(t)
	v.probes.Perform(doctor.Gather{Run: 3, Check: doctor.CheckAddresses})
	ev := v.next("a host candidate", func(ev doctor.Event) bool { _, ok := ev.(doctor.CandidateFound); return ok }).(doctor.CandidateFound)
	if ev.Run != 3 || ev.Check != doctor.CheckAddresses || ev.Candidate.Type != "host" || ev.Candidate.Address == "" {
		t.Errorf("%+v", ev)
	}
	if strings.Contains(ev.Candidate.Address, "[") {
		t.Errorf("the address is %s", ev.Candidate.Address)
	}
	if !isFirefox() && ev.Candidate.Network == "" {
		t.Error("Chromium does not write network-id any more")
	}
	v.next("the end", func(ev doctor.Event) bool { _, ok := ev.(doctor.GatheringDone); return ok })
	pc := v.probes.all[question{3, doctor.CheckAddresses}].js
	v.probes.Perform(doctor.StopGathering{Run: 3, Check: doctor.CheckAddresses})
	if state := pc.Get("connectionState").String(); state != "closed" {
		t.Errorf("the connection is %s", state)
	}
	v.released()
}

func TestAProbeThatTheBrowserRefusesSaysSo(t *testing.T) {
	v := newVisitor(t)
	v.probes.Perform(doctor.Gather{Run: 1, Check: doctor.CheckRelayUDP, Servers: []signal.ICEServer{{URLs: []string{"turn:127.0.0.1"}}}, Relay: true})
	ev := v.next("a refusal", func(doctor.Event) bool { return true })
	if refused, ok := ev.(doctor.GatheringRefused); !ok || refused.Err == "" {
		t.Errorf("%+v", ev)
	}
	v.probes.Perform(doctor.StopGathering{Run: 1, Check: doctor.CheckRelayUDP})
	v.released()
}

// TestChromiumTellsOfARelayThatIsNotThere: the doctor takes the early end of a
// search without an error for an answer where the browser tells of errors.
func TestChromiumTellsOfARelayThatIsNotThere(t *testing.T) {
	if isFirefox() {
		t.Skip("Firefox 153 tells of none")
	}
	v := newVisitor(t)
	v.probes.Perform(doctor.Gather{Run: 1, Check: doctor.CheckRelayTCP, Relay: true,
		Servers: []signal.ICEServer{{URLs: []string{"turn:127.0.0.1:54321?transport=tcp"}, Username: "u", Credential: "p"}}})
	ev := v.next("an error", func(ev doctor.Event) bool { _, ok := ev.(doctor.CandidateFailed); return ok }).(doctor.CandidateFailed)
	if ev.Code != 701 || !strings.HasPrefix(ev.URL, "turn:127.0.0.1:54321") {
		t.Errorf("%+v", ev)
	}
	v.probes.Perform(doctor.StopGathering{Run: 1, Check: doctor.CheckRelayTCP})
	v.released()
}

func TestTheLoopMeasuresRoundTripAndThroughput(t *testing.T) {
	v := newVisitor(t)
	v.probes.loopThrough(doctor.OpenLoop{Run: 2}, false)
	var order []string
	for len(order) < 3 {
		switch ev := v.next("the loop", func(doctor.Event) bool { return true }).(type) {
		case doctor.LoopOpened:
			order = append(order, "opened")
		case doctor.LoopPinged:
			order = append(order, "pinged")
			if ev.Run != 2 || ev.Median <= 0 || ev.Slowest < ev.Median {
				t.Errorf("%+v", ev)
			}
		case doctor.LoopCarried:
			order = append(order, "carried")
			if ev.Bytes <= 0 || ev.Bytes > doctor.LoopBytes || ev.Took <= 0 {
				t.Errorf("%+v", ev)
			}
			t.Logf("%.1f MB/s", float64(ev.Bytes)/ev.Took/1000)
		case doctor.LoopFailed:
			t.Fatalf("%+v", ev)
		}
	}
	if got := strings.Join(order, " "); got != "opened pinged carried" {
		t.Errorf("%s", got)
	}
	ends := v.probes.loop.ends
	v.probes.Perform(doctor.CloseLoop{Run: 2})
	for _, end := range ends {
		if state := end.js.Get("connectionState").String(); state != "closed" {
			t.Errorf("a connection is %s", state)
		}
	}
	v.released()
}

func TestALoopThatIsClosedInTheMiddleSaysNothingMore(t *testing.T) {
	v := newVisitor(t)
	v.probes.loopThrough(doctor.OpenLoop{Run: 1}, false)
	v.next("open", func(ev doctor.Event) bool { _, ok := ev.(doctor.LoopOpened); return ok })
	v.probes.Perform(doctor.CloseLoop{Run: 1})
	v.released()
	time.Sleep(300 * time.Millisecond) // nothing can be waited for that does not come
	select {
	case ev := <-v.events:
		t.Errorf("%T after the close", ev)
	default:
	}
}

func TestDevicesAreSeenWithoutAsking(t *testing.T) {
	v := newVisitor(t)
	asked := false
	media := js.Global().Get("navigator").Get("mediaDevices")
	real := media.Get("getUserMedia")
	spy, release := browser.Export(func([]js.Value) any { asked = true; return nil })
	defer release()
	media.Set("getUserMedia", spy)
	defer media.Set("getUserMedia", real)
	LookAtDevices(5, v.probes.put)
	ev := v.next("devices", func(doctor.Event) bool { return true }).(doctor.DevicesSeen)
	if ev.Run != 5 || ev.Camera.Count < 1 || ev.Microphone.Count < 1 || ev.Camera.Permission == "" {
		t.Errorf("%+v", ev)
	}
	if asked {
		t.Error("the person was asked")
	}
}

func TestBothDevicesAreOpenedAndLetGo(t *testing.T) {
	v := newVisitor(t)
	media := js.Global().Get("navigator").Get("mediaDevices")
	real := media.Get("getUserMedia")
	media.Set("getUserMedia", eval(`async function (wanted) {
		const stream = await MediaDevices.prototype.getUserMedia.call(this, wanted)
		window.given = stream
		return stream
	}`))
	defer media.Set("getUserMedia", real)
	OpenBothDevices(v.probes.put)
	for range 2 {
		if ev := v.next("an answer", func(doctor.Event) bool { return true }).(doctor.DeviceOpened); ev.Name != "" {
			t.Errorf("%+v", ev)
		}
	}
	if live := eval(`window.given.getTracks().filter((t) => t.readyState === 'live').length`).Int(); live != 0 {
		t.Errorf("%d tracks are live", live)
	}
}

func TestWhichDeviceIsRefusedIsTold(t *testing.T) {
	v := newVisitor(t)
	media := js.Global().Get("navigator").Get("mediaDevices")
	real := media.Get("getUserMedia")
	media.Set("getUserMedia", eval(`async (wanted) => {
		if (wanted.video) throw new DOMException('', 'NotFoundError')
		return new MediaStream()
	}`))
	defer media.Set("getUserMedia", real)
	OpenBothDevices(v.probes.put)
	got := map[bool]string{}
	for range 2 {
		ev := v.next("an answer", func(doctor.Event) bool { return true }).(doctor.DeviceOpened)
		got[ev.Camera] = ev.Name
	}
	if got[true] != "NotFoundError" || got[false] != "" {
		t.Errorf("%v", got)
	}
}

func TestTheBrowserIsDescribed(t *testing.T) {
	b := LookAtBrowser()
	if !b.PeerConnection || !b.Secure || len(b.Missing) > 0 || !strings.Contains(b.Agent, "Mozilla/5.0") {
		t.Errorf("%+v", b)
	}
}
