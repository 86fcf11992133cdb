package main

import (
	"fmt"
	"time"

	"holdline/wasm/e2e/nets"
)

// row is something that networks do to calls, or that calls meet in networks.
type row struct {
	name string
	// lay lays the lines, and says where the servers are to be.
	lay func(w *world) *nets.Segment
	// more are further flags of our server.
	more func(w *world) []string
	// firewall is there from the beginning.
	firewall func(w *world)
	// route is the one that the row is about: of calls that it begins with.
	route string
	// act measures a call.
	act      func(p *pair)
	fresh    bool          // profiles for each call
	patience time.Duration // 0: patience
}

// patience is how long a call may take to come, and to come back: 40 s, as
// long as Holdline's own ladder. Chromium gives a connection up 15 to 18 s
// after the last packet.
const patience = 40 * time.Second

func (r row) waits() time.Duration {
	if r.patience > 0 {
		return r.patience
	}
	return patience
}

func (r row) flags(w *world) []string {
	if r.more == nil {
		return nil
	}
	return r.more(w)
}

// The rows' names are the raw file's, and choose rows.
const (
	rowLAN       = "LAN without internet"
	rowLANOpened = "LAN without internet, page opened"
	rowCone      = "cone/cone"
	rowSymmetric = "symmetric/symmetric"
	rowUDP       = "UDP blocked"
	rowTLS       = "only TLS on TCP 443"
	rowUplink    = "uplink dies"
	rowFirewall  = "firewall drops the flow"
	rowBlocked   = "blocked for good"
	rowExpired   = "credentials expire"
)

// rowNothing names the row of a time in which nothing passes.
func rowNothing(long time.Duration) string {
	return fmt.Sprintf("nothing for %.0f s", long.Seconds())
}

// credentials is how long the relay's live where they are to expire: 10 s, the
// shortest that our server takes.
const credentials = 10 * time.Second

// allocations is how long the relay's live there without a refresh: 20 s, the
// shortest that our server takes. Chromium refreshes at half of that.
const allocations = 20 * time.Second

func homes(ana, ben nets.NAT) func(w *world) *nets.Segment {
	return func(w *world) *nets.Segment { return w.homes(ana, ben) }
}

func rows() []row {
	cones := homes(nets.Cone, nets.Cone)
	symmetric := homes(nets.Symmetric, nets.Symmetric)
	all := []row{
		{name: rowLAN, lay: (*world).lan, act: (*pair).join, route: hostToHost},
		{name: rowLANOpened, lay: (*world).lan, act: (*pair).arrive, route: hostToHost},
		{name: rowCone, lay: cones, act: (*pair).join, route: reflexive},
		{name: rowSymmetric, lay: symmetric, act: (*pair).join},
		{name: rowUDP, lay: cones, act: (*pair).join, firewall: func(w *world) { w.anaHome.Line.Drop(nets.UDP) }},
		// TURN over TCP would pass at port 443, too, where only ports are looked at.
		{name: rowTLS, lay: cones, act: (*pair).join, firewall: func(w *world) {
			w.anaHome.Line.Drop(nets.Not(nets.TCP(443)))
			w.anaHome.Line.Drop(nets.STUN)
		}},
		{name: rowUplink, lay: (*world).uplinks, act: (*pair).cut, fresh: true, route: reflexive},
		{name: rowFirewall, lay: cones, act: (*pair).drop, route: reflexive},
		{
			name: rowBlocked, lay: cones, act: (*pair).block, route: reflexive, patience: time.Minute,
			// At an address that the certificate lacks, TURN over TLS is not offered:
			// nothing could block that and leave the signaling alive.
			more: func(w *world) []string {
				w.tls, w.relayHost = false, w.holdline.Address().String()
				return []string{"--relay-host", w.relayHost}
			},
		},
	}
	for _, long := range []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second} {
		all = append(all, row{name: rowNothing(long), lay: cones, route: reflexive, act: func(p *pair) { p.darken(long) }})
	}
	return append(all, row{name: rowExpired, lay: symmetric, act: (*pair).expire, more: func(w *world) []string {
		w.lifetime = credentials
		return []string{"--relay-credentials", credentials.String(), "--relay-lifetime", allocations.String()}
	}})
}
