package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"holdline/server/relay"
	"holdline/server/signal"
)

// withICE gives a server's pages a relay that is not there, and returns who is
// revoked.
func (s *server) withICE() chan relay.Revocation {
	revoked := make(chan relay.Revocation, 100)
	s.lobby.ice.urls = func(at arrival, _ bool) ([]string, []string) {
		return []string{"stun:" + at.host}, []string{"turn:" + at.host}
	}
	s.lobby.ice.secret, s.lobby.ice.life, s.lobby.ice.checks = "secret", 10*time.Minute, time.Minute
	s.lobby.ice.revoke = func(r relay.Revocation) { revoked <- r }
	return revoked
}

// wantServers checks ice for an id.
func wantServers(t *testing.T, ice signal.ICE, id string, life time.Duration) {
	t.Helper()
	if len(ice.Servers) != 2 || ice.Servers[0].Username != "" || ice.Lifetime != life.Milliseconds() {
		t.Fatalf("ice = %+v, want STUN without a credential, TURN with one, and %v", ice, life)
	}
	server := ice.Servers[1]
	expiry, got, _ := strings.Cut(server.Username, ":")
	seconds, _ := strconv.ParseInt(expiry, 10, 64)
	if left := time.Until(time.Unix(seconds, 0)); got != id || left > life || left < life-patience {
		t.Errorf("username %s, want %s for %v", server.Username, id, life)
	}
	if _, want := relay.Credential("secret", id, time.Unix(seconds, 0)); server.Credential != want {
		t.Errorf("credential %s, want %s", server.Credential, want)
	}
}

func TestAWelcomeComesWithCredentialsOfTheParticipantAndRoom(t *testing.T) {
	s := startServer(t, nil)
	s.withICE()
	ana := s.join("blue", "Ana")
	wantServers(t, ana.ice, relay.ID(hallKey, "blue", ana.id), 10*time.Minute)
	if ana.ice.Address != "127.0.0.1" || ana.ice.Servers[0].URLs[0] != "stun:127.0.0.1" {
		t.Errorf("ice = %+v", ana.ice)
	}
	bo := s.join("blue", "Bo")
	ana.wantPresent(bo.id)
	bo.send(signal.Envelope{Type: signal.TypeRefresh})
	var fresh signal.ICE
	bo.want(signal.TypeICE, &fresh)
	wantServers(t, fresh, relay.ID(hallKey, "blue", bo.id), 10*time.Minute)
	bo.send(signal.Envelope{Type: signal.TypeRefresh, Payload: signal.Raw(signal.Refresh{For: ana.id})})
	var forAna signal.ICE
	bo.want(signal.TypeICE, &forAna)
	// They end with ana, and bo, who can spend them, pays.
	wantServers(t, forAna, relay.PassedOnID(relay.ID(hallKey, "blue", ana.id), relay.ID(hallKey, "blue", bo.id)), 10*time.Minute)
	if forAna.For != ana.id || forAna.Address != "" {
		t.Errorf("ice for ana = %+v, want whom it is for, and not where she is", forAna)
	}
}

func TestCredentialsForSomebodyElseLeadToWhereThatOneFoundTheServer(t *testing.T) {
	s := startServer(t, nil)
	s.withICE()
	ana := &client{s: s, life: 1}
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, Host: "otter.example"})
	if err != nil {
		t.Fatal(err)
	}
	ana.ws = ws
	ana.hello(signal.Hello{Room: "blue", Name: "Ana"})
	ana.welcomed()
	bo := s.join("blue", "Bo")
	bo.send(signal.Envelope{Type: signal.TypeRefresh, Payload: signal.Raw(signal.Refresh{For: ana.id})})
	var ice signal.ICE
	bo.want(signal.TypeICE, &ice)
	if got := ice.Servers[0].URLs[0]; got != "stun:otter.example" {
		t.Errorf("URL %s, want ana's", got)
	}
}

func TestWhoLeavesForGoodIsRevoked(t *testing.T) {
	s := startServer(t, nil)
	revoked := s.withICE()
	ana := s.join("blue", "Ana")
	ana.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	got := <-revoked
	h := s.lobby.find("blue")
	h.mu.Lock()
	if len(h.arrivals) != 0 {
		t.Errorf("arrivals are kept: %v", h.arrivals)
	}
	h.mu.Unlock()
	if left := time.Until(time.Unix(got.Until, 0)); got.ID != relay.ID(hallKey, "blue", ana.id) || left > 10*time.Minute || left < 9*time.Minute {
		t.Errorf("revoked %+v, want ana until her newest credential expires", got)
	}
}

func TestTheRoomKnowsWhereASocketComesFrom(t *testing.T) {
	s := startServer(t, nil)
	ana := s.join("blue", "Ana")
	// Linux has all of 127.0.0.0/8.
	other := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext}
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, HTTPClient: &http.Client{Transport: other}})
	if err != nil {
		t.Fatal(err)
	}
	bo := &client{s: s, ws: ws, life: 1}
	bo.hello(signal.Hello{Room: "blue", Name: "Bo"})
	bo.welcomed()
	var row signal.Presence
	ana.want(signal.TypePresent, &row)
	if !row.LAN || !bo.welcome.Roster[0].LAN || bo.ice.Address != "127.0.0.2" {
		t.Errorf("present = %+v, roster = %+v, ice = %+v; want two on a LAN, bo at 127.0.0.2", row, bo.welcome.Roster, bo.ice)
	}
}

func TestAPageOnTheServersMachineIsToldTheAddressThatOthersFindItAt(t *testing.T) {
	lan := func() []netip.Addr {
		return []netip.Addr{netip.MustParseAddr("192.168.7.1"), netip.MustParseAddr("fd00::7")}
	}
	none := func() []netip.Addr { return nil }
	for _, tt := range []struct {
		name, host, remote string
		lan                func() []netip.Addr
		want               string
	}{
		{"at localhost", "localhost", "127.0.0.1", lan, "192.168.7.1"},
		{"at localhost over IPv6", "localhost", "::1", lan, "192.168.7.1"},
		{"at 127.0.0.1", "127.0.0.1", "127.0.0.1", lan, "192.168.7.1"},
		{"without a network", "localhost", "127.0.0.1", none, "127.0.0.1"},
		{"on a server of this machine alone", "localhost", "127.0.0.1", nil, "127.0.0.1"},
		{"behind a proxy on this machine", "otter.example", "127.0.0.1", lan, "127.0.0.1"},
		{"from another device", "192.168.7.1", "192.168.7.9", lan, "192.168.7.9"},
	} {
		ice := (&iceServers{lan: tt.lan}).issue(arrival{host: tt.host, remote: netip.MustParseAddr(tt.remote)}, "blue", "ana", "ana")
		if ice.Address != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, ice.Address, tt.want)
		}
	}
	if got := (&iceServers{}).seen(arrival{}); got != "" {
		t.Errorf("where nothing is known: %s", got)
	}
	for addr, want := range map[string]bool{":0": true, "127.0.0.1:0": false} {
		ice, _, stop, err := openICE(config{Addr: addr, Relay: relayConfig{Addr: off}}, hallKey, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if (ice.lan != nil) != want {
			t.Errorf("a server at %s knows the LAN: %v, want %v", addr, !want, want)
		}
	}
}

func TestACheckGetsICEAndBeatsButNoRoom(t *testing.T) {
	s := startServer(t, nil)
	revoked := s.withICE()
	c := s.connect()
	c.write(`{"type":"check"}`)
	var ice signal.ICE
	c.want(signal.TypeICE, &ice)
	_, id, _ := strings.Cut(ice.Servers[1].Username, ":")
	wantServers(t, ice, id, time.Minute)
	if !strings.HasPrefix(id, "check-") || ice.Address != "127.0.0.1" {
		t.Errorf("ice = %+v, want a checker's, and its address", ice)
	}
	c.write(`{"type":"beat"}`)
	c.want(signal.TypeBeatBack, nil)
	for _, text := range []string{`{"type":"refresh"}`, `{"type":"check"}`, `{"type":"hello","life":1,"payload":{"room":"blue","name":"Ana"}}`} {
		c.write(text)
		c.wantRefusal("bad-field", "type")
	}
	c.write(`{`)
	c.wantRefusal("malformed", "message")
	if n := s.lobby.count(); n != 0 {
		t.Errorf("%d rooms", n)
	}
	c.ws.CloseNow()
	if got := <-revoked; got.ID != id {
		t.Errorf("revoked %+v, want %s", got, id)
	}
}

func TestACheckEnds(t *testing.T) {
	s := startServer(t, func(c *config) { c.Relay.CheckFor = 20 * time.Millisecond })
	c := s.connect()
	c.write(`{"type":"check"}`)
	c.want(signal.TypeICE, nil)
	c.wantClose(signal.CloseBye)
}

func TestChecksFromOneAddressAreLimited(t *testing.T) {
	s := startServer(t, nil)
	for range checkBurst {
		c := s.connect()
		c.write(`{"type":"check"}`)
		c.want(signal.TypeICE, nil)
	}
	settle(t, "one too many", func() bool { // some time may have passed
		c := s.connect()
		c.write(`{"type":"check"}`)
		_, err := c.read()
		return websocket.CloseStatus(err) == websocket.StatusCode(signal.CloseBusy)
	})
	s.join("blue", "Ana") // who calls is not concerned
}

func TestArrivalIsWhatThePageCallsTheServer(t *testing.T) {
	for _, tt := range []struct {
		host, remote string
		tls          bool
		want         arrival
	}{
		{"otter.example", "192.0.2.7:1000", false, arrival{host: "otter.example", port: 80}},
		{"otter.example", "[::ffff:192.0.2.7]:1000", true, arrival{host: "otter.example", port: 443}},
		{"otter.example:8443", "192.0.2.7:1000", true, arrival{host: "otter.example", port: 8443}},
		{"[2001:db8::1]:9000", "192.0.2.7:1000", false, arrival{host: "2001:db8::1", port: 9000}},
		{"[2001:db8::1]", "192.0.2.7:1000", false, arrival{host: "2001:db8::1", port: 80}},
		{"a b", "192.0.2.7:1000", false, arrival{port: 7777}},
		{"otter.example:0", "192.0.2.7:1000", false, arrival{port: 7777}},
		{"otter.example?transport=udp", "192.0.2.7:1000", false, arrival{port: 7777}},
		{"", "192.0.2.7:1000", false, arrival{port: 7777}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/ws", nil)
		r.Host, r.RemoteAddr = tt.host, tt.remote
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		local := &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 7777}
		got := arrivalOf(r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local)))
		tt.want.own = 7777
		tt.want.from, tt.want.remote, tt.want.local = tt.remote, netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("10.0.0.1")
		if got != tt.want {
			t.Errorf("%q: %+v, want %+v", tt.host, got, tt.want)
		}
	}
}

func TestTheURLsNameWhatThePageCanReach(t *testing.T) {
	same := func(at arrival) string { return at.host }
	port := func(at arrival) uint16 { return at.port }
	secure := func(host string) bool { return host == "otter.example" }
	at := arrival{host: "otter.example", port: 443}
	s, u := ownURLs(same, 3478, 3479, port, secure, false)(at, true)
	if want := []string{"stun:otter.example:3478", "stun:otter.example:3479"}; !slices.Equal(s, want) {
		t.Errorf("STUN at %q, want %q", s, want)
	}
	if want := []string{"turn:otter.example:3478?transport=udp", "turn:otter.example:443?transport=tcp", "turns:otter.example:443?transport=tcp"}; !slices.Equal(u, want) {
		t.Errorf("TURN at %q, want %q", u, want)
	}
	if _, u = ownURLs(same, 3478, 3479, port, secure, false)(at, false); !slices.Equal(u, []string{"turn:otter.example:3478?transport=udp", "turns:otter.example:443?transport=tcp"}) {
		t.Errorf("TURN at %q for a call, want UDP and TLS", u)
	}
	s, u = ownURLs(same, 8080, 0, port, secure, false)(arrival{host: "fd00::1", port: 8080}, false)
	if want := []string{"stun:[fd00::1]:8080"}; !slices.Equal(s, want) {
		t.Errorf("STUN at %q, want %q", s, want)
	}
	if want := []string{"turn:[fd00::1]:8080?transport=udp", "turn:[fd00::1]:8080?transport=tcp"}; !slices.Equal(u, want) {
		t.Errorf("TURN at %q, want %q", u, want)
	}
	if s, u := ownURLs(same, 1, 2, port, secure, false)(arrival{}, true); s != nil || u != nil {
		t.Errorf("without a host: %q, %q", s, u)
	}
	local := arrival{host: "localhost", local: netip.MustParseAddr("127.0.0.1")}
	if got := pageHost(func(netip.Addr) bool { return false })(local); got != "127.0.0.1" {
		t.Errorf("localhost of a server on loopback is %s", got)
	}
	if lan := lanAddresses(); len(lan) > 0 {
		if got := pageHost(func(ip netip.Addr) bool { return ip == lan[0] })(local); got != lan[0].String() {
			t.Errorf("localhost of a server that others reach, too, is %s, want %s", got, lan[0])
		}
	}
	if got := relayHost(relayConfig{Addr: "192.0.2.1:3478"})(at); got != "192.0.2.1" {
		t.Errorf("a relay with an address is called %s", got)
	}
	if got := relayHost(relayConfig{Addr: ":3478", Host: "turn.example"})(at); got != "turn.example" {
		t.Errorf("a relay with a name is called %s", got)
	}
	for host, want := range map[string]uint16{"": 443, "turn.example": 8080} {
		if got := streamPort(relayConfig{Host: host})(arrival{port: 443, own: 8080}); got != want {
			t.Errorf("with --relay-host %q streams go to %d, want %d", host, got, want)
		}
	}
	if got := relayHost(relayConfig{Addr: ":3478"})(at); got != "otter.example" {
		t.Errorf("a relay without either is called %s", got)
	}
}
