package sim

import (
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// transport is what packets do for a connection: ICE, DTLS and the channels,
// in Chromium's and in Firefox's way, with the times that were measured.
type transport struct {
	c         *connection
	peer      *connection // whose description was set last
	ours      string      // the ufrags that both descriptions agree on
	theirs    string
	setAt     time.Duration
	gathered  string
	homes     []home
	pair      *pair // the chosen candidate pair, nil before the first
	checking  int   // counts rounds of checks; only the newest is heard
	connState string
	mated     *connection // the DTLS transport's other end, once there is one
	broken    bool        // DTLS or SCTP is gone for good
	dead      bool        // ICE has failed: needs a restart
	pruned    string      // the remote's ufrag that it never chooses a pair of
	prunedAt  time.Duration
	relayOnly bool // iceTransportPolicy is relay
	inflow    bool // packets come in
	consent   bool // and answers to one's own
	lossAt    int  // counts losses of consent
	since     time.Duration
	counted   float64
	cutAt     time.Duration // when consent was lost
	dryAt     time.Duration // when packets ceased to come
	heardAt   time.Duration // when consent was got
	control   channel
	chat      channel
}

func (t *transport) init(c *connection) {
	t.c = c
	t.connState = "new"
	t.control = channel{from: c, deliver: func(to *connection, e signal.Envelope) {
		to.page.put(session.ControlReceived{Link: to.link, Envelope: e})
	}}
	t.chat = channel{from: c, deliver: func(to *connection, e signal.Envelope) {
		var chat signal.Chat
		if err := e.Read(&chat); err != nil {
			to.page.world.failf("chat does not decode: %v", err)
			return
		}
		c.page.reached = c.page.world.clock.now
		to.page.put(session.ChatReceived{Link: to.link, Seq: e.Seq, Chat: chat})
	}}
}

// agree is the moment when both descriptions are set on this side.
func (t *transport) agree(ours, theirs string) {
	if t.ours == ours && t.theirs == theirs {
		return
	}
	t.ours, t.theirs, t.setAt = ours, theirs, t.c.page.world.clock.now
	t.dead = false
	t.checking++
	if t.connState == "new" || t.connState == "failed" || t.connState == "disconnected" && t.c.page.machine().browser == chromium {
		t.c.enter("connecting")
	}
	c, w, round := t.c, t.c.page.world, t.checking
	least, most := 15*time.Second, 30*time.Second
	w.after(w.noise.between(least, most), func() {
		if !c.closed && t.checking == round && t.connState == "connecting" && !t.consent {
			c.fail()
		}
	})
	c.check()
	if c.peer != nil {
		c.peer.check()
	}
}

// mate is the first connection of two ends: DTLS, then the channels.
func (c *connection) mate(d *connection) {
	w := c.page.world
	if c.mated == d && d.mated == c {
		return
	}
	if c.mated != nil && c.mated != d || d.mated != nil && d.mated != c {
		for _, side := range []*connection{c, d} { // another certificate than before
			side.broken = true
			side.page.put(session.DTLSStateChanged{Link: side.link, State: "failed"})
		}
		return
	}
	c.mated, d.mated = d, c
	secure := w.noise.between(20*time.Millisecond, 120*time.Millisecond)
	for _, side := range []*connection{c, d} {
		side.page.put(session.DTLSStateChanged{Link: side.link, State: "connecting"})
		w.after(secure+w.noise.between(0, 30*time.Millisecond), func() {
			if side.closed || side.broken {
				return
			}
			if side.page.machine().insecure {
				side.broken = true
				side.page.put(session.DTLSStateChanged{Link: side.link, State: "failed"})
				return
			}
			side.page.put(session.DTLSStateChanged{Link: side.link, State: "connected"})
			side.look()
			w.after(w.noise.between(5*time.Millisecond, 40*time.Millisecond), func() { side.open(d) })
		})
	}
}

// open opens the channels, once packets flow both ways.
func (c *connection) open(d *connection) {
	if c.closed || c.broken || c.control.open {
		return
	}
	if !c.flows() || !c.peer.flows() {
		c.page.world.after(200*time.Millisecond, func() { c.open(d) })
		return
	}
	c.control.open, c.chat.open = true, true
	opened := [2]session.Event{session.ControlOpened{Link: c.link}, session.ChatOpened{Link: c.link}}
	if c.page.world.noise.chance(0.3) { // nothing promises which is told first
		opened[0], opened[1] = opened[1], opened[0]
	}
	c.page.put(opened[0])
	c.page.put(opened[1])
}

// look compares what flows now with what flowed before.
func (c *connection) look() {
	if c.closed {
		return
	}
	w0 := &c.page.world.clock
	in := c.peer != nil && c.peer.flows()
	consent := in && c.flows()
	if in != c.inflow {
		c.count()
		c.inflow = in
		if !in {
			c.dryAt = w0.now
		}
	}
	if in {
		c.peer.control.resume()
		c.peer.chat.resume()
	}
	switch {
	case consent && !c.consent:
		c.consent, c.heardAt = true, w0.now
		c.lossAt++
		c.regained()
	case !consent && c.consent:
		c.consent = false
		c.lossAt++
		c.lost()
	}
	if !consent && c.pair != nil {
		c.check()
	}
	if c.pair == nil {
		c.check()
	}
}

// lost starts the browser's timers for a silent path.
func (c *connection) lost() {
	w, loss := c.page.world, c.lossAt
	c.cutAt = w.clock.now
	first, second := w.noise.between(5100*time.Millisecond, 7500*time.Millisecond), 10*time.Second
	if c.page.machine().browser == firefox {
		first = w.noise.between(4300*time.Millisecond, 9*time.Second)
		second = w.noise.between(25700*time.Millisecond, 29900*time.Millisecond) - first
	}
	w.after(first, func() {
		if c.closed || c.lossAt != loss {
			return
		}
		c.enter("disconnected")
		w.after(second, func() {
			if !c.closed && c.lossAt == loss {
				c.fail()
			}
		})
	})
}

// fail is the end of consent: Firefox closes the channels with it.
func (c *connection) fail() {
	c.dead, c.pair = true, nil
	c.enter("failed")
	if c.page.machine().browser == firefox && c.control.open {
		c.shut()
	}
	c.look()
	if c.peer != nil {
		c.peer.look()
	}
}

// regained is a path that answers again.
func (c *connection) regained() {
	w, loss := c.page.world, c.lossAt
	wait := w.noise.between(10*time.Millisecond, 120*time.Millisecond)
	if c.page.machine().browser == firefox && c.cutAt != 0 && w.clock.now-c.cutAt > 3*time.Second && c.connState != "connecting" {
		if c.connState == "connected" { // Firefox blips after it is well again
			w.after(w.noise.between(2*time.Millisecond, 650*time.Millisecond), func() {
				if !c.closed && c.lossAt == loss {
					c.enter("disconnected")
				}
			})
		}
		wait = w.noise.between(2500*time.Millisecond, 3300*time.Millisecond)
	}
	w.after(wait, func() {
		if !c.closed && c.lossAt == loss {
			c.enter("connected")
		}
	})
}

func (c *connection) enter(state string) {
	if c.connState == state || c.closed {
		return
	}
	c.connState = state
	c.page.put(session.ConnectionStateChanged{Link: c.link, State: state})
}

// count adds the packets that came since the last look.
func (c *connection) count() {
	now := c.page.world.clock.now
	if c.inflow {
		rate := 0.3 // STUN
		if c.peer != nil && c.peer.control.open {
			rate = 50 // RTP
		}
		c.counted += (now - c.since).Seconds() * rate
	}
	c.since = now
}

func (c *connection) packets() int64 {
	c.count()
	return int64(c.counted)
}

// hangUp tells the other end, if packets flow, that this one is gone.
func (c *connection) hangUp(orderly bool) {
	d := c.mated
	if d == nil || !c.flows() {
		return
	}
	w := c.page.world
	wait := w.noise.between(5*time.Millisecond, 24*time.Millisecond)
	if d.page.machine().browser == firefox {
		wait = w.noise.between(11*time.Millisecond, 148*time.Millisecond)
	}
	at := max(w.clock.now+wait, c.control.last, c.chat.last)
	w.at(at, func() {
		if !d.closed {
			d.page.put(session.DTLSStateChanged{Link: d.link, State: "closed"})
			d.shut()
		}
	})
}

// shut is the end of the association: the channels close for good, also those
// that had not opened yet (W3C webrtc-pc, 6.2).
func (c *connection) shut() {
	if c.broken && !c.control.open {
		return
	}
	c.broken = true
	c.control.open, c.chat.open = false, false
	c.page.put(session.ControlClosed{Link: c.link})
	c.page.put(session.ChatClosed{Link: c.link})
}
