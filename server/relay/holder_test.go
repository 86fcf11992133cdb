package relay

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestAnotherAllocationIsNoNewBurst(t *testing.T) {
	cfg := generous()
	cfg.Allow = Allow{Loopback: true}
	cfg.RateEach = 1
	b := start(t, cfg)
	peer, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	packet := make([]byte, 1200)
	for range 5 {
		_, ana := b.allocate("udp", "ana")
		before := b.Counts().Refused[RefusedBandwidth]
		settle(t, "packets are dropped", func() bool {
			if _, err := ana.WriteTo(packet, peer.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			return b.Counts().Refused[RefusedBandwidth] > before
		})
		ana.Close() // says so to the relay
		settle(t, "the allocation ends", func() bool { return b.Counts().Allocations == 0 })
		if c := b.Counts(); c.Participants != 0 {
			t.Errorf("%d participants hold nothing", c.Participants)
		}
	}
	if c := b.Counts(); c.ToPeers > 65<<10 {
		t.Errorf("%d bytes went through, want one burst of 64 KiB", c.ToPeers)
	}
}

func TestWhatIsPassedOnCountsAsWhoAskedForItAndNotAsTheOwners(t *testing.T) {
	cfg := generous()
	cfg.MaxEach, cfg.RateEach = 2, 1<<20
	r := New(cfg)
	port := uint16(0)
	hold := func(id string) (*allocation, error) {
		port++
		a := &allocation{id: id, expires: time.Now().Add(time.Minute), public: netip.AddrPortFrom(loopback, port), local: netip.AddrPortFrom(loopback, port)}
		return a, r.hold(a)
	}
	var held []*allocation
	for _, tt := range []struct {
		id string
		ok bool
	}{
		{"bo", true},
		{PassedOnID("ana", "bo"), true},
		{PassedOnID("cy", "bo"), false}, // bo has two
		{"bo", false},
		{PassedOnID("ana", "bo again"), true},
		{PassedOnID("ana", "bo once more"), false}, // two were passed on to ana
		{"ana", true},                              // whose own are free
		{"ana", true},
		{PassedOnID("di", "bo once more"), true},
	} {
		a, err := hold(tt.id)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v, want held %v", tt.id, err, tt.ok)
		}
		held = append(held, a)
	}
	one := held[1].holders
	if len(one) != 3 || one[1] == held[6].holders[0] || one[2] != held[0].holders[0] {
		t.Error("what was passed on spends from another limit than bo's")
	}
	if one[0].limit.Limit() != 1<<18 || one[1].limit.Limit() != 1<<20 {
		t.Errorf("bo has %v bytes a second of the %v that are passed on to ana, want a quarter", one[0].limit.Limit(), one[1].limit.Limit())
	}
	for r.spend(one, 1000) {
	}
	if r.spend(one, 1000); !r.spend(held[4].holders, 60<<10) {
		t.Error("bo uses up what others pass on to ana")
	}
	own := r.holders.ownedBy("ana")
	if len(own) != 4 {
		t.Errorf("%d allocations end with ana, want her two, and the two that were passed on to her", len(own))
	}
	if own := r.holders.ownedBy("bo"); len(own) != 1 {
		t.Errorf("%d allocations end with bo, want his own", len(own))
	}
	for _, a := range held {
		r.release(a)
	}
	if n := r.holders.active(); n != 0 {
		t.Errorf("%d participants hold nothing", n)
	}
}

func TestOneAskerLeavesTheOthersMostOfWhatIsPassedOn(t *testing.T) {
	cfg := generous()
	cfg.MaxEach = 8
	b := start(t, cfg)
	for range 2 {
		b.allocate("tcp", PassedOnID("ana", "bo"))
	}
	_, err := b.client("tcp", as(PassedOnID("ana", "bo"))).Allocate()
	wantCode(t, err, stun.CodeAllocQuotaReached)
	b.wantRefused(RefusedQuota, 1)
	for _, asker := range []string{"cy", "di", "cy", "di"} {
		b.allocate("tcp", PassedOnID("ana", asker))
	}
	b.allocate("tcp", PassedOnID("eve", "bo"))
}

// holdOne makes an allocation without a socket, spends bytes, and ends it.
func holdOne(t *testing.T, r *Relay, id string, bytes int) {
	t.Helper()
	a := &allocation{id: id, public: netip.AddrPortFrom(loopback, 1), local: netip.AddrPortFrom(loopback, 1)}
	if err := r.hold(a); err != nil {
		t.Fatal(err)
	}
	if !r.spend(a.holders, bytes) {
		t.Fatalf("%s may not spend %d bytes", id, bytes)
	}
	r.release(a)
}

func TestWhoHoldsNothingIsForgottenOnceItsLimitIsFull(t *testing.T) {
	r := New(generous())
	holdOne(t, r, "ana", 1000) // at 1 GiB a second
	settle(t, "only the last one is kept", func() bool {
		holdOne(t, r, "bo", 1<<20)
		return r.holders.byID["ana"] == nil && len(r.holders.byID) == r.holders.resting.Len()
	})
}

func TestWhoHoldsNothingIsKeptInBoundedNumber(t *testing.T) {
	cfg := generous()
	cfg.RateEach = 1
	r := New(cfg)
	for i := range maxResting + 10 {
		holdOne(t, r, fmt.Sprint("p", i), 60<<10)
	}
	if got := len(r.holders.byID); got != maxResting {
		t.Errorf("%d are kept, want %d", got, maxResting)
	}
	if r.holders.byID["p9"] != nil || r.holders.byID["p10"] == nil {
		t.Error("who goes is not who has rested longest")
	}
	holdOne(t, r, "p10", 1<<10) // rests anew, and so behind the others
	holdOne(t, r, "cy", 60<<10)
	if r.holders.byID["p10"] == nil || r.holders.byID["p11"] != nil {
		t.Error("rests are counted from an earlier one's begin")
	}
}
