package nets

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is how long packets and processes are waited for on a loaded
// machine before the test gives up. No result depends on it.
const patience = 30 * time.Second

// Rule counts a kind of traffic, and drops it if it is one of a firewall.
type Rule struct {
	of      *rules
	traffic Traffic
	drops   bool
	met     atomic.Int64
}

// Packets is how many the rule has met.
func (r *Rule) Packets() int64 { return r.met.Load() }

// Meets waits until the rule has met so many packets more.
func (r *Rule) Meets(t testing.TB, packets int64) {
	t.Helper()
	want := r.Packets() + packets
	for deadline := time.Now().Add(patience); r.Packets() < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the rule met %d packets in %v, want %d", packets-(want-r.Packets()), patience, packets)
		}
	}
}

// Remove takes the rule away.
func (r *Rule) Remove() {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.of.all = slices.DeleteFunc(r.of.all, func(other *Rule) bool { return other == r })
}

// rules are those of one line or segment. Like a firewall on the way, they drop
// in silence: who sends is told nothing.
type rules struct {
	mu  sync.Mutex
	all []*Rule
}

func (r *rules) add(t Traffic, drops bool) *Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	rule := &Rule{of: r, traffic: t, drops: drops}
	r.all = append(r.all, rule)
	return rule
}

// pass shows a frame to the rules, and says whether it may go on. Every rule
// sees every packet, also one that another drops.
func (r *rules) pass(frame []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		return true
	}
	packet, ok := packetOf(frame)
	if !ok {
		return true
	}
	pass := true
	for _, rule := range r.all {
		if rule.traffic(packet) {
			rule.met.Add(1)
			pass = pass && !rule.drops
		}
	}
	return pass
}
