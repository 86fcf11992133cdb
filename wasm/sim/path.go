package sim

import "time"

// pair is a chosen candidate pair: good while both ends keep their addresses.
type pair struct {
	ours, theirs string // ufrags, from the side of a
	a, b         *connection
	addressA     int
	addressB     int
	relay        bool
}

// home is where the machine was when it gathered candidates for a ufrag.
type home struct {
	ufrag   string
	address int
}

// athome says whether the candidates of the ufrag in use are still of the
// network that the machine is on: neither browser gathers again by itself.
func (c *connection) athome() bool {
	for _, h := range c.homes {
		if h.ufrag == c.ours {
			return h.address == c.page.machine().address
		}
	}
	return false
}

// matches says whether the two ends speak with the same credentials and at
// least one knows where the other is.
func (c *connection) matches() bool {
	d := c.peer
	return d != nil && !c.closed && !d.closed && d.peer == c && c.ours != "" && c.ours == d.theirs && c.theirs == d.ours &&
		c.athome() && d.athome() && (c.pruned == "" || c.pruned != c.theirs) && (d.pruned == "" || d.pruned != d.theirs) &&
		!c.dead && !d.dead && (has(c.candidates, c.theirs) || has(d.candidates, d.theirs)) && !c.broken && !d.broken
}

func has(all []string, one string) bool {
	for _, o := range all {
		if o == one {
			return true
		}
	}
	return false
}

// check looks for a path, and takes the time that checks take.
func (c *connection) check() {
	d := c.peer
	if !c.matches() || c.served() || !c.clear() {
		return
	}
	w, round, other := c.page.world, c.checking, d.checking
	relay := c.relayOnly || d.relayOnly || !w.direct(c, d)
	if relay && !w.relays() {
		return
	}
	w.after(w.noise.between(30*time.Millisecond, 250*time.Millisecond), func() {
		if c.checking != round || d.checking != other || !c.matches() || c.served() || !c.clear() {
			return
		}
		p := &pair{c.ours, c.theirs, c, d, c.page.machine().address, d.page.machine().address, relay}
		for _, side := range []*connection{c, d} {
			side.pair, side.dead = p, false
		}
		c.mate(d)
		c.look()
		d.look()
	})
}

// served says whether the chosen pair is that of the newest credentials and
// its ends are where they were.
func (c *connection) served() bool {
	p := c.pair
	return p != nil && !c.dead && (p.ours == c.ours && p.theirs == c.theirs || p.ours == c.theirs && p.theirs == c.ours) && p.there()
}

func (p *pair) there() bool {
	return p.a.page.machine().address == p.addressA && p.b.page.machine().address == p.addressB
}

// clear says whether a check and its answer get through now.
func (c *connection) clear() bool {
	d := c.peer
	w := c.page.world
	return w.passes(c, d) && w.passes(d, c)
}

// passes says whether packets from c get to d at all now.
func (w *World) passes(c, d *connection) bool {
	a, b := c.page.machine(), d.page.machine()
	if !a.sends() || !b.sends() || c.page.gone || d.page.gone {
		return false
	}
	r := w.road(a, b)
	return r.blocked == 0 && (r.direct == 0 || w.relays())
}

// relays says whether there is a relay: it runs beside the server.
func (w *World) relays() bool { return w.relay && w.server.down == 0 }

// direct says whether they get there without the relay.
func (w *World) direct(c, d *connection) bool {
	a, b := c.page.machine(), d.page.machine()
	return w.road(a, b).direct == 0 && w.road(b, a).direct == 0
}

// flows says whether packets from c to d flow over the chosen pair.
func (c *connection) flows() bool {
	d := c.peer
	if d == nil || c.pair == nil || c.pair != d.pair || c.dead || d.dead || c.closed || d.closed || !c.pair.there() {
		return false
	}
	w := c.page.world
	if c.pair.relay {
		return w.passes(c, d) && w.relays()
	}
	return w.passes(c, d) && w.direct(c, d)
}
