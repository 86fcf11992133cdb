package relay

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestAllocationsAreCounted(t *testing.T) {
	var log logged
	cfg := generous()
	cfg.Max, cfg.MaxEach = 3, 2
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	b := start(t, cfg)
	_, first := b.allocate("udp", "ana")
	b.allocate("tcp", "ana")
	_, err := b.client("udp", as("ana")).Allocate()
	wantCode(t, err, stun.CodeAllocQuotaReached)
	b.wantRefused(RefusedQuota, 1)
	if log.String() != "" { // what one may have is no trouble of the operator's
		t.Errorf("told: %s", &log)
	}
	b.allocate("udp", "bo")
	for range 2 {
		_, err = b.client("udp", as("cy")).Allocate()
		wantCode(t, err, stun.CodeAllocQuotaReached)
	}
	b.wantRefused(RefusedQuotaAll, 2)
	if n := strings.Count(log.String(), "--relay-max says"); n != 1 {
		t.Errorf("told %d times, want once a minute: %s", n, &log)
	}
	first.Close() // says so to the relay
	settle(t, "an allocation that was given back is free", func() bool { return b.Counts().Allocations == 2 })
	b.allocate("udp", "cy")
}

func TestAllocationsFromOneAddressAreCountedWhoeverMakesThem(t *testing.T) {
	var log logged
	cfg := generous()
	cfg.MaxAddress = 2
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	b := start(t, cfg)
	_, first := b.allocate("udp", "ana")
	b.allocate("tcp", "bo")
	for _, network := range []string{"udp", "tcp"} {
		_, err := b.client(network, as("cy")).Allocate()
		wantCode(t, err, stun.CodeAllocQuotaReached)
	}
	b.wantRefused(RefusedQuotaAddress, 2)
	if n := strings.Count(log.String(), "--relay-max-address says"); n != 1 {
		t.Errorf("told %d times, want once a minute: %s", n, &log)
	}
	// Linux has all of 127.0.0.0/8.
	elsewhere, err := net.ListenPacket("udp4", "127.0.0.3:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.over(elsewhere, b.udp, as("cy")).Allocate(); err != nil {
		t.Errorf("from another address: %v", err)
	}
	first.Close() // says so to the relay
	settle(t, "an allocation that was given back is free", func() bool { return b.Counts().Allocations == 2 })
	b.allocate("tcp", "cy")

	// Two that were let in at the same time.
	a := &allocation{relay: b.Relay, id: "di", expires: time.Now(), public: netip.AddrPortFrom(loopback, 1), local: netip.AddrPortFrom(loopback, 1)}
	a.told = net.UDPAddrFromAddrPort(a.public)
	a.conn, _ = net.ListenUDP("udp4", nil)
	if err := b.hold(a); err != nil {
		t.Fatal(err)
	}
	b.begun(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, b.tcp, a.told)
	if n := b.Counts().Allocations; n != 3 {
		t.Errorf("%d allocations, want three", n)
	}
	b.wantRefused(RefusedQuotaAddress, 3)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.from[netip.MustParsePrefix("127.0.0.1/32")]; n != 2 {
		t.Errorf("%d are counted, want two", n)
	}
}

// One that ends at once may be told of when another has its port.
func TestAnAllocationIsCountedOnce(t *testing.T) {
	b := start(t, generous())
	_, relayed := b.allocate("udp", "ana")
	late := relayed.LocalAddr().(*net.UDPAddr) // as one had it before
	b.begun(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, b.udp, late)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.from[netip.MustParsePrefix("127.0.0.1/32")]; n != 1 || len(b.clients) != 1 {
		t.Errorf("%d are counted for %d clients, want one", n, len(b.clients))
	}
}

func TestAllWhoOnlyCheckHaveAShareOfTheRelay(t *testing.T) {
	cfg := generous()
	var log logged
	cfg.Max, cfg.Rate = 7, 1000
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	b := start(t, cfg)
	key := []byte("key")
	b.allocate("udp", CheckID(key, "x"))
	b.allocate("udp", CheckID(key, "y"))
	_, err := b.client("udp", as(CheckID(key, "z"))).Allocate()
	wantCode(t, err, stun.CodeAllocQuotaReached)
	b.wantRefused(RefusedQuotaCheck, 1)
	if !strings.Contains(log.String(), "who only checks") || b.Counts().Refused[RefusedQuotaAll] != 0 {
		t.Errorf("told: %s", &log)
	}
	b.mu.Lock()
	check := b.holders.byID[checkMark]
	got := check.limit.Limit()
	b.mu.Unlock()
	if got != 250 {
		t.Errorf("they have %v bytes a second, want a quarter of 1000", got)
	}
	for b.spend([]*holder{check}, 1000) {
	}
	b.wantRefused(RefusedBandwidthAll, 1)
	if strings.Contains(log.String(), "--relay-rate") {
		t.Errorf("of what those who only check have used up is told: %s", &log)
	}
	for range 5 {
		b.allocate("udp", "ana")
	}
	_, err = b.client("udp", as("ana")).Allocate()
	wantCode(t, err, stun.CodeAllocQuotaReached)
	if !strings.Contains(log.String(), "--relay-max says") {
		t.Errorf("that all have as many as they may, told after the other: %s", &log)
	}
}

func TestWhoOnlyChecksGetsLess(t *testing.T) {
	b := start(t, generous())
	id := CheckID([]byte("key"), "x")
	for range checkAllocations {
		b.allocate("udp", id)
	}
	_, err := b.client("udp", as(id)).Allocate()
	wantCode(t, err, stun.CodeAllocQuotaReached)
}

func TestBytesBeyondTheLimitAreDropped(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		why    Refusal
		told   int
	}{
		"of one participant": {func(c *Config) { c.RateEach = 1 }, RefusedBandwidth, 0},
		"of all":             {func(c *Config) { c.Rate = 1 }, RefusedBandwidthAll, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var log logged
			cfg := generous()
			cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
			tt.change(&cfg)
			b := start(t, cfg)
			_, ana := b.allocate("udp", "ana")
			_, bo := b.allocate("udp", "bo")
			bo.WriteTo([]byte("open"), ana.LocalAddr())
			pass(t, ana, bo, bo.LocalAddr(), "within the burst")
			packet := make([]byte, 1200)
			settle(t, "packets are dropped", func() bool {
				if _, err := ana.WriteTo(packet, bo.LocalAddr()); err != nil {
					t.Fatal(err)
				}
				return b.Counts().Refused[tt.why] > 1
			})
			if c := b.Counts(); c.ToPeers > 2*64<<10 {
				t.Errorf("%d bytes went through, of a burst of 64 KiB for each", c.ToPeers)
			}
			if n := strings.Count(log.String(), "--relay-rate says"); n != tt.told {
				t.Errorf("told %d times, want %d, once a minute: %s", n, tt.told, &log)
			}
			if c := b.Counts(); c.Allocations != 2 {
				t.Errorf("%d allocations are left, want both", c.Allocations)
			}
		})
	}
}
