package sim

import (
	"time"

	"holdline/server/signal"
)

// channel is one direction of a data channel, ordered and reliable: what
// cannot get through waits.
type channel struct {
	from    *connection
	open    bool
	queue   []signal.Envelope
	last    time.Duration
	owed    int
	fire    func()
	deliver func(to *connection, e signal.Envelope)
}

// send is RTCDataChannel.send.
func (ch *channel) send(e signal.Envelope) {
	if !ch.open || ch.from.mated == nil {
		return
	}
	c := ch.from
	w := c.page.world
	r := w.road(c.page.machine(), c.mated.page.machine())
	late := time.Duration(0)
	if r.slow > 0 {
		late = r.slow/2 + w.noise.between(0, r.slow)
	}
	if r.loss > 0 && w.noise.chance(r.loss) {
		late += w.noise.between(200*time.Millisecond, 900*time.Millisecond) // retransmitted
	}
	if ch.fire == nil {
		ch.fire = ch.arrive
	}
	if len(ch.queue) > 50_000 {
		w.failf("%s: %d messages wait in a channel", c.page, len(ch.queue))
		return
	}
	ch.queue = append(ch.queue, e)
	ch.last = max(ch.last, w.clock.now+w.packetTime/2+time.Duration(w.noise.next()%uint64(w.packetTime))+late)
	w.at(ch.last, ch.fire)
}

func (ch *channel) arrive() {
	if len(ch.queue) == 0 {
		return
	}
	c := ch.from
	if ch.owed > 0 || !c.flows() && !c.closed {
		ch.owed++
		return
	}
	to := c.mated
	e := ch.queue[0]
	ch.queue[0] = signal.Envelope{}
	if ch.queue = ch.queue[1:]; len(ch.queue) == 0 {
		ch.queue = nil
	}
	if to.closed || to.broken || c.closed && !ch.through() {
		return
	}
	to.page.world.onWire(&e, signal.DefaultLimits)
	ch.deliver(to, e)
}

// through says whether the last words of a closed connection still arrive.
func (ch *channel) through() bool {
	c := ch.from
	return c.page.world.arrives(c.page.machine(), c.mated.page.machine())
}

// resume sends what has waited again, when SCTP repeats it next: after times
// that double, up to 3 s in Chromium 156.
func (ch *channel) resume() {
	if ch.owed == 0 {
		return
	}
	w := ch.from.page.world
	dry := min(max(w.clock.now-ch.from.peer.dryAt, 100*time.Millisecond), 3*time.Second)
	ch.last = max(ch.last, w.clock.now+w.noise.between(50*time.Millisecond, dry))
	for range ch.owed {
		w.at(ch.last, ch.fire)
	}
	ch.owed = 0
}

func (w *World) arrives(a, b *machine) bool {
	r := w.road(a, b)
	return a.uplink == 0 && b.sends() && r.blocked == 0 && r.direct == 0
}
