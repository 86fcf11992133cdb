package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// The most that one allocation may have. A call of eight people with twenty
// candidates each needs fewer.
const (
	maxPermissions = 256
	maxChannels    = 256
)

// allocation is a relayed transport address: the socket that faces the peers.
// It filters and limits what goes through, and never waits.
type allocation struct {
	net.PacketConn // conn, for what is neither read nor written
	conn           *net.UDPConn

	relay    *Relay
	handling *handling // of the client's socket or stream
	id       string
	expires  time.Time // of the credential that it was made with
	holders  []*holder
	prefix   netip.Prefix   // whose client's it is; known once pion/turn has made it
	local    netip.AddrPort // where the socket is bound
	public   netip.AddrPort // what peers are told
	told     *net.UDPAddr   // public, as pion/turn was told
	closing  sync.Once

	mu        sync.Mutex
	permitted map[netip.Addr]bool
	channels  int
}

// packetBuffer is the size of pion/turn's buffers in bytes: what fills one was cut off.
const packetBuffer = 1600

// WriteTo sends to a peer. What is dropped counts as sent, as on any network.
func (a *allocation) WriteTo(p []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, errors.New("relay: a peer must have a UDP address")
	}
	peer := unmapped(udp.AddrPort())
	if peer, ok = a.relay.reach(peer); !ok {
		a.relay.count.refuse(RefusedPort)
		return len(p), nil
	}
	if !a.relay.spend(a.holders, len(p)) {
		return len(p), nil
	}
	a.relay.count.toPeers.Add(int64(len(p)))
	return a.conn.WriteToUDPAddrPort(p, peer)
}

// ReadFrom reads the next packet that is for the client.
func (a *allocation) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := a.conn.ReadFromUDPAddrPort(p)
		if err != nil {
			return 0, nil, err
		}
		peer, ok := a.relay.name(unmapped(from))
		switch {
		case n >= packetBuffer:
		case !ok:
			a.relay.count.refuse(RefusedPort)
		case !a.permits(peer.Addr()): // and it costs the participant nothing
			a.relay.count.refuse(RefusedStranger)
		case a.relay.spend(a.holders, n):
			a.relay.count.fromPeers.Add(int64(n))
			return n, net.UDPAddrFromAddrPort(peer), nil
		}
	}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Close ends the allocation: pion/turn, which reads from it, takes its end for
// the allocation's.
func (a *allocation) Close() error {
	a.closing.Do(func() { a.relay.release(a) })
	return a.conn.Close()
}

// is reports whether a is the allocation of which pion/turn was told that very
// relayed address: what concerns another one may come late, when its client has
// a new one, or its port another client.
func (a *allocation) is(relayed net.Addr) bool {
	return a != nil && relayed == net.Addr(a.told)
}

func (a *allocation) permits(ip netip.Addr) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.permitted[ip]
}

// permission notes that pion/turn has made or dropped one. When it drops one,
// it stops its timer next, which must be there.
func (a *allocation) permission(peer net.IP, made bool) {
	ip, _ := netip.AddrFromSlice(peer)
	p := permission{a, ip.Unmap()}
	if made {
		a.handling.list(p)
	} else {
		a.handling.wait(p, a.permits(p.ip))
	}
	a.mu.Lock()
	if made {
		a.permitted[p.ip] = true
	} else {
		delete(a.permitted, p.ip)
	}
	tooMany := len(a.permitted) > maxPermissions
	a.mu.Unlock()
	a.bound(tooMany)
}

func (a *allocation) channel(by int) {
	a.mu.Lock()
	a.channels += by
	tooMany := a.channels > maxChannels
	a.mu.Unlock()
	a.bound(tooMany)
}

func (a *allocation) bound(tooMany bool) {
	if tooMany {
		a.relay.count.refuse(RefusedTooMany)
		a.Close()
	}
}
