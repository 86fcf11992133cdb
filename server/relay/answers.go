package relay

import (
	"hash/maphash"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// Over UDP anybody can ask in somebody else's name. An answer is up to 3.4 times
// as long as its question (68 bytes to 20: the nonce and realm for a request
// without a credential; 52 to a binding request over IPv6), so what goes to one
// address that has no allocation is bounded: to 34 KB a second. An office that
// joins at once asks some thirty times a page. Who has an allocation, or is just
// getting one, has heard the realm of its address and is not counted.
//
// So a flood of questions in the name of an address keeps from UDP who comes from
// there and has heard no answer yet. What such a client sends looks like the
// flood; it gets in over TCP and TLS.
const (
	answersPerSecond = 500
	answersAtOnce    = 2000
)

// answers are limited by address, in a table that does not grow: two addresses
// may share a limit.
type answers struct {
	seed   maphash.Seed
	limits [1024]*rate.Limiter
}

func newAnswers() *answers {
	a := &answers{seed: maphash.MakeSeed()}
	for i := range a.limits {
		a.limits[i] = rate.NewLimiter(answersPerSecond, answersAtOnce)
	}
	return a
}

func (a *answers) allow(to netip.Addr, now time.Time) bool {
	return a.limits[maphash.Comparable(a.seed, Prefix(to))%uint64(len(a.limits))].AllowN(now, 1)
}

// mayAnswer reports whether a response may go to a client over UDP.
func (r *Relay) mayAnswer(c client) bool {
	r.mu.RLock()
	known := r.clients[c] != nil
	r.mu.RUnlock()
	if known || r.answers.allow(c.from.Addr(), r.cfg.Now()) {
		return true
	}
	r.count.refuse(RefusedAnswers)
	return false
}
