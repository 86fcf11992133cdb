package main

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"holdline/server/relay"
)

// gone is a listener whose interface is gone.
type gone struct{ net.Listener }

var errGone = errors.New("the interface is gone")

func (gone) Accept() (net.Conn, error) { return nil, errGone }

func TestAPortThatBreaksEndsARelayInItsOwnProcess(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	own := relay.New(relay.Config{})
	t.Cleanup(own.Close)
	broken, stop := serveWays(gone{listener}, nil, own, nil, slog.New(slog.DiscardHandler))
	defer stop()
	if err := <-broken; err != errGone {
		t.Errorf("broken by %v, want %v", err, errGone)
	}
}

func TestTheFirewallsPortsAreSaidToWhoIsReachedFromElsewhere(t *testing.T) {
	at := place{addr: ":8080", port: 8080, lan: func() []netip.Addr { return addrs("192.168.1.20") }}
	var out strings.Builder
	if err := tellAddresses(&out, at, firewall(8080, 8080, 8081, relay.Ports{Min: 50000, Max: 50999}), "never"); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "\nA firewall must let in TCP port 8080 and UDP ports 8080 and 8081, and UDP ports 50000-50999 for relayed addresses\n") {
		t.Errorf("says %q", &out)
	}
	if got := firewall(80, 3478, 0, relay.Ports{}); !strings.HasPrefix(got, "A firewall must let in TCP port 80 and UDP port 3478;") || !strings.Contains(got, "--relay-ports") {
		t.Errorf("says %q", got)
	}
	at.addr = "127.0.0.1:8080"
	out.Reset()
	if err := tellAddresses(&out, at, "A firewall", "never"); err != nil || strings.Contains(out.String(), "firewall") {
		t.Errorf("%v, says %q on this machine alone", err, &out)
	}
}
