package relay

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// Follow goes on to listen on addresses that the machine gets, looking every
// so often: a laptop joins another network, or opens a hotspot for those who
// are to call. It never stops to listen on one: an address that is lost may
// come back, and costs a socket.
func (r *Relay) Follow(ctx context.Context, every time.Duration, addresses func() []netip.Addr, port, stunPort uint16) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.follow(addresses(), port, stunPort)
		}
	}
}

// maxAddresses bounds how many addresses are followed: IPv6 privacy addresses
// (RFC 8981) change daily.
const maxAddresses = 256

func (r *Relay) follow(addresses []netip.Addr, port, stunPort uint16) {
	for _, ip := range addresses {
		r.mu.RLock()
		listens, both := r.listens[ip], r.listensSTUN[ip] || stunPort == 0
		full, closed := len(r.listens) >= maxAddresses, r.closed
		r.mu.RUnlock()
		switch {
		case listens && both || closed:
			continue
		case !listens && full:
			r.trouble.warn("an address that the machine got is not served: it has had too many since the relay was started", "address", ip, "limit", maxAddresses)
			continue
		}
		one := []netip.Addr{ip}
		if !listens && !r.served("an address that the machine got is not served", r.Listen(one, port)) {
			continue
		}
		if !both {
			r.served("an address that the machine got has no second port for STUN", r.ListenSTUN(one, stunPort))
		}
	}
}

// served reports whether an address is, and tells the operator why it is not.
// One that the machine lost again, or does not use yet, is none of the operator's.
func (r *Relay) served(otherwise string, err error) bool {
	if err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) {
		r.trouble.warn(otherwise, "error", err)
	}
	return err == nil
}

// ListensOn reports whether clients may come to an address over UDP.
func (r *Relay) ListensOn(ip netip.Addr) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.listens[ip]
}
