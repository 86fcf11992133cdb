package relay

import (
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
)

// Ports are a range, both ends included. The zero value leaves it to the system.
type Ports struct{ Min, Max uint16 }

// ParsePorts reads a range such as 49152-65535.
func ParsePorts(text string) (Ports, error) {
	low, high, _ := strings.Cut(text, "-")
	least, err := strconv.ParseUint(low, 10, 16)
	most, err2 := strconv.ParseUint(high, 10, 16)
	if err != nil || err2 != nil || least < 1024 || most < least {
		return Ports{}, errors.New("two ports from 1024 to 65535, such as 49152-65535")
	}
	return Ports{uint16(least), uint16(most)}, nil
}

// Count is how many there are; 0 leaves it to the system.
func (p Ports) Count() int {
	if p == (Ports{}) {
		return 0
	}
	return int(p.Max) - int(p.Min) + 1
}

// String is what ParsePorts reads.
func (p Ports) String() string { return fmt.Sprintf("%d-%d", p.Min, p.Max) }

var errNoPort = errors.New("relay: none of the ports of --relay-ports is free")

// portAttempts is how many ports are tried, of those that no allocation has:
// another program may have one.
const portAttempts = 8

// ports are some to try for a relayed address, in an order that nobody foresees.
func (r *Relay) ports(source netip.Addr) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		p := r.cfg.Ports
		if p == (Ports{}) {
			for range portAttempts {
				if !yield(0) { // the system knows which are free
					return
				}
			}
			return
		}
		size := p.Count()
		public := r.public(source)
		first, tried := rand.IntN(size), 0
		for i := 0; i < size && tried < portAttempts; i++ {
			port := p.Min + uint16((first+i)%size)
			if r.has(netip.AddrPortFrom(source, port), netip.AddrPortFrom(public, port)) {
				continue
			}
			if tried++; !yield(port) {
				return
			}
		}
	}
}

// has reports whether an allocation is bound at local, or peers are told public
// of one: two addresses of this machine may have one public address.
func (r *Relay) has(local, public netip.AddrPort) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.bound[local] != nil || r.published[public] != nil
}
