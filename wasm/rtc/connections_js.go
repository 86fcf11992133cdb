// Package rtc carries out the session's orders on RTCPeerConnection: Pion's
// bindings where they reach, and the browser's own object through JSValue
// where they do not.
//
// Pion's awaits take no context and never return once Close came in between
// (TestCloseAbandonsOffer), its handlers run in a goroutine each, so that one
// can overtake another, and its candidates lose sdpMid and usernameFragment.
// So every call that answers with a promise and every event goes through
// package browser: in the order of the orders, without a goroutine.
package rtc

import (
	"encoding/json"
	"slices"
	"syscall/js"

	"github.com/pion/webrtc/v4"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// The control and the chat channel are negotiated by these ids (RFC 8832 is
// not spoken), so both sides have them from the start.
const (
	controlLabel, controlID = "holdline", uint16(0)
	chatLabel, chatID       = "chat", uint16(1)
)

// Connections are the RTCPeerConnections of a session, by their links.
type Connections struct {
	put     func(session.Event)
	video   func(participant string, kind session.DeviceKind) js.Value
	devices *Devices
	all     map[session.Link]*connection
}

type connection struct {
	link    session.Link
	servers []signal.ICEServer
	relay   bool // only relayed candidates are wanted
	pc      *webrtc.PeerConnection
	js      js.Value
	control *channel
	chat    *channel
	stream  js.Value // of the remote microphone and camera
	screens js.Value // of the remote screen
	camera  js.Value // the transceiver of both cameras
	screen  js.Value // the transceiver of the own screen
	stop    []func()
	dtls    js.Value // the transport whose state is listened to
}

// New makes an empty set. put takes what the browser reports; video finds the
// element that shows a participant's camera or screen, undefined while there
// is none.
func New(put func(session.Event), video func(participant string, kind session.DeviceKind) js.Value, devices *Devices) *Connections {
	c := &Connections{put: put, video: video, devices: devices, all: map[session.Link]*connection{}}
	devices.changed = c.sendTracks
	return c
}

// Perform carries out an order about a link; ok is false for other orders.
func (c *Connections) Perform(a session.Action) (ok bool) {
	switch a := a.(type) {
	case session.CreatePeerConnection:
		c.create(a)
	case session.SetLocalDescription:
		c.with(a.Link, func(p *connection) { c.setLocal(p, a) })
	case session.SetRemoteDescription:
		c.with(a.Link, func(p *connection) { c.setRemote(p, a) })
	case session.AddCandidate:
		c.with(a.Link, func(p *connection) { c.addCandidate(p, a) })
	case session.SampleStats:
		c.with(a.Link, func(p *connection) { c.sample(p, a) })
	case session.SendControl:
		c.with(a.Link, func(p *connection) { p.control.send(a.Envelope) })
	case session.SendChat:
		c.with(a.Link, func(p *connection) { p.chat.send(a.Envelope) })
	case session.ClosePeerConnection:
		c.with(a.Link, c.close)
	default:
		return false
	}
	return true
}

func (c *Connections) with(l session.Link, do func(*connection)) {
	if p := c.all[l]; p != nil {
		do(p)
	}
}

// Objects are the control channels and connections of these links, for the
// stub that says goodbye.
func (c *Connections) Objects(links []session.Link) (channels, connections []any) {
	for _, l := range links {
		if p := c.all[l]; p != nil {
			channels = append(channels, p.control.js)
			connections = append(connections, p.js)
		}
	}
	return channels, connections
}

func (c *Connections) create(a session.CreatePeerConnection) {
	conf := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle}
	for _, s := range a.ICEServers {
		conf.ICEServers = append(conf.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	pc, err := webrtc.NewPeerConnection(conf)
	if err != nil {
		c.put(session.ConnectionRefused{Link: a.Link, Err: err.Error()})
		return
	}
	p := &connection{link: a.Link, servers: a.ICEServers, pc: pc, js: pc.JSValue(), stream: js.Global().Get("MediaStream").New(), screens: js.Global().Get("MediaStream").New()}
	c.all[a.Link] = p
	if err := c.openChannels(p); err != nil {
		c.put(session.ConnectionRefused{Link: a.Link, Err: err.Error()})
		return
	}
	c.listen(p)
	if a.Offers {
		for _, kind := range []string{"audio", "video"} {
			p.js.Call("addTransceiver", kind, map[string]any{"direction": "sendrecv", "streams": []any{c.devices.stream}})
		}
	}
	c.sendTracks()
}

// listen stays until the connection is closed.
func (c *Connections) listen(p *connection) {
	on := func(event string, fn func(ev js.Value)) {
		p.stop = append(p.stop, browser.Listen(p.js, event, fn))
	}
	on("negotiationneeded", func(js.Value) { c.put(session.NegotiationNeeded{Link: p.link}) })
	on("icecandidate", func(ev js.Value) {
		if candidate := ev.Get("candidate"); candidate.Truthy() {
			c.put(session.CandidateFound{Link: p.link, Candidate: stringify(candidate), URL: text(candidate.Get("url")), RelayProtocol: text(candidate.Get("relayProtocol"))})
		} else {
			c.put(session.CandidateFound{Link: p.link, Candidate: json.RawMessage(`{"candidate":""}`)})
		}
	})
	on("icecandidateerror", func(ev js.Value) {
		c.put(session.CandidateFailed{Link: p.link, Code: number(ev.Get("errorCode")), URL: text(ev.Get("url")), Text: text(ev.Get("errorText"))})
	})
	on("connectionstatechange", func(js.Value) {
		c.put(session.ConnectionStateChanged{Link: p.link, State: text(p.js.Get("connectionState"))})
	})
	on("track", func(ev js.Value) { c.track(p, ev.Get("transceiver")) })
}

// listenDTLS starts once there is a transport, and anew when a rollback has
// replaced it: Chromium 156 closes the one of the offer that was rolled back.
func (c *Connections) listenDTLS(p *connection) {
	sctp := p.js.Get("sctp")
	if !sctp.Truthy() || !sctp.Get("transport").Truthy() || sctp.Get("transport").Equal(p.dtls) {
		return
	}
	transport := sctp.Get("transport")
	p.dtls = transport
	tell := func() {
		if transport.Equal(p.dtls) {
			c.put(session.DTLSStateChanged{Link: p.link, State: text(transport.Get("state"))})
		}
	}
	p.stop = append(p.stop, browser.Listen(transport, "statechange", func(js.Value) { tell() }))
	if text(transport.Get("state")) != "new" {
		tell() // a path may be found before the promise of its description is kept
	}
}

func sameServer(a, b signal.ICEServer) bool {
	return slices.Equal(a.URLs, b.URLs) && a.Username == b.Username && a.Credential == b.Credential
}

// setLocal lets the browser make what its signaling state asks for. Restarting
// ICE is a wish that the next offer grants, and that a rollback keeps.
func (c *Connections) setLocal(p *connection, a session.SetLocalDescription) {
	answer := session.LocalDescriptionSet{Link: p.link, Attempt: a.Attempt}
	err := browser.Try(func() {
		p.configure(a.Relay, a.ICEServers)
		if a.Restart {
			p.js.Call("restartIce")
		}
		browser.Then(p.js.Call("setLocalDescription"), func(_ js.Value, err error) {
			if c.all[p.link] != p {
				return // closed meanwhile
			}
			if err != nil {
				answer.Err = err.Error()
			} else if d := p.js.Get("localDescription"); d.Truthy() {
				answer.Type, answer.SDP = text(d.Get("type")), text(d.Get("sdp"))
			} else {
				return // rolled back meanwhile: something newer has taken its place
			}
			c.listenDTLS(p)
			c.put(answer)
		})
	})
	if err != nil {
		answer.Err = err.Error()
		c.put(answer)
	}
}

// configure says where candidates come from, once they are gathered anew.
func (p *connection) configure(relay bool, servers []signal.ICEServer) {
	if len(servers) == 0 {
		servers = p.servers
	}
	if relay != p.relay || !slices.EqualFunc(servers, p.servers, sameServer) {
		p.relay, p.servers = relay, servers
		p.js.Call("setConfiguration", p.configuration())
	}
}

// configuration is RTCConfiguration as setConfiguration takes it; Pion's own
// SetConfiguration refuses turn: URLs.
func (p *connection) configuration() map[string]any {
	servers := []any{}
	for _, s := range p.servers {
		urls := []any{}
		for _, u := range s.URLs {
			urls = append(urls, u)
		}
		server := map[string]any{"urls": urls}
		if s.Username != "" {
			server["username"], server["credential"] = s.Username, s.Credential
		}
		servers = append(servers, server)
	}
	policy := "all"
	if p.relay {
		policy = "relay"
	}
	return map[string]any{"bundlePolicy": "max-bundle", "iceServers": servers, "iceTransportPolicy": policy}
}

func (c *Connections) setRemote(p *connection, a session.SetRemoteDescription) {
	answer := session.RemoteDescriptionSet{Link: p.link, Attempt: a.Attempt}
	description := map[string]any{"type": a.Description.Type, "sdp": a.Description.SDP}
	if a.Description.Type == "answer" {
		localType, local := agreed(p.js, "currentLocalDescription")
		_, remote := agreed(p.js, "currentRemoteDescription")
		description["sdp"] = keepSetup(a.Description.SDP, localType, local, remote)
	}
	err := browser.Try(func() {
		p.configure(p.relay, a.ICEServers)
		browser.Then(p.js.Call("setRemoteDescription", description), func(_ js.Value, err error) {
			if c.all[p.link] != p {
				return // closed meanwhile
			}
			if err != nil {
				answer.Err = err.Error()
			} else if a.Description.Type == "offer" {
				c.acceptTransceivers(p)
			}
			c.listenDTLS(p)
			c.put(answer)
		})
	})
	if err != nil {
		answer.Err = err.Error()
		c.put(answer)
	}
}

// agreed is one of the descriptions that both sides agreed on last, if any.
func agreed(pc js.Value, which string) (kind, sdp string) {
	d := pc.Get(which)
	if !d.Truthy() {
		return "", ""
	}
	return d.Get("type").String(), d.Get("sdp").String()
}

func (c *Connections) addCandidate(p *connection, a session.AddCandidate) {
	refused := func(err error) {
		if err != nil {
			c.put(session.CandidateRefused{Link: p.link, Err: err.Error()})
		}
	}
	var candidate js.Value
	err := browser.Try(func() { candidate = js.Global().Get("JSON").Call("parse", string(a.Candidate)) })
	if err == nil {
		err = browser.Try(func() {
			browser.Then(p.js.Call("addIceCandidate", candidate), func(_ js.Value, err error) { refused(err) })
		})
	}
	refused(err)
}

// close closes the channels first: Pion's Close does not release what they hold.
func (c *Connections) close(p *connection) {
	delete(c.all, p.link)
	for _, stop := range p.stop {
		stop()
	}
	p.control.close()
	p.chat.close()
	c.hide(p)
	p.pc.Close()
	c.Show()
	c.sendTracks() // to fewer, so larger
}

func (c *Connections) sample(p *connection, a session.SampleStats) {
	browser.Then(js.Global().Get("holdlineGlue").Call("statistics", p.js), func(v js.Value, err error) {
		if err == nil {
			c.put(sampled(p.link, a.Attempt, v))
		}
	})
}

func stringify(v js.Value) json.RawMessage {
	return json.RawMessage(js.Global().Get("JSON").Call("stringify", v).String())
}

// text and number read properties that a browser may not have.
func text(v js.Value) string {
	if v.Type() == js.TypeString {
		return v.String()
	}
	return ""
}

func number(v js.Value) int {
	if v.Type() == js.TypeNumber {
		return v.Int()
	}
	return 0
}

// decode reads a message of a channel.
func decode(data js.Value) (signal.Envelope, error) {
	if data.Type() != js.TypeString {
		return signal.Envelope{}, &signal.FieldError{Field: "message", Limit: "text", Got: "binary"}
	}
	return signal.Decode([]byte(data.String()), signal.DefaultLimits)
}
