package relay

import (
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pion/turn/v5"
)

func TestTwoRelayedParticipantsReachEachOtherWithoutAnyFlag(t *testing.T) {
	for _, networks := range [][2]string{{"udp", "udp"}, {"udp", "tcp"}, {"tcp", "tcp"}} {
		t.Run(networks[0]+" and "+networks[1], func(t *testing.T) {
			b := start(t, generous())
			_, ana := b.allocate(networks[0], "ana")
			_, bo := b.allocate(networks[1], "bo")
			// Each sends first, which makes its permission.
			bo.WriteTo([]byte("open"), ana.LocalAddr())
			pass(t, ana, bo, bo.LocalAddr(), "to bo")
			pass(t, bo, ana, ana.LocalAddr(), "to ana")
			c := b.Counts()
			if c.Allocations != 2 || c.Participants != 2 || c.ToPeers < 10 || c.FromPeers < 10 {
				t.Errorf("counts = %+v", c)
			}
		})
	}
}

func TestWhatPeersAreToldIsThePublicAddress(t *testing.T) {
	cfg := generous()
	public := netip.MustParseAddr("203.0.113.9")
	cfg.Public = []netip.Addr{public}
	b := start(t, cfg)
	_, ana := b.allocate("udp", "ana")
	_, bo := b.allocate("udp", "bo")
	if got := ana.LocalAddr().(*net.UDPAddr).AddrPort().Addr(); got != public {
		t.Fatalf("relayed address %v, want %v", got, public)
	}
	// No router need send these back to where they came from.
	bo.WriteTo([]byte("open"), ana.LocalAddr())
	pass(t, ana, bo, bo.LocalAddr(), "to bo")
	pass(t, bo, ana, ana.LocalAddr(), "to ana")
}

func TestBothPortsTellAClientItsAddress(t *testing.T) {
	b := start(t, generous())
	c := b.client("udp", turn.ClientConfig{})
	got, err := c.SendBindingRequest()
	if err != nil || !strings.HasPrefix(got.String(), "127.0.0.1:") {
		t.Errorf("mapped address %v, %v", got, err)
	}
	tcp := b.client("tcp", turn.ClientConfig{})
	if got, err := tcp.SendBindingRequest(); err != nil {
		t.Errorf("over TCP: mapped address %v, %v", got, err)
	}
}

func TestNothingStaysBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	b := start(t, generous())
	var clients []*turn.Client
	var relayed []net.PacketConn
	for i := range 10 {
		for _, network := range []string{"udp", "tcp"} {
			c, r := b.allocate(network, fmt.Sprint("p", i))
			clients, relayed = append(clients, c), append(relayed, r)
		}
	}
	for i := range 10 {
		b.Revoke(Revocation{ID: fmt.Sprint("p", i), Until: time.Now().Add(time.Minute).Unix()})
	}
	settle(t, "all allocations end", func() bool { c := b.Counts(); return c.Allocations == 0 && c.Participants == 0 })
	b.Close()
	b.listener.Close()
	for i, c := range clients {
		relayed[i].Close()
		c.Close()
		b.conns[i].Close()
	}
	settle(t, "all streams end", func() bool { return b.Counts().Streams == 0 })
	left := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return len(b.bound) + len(b.waitingFrom) + b.waiting.Len() + len(b.from) + len(b.clients)
	}
	settle(t, "no entry of any of them is left", func() bool { return left() == 0 })
	settle(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}
