package relay

import (
	"errors"
	"net"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// What somebody may have who only checks the network: the doctor gathers over
// every transport, on every interface, and measures for 3 s what comes back
// through two allocations: up to 4 Mbit/s, for each packet counts twice.
const (
	checkAllocations = 24
	checkRate        = 1 << 20 // bytes a second
)

// burst is the bytes that may go at once: a quarter of a second's, and at
// least what one frame of video takes.
func burst(bytesPerSecond int64) int { return int(max(bytesPerSecond/4, 64<<10)) }

func limiter(bytesPerSecond int64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(bytesPerSecond), burst(bytesPerSecond))
}

// withinQuota decides about one more allocation; AllocatePacketConn makes sure.
func (r *Relay) withinQuota(user, _ string, _ net.Addr) bool {
	id, _, _ := readUsername(user)
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room(id)
}

// room reports whether id may have one more allocation. r.mu is held.
func (r *Relay) room(id string) bool {
	most := r.cfg.MaxEach
	if isCheck(id) {
		most = min(most, checkAllocations)
	}
	for _, account := range accountsOf(id) {
		if r.holders.allocations(account) >= most {
			r.count.refuse(RefusedQuota)
			return false
		}
	}
	if len(r.published) >= r.cfg.Max {
		r.count.refuse(RefusedQuotaAll)
		return false
	}
	return true
}

func isCheck(id string) bool { return strings.HasPrefix(id, checkMark) }

var (
	errRefused = errors.New("relay: refused")
	errTaken   = errors.New("relay: peers know another allocation by this port")
)

// hold counts a new allocation in, or says why not.
func (r *Relay) hold(a *allocation) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.published[a.public] != nil:
		return errTaken
	case r.revoked.covers(a.id, a.expires):
		r.count.refuse(RefusedRevoked) // since it was authenticated
		return errRefused
	case r.closed || !r.room(a.id):
		return errRefused
	}
	each := r.cfg.RateEach
	if isCheck(a.id) {
		each = min(each, checkRate)
	}
	r.holders.add(a, each)
	r.published[a.public], r.bound[a.local] = a, a
	return nil
}

func (r *Relay) release(a *allocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.published[a.public] != a {
		return
	}
	delete(r.published, a.public)
	delete(r.bound, a.local)
	r.holders.remove(a, time.Now()) // as spend has it
}

// spend takes bytes from the limits of the holders and of all, or drops them.
func (r *Relay) spend(holders []*holder, bytes int) bool {
	now := time.Now()
	for _, h := range holders {
		if !h.limit.AllowN(now, bytes) {
			r.count.refuse(RefusedBandwidth)
			return false
		}
	}
	if !r.limit.AllowN(now, bytes) {
		r.count.refuse(RefusedBandwidthAll)
		return false
	}
	return true
}
