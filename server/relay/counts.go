package relay

import "sync/atomic"

// Counts is what the operator sees of the relay: gauges first, then what has
// added up since the start.
type Counts struct {
	Allocations  int   `json:"allocations"`
	Participants int   `json:"participants"` // whom they are counted for
	Streams      int   `json:"streams"`      // TCP and TLS connections
	ToPeers      int64 `json:"toPeers"`      // bytes
	FromPeers    int64 `json:"fromPeers"`    // bytes

	Refused map[Refusal]int64 `json:"refused"`
}

// Refusal is why something was refused or dropped.
type Refusal string

// The reasons.
const (
	RefusedMalformed    Refusal = "malformed"     // a username that is none of ours
	RefusedExpired      Refusal = "expired"       // a credential
	RefusedRevoked      Refusal = "revoked"       // a credential
	RefusedForged       Refusal = "forged"        // a password that is not the username's, or the realm of another address
	RefusedQuota        Refusal = "quota"         // allocations of one participant
	RefusedQuotaAll     Refusal = "quota-all"     // allocations of all
	RefusedQuotaCheck   Refusal = "quota-check"   // allocations of all who only check
	RefusedQuotaAddress Refusal = "quota-address" // allocations from one address
	RefusedSocket       Refusal = "socket"        // an allocation: the machine gives no socket, or no port is free
	RefusedRelay        Refusal = "relay"         // an allocation of a kind that is not served: TCP, an even port, the other address family
	RefusedPeer         Refusal = "peer"          // an address that is not relayed to
	RefusedPort         Refusal = "port"          // a packet to or from a port of the server that is not its relay's
	RefusedAnswers      Refusal = "answers"       // a response: too many go to that address, which has no allocation
	RefusedStranger     Refusal = "stranger"      // a packet from an address without a permission
	RefusedBandwidth    Refusal = "bandwidth"     // a packet, of one participant
	RefusedBandwidthAll Refusal = "bandwidth-all" // a packet, of all
	RefusedTooMany      Refusal = "too-many"      // an allocation with more permissions or channels than a call needs
	RefusedStreams      Refusal = "streams"       // a connection: too many wait for their allocation
	RefusedIdle         Refusal = "idle"          // a connection that made no allocation in time
	RefusedFraming      Refusal = "framing"       // a connection that does not speak STUN
	RefusedControl      Refusal = "control"       // word of who has left: without this relay's secret, or at another time
)

var refusals = []Refusal{
	RefusedMalformed, RefusedExpired, RefusedRevoked, RefusedForged, RefusedQuota, RefusedQuotaAll, RefusedQuotaCheck, RefusedQuotaAddress, RefusedSocket, RefusedRelay, RefusedPeer, RefusedPort, RefusedAnswers,
	RefusedStranger, RefusedBandwidth, RefusedBandwidthAll, RefusedTooMany, RefusedStreams, RefusedIdle, RefusedFraming, RefusedControl,
}

// counters add up without a lock: packets go through them.
type counters struct {
	toPeers, fromPeers atomic.Int64
	refused            map[Refusal]*atomic.Int64 // of every reason; never written after it was made
}

func newCounters() *counters {
	c := &counters{refused: map[Refusal]*atomic.Int64{}}
	for _, why := range refusals {
		c.refused[why] = new(atomic.Int64)
	}
	return c
}

func (c *counters) refuse(why Refusal) { c.refused[why].Add(1) }

// Counts counts.
func (r *Relay) Counts() Counts {
	c := Counts{ToPeers: r.count.toPeers.Load(), FromPeers: r.count.fromPeers.Load(), Refused: map[Refusal]int64{}}
	for why, n := range r.count.refused {
		if n := n.Load(); n > 0 {
			c.Refused[why] = n
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Allocations, c.Participants, c.Streams = len(r.published), r.holders.active(), len(r.streams)
	return c
}
