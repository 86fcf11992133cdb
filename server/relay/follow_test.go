package relay

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestAnAddressThatTheMachineGetsLaterIsServed(t *testing.T) {
	b := &bench{Relay: New(generous()), t: t}
	t.Cleanup(b.Close)
	port, stunPort := freePort(t), freePort(t)
	if err := b.Listen([]netip.Addr{loopback}, port); err != nil {
		t.Fatal(err)
	}
	later := netip.MustParseAddr("127.0.0.9") // Linux has all of 127.0.0.0/8
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		b.Follow(ctx, time.Millisecond, func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("203.0.113.1"), loopback, later} }, port, stunPort)
		close(ended)
	}()
	settle(t, "it listens there, too", func() bool { return b.ListensOn(later) })
	b.udp = &net.UDPAddr{IP: later.AsSlice(), Port: int(port)}
	b.allocate("udp", "ana")
	if b.ListensOn(netip.MustParseAddr("203.0.113.1")) {
		t.Error("it listens on an address that is not of this machine")
	}
	cancel()
	<-ended
}

func TestWhoComesByLoopbackIsRelayedWhereOthersReachIt(t *testing.T) {
	r := New(generous())
	t.Cleanup(r.Close)
	s := &station{relay: r, ip: loopback}
	if got := s.sources(); len(got) != 1 || got[0] != loopback {
		t.Errorf("on loopback alone: %v", got)
	}
	lan := netip.MustParseAddr("192.168.1.5")
	r.listens[lan], r.listens[loopback], r.listens[netip.MustParseAddr("fd00::5")] = true, true, true
	if got := s.sources(); len(got) != 2 || got[0] != lan || got[1] != loopback {
		t.Errorf("with a LAN: %v, want its address first", got)
	}
	if got := (&station{relay: r, ip: lan}).sources(); len(got) != 1 || got[0] != lan {
		t.Errorf("from the LAN: %v", got)
	}
}
