package main

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"holdline/server/relay"
)

// A browser sends its reports of a crash in one request or two; behind a proxy
// many browsers share an address.
const (
	reportRate       = 10 // requests per second from one address
	reportBurst      = 60
	limitedAddresses = 1024 // that are told apart at a time
)

// addressLimit limits how often each address may ask.
type addressLimit struct {
	rate  rate.Limit // requests per second
	burst int        // and at once

	mu    sync.Mutex
	of    map[netip.Prefix]*rate.Limiter
	other *rate.Limiter // for the rest, once there are too many to tell apart
}

// allow counts one request from a host:port.
func (a *addressLimit) allow(remote string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limiter(prefix(remote), now).AllowN(now, 1)
}

func (a *addressLimit) limiter(p netip.Prefix, now time.Time) *rate.Limiter {
	l := a.of[p]
	if l != nil {
		return l
	}
	if len(a.of) >= limitedAddresses {
		for p, l := range a.of {
			if l.TokensAt(now) >= float64(a.burst) {
				delete(a.of, p) // it has not asked for long
			}
		}
	}
	l = rate.NewLimiter(a.rate, a.burst)
	switch {
	case a.of == nil:
		a.of = map[netip.Prefix]*rate.Limiter{p: l}
	case len(a.of) < limitedAddresses:
		a.of[p] = l
	case a.other == nil:
		a.other = l
	default:
		l = a.other
	}
	return l
}

// prefix is what one user has: an IPv4 address, or the /64 of an IPv6 one.
// What is no address, such as a Unix socket's, is one and the same.
func prefix(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	return relay.Prefix(at.Addr())
}
