package main

import (
	"testing"

	"holdline/wasm/e2e/nets"
)

func TestARouteIsWordedFromBothEnds(t *testing.T) {
	end := func(local, protocol, remote string) nets.Path {
		return nets.Path{Local: nets.Candidate{Type: local, RelayProtocol: protocol}, Remote: nets.Candidate{Type: remote}}
	}
	for _, tt := range []struct {
		ana, ben nets.Path
		want     string
	}{
		{end("host", "", "host"), end("host", "", "host"), "direct, host"},
		{end("host", "", "srflx"), end("srflx", "", "prflx"), "direct, server-reflexive"},
		{end("host", "", "host"), end("host", "", "prflx"), "direct, server-reflexive"},
		{end("relay", "udp", "srflx"), end("host", "", "relay"), "relayed over UDP"},
		{end("relay", "tls", "relay"), end("relay", "udp", "relay"), "relayed over TLS and UDP"},
		{end("relay", "udp", "relay"), end("relay", "udp", "relay"), "relayed over UDP"},
	} {
		if got := route(tt.ana, tt.ben); got != tt.want {
			t.Errorf("route(%v, %v) = %q, want %q", tt.ana, tt.ben, got, tt.want)
		}
	}
}
