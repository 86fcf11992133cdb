package crowd

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// fabric is the network between the pages: it knows which RTCPeerConnection
// speaks with which ICE credentials.
type fabric struct {
	mu     sync.Mutex
	serial int
	homes  map[string]*connection // by username fragment
}

// connection is an RTCPeerConnection as the browser of a good network has it:
// descriptions as W3C webrtc-pc wants them, and a path as soon as both ends
// have the other's credentials and one has the other's candidate.
type connection struct {
	page *page
	link session.Link

	// Guarded by fabric.mu.
	state         string // signalingState
	local, remote string // username fragments
	newest        string // of an offer that is not answered yet
	wasRemote     string // of the description before
	restart       bool
	candidates    []string // username fragments of the remote's candidates
	gathered      string
	own           []string // every username fragment that leads here

	mate   atomic.Pointer[connection] // the other end, once there is a path
	since  time.Time                  // of the path; written before mate
	heard  atomic.Int64               // messages that came
	closed atomic.Bool
}

// connect makes the RTCPeerConnection of a link.
func (f *fabric) connect(p *page, link session.Link) *connection {
	return &connection{page: p, link: link, state: "stable"}
}

const sdp = "v=0\r\no=- %d 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n"

func ufragOf(sdp string) string {
	_, tail, _ := strings.Cut(sdp, "a=ice-ufrag:")
	ufrag, _, _ := strings.Cut(tail, "\r\n")
	return ufrag
}

// credentials makes a new username fragment for c.
func (f *fabric) credentials(c *connection) string {
	f.serial++
	ufrag := fmt.Sprintf("u%d", f.serial)
	f.homes[ufrag] = c
	c.own = append(c.own, ufrag)
	return ufrag
}

// setLocal is setLocalDescription without an argument.
func (f *fabric) setLocal(c *connection, a session.SetLocalDescription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.closed.Load() {
		return
	}
	c.restart = c.restart || a.Restart
	f.serial++
	serial, kind, ufrag := f.serial, "offer", c.local
	if c.state == "have-remote-offer" {
		kind = "answer"
		if ufrag == "" || c.remote != c.wasRemote {
			ufrag = f.credentials(c)
		}
		c.local, c.state = ufrag, "stable"
	} else {
		if ufrag == "" || c.restart {
			ufrag = f.credentials(c)
		}
		c.newest, c.state = ufrag, "have-local-offer"
	}
	c.page.put(session.LocalDescriptionSet{Link: c.link, Attempt: a.Attempt, Type: kind, SDP: fmt.Sprintf(sdp, serial, ufrag, "p"+ufrag)})
	if c.gathered != ufrag {
		c.gathered = ufrag
		for port := range 2 {
			c.page.put(session.CandidateFound{Link: c.link, Candidate: json.RawMessage(fmt.Sprintf(
				`{"candidate":"candidate:1 1 udp 2122260223 192.0.2.1 %d typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":%q}`, 50000+port, ufrag))})
		}
		c.page.put(session.CandidateFound{Link: c.link, Candidate: json.RawMessage(`{"candidate":""}`)})
	}
	f.check(c)
}

// setRemote is setRemoteDescription; an offer in the middle of one's own
// rolls that back.
func (f *fabric) setRemote(c *connection, a session.SetRemoteDescription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.closed.Load() {
		return
	}
	answer := session.RemoteDescriptionSet{Link: c.link, Attempt: a.Attempt}
	ufrag := ufragOf(a.Description.SDP)
	switch {
	case ufrag == "":
		answer.Err = "OperationError: the description has no ice-ufrag"
	case a.Description.Type == "offer":
		c.wasRemote, c.remote, c.newest, c.state = c.remote, ufrag, "", "have-remote-offer"
	case c.state != "have-local-offer":
		answer.Err = "InvalidStateError: called in wrong state: " + c.state
	default:
		c.wasRemote, c.remote, c.local, c.newest, c.restart, c.state = c.remote, ufrag, c.newest, "", false, "stable"
	}
	c.page.put(answer)
	f.check(c)
}

// addCandidate is addIceCandidate.
func (f *fabric) addCandidate(c *connection, data json.RawMessage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var candidate struct {
		UsernameFragment string `json:"usernameFragment"`
	}
	switch err := json.Unmarshal(data, &candidate); {
	case c.closed.Load():
	case err != nil:
		c.page.put(session.CandidateRefused{Link: c.link, Err: "TypeError: " + err.Error()})
	case c.remote == "":
		c.page.put(session.CandidateRefused{Link: c.link, Err: "InvalidStateError: the remote description was null"})
	case candidate.UsernameFragment == "":
	case candidate.UsernameFragment != c.remote && candidate.UsernameFragment != c.wasRemote:
		c.page.put(session.CandidateRefused{Link: c.link, Err: "OperationError: unknown ufrag"})
	default:
		c.candidates = append(c.candidates, candidate.UsernameFragment)
		f.check(c)
	}
}

// check looks for a path: both ends agree on both credentials, and one knows
// where the other is. f.mu is held.
func (f *fabric) check(c *connection) {
	d := f.homes[c.remote]
	if d == nil || c.state != "stable" || d.state != "stable" || c.local == "" || c.local != d.remote || c.remote != d.local || c.mate.Load() == d {
		return
	}
	if !knows(c) && !knows(d) {
		return
	}
	if c.mate.Load() != nil || d.mate.Load() != nil {
		for _, side := range []*connection{c, d} { // another certificate than before
			side.page.put(session.DTLSStateChanged{Link: side.link, State: "failed"})
		}
		return
	}
	now := time.Now()
	c.since, d.since = now, now
	c.mate.Store(d)
	d.mate.Store(c)
	for _, side := range []*connection{c, d} {
		side.page.put(session.ConnectionStateChanged{Link: side.link, State: "connecting"})
		side.page.put(session.DTLSStateChanged{Link: side.link, State: "connected"})
		side.page.put(session.ConnectionStateChanged{Link: side.link, State: "connected"})
		side.page.put(session.ControlOpened{Link: side.link})
		side.page.put(session.ChatOpened{Link: side.link})
	}
}

func knows(c *connection) bool {
	for _, ufrag := range c.candidates {
		if ufrag == c.remote {
			return true
		}
	}
	return false
}

// over gives a message of one of the channels to the other end.
func (c *connection) over(word func(to session.Link) session.Event) bool {
	d := c.mate.Load()
	if d == nil || c.closed.Load() || d.closed.Load() {
		return false
	}
	d.heard.Add(1)
	d.page.put(word(d.link))
	return true
}

func (c *connection) sendControl(e signal.Envelope) {
	if c.over(func(to session.Link) session.Event { return session.ControlReceived{Link: to, Envelope: e} }) {
		c.page.person.crowd.Figures.Control.Add(1)
	}
}

func (c *connection) sendChat(e signal.Envelope) {
	var chat signal.Chat
	if err := e.Read(&chat); err != nil {
		c.page.person.crowd.fault("chat does not decode", err.Error())
		return
	}
	if c.over(func(to session.Link) session.Event { return session.ChatReceived{Link: to, Seq: e.Seq, Chat: chat} }) {
		c.page.person.crowd.Figures.Chat.Add(1)
	}
}

// sample is getStats: RTP comes at 50 packets a second while both ends are there.
func (c *connection) sample(attempt int) {
	ev := session.StatsSampled{Link: c.link, Attempt: attempt}
	if d := c.mate.Load(); d != nil {
		host := session.Candidate{Type: "host", Protocol: "udp"}
		ev.Flow = session.Flow{Pair: &session.Pair{Local: host, Remote: host}, RTT: 1}
		ev.Packets = c.heard.Load()
		if !d.closed.Load() {
			ev.Media = time.Since(c.since).Milliseconds() / 20
			ev.Packets += ev.Media
		}
	}
	c.page.put(ev)
}

// close is RTCPeerConnection.close: the other end is told by DTLS.
func (f *fabric) close(c *connection) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.closed.Swap(true) {
		return
	}
	for _, ufrag := range c.own {
		delete(f.homes, ufrag)
	}
	if d := c.mate.Load(); d != nil && !d.closed.Load() {
		d.page.put(session.DTLSStateChanged{Link: d.link, State: "closed"})
		d.page.put(session.ControlClosed{Link: d.link})
		d.page.put(session.ChatClosed{Link: d.link})
	}
}
