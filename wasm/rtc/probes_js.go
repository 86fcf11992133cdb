package rtc

import (
	"strings"
	"syscall/js"

	"github.com/pion/webrtc/v4"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/doctor"
)

// Probes are the connections of a check-up: each gathers candidates for one
// question and connects to nobody; the loop connects two of them.
type Probes struct {
	put  func(doctor.Event)
	all  map[question]*probe
	loop *loop
}

type question struct {
	run   int
	check doctor.CheckID
}

// probe is one connection that gathers.
type probe struct {
	pc   *webrtc.PeerConnection
	js   js.Value
	dc   *channel
	stop []func()
}

// NewProbes makes an empty set. put takes what the browser reports.
func NewProbes(put func(doctor.Event)) *Probes {
	return &Probes{put: put, all: map[question]*probe{}}
}

// Perform carries out an order about connections; ok is false for other orders.
func (p *Probes) Perform(a doctor.Action) (ok bool) {
	switch a := a.(type) {
	case doctor.Gather:
		p.gather(a)
	case doctor.StopGathering:
		of := question{a.Run, a.Check}
		if one := p.all[of]; one != nil {
			delete(p.all, of)
			one.close()
		}
	case doctor.OpenLoop:
		p.openLoop(a)
	case doctor.CloseLoop:
		p.closeLoop()
	default:
		return false
	}
	return true
}

// connect makes a connection with these servers and a channel, so that there
// is something to gather for.
func connect(servers []signal.ICEServer, relay bool, on events) (*probe, error) {
	conf := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle}
	if relay {
		conf.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	for _, s := range servers {
		conf.ICEServers = append(conf.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	pc, err := webrtc.NewPeerConnection(conf)
	if err != nil {
		return nil, err
	}
	one := &probe{pc: pc, js: pc.JSValue()}
	if one.dc, err = open(pc, "check", 0, on); err != nil {
		one.close()
		return nil, err
	}
	return one, nil
}

// unheard are the events of a channel that nobody will ever open.
var unheard = events{opened: func() {}, closed: func() {}, message: func(js.Value) {}}

// WhyRefused is what the browser says against these servers; "" where it takes
// them.
func WhyRefused(servers []signal.ICEServer) string {
	one, err := connect(servers, false, unheard)
	if err != nil {
		return err.Error()
	}
	one.close()
	return ""
}

func (one *probe) listen(event string, fn func(ev js.Value)) {
	one.stop = append(one.stop, browser.Listen(one.js, event, fn))
}

// close closes the channel first: Pion's Close does not release what it holds.
func (one *probe) close() {
	for _, stop := range one.stop {
		stop()
	}
	one.dc.close()
	_ = one.pc.Close()
}

// offer begins to gather, and tells the offer or the error.
func (one *probe) offer(then func(err error)) {
	err := browser.Try(func() {
		browser.Then(one.js.Call("setLocalDescription"), func(_ js.Value, err error) { then(err) })
	})
	if err != nil {
		then(err)
	}
}

func (p *Probes) gather(a doctor.Gather) {
	of := question{a.Run, a.Check}
	refuse := func(err error) {
		if err != nil {
			p.put(doctor.GatheringRefused{Run: a.Run, Check: a.Check, Err: err.Error()})
		}
	}
	one, err := connect(a.Servers, a.Relay, unheard)
	if err != nil {
		refuse(err)
		return
	}
	p.all[of] = one
	one.listen("icecandidate", func(ev js.Value) {
		if c := ev.Get("candidate"); c.Truthy() && text(c.Get("candidate")) != "" {
			p.put(doctor.CandidateFound{Run: a.Run, Check: a.Check, Candidate: candidateOf(c)})
		}
	})
	one.listen("icecandidateerror", func(ev js.Value) {
		p.put(doctor.CandidateFailed{Run: a.Run, Check: a.Check, Code: number(ev.Get("errorCode")), URL: text(ev.Get("url")), Text: text(ev.Get("errorText"))})
	})
	one.listen("icegatheringstatechange", func(js.Value) {
		if text(one.js.Get("iceGatheringState")) == "complete" {
			p.put(doctor.GatheringDone{Run: a.Run, Check: a.Check})
		}
	})
	one.offer(func(err error) {
		if p.all[of] == one {
			refuse(err)
		}
	})
}

// candidateOf copies what the browser says of a candidate. Firefox 153 knows
// no relayProtocol, and only Chromium writes network-id into the line (its
// number of the network that the socket is on).
func candidateOf(c js.Value) doctor.Candidate {
	words := strings.Fields(text(c.Get("candidate")))
	after := func(name string) string {
		for i, w := range words[:max(0, len(words)-1)] {
			if w == name {
				return words[i+1]
			}
		}
		return ""
	}
	return doctor.Candidate{
		Type: text(c.Get("type")), Protocol: text(c.Get("protocol")), Address: plain(text(c.Get("address"))), Port: number(c.Get("port")),
		RelatedAddress: plain(text(c.Get("relatedAddress"))), RelatedPort: number(c.Get("relatedPort")),
		RelayProtocol: text(c.Get("relayProtocol")), Network: after("network-id"),
	}
}

// plain takes off the brackets that Chromium 156 writes around an IPv6 address.
func plain(address string) string { return strings.Trim(address, "[]") }
