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

// checkShare is the part of the relay that all have together who only check:
// anybody may, from as many addresses as they have.
const checkShare = 4 // a quarter

// passedOnShare is the part of what is passed on to a participant that one
// asker has. Of 100 allocations that is enough for all links of a page in a room
// of eight, three each: a page asks one participant at a time.
const passedOnShare = 4 // a quarter

// most is what may be counted for an account: allocations, and bytes a second.
func (r *Relay) most(account string) (allocations int, rate int64) {
	switch {
	case account == checkMark: // all who check
		return (r.cfg.Max + checkShare - 1) / checkShare, r.cfg.Rate / checkShare
	case strings.HasPrefix(account, checkMark):
		return min(r.cfg.MaxEach, checkAllocations), min(r.cfg.RateEach, checkRate)
	case strings.Contains(strings.TrimSuffix(account, passedOnMark), passedOnMark): // passed on by one asker
		return (r.cfg.MaxEach + passedOnShare - 1) / passedOnShare, (r.cfg.RateEach + passedOnShare - 1) / passedOnShare
	}
	return r.cfg.MaxEach, r.cfg.RateEach
}

// withinQuota decides about one more allocation; AllocatePacketConn and begun
// make sure.
func (r *Relay) withinQuota(user, _ string, from net.Addr) bool {
	id, _, _ := readUsername(user)
	c, _ := clientOf(from, from)
	prefix := Prefix(c.from.Addr())
	r.mu.Lock()
	why := RefusedQuotaAddress
	if r.from[prefix] < r.cfg.MaxAddress {
		why = r.full(id)
	}
	r.mu.Unlock()
	if why != "" {
		r.refuse(why)
	}
	return why == ""
}

// full is why id may not have one more allocation; "" where it may. r.mu is held.
func (r *Relay) full(id string) Refusal {
	for _, account := range accountsOf(id) {
		if most, _ := r.most(account); r.holders.allocations(account) >= most {
			return refusedOf(account, RefusedQuota, RefusedQuotaCheck)
		}
	}
	if len(r.published) >= r.cfg.Max {
		return RefusedQuotaAll
	}
	return ""
}

// refuse counts, and tells the operator of a limit that people meet who may not
// have done anything: it may be too low. r.mu is not held, for the log may wait.
func (r *Relay) refuse(why Refusal) {
	r.count.refuse(why)
	switch why {
	case RefusedQuotaAll:
		r.trouble.warn("allocations are refused: there are as many as --relay-max says, or as --relay-ports has ports")
	case RefusedQuotaCheck:
		r.trouble.warn("allocations are refused to who only checks the network: all of them have a quarter of --relay-max, or of --relay-ports")
	case RefusedQuotaAddress:
		r.trouble.warn("allocations are refused: from one address there are as many as --relay-max-address says")
	}
}

// refusedOf tells what one has used up from what many have.
func refusedOf(account string, each, all Refusal) Refusal {
	if account == checkMark {
		return all
	}
	return each
}

var (
	errRefused = errors.New("relay: refused")
	errTaken   = errors.New("relay: peers know another allocation by this port")
)

// hold counts a new allocation in, or says why not.
func (r *Relay) hold(a *allocation) error {
	why, err := r.take(a)
	if why != "" {
		r.refuse(why)
	}
	return err
}

func (r *Relay) take(a *allocation) (why Refusal, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.published[a.public] != nil:
		return "", errTaken
	case r.revoked.covers(a.id, a.expires):
		return RefusedRevoked, errRefused // since it was authenticated
	case r.closed:
		return "", errRefused
	}
	if why := r.full(a.id); why != "" {
		return why, errRefused
	}
	r.holders.add(a, r.most)
	r.published[a.public], r.bound[a.local] = a, a
	return "", nil
}

func (r *Relay) release(a *allocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.published[a.public] != a {
		return
	}
	delete(r.published, a.public)
	delete(r.bound, a.local)
	if a.prefix.IsValid() {
		if r.from[a.prefix]--; r.from[a.prefix] == 0 {
			delete(r.from, a.prefix)
		}
	}
	r.holders.remove(a, time.Now()) // as spend has it
}

// spend takes bytes from the limits of the holders and of all, or drops them.
func (r *Relay) spend(holders []*holder, bytes int) bool {
	now := time.Now()
	for _, h := range holders {
		if !h.limit.AllowN(now, bytes) {
			r.count.refuse(refusedOf(h.id, RefusedBandwidth, RefusedBandwidthAll))
			return false
		}
	}
	if !r.limit.AllowN(now, bytes) {
		r.count.refuse(RefusedBandwidthAll)
		r.trouble.warn("packets are dropped: there is as much as --relay-rate says")
		return false
	}
	return true
}
