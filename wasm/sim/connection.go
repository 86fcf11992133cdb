package sim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/wasm/session"
)

// connection is an RTCPeerConnection: its negotiation as W3C webrtc-pc has
// it. Which paths there are is in path.go, what packets do on them in transport.go.
type connection struct {
	page   *page
	link   session.Link
	serial int
	closed bool

	chain []operation // the operations chain (webrtc-pc, section 4.4.1.2)
	busy  bool

	state         string // signalingState
	local, remote *description
	wasLocal      *description // current, while another is pending
	wasRemote     *description
	restart       bool     // restartIce was called
	offers        bool     // made with the transceivers of microphone and camera
	slot          bool     // the own screen has a media section
	sent, got     bool     // the own and the remote screen, as it was agreed
	needed        bool     // negotiation is needed
	asked         bool     // negotiationneeded was fired for it
	deaf          bool     // never gathers: Chromium 156 after a rollback, sometimes
	candidates    []string // ufrags of the remote's candidates
	agreedAt      time.Duration
	found         []candidate
	taken         []string // remote candidates, as they came

	transport
}

// description is an offer or an answer, as its SDP stands for it.
type description struct {
	kind  string
	sdp   string
	of    *connection
	ufrag string
	slot  bool         // has a media section for the sender's screen
	share bool         // and sends it
	offer *description // that an answer answers
	void  bool         // an offer that was rolled back
}

type candidate struct {
	ufrag, text string
	at          time.Duration
}

type operation struct {
	run  func()
	time time.Duration
}

// connect makes an RTCPeerConnection.
func (p *page) connect(a session.CreatePeerConnection) {
	w := p.world
	for _, c := range p.links {
		if c.link == a.Link {
			w.failf("%s makes %v twice", p, a.Link)
			return
		}
	}
	if len(p.links) > 4*MaxPeople {
		w.failf("%s has %d connections open", p, len(p.links))
		return
	}
	if p.machine().refuses {
		p.put(session.ConnectionRefused{Link: a.Link, Err: "UnknownError: no more connections"})
		return
	}
	w.serial++
	c := &connection{page: p, link: a.Link, serial: w.serial, state: "stable", needed: true, offers: a.Offers}
	c.transport.init(c)
	p.links = append(p.links, c)
	w.connections = append(w.connections, c)
	w.after(time.Millisecond, c.negotiationNeeded)
}

// enqueue puts an operation on the chain; each takes its time.
func (c *connection) enqueue(least, most time.Duration, run func()) {
	c.chain = append(c.chain, operation{run, c.page.world.noise.between(least, most)})
	c.next()
}

func (c *connection) next() {
	if c.busy || len(c.chain) == 0 {
		return
	}
	c.busy = true
	op := c.chain[0]
	c.chain = c.chain[1:]
	c.page.world.after(op.time, func() {
		if c.closed { // Chromium 156 never settles what close came in between of
			return
		}
		op.run()
		c.busy = false
		c.next()
		if len(c.chain) == 0 {
			c.negotiationNeeded()
		}
	})
}

// negotiationNeeded fires the event of that name, once for each reason.
func (c *connection) negotiationNeeded() {
	if c.closed || c.busy || c.state != "stable" || !c.needed && !c.restart && c.shares() == c.sent || c.asked {
		return
	}
	c.asked = true
	c.page.put(session.NegotiationNeeded{Link: c.link})
}

// setLocal is setLocalDescription without an argument.
func (c *connection) setLocal(a session.SetLocalDescription) {
	c.restart = c.restart || a.Restart
	c.relayOnly = a.Relay
	c.enqueue(time.Millisecond, 20*time.Millisecond, func() {
		answer := session.LocalDescriptionSet{Link: c.link, Attempt: a.Attempt}
		switch c.state {
		case "have-remote-offer":
			d := c.describe("answer")
			d.offer = c.remote
			c.apply(d, nil)
		default:
			d := c.describe("offer")
			if c.state == "stable" {
				c.wasLocal = c.local
			}
			c.local, c.state, c.asked = d, "have-local-offer", false
		}
		answer.Type, answer.SDP = c.local.kind, c.local.sdp
		c.page.put(answer)
		c.gather()
	})
}

// describe makes an offer or an answer with the credentials that are due.
func (c *connection) describe(kind string) *description {
	w := c.page.world
	ufrag := ""
	switch {
	case kind == "offer" && c.local != nil && !c.restart:
		ufrag = c.local.ufrag
	case kind == "answer" && c.local != nil && c.wasRemote != nil && c.wasRemote.ufrag == c.remote.ufrag:
		ufrag = c.local.ufrag // the offer does not restart ICE
	}
	if ufrag == "" {
		w.serial++
		ufrag = "u" + strconv.Itoa(w.serial)
	}
	w.serial++
	d := &description{kind: kind, of: c, ufrag: ufrag, slot: c.slot || kind == "offer" && c.shares()}
	d.share = d.slot && c.shares()
	d.sdp = "v=0\r\no=- " + strconv.Itoa(w.serial) + " 2 IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:" + ufrag + "\r\na=ice-pwd:p" + ufrag + "\r\n"
	w.descriptions[d.sdp] = d
	return d
}

// apply makes a local answer, or a remote answer to the local offer, current.
func (c *connection) apply(local, remote *description) {
	if local != nil {
		c.local = local
	}
	if remote != nil {
		c.remote = remote
	}
	if remote != nil {
		c.restart = false // an answer of one's own grants the remote's wish only
	}
	c.state, c.needed, c.asked = "stable", false, false
	c.wasLocal, c.wasRemote = nil, nil
	c.slot, c.sent, c.got = c.local.slot, c.local.share, c.remote.share
	c.hasty()
	c.agree(c.local.ufrag, c.remote.ufrag)
	c.overtake()
	if d := c.peer; d != nil && c.pruned != "" && c.pruned == c.theirs {
		c.pair, d.pair = nil, nil
		c.look()
		d.look()
	}
}

// hasty is Firefox 153 where an ICE restart comes right after the agreement
// before it: DTLS fails.
func (c *connection) hasty() {
	now := c.page.world.clock.now
	if c.page.machine().browser == firefox && c.control.open && c.local.ufrag != c.ours && now-c.agreedAt < second/2 {
		c.page.put(session.DTLSStateChanged{Link: c.link, State: "failed"})
		c.shut()
	}
	c.agreedAt = now
}

// overtake is Firefox 153 that begins its checks after an ICE restart before
// Chromium 156 has the answer, on a path that works: Chromium may prune their
// pair and go on with one to an address of before, which nothing comes of.
func (c *connection) overtake() {
	d := c.peer
	if c.page.machine().browser != firefox || d == nil || d.page.machine().browser != chromium || !c.flows() || c.served() ||
		c.state != "stable" || c.local == nil || c.local.kind != "answer" || !has(c.candidates, c.theirs) {
		return
	}
	ufrag, w := c.ours, c.page.world
	w.after(w.noise.between(time.Millisecond, 4*time.Millisecond), func() {
		if !c.closed && !d.closed && c.ours == ufrag && c.flows() && d.theirs != ufrag && d.local.ufrag == c.theirs && w.noise.chance(0.5) {
			d.pruned, d.prunedAt = ufrag, w.clock.now
		}
	})
}

// pruned says whether a path to the participant was lost to that: pictures may
// be back a moment before the beats that were said into it.
func (p *page) pruned(participant string) bool {
	lately := func(c *connection) bool {
		return c != nil && c.pruned != "" && p.world.clock.now-c.prunedAt < 15*second
	}
	return slices.ContainsFunc(p.links, func(c *connection) bool {
		return c.link.Peer == participant && (lately(c) || lately(c.peer))
	})
}

// setRemote is setRemoteDescription; an offer in the middle of one's own
// rolls that back.
func (c *connection) setRemote(a session.SetRemoteDescription) {
	c.enqueue(time.Millisecond, 20*time.Millisecond, func() {
		w := c.page.world
		answer := session.RemoteDescriptionSet{Link: c.link, Attempt: a.Attempt}
		d := w.descriptions[a.Description.SDP]
		switch {
		case d == nil:
			w.failf("%s sets a description that nobody made", c.page)
			return
		case c.page.machine().unfit:
			answer.Err = "OperationError: failed to set remote description: no codec in common"
		case d.kind == "offer" && d.void:
			w.failf("%s applies an offer that %s has rolled back", c.page, d.of.page)
			return
		case d.kind == "offer":
			if c.state == "have-local-offer" {
				c.rollBack()
			}
			if c.state == "stable" {
				c.wasRemote = c.remote
			}
			c.remote, c.state = d, "have-remote-offer"
			c.known(d.of)
		case c.state != "have-local-offer":
			answer.Err = "InvalidStateError: called in wrong state: " + c.state
		case d.offer != c.local && c.page.machine().browser == firefox:
			answer.Err = "OperationError: the answer does not match the offer"
		default:
			c.known(d.of)
			c.apply(nil, d)
		}
		c.page.put(answer)
	})
}

func (c *connection) rollBack() {
	c.local.void = true
	c.local, c.wasLocal, c.state, c.asked = c.wasLocal, nil, "stable", false
	c.needed = true
	if c.local == nil && c.page.machine().browser == chromium && c.page.world.noise.chance(0.3) {
		c.deaf = true
	}
}

// known remembers whose candidates count now.
func (c *connection) known(remote *connection) { c.peer = remote }

// gather finds candidates for the newest local description.
func (c *connection) gather() {
	w := c.page.world
	ufrag := c.local.ufrag
	if ufrag == c.gathered || c.deaf {
		return
	}
	c.gathered = ufrag
	c.homes = append(c.homes, home{ufrag, c.page.machine().address})
	found := func(text string) {
		if !c.closed {
			c.page.put(session.CandidateFound{Link: c.link, Candidate: json.RawMessage(text)})
		}
	}
	if w.relay && w.noise.chance(0.05) {
		c.page.put(session.CandidateFailed{Link: c.link, Code: 701, URL: "turn:relay.test", Text: "timed out"})
	}
	wait := w.noise.between(0, 60*time.Millisecond)
	for range 1 + w.noise.below(2) {
		w.after(wait, func() {
			w.serial++
			text := `{"candidate":"candidate:1 1 udp 2122260223 10.0.0.` + strconv.Itoa(c.page.machine().index+1) +
				` ` + strconv.Itoa(w.serial) + ` typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"` + ufrag + `"}`
			c.found = append(c.found, candidate{ufrag, text, w.clock.now})
			found(text)
		})
		wait += w.noise.between(0, 80*time.Millisecond)
	}
	w.after(wait+w.noise.between(10*time.Millisecond, 2*time.Second), func() { found(`{"candidate":""}`) })
}

// addCandidate is addIceCandidate.
func (c *connection) addCandidate(data json.RawMessage) {
	c.enqueue(0, 2*time.Millisecond, func() {
		_, tail, _ := strings.Cut(string(data), `"usernameFragment":"`)
		ufrag, _, _ := strings.Cut(tail, `"`)
		if ufrag != "" {
			if len(c.taken) > 1000 {
				c.page.world.failf("%s adds %d candidates", c.page, len(c.taken))
			}
			c.taken = append(c.taken, string(data))
		}
		switch {
		case c.remote == nil:
			c.page.put(session.CandidateRefused{Link: c.link, Err: "InvalidStateError: the remote description was null"})
		case ufrag == "":
		case ufrag != c.remote.ufrag && (c.wasRemote == nil || ufrag != c.wasRemote.ufrag):
			c.page.put(session.CandidateRefused{Link: c.link, Err: "OperationError: unknown ufrag " + ufrag})
		default:
			c.candidates = append(c.candidates, ufrag)
			c.overtake()
			c.check()
		}
	})
}

// sample is getStats, as the glue reads it.
func (c *connection) sample(attempt int) {
	w := c.page.world
	w.after(w.noise.between(time.Millisecond, 4*time.Millisecond), func() {
		if c.closed {
			return
		}
		ev := session.StatsSampled{Link: c.link, Attempt: attempt, Packets: c.packets(), Flow: session.Flow{RTT: 10}}
		if c.control.open { // else there is no RTP yet
			ev.Media = ev.Packets
		}
		if c.page.machine().browser == chromium && !c.inflow && c.counted > 0 {
			ev.Age = float64((w.clock.now - c.dryAt).Milliseconds())
		}
		if c.pair != nil {
			kind := "host"
			if c.pair.relay {
				kind = "relay"
			}
			ev.Flow.Pair = &session.Pair{Local: session.Candidate{Type: kind, Protocol: "udp"}, Remote: session.Candidate{Type: kind, Protocol: "udp"}}
		}
		c.page.put(ev)
	})
}

// close is RTCPeerConnection.close: the other side is told, if packets flow.
func (c *connection) close() {
	if c.closed {
		return
	}
	c.hangUp(true)
	c.vanish()
}

// vanish takes the connection out of the world.
func (c *connection) vanish() {
	w := c.page.world
	c.closed = true
	c.chain = nil
	c.page.links = without(c.page.links, c)
	w.connections = without(w.connections, c)
	if c.peer != nil {
		c.peer.look()
	}
}

func without[T comparable](all []T, one T) []T {
	for i, o := range all {
		if o == one {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}
