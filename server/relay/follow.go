package relay

import (
	"context"
	"errors"
	"net/netip"
	"slices"
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
	var told []netip.Addr
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			told = r.tellTooMany(r.follow(addresses(), port, stunPort), told)
		}
	}
}

// maxAddresses bounds how many addresses are followed: IPv6 privacy addresses
// (RFC 8981) change daily.
const maxAddresses = 256

// follow listens on what it does not yet, and returns what is too many.
func (r *Relay) follow(addresses []netip.Addr, port, stunPort uint16) (tooMany []netip.Addr) {
	for _, ip := range addresses {
		r.mu.RLock()
		listens, both := r.listens[ip], r.listensSTUN[ip] || stunPort == 0
		full, closed := len(r.listens) >= maxAddresses, r.closed
		r.mu.RUnlock()
		switch {
		case listens && both || closed:
			continue
		case !listens && full:
			tooMany = append(tooMany, ip)
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
	return tooMany
}

// tellTooMany tells the operator of addresses that are not served, unless they
// are those that it has told of before, and returns which those are now.
func (r *Relay) tellTooMany(addresses, told []netip.Addr) []netip.Addr {
	if len(addresses) > 0 && !slices.Equal(addresses, told) && r.trouble.warn("addresses that the machine got are not served: it has had too many since the relay was started", "addresses", addresses, "limit", maxAddresses) {
		return addresses
	}
	return told
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
