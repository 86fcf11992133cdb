package rtc

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// Facts about browsers were seen in Chromium 156.

func eval(code string) js.Value { return js.Global().Call("eval", "("+code+")") }

// side is one end of a call within this page.
type side struct {
	connections *Connections
	devices     *Devices
	link        session.Link
	video       js.Value
	screen      js.Value
	events      chan session.Event
	seen        []session.Event
	attempt     int
}

func newSide(peer string) *side {
	s := &side{link: session.Link{Peer: peer, Life: 1, Generation: 1}, events: make(chan session.Event, 10_000)}
	s.video = js.Global().Get("document").Call("createElement", "video")
	put := func(ev session.Event) { s.events <- ev }
	s.devices = NewDevices(put, js.Undefined)
	s.screen = js.Global().Get("document").Call("createElement", "video")
	s.connections = New(put, func(_ string, kind session.DeviceKind) js.Value {
		if kind == session.Screen {
			return s.screen
		}
		return s.video
	}, s.devices)
	return s
}

func (s *side) pc() js.Value { return s.connections.all[s.link].js }

func (s *side) create(offers bool) {
	s.connections.Perform(session.CreatePeerConnection{Link: s.link, Offers: offers})
}

func (s *side) setLocal() {
	s.attempt++
	s.connections.Perform(session.SetLocalDescription{Link: s.link, Attempt: s.attempt})
}

func (s *side) send(payload any) {
	s.connections.Perform(session.SendControl{Link: s.link, Envelope: signal.Envelope{Type: signal.TypeBeat, Payload: signal.Raw(payload)}})
}

// call is two sides in this page whose descriptions and candidates are carried
// by hand.
type call struct {
	*testing.T
	ends [2]*side
	held int
}

func newCall(t *testing.T) *call {
	return &call{T: t, held: browser.Held(), ends: [2]*side{newSide("b"), newSide("a")}}
}

// until carries what comes until the condition holds.
func (c *call) until(what string, ok func() bool) {
	c.Helper()
	patience := time.After(20 * time.Second)
	for !ok() {
		select {
		case ev := <-c.ends[0].events:
			c.carry(c.ends[0], c.ends[1], ev)
		case ev := <-c.ends[1].events:
			c.carry(c.ends[1], c.ends[0], ev)
		case <-time.After(20 * time.Millisecond): // what an element shows is no event
		case <-patience:
			c.Fatalf("not within 20 s: %s", what)
		}
	}
}

func (c *call) carry(from, to *side, ev session.Event) {
	from.seen = append(from.seen, ev)
	switch ev := ev.(type) {
	case session.LocalDescriptionSet:
		if ev.Err != "" {
			c.Errorf("set local description: %s", ev.Err)
		}
		to.attempt++
		to.connections.Perform(session.SetRemoteDescription{Link: to.link, Attempt: to.attempt, Description: signal.Description{Type: ev.Type, SDP: ev.SDP}})
	case session.RemoteDescriptionSet:
		if ev.Err != "" {
			c.Errorf("set remote description: %s", ev.Err)
		}
		if text(from.pc().Get("signalingState")) == "have-remote-offer" {
			from.setLocal()
		}
	case session.CandidateFound:
		to.connections.Perform(session.AddCandidate{Link: to.link, Candidate: ev.Candidate})
	case session.CandidateRefused:
		c.Errorf("candidate refused: %s", ev.Err)
	}
}

func seen[E session.Event](s *side, ok func(E) bool) (n int) {
	for _, ev := range s.seen {
		if ev, is := ev.(E); is && ok(ev) {
			n++
		}
	}
	return n
}

func (c *call) connect() (offerer, answerer *side) {
	c.Helper()
	offerer, answerer = c.ends[0], c.ends[1]
	offerer.create(true)
	answerer.create(false)
	offerer.setLocal()
	c.open()
	return offerer, answerer
}

// open waits until all channels are.
func (c *call) open() {
	c.Helper()
	c.until("channels open", func() bool {
		return open1[session.ControlOpened](c) && open1[session.ChatOpened](c)
	})
}

func open1[E session.Event](c *call) bool {
	all := func(E) bool { return true }
	return seen(c.ends[0], all) == 1 && seen(c.ends[1], all) == 1
}

// end closes both sides and sees that nothing is held any more.
func (c *call) end() {
	c.Helper()
	for _, s := range c.ends {
		s.connections.Perform(session.ClosePeerConnection{Link: s.link})
		s.devices.Perform(session.CloseDevices{})
	}
	if got := browser.Held(); got != c.held {
		c.Errorf("%d functions held after Close, want %d", got, c.held)
	}
}

func transceivers(s *side) (directions []string) {
	all := s.pc().Call("getTransceivers")
	for i := range all.Length() {
		directions = append(directions, text(all.Index(i).Get("receiver").Get("track").Get("kind"))+" "+text(all.Index(i).Get("direction"))+" "+text(all.Index(i).Get("currentDirection")))
	}
	return directions
}

func TestTwoConnectionsInOnePage(t *testing.T) {
	glue, err := os.ReadFile("../../static/glue.js")
	if err != nil {
		t.Fatal(err)
	}
	js.Global().Call("eval", string(glue))
	c := newCall(t)
	a, b := c.connect()

	for name, s := range map[string]*side{"offerer": a, "answerer": b} {
		if got, want := strings.Join(transceivers(s), ", "), "audio sendrecv sendrecv, video sendrecv sendrecv"; got != want {
			t.Errorf("transceivers of the %s: %s, want %s", name, got, want)
		}
		full := seen(s, func(ev session.CandidateFound) bool {
			var f struct {
				Candidate, SDPMid, UsernameFragment string
				SDPMLineIndex                       *int
			}
			return json.Unmarshal(ev.Candidate, &f) == nil && f.Candidate != "" && f.SDPMid != "" && f.UsernameFragment != "" && f.SDPMLineIndex != nil
		})
		if full == 0 {
			t.Errorf("no candidate of the %s carries sdpMid, sdpMLineIndex and usernameFragment", name)
		}
		if n := seen(s, func(ev session.TrackReceived) bool { return true }); n != 2 {
			t.Errorf("the %s was told of %d tracks, want 2", name, n)
		}
		if !s.video.Get("srcObject").Truthy() {
			t.Errorf("the %s shows nothing", name)
		}
	}

	// 3,000 messages come in their order.
	const messages = 3000
	for n := range messages {
		a.send(signal.BeatCount{N: int64(n)})
	}
	next := int64(0)
	arrived := func() int {
		return seen(b, func(session.ControlReceived) bool { return true })
	}
	c.until("all messages", func() bool { return len(b.seen) >= messages && arrived() == messages })
	seen(b, func(ev session.ControlReceived) bool {
		var beat signal.BeatCount
		if err := ev.Envelope.Read(&beat); err != nil || beat.N != next {
			t.Fatalf("message %d is %s (%v)", next, ev.Envelope.Payload, err)
		}
		next++
		return true
	})

	// A camera that is granted later flows without another negotiation.
	packets := func(attempt int) (packets int64) {
		b.connections.Perform(session.SampleStats{Link: b.link, Attempt: attempt})
		c.until("statistics", func() bool {
			return seen(b, func(ev session.StatsSampled) bool {
				packets = ev.Packets
				return ev.Attempt == attempt && ev.Flow.Pair != nil && ev.Flow.Pair.Local.Type != "" && ev.Flow.Pair.Remote.Type != ""
			}) > 0
		})
		return packets
	}
	before := packets(1)
	if before < messages {
		t.Errorf("statistics count %d packets after %d messages", before, messages)
	}
	a.devices.Perform(session.OpenDevices{Microphone: true, Camera: true})
	decoded := func() int { return b.video.Get("videoWidth").Int() }
	b.video.Set("muted", true)
	b.video.Call("play")
	c.until("the other side sees the picture", func() bool {
		go func() { time.Sleep(50 * time.Millisecond); b.events <- session.Tick{} }()
		<-time.After(50 * time.Millisecond)
		return decoded() > 2 // a track without frames is 2 pixels wide
	})
	if after := packets(2); after <= before {
		t.Errorf("statistics: %d packets, then %d", before, after)
	}
	for _, s := range c.ends {
		if n := seen(s, func(ev session.LocalDescriptionSet) bool { return true }); n != 1 {
			t.Errorf("%d local descriptions, want 1: tracks flow without negotiation", n)
		}
	}
	if n := seen(b, func(session.StatsSampled) bool { return true }); n != 2 {
		t.Errorf("%d samples, want 2", n)
	}

	// What is wrong on a channel is told, not taken.
	a.connections.all[a.link].control.js.Call("send", "no JSON")
	a.connections.all[a.link].control.js.Call("send", js.Global().Get("Uint8Array").New(3))
	a.connections.all[a.link].chat.js.Call("send", `{"type":"chat","payload":7}`)
	c.until("garbled messages", func() bool { return seen(b, func(session.ControlGarbled) bool { return true }) == 3 })

	// A newer connection's tracks take the element; the older one's close leaves them.
	first := b.video.Get("srcObject")
	a.link.Generation, b.link.Generation = 2, 2
	for _, s := range c.ends {
		s.seen = nil
	}
	c.connect()
	if b.video.Get("srcObject").Equal(first) {
		t.Error("the older connection is still shown")
	}
	second := b.video.Get("srcObject")
	for _, s := range c.ends {
		old := s.link
		old.Generation = 1
		s.connections.Perform(session.ClosePeerConnection{Link: old})
	}
	if !b.video.Get("srcObject").Equal(second) {
		t.Error("closing the older connection took the newer one's picture away")
	}
	c.end()
	if b.video.Get("srcObject").Truthy() {
		t.Error("after Close the last picture stays")
	}
}

func TestGlareOnTheFirstOfferConnects(t *testing.T) {
	c := newCall(t)
	impolite, polite := c.ends[0], c.ends[1]
	for _, s := range c.ends {
		s.create(true)
		s.setLocal()
	}
	offer := func(s *side) (sdp string) {
		c.Helper()
		for sdp == "" {
			if ev, ok := (<-s.events).(session.LocalDescriptionSet); ok {
				sdp = ev.SDP
			}
		}
		return sdp
	}
	o := offer(impolite)
	offer(polite) // is ignored by the impolite side
	polite.attempt++
	for _, order := range []session.Action{ // as the session gives them
		session.ClosePeerConnection{Link: polite.link},
		session.CreatePeerConnection{Link: polite.link},
		session.SetRemoteDescription{Link: polite.link, Attempt: polite.attempt, Description: signal.Description{Type: "offer", SDP: o}},
	} {
		polite.connections.Perform(order)
	}
	c.until("both are stable", func() bool {
		return text(impolite.pc().Get("signalingState")) == "stable" && text(polite.pc().Get("signalingState")) == "stable" &&
			seen(impolite, func(session.RemoteDescriptionSet) bool { return true }) == 1
	})
	c.until("both control channels are open", func() bool {
		opened := func(session.ControlOpened) bool { return true }
		return seen(impolite, opened) == 1 && seen(polite, opened) == 1
	})
	for _, s := range c.ends {
		sending := 0
		for _, d := range transceivers(s) {
			if strings.HasSuffix(d, " sendrecv sendrecv") {
				sending++
			} else {
				t.Errorf("a stray transceiver: %s", d)
			}
		}
		if sending != 2 {
			t.Errorf("%d transceivers send and receive, want 2: %v", sending, transceivers(s))
		}
	}
	c.end()
}

func TestOrdersForAClosedConnectionDoNothing(t *testing.T) {
	c := newCall(t)
	a, _ := c.connect()
	l := a.link
	a.connections.Perform(session.SetLocalDescription{Link: l, Attempt: 9}) // under way while it is closed
	a.connections.Perform(session.ClosePeerConnection{Link: l})
	for len(a.events) > 0 {
		<-a.events
	}
	for _, order := range []session.Action{
		session.SetLocalDescription{Link: l}, session.SetRemoteDescription{Link: l}, session.AddCandidate{Link: l}, session.SampleStats{Link: l},
		session.SendControl{Link: l}, session.SendChat{Link: l}, session.ClosePeerConnection{Link: l},
	} {
		if !a.connections.Perform(order) {
			t.Errorf("%T is nobody's order", order)
		}
	}
	time.Sleep(100 * time.Millisecond)
	if n := len(a.events); n != 0 {
		t.Errorf("%d events of a closed connection, the first %T", n, <-a.events)
	}
	c.end()
}

func TestWhatABrowserRefusesComesBackAsAnError(t *testing.T) {
	c := newCall(t)
	a := c.ends[0]
	a.create(true)
	a.connections.Perform(session.SetRemoteDescription{Link: a.link, Attempt: 1, Description: signal.Description{Type: "offer", SDP: "nonsense"}})
	a.connections.Perform(session.AddCandidate{Link: a.link, Candidate: json.RawMessage(`{"candidate":"x"}`)})
	a.connections.Perform(session.AddCandidate{Link: a.link, Candidate: json.RawMessage(`}`)})
	refused, failed := 0, ""
	for refused < 2 || failed == "" {
		switch ev := (<-a.events).(type) {
		case session.RemoteDescriptionSet:
			failed = ev.Err
		case session.CandidateRefused:
			refused++
		}
	}
	if !strings.Contains(failed, "Error") {
		t.Errorf("error %q, want the browser's name for it", failed)
	}
	bad := session.Link{Peer: "x", Life: 1, Generation: 7}
	a.connections.Perform(session.CreatePeerConnection{Link: bad, ICEServers: []signal.ICEServer{{URLs: []string{"gopher:x"}}}})
	for {
		if ev, ok := (<-a.events).(session.ConnectionRefused); ok {
			if ev.Link != bad || ev.Err == "" {
				t.Errorf("refused: %+v", ev)
			}
			break
		}
	}
	a.connections.Perform(session.ClosePeerConnection{Link: bad})
	c.end()
}

// Chromium 156 never settles createOffer once close was called.
func TestCloseAbandonsOffer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	pc := js.Global().Get("RTCPeerConnection").New()
	promise := pc.Call("createOffer")
	pc.Call("close")
	if _, err := browser.Await(ctx, promise); err != context.DeadlineExceeded {
		t.Errorf("createOffer: %v; it settles now: Pion's awaits would return", err)
	}
}

// Pion v4.2.20 drops sdpMid and usernameFragment, so candidates are taken from
// the browser's own event.
func TestPionsCandidatesLoseTheirFields(t *testing.T) {
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	found := make(chan webrtc.ICECandidateInit, 100)
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c != nil {
			found <- c.ToJSON()
		}
	})
	if _, err := pc.CreateDataChannel("x", nil); err != nil {
		t.Fatal(err)
	}
	browser.Await(t.Context(), pc.JSValue().Call("setLocalDescription"))
	select {
	case c := <-found:
		if c.UsernameFragment != nil && *c.UsernameFragment != "" {
			t.Errorf("%+v: it carries usernameFragment now", c)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("no candidate")
	}
}
