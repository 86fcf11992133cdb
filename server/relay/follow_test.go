package relay

import (
	"context"
	"net"
	"net/netip"
	"strings"
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

func TestAnAddressThatCannotBeServedIsTold(t *testing.T) {
	r, log := overheard(t)
	later := netip.MustParseAddr("127.0.0.9")
	taken, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(later, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	r.follow([]netip.Addr{netip.MustParseAddr("203.0.113.1")}, port, 0)
	if log.Len() > 0 {
		t.Errorf("of an address that is not of this machine is told: %s", log)
	}
	r.follow([]netip.Addr{later}, port, 0)
	if !strings.Contains(log.String(), taken.LocalAddr().String()+" over UDP") {
		t.Errorf("told: %s", log)
	}
	log.Reset()
	free := freePort(t)
	r.follow([]netip.Addr{later}, free, port)
	if !strings.Contains(log.String(), "second port") || !strings.Contains(log.String(), taken.LocalAddr().String()+" over UDP") {
		t.Errorf("of its second port is told: %s", log)
	}
	taken.Close()
	r.follow([]netip.Addr{later}, free, port)
	if !r.ListensOn(later) || !r.listensSTUN[later] {
		t.Error("the second port is not tried again")
	}
	r.follow([]netip.Addr{later}, free, port) // and then nothing is
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("told %d times: %s", n, log)
	}
}

func TestAnAddressBeyondThoseThatAreFollowedIsTold(t *testing.T) {
	r, log := overheard(t)
	for i := range maxAddresses - 1 { // which the machine had before
		r.listens[netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})] = true
	}
	last, more := netip.MustParseAddr("127.0.0.9"), netip.MustParseAddr("127.0.0.10")
	r.follow([]netip.Addr{last}, freePort(t), 0)
	if !r.ListensOn(last) || log.Len() > 0 {
		t.Errorf("the last that is followed: told %s", log)
	}
	var told []netip.Addr
	for range 3 {
		told = r.tellTooMany(r.follow([]netip.Addr{last, more}, freePort(t), 0), told)
		clear(r.trouble.told) // a minute later
	}
	if n := strings.Count(log.String(), "level=WARN"); r.ListensOn(more) || n != 1 || !strings.Contains(log.String(), "addresses=[127.0.0.10] limit=256") {
		t.Errorf("told %d times, want once: %s", n, log)
	}
	r.tellTooMany([]netip.Addr{more, loopback}, told)
	if !strings.Contains(log.String(), "addresses=\"[127.0.0.10 127.0.0.1]\"") {
		t.Errorf("of another one is told: %s", log)
	}
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
