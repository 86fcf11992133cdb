package relay

import (
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

func TestRelayedAddressesHaveThePortsThatTheFirewallLetsThrough(t *testing.T) {
	cfg := generous()
	cfg.Ports = freePorts(t)
	first := cfg.Ports.Min
	var log logged
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	b := start(t, cfg)
	got := map[int]bool{}
	var relayed net.PacketConn
	for _, id := range []string{"ana", "bo", "cy"} {
		_, relayed = b.allocate("udp", id)
		got[relayed.LocalAddr().(*net.UDPAddr).Port] = true
	}
	for i := range 3 {
		if !got[int(first)+i] {
			t.Errorf("ports %v, want %v", got, cfg.Ports)
		}
	}
	for range 2 {
		_, err := b.client("udp", as("di")).Allocate()
		wantCode(t, err, stun.CodeInsufficientCapacity)
	}
	b.wantRefused(RefusedSocket, 2)
	if n := strings.Count(log.String(), "no socket for an allocation"); n != 1 || !strings.Contains(log.String(), "--relay-ports") {
		t.Errorf("told %d times, want once a minute and with the flag: %s", n, &log)
	}
	relayed.Close() // says so to the relay
	// Its socket is closed just after it is no longer counted.
	settle(t, "the port of an allocation that was given back is free", func() bool {
		_, err := b.client("tcp", as("di")).Allocate()
		return err == nil
	})
}

// freePorts are three in a row, below those that systems give to clients.
func freePorts(t *testing.T) Ports {
	t.Helper()
	for first := uint16(20000 + os.Getpid()%5000); first < 30000; first += 3 {
		free := 0
		for i := range uint16(3) {
			conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, first+i)))
			if err == nil {
				conn.Close()
				free++
			}
		}
		if free == 3 {
			return Ports{first, first + 2}
		}
	}
	t.Fatal("no three ports in a row are free")
	return Ports{}
}

func TestASocketThatTheMachineDoesNotGiveIsCountedAndTold(t *testing.T) {
	r, log := overheard(t)
	s := &station{relay: r, ip: netip.MustParseAddr("203.0.113.1")} // which the machine has lost
	username, _ := Credential(testSecret, "ana", time.Now().Add(time.Minute))
	if _, _, err := s.AllocatePacketConn(turn.AllocateListenerConfig{Network: "udp4", UserID: username}); err == nil {
		t.Fatal("there is a socket")
	}
	if n := r.Counts().Refused[RefusedSocket]; n != 1 || !strings.Contains(log.String(), "cannot assign requested address") {
		t.Errorf("counted %d times; told: %s", n, log)
	}
}

func TestPortsAreARange(t *testing.T) {
	if p, err := ParsePorts("49152-65535"); err != nil || p != (Ports{49152, 65535}) || p.String() != "49152-65535" {
		t.Errorf("%v, %v", p, err)
	}
	for _, text := range []string{"", "49152", "1-2", "5000-4999", "5000-65536", "-", "a-b", "0-0"} {
		if p, err := ParsePorts(text); err == nil {
			t.Errorf("%q is %v", text, p)
		}
	}
	// All ports may be used, and all that are taken passed over.
	cfg := generous()
	cfg.Ports = Ports{1024, 65535}
	r := New(cfg)
	for port := 1024; port <= 65535; port++ {
		if port != 40000 {
			r.bound[netip.AddrPortFrom(loopback, uint16(port))] = &allocation{}
		}
	}
	var tried []uint16
	for port := range r.ports(loopback) {
		tried = append(tried, port)
	}
	if len(tried) != 1 || tried[0] != 40000 {
		t.Errorf("tried %v, want the one that is free", tried)
	}
}

func TestTwoAddressesOfTheMachineShareThePortsOfOnePublicAddress(t *testing.T) {
	cfg := generous()
	cfg.Ports, cfg.Public = Ports{1024, 1033}, fields("203.0.113.9")
	r := New(cfg)
	for port := uint16(1024); port <= 1033; port++ { // more than are tried
		if port != 1030 {
			r.published[netip.AddrPortFrom(cfg.Public[0], port)] = &allocation{} // of another address
		}
	}
	for port := range r.ports(loopback) {
		if port != 1030 {
			t.Errorf("%d is tried, which peers are told of another", port)
		}
	}
}
