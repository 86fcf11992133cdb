//go:build linux

package nets

import (
	"net/netip"
	"sync"
)

// Segment is an Ethernet: a switch in the test's process, and lines to hosts
// and routers.
type Segment struct {
	net     *Net
	prefix  netip.Prefix
	gateway netip.Addr // of its hosts' default routes; the zero Addr is none
	swallow bool       // the gateway is nobody: what is sent there is lost
	rules   rules

	mu    sync.Mutex
	next  netip.Addr // of the host that joins next
	lines []*Line
	ports map[[6]byte]*Line // by the hardware address that was seen there
}

func newSegment(n *Net, prefix string) *Segment {
	p := netip.MustParsePrefix(prefix)
	return &Segment{net: n, prefix: p, next: p.Addr().Next(), ports: map[[6]byte]*Line{}}
}

// LAN makes a segment that leads nowhere: without internet, without a default
// route.
func (n *Net) LAN() *Segment { return newSegment(n, "192.168.43.0/24") }

// Host makes a host on the segment.
func (s *Segment) Host(name string) *Host {
	s.net.t.Helper()
	h := s.net.Host(name)
	h.Join(s, "eth0")
	return h
}

// Drop has a firewall drop this traffic between all hosts of the segment, until
// the rule is removed.
func (s *Segment) Drop(t Traffic) *Rule { return s.rules.add(t, true) }

// Count counts this traffic on the segment.
func (s *Segment) Count(t Traffic) *Rule { return s.rules.add(t, false) }

// switchOn gives a frame to the line behind which its destination was seen, or
// to all but the one that it came from.
func (s *Segment) switchOn(from *Line, frame []byte) {
	const addresses = 12
	if len(frame) < addresses || !s.rules.pass(frame) {
		return
	}
	s.mu.Lock()
	s.ports[[6]byte(frame[6:])] = from
	to := []*Line{s.ports[[6]byte(frame)]}
	if to[0] == nil {
		to = s.lines[:len(s.lines):len(s.lines)] // only ever appended to
	}
	s.mu.Unlock()
	for _, line := range to {
		if line != from {
			line.arrive(frame)
		}
	}
}

// plug adds a line, with the next free address.
func (s *Segment) plug(l *Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.Address, s.next = s.next, s.next.Next()
	s.lines = append(s.lines, l)
}
