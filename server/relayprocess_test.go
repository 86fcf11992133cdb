package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"holdline/server/relay"
	"holdline/server/signal"
)

func TestARelayInItsOwnProcessOutlivesTheServer(t *testing.T) {
	relayAt, control, debug := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	args := []string{"--state", t.TempDir(), "--relay-addr", relayAt, "--stun-port", "off", "--relay-control", control}
	serveCalls(t, append([]string{"relay", "--debug-addr", debug}, args...)...)
	args = append(args, "--addr", "127.0.0.1:0")
	host, end := serveUntil(t, args...)
	ana := enter(t, host)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mine := ana.ice.Servers[1]
	c := newTURNClient(t, conn, relayAt, mine)
	overUDP, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	overTCP, err := try(t, ana.ice, "tcp")
	if err != nil {
		t.Fatal(err)
	}

	go end()
	ana.want(signal.TypeGoaway, nil)
	ana.wantClose(signal.CloseGoaway)
	end() // waits for the other
	if _, err := net.Dial("tcp", host); err == nil {
		t.Fatal("the server has not ended")
	}
	buffer := make([]byte, 100)
	settle(t, "bytes pass both ways", func() bool {
		passed := 0
		for _, way := range [][2]net.PacketConn{{overUDP, overTCP}, {overTCP, overUDP}} {
			from, to := way[0], way[1]
			if _, err := from.WriteTo([]byte("without the server"), to.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			to.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			// The first is dropped: sending the other way makes the permission.
			if n, _, err := to.ReadFrom(buffer); err == nil && string(buffer[:n]) == "without the server" {
				passed++
			}
		}
		return passed == 2
	})
	if err := extend(c, mine.Credential); err != nil {
		t.Errorf("extend without the server: %v", err)
	}

	next := &server{t: t, http: &httptest.Server{URL: "http://" + serveCalls(t, args...)}}
	back := next.connect()
	back.hello(signal.Hello{Room: "blue", Name: "Ana", Token: ana.welcome.Token})
	back.welcomed()
	if err := extend(c, mine.Credential); err != nil {
		t.Errorf("extend with the next server: %v", err)
	}
	allocations := func() int {
		response, err := http.Get("http://" + debug + "/debug/vars")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var vars struct{ Holdline counts }
		if err := json.NewDecoder(response.Body).Decode(&vars); err != nil {
			t.Fatal(err)
		}
		return vars.Holdline.Relay.Allocations
	}
	if n := allocations(); n != 2 {
		t.Errorf("%d allocations before ana leaves, want 2", n)
	}
	back.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	settle(t, "the relay is told that ana has left", func() bool { return allocations() == 0 })
	if err := extend(c, mine.Credential); err == nil {
		t.Error("who has left keeps an allocation")
	}
	if _, err := try(t, ana.ice, "udp"); err == nil {
		t.Error("who has left makes another allocation")
	}
}

func TestARelayWithoutPortsOfItsOwnSaysThatAFirewallMustLetAllIn(t *testing.T) {
	at, control := &net.TCPAddr{IP: net.IPv4zero, Port: 3478}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3480}
	want := "STUN and TURN on 0.0.0.0:3478 over UDP, TCP and TLS, STUN on UDP port 3479, too; relayed addresses have any UDP port (--relay-ports MIN-MAX for fewer); control on 127.0.0.1:3480"
	if got := relayLine(at, 3479, true, relay.Ports{}, control); got != want {
		t.Errorf("says %q, want %q", got, want)
	}
}

func TestARelayInItsOwnProcessSaysWhereEverythingIs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	at, control := "127.0.0.1:"+freePort(t), "127.0.0.1:"+freePort(t)
	var stderr strings.Builder
	go func() {
		ended <- run(ctx, []string{"relay", "--state", t.TempDir(), "--relay-addr", at, "--relay-control", control, "--stun-port", "off",
			"--relay-ports", "50000-50999", "--debug-addr", "127.0.0.1:0"}, writer, &stderr, nil, nil)
		writer.Close()
	}()
	lines := bufio.NewScanner(reader)
	for _, want := range []string{"STUN and TURN on " + at + " over UDP and TCP; relayed addresses on UDP ports 50000-50999; control on " + control, "Debug: http://127.0.0.1:"} {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Errorf("says %q, want %q", lines.Text(), want)
		}
	}
	cancel()
	go io.Copy(io.Discard, reader)
	if code := <-ended; code != exitOK || stderr.Len() > 0 {
		t.Errorf("run = %d, %s", code, &stderr)
	}
}
