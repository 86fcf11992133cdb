package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"holdline/server/relay"
	"holdline/server/signal"
)

// serveCalls runs the whole program in this process until the test ends.
func serveCalls(t testing.TB, args ...string) (host string) {
	t.Helper()
	host, _ = serveUntil(t, args...)
	return host
}

// serveUntil runs the whole program in this process until end, or the test's.
func serveUntil(t testing.TB, args ...string) (host string, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		ended <- run(ctx, args, writer, &stderr, pageFS(), newSignaling)
		writer.Close()
	}()
	lines := bufio.NewReader(reader)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: %s", &stderr)
	}
	go io.Copy(io.Discard, lines)
	end = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != exitOK {
			t.Errorf("run = %d, %s", code, &stderr)
		}
	})
	t.Cleanup(end)
	_, host, _ = strings.Cut(strings.TrimSpace(line), "://")
	return strings.Replace(host, "localhost", "127.0.0.1", 1), end
}

// enter joins a room of a running program.
func enter(t *testing.T, host string) *client {
	t.Helper()
	s := &server{t: t, http: &httptest.Server{URL: "http://" + host}}
	return s.join("blue", "Ana")
}

// try makes an allocation with the first URL of ice over the transport.
func try(t *testing.T, ice signal.ICE, transport string) (relayed net.PacketConn, err error) {
	t.Helper()
	for _, server := range ice.Servers {
		for _, url := range server.URLs {
			address, query, _ := strings.Cut(strings.TrimPrefix(url, "turn:"), "?")
			if !strings.HasPrefix(url, "turn:") || query != "transport="+transport {
				continue
			}
			if transport == "udp" {
				conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				return allocate(t, conn, address, server)
			}
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			return allocate(t, turn.NewSTUNConn(conn), address, server)
		}
	}
	t.Fatalf("no TURN over %s in %+v", transport, ice)
	return nil, nil
}

// allocate makes an allocation over a socket that reaches the server.
func allocate(t testing.TB, conn net.PacketConn, address string, server signal.ICEServer) (net.PacketConn, error) {
	t.Helper()
	return newTURNClient(t, conn, address, server).Allocate()
}

func newTURNClient(t testing.TB, conn net.PacketConn, address string, server signal.ICEServer) *turn.Client {
	t.Helper()
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	c, err := turn.NewClient(&turn.ClientConfig{
		Conn: conn, TURNServerAddr: address, STUNServerAddr: address,
		Username: server.Username, Password: server.Credential, LoggerFactory: quiet,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); conn.Close() })
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	return c
}

// extend asks for another ten minutes for a client's allocation.
func extend(c *turn.Client, credential string) error {
	ask := func(setters ...stun.Setter) (*stun.Message, error) {
		setters = append([]stun.Setter{stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest)}, setters...)
		request, err := stun.Build(setters...)
		if err != nil {
			return nil, err
		}
		result, err := c.PerformTransaction(request, c.TURNServerAddr(), false)
		return result.Msg, err
	}
	challenge, err := ask()
	if err != nil {
		return err
	}
	var realm stun.Realm
	var nonce stun.Nonce
	if err := challenge.Parse(&realm, &nonce); err != nil {
		return err
	}
	user := c.Username()
	answer, err := ask(user, realm, nonce, stun.NewLongTermIntegrity(user.String(), realm.String(), credential), stun.Fingerprint)
	if err == nil && answer.Type.Class != stun.ClassSuccessResponse {
		err = errors.New(answer.String())
	}
	return err
}

// Browsers offer no ALPN for TURN, and h2 for HTTP.
func TestOneTLSPortServesHTTP2AndTURN(t *testing.T) {
	certFile, keyFile, pool := writeCertificate(t, "localhost", "calls.example")
	host := serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir(), "--tls-cert", certFile, "--tls-key", keyFile)
	trusting := &tls.Config{RootCAs: pool, ServerName: "localhost"}
	s := &server{t: t, http: &httptest.Server{URL: "https://" + host}}
	over := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}}
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, Host: "calls.example:7443", HTTPClient: over})
	if err != nil {
		t.Fatal(err)
	}
	ana := &client{s: s, ws: ws, life: 1}
	ana.hello(signal.Hello{Room: "blue", Name: "Ana"})
	ana.welcomed()
	if got, want := ana.ice.Servers[1].URLs[1], "turns:calls.example:7443?transport=tcp"; got != want {
		t.Errorf("TURN over TLS at %s, want %s", got, want)
	}
	for name, dial := range map[string]func() (net.Conn, error){
		"tls": func() (net.Conn, error) { return tls.Dial("tcp", host, trusting) },
		"tcp": func() (net.Conn, error) { return net.Dial("tcp", host) },
	} {
		conn, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := allocate(t, turn.NewSTUNConn(conn), host, ana.ice.Servers[1]); err != nil {
			t.Errorf("over %s: %v", name, err)
		}
	}
	h2 := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting, ForceAttemptHTTP2: true}}
	defer h2.CloseIdleConnections()
	response, err := h2.Get("https://" + host + "/")
	if err != nil || response.ProtoMajor != 2 {
		t.Fatalf("HTTP/2: %v, %v", response, err)
	}
	response.Body.Close()

	// For a name that the certificate is not for, browsers would not trust it.
	ws, _, err = s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, Host: "other.example", HTTPClient: over})
	if err != nil {
		t.Fatal(err)
	}
	bo := &client{s: s, ws: ws, life: 1}
	bo.hello(signal.Hello{Room: "red", Name: "Bo"})
	bo.welcomed()
	if got := bo.ice.Servers[1].URLs; len(got) != 2 {
		t.Errorf("URLs %q, want none over TLS", got)
	}
}

func TestTheProgramRelaysOverUDPAndOnThePortOfHTTP(t *testing.T) {
	host := serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir())
	ana := enter(t, host)
	for _, transport := range []string{"udp", "tcp"} {
		relayed, err := try(t, ana.ice, transport)
		if err != nil {
			t.Fatalf("over %s: %v", transport, err)
		}
		if !strings.HasPrefix(relayed.LocalAddr().String(), "127.0.0.1:") {
			t.Errorf("relayed at %v, want loopback, where alone the server is", relayed.LocalAddr())
		}
	}
	if _, port, _ := net.SplitHostPort(host); ana.ice.Servers[1].URLs[1] != "turn:127.0.0.1:"+port+"?transport=tcp" {
		t.Errorf("URLs %q, want TCP on the port of HTTP", ana.ice.Servers[1].URLs)
	}
	ana.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	ana.wantClose(signal.CloseBye)
	if _, err := try(t, ana.ice, "tcp"); err == nil {
		t.Error("who has left makes another allocation")
	}
}

func TestOneParticipantDoesNotTakeAllPortsOfTheRelay(t *testing.T) {
	host := serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir(), "--relay-ports", freePorts(t, 8))
	ana, bo := enter(t, host), enter(t, host)
	for range 2 { // a quarter of the ports
		if _, err := try(t, ana.ice, "tcp"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := try(t, ana.ice, "tcp"); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("ana takes more of the ports than her share: %v", err)
	}
	for range 2 {
		if _, err := try(t, bo.ice, "tcp"); err != nil {
			t.Errorf("nothing is left for bo: %v", err)
		}
	}
	cy := enter(t, host)
	if _, err := try(t, cy.ice, "tcp"); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("one address takes more than half of the ports: %v", err)
	}
}

func TestCredentialsThatWerePassedOnEndWithWhomTheyAreFor(t *testing.T) {
	host := serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir())
	ana, bo := enter(t, host), enter(t, host)
	bo.send(signal.Envelope{Type: signal.TypeRefresh, Payload: signal.Raw(signal.Refresh{For: ana.id})})
	var passedOn signal.ICE
	bo.want(signal.TypeICE, &passedOn)
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := newTURNClient(t, conn, host, passedOn.Servers[1])
	if _, err := open.Allocate(); err != nil {
		t.Fatal(err)
	}
	bo.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	bo.wantClose(signal.CloseBye)
	if err := extend(open, passedOn.Servers[1].Credential); err != nil {
		t.Errorf("who asked for it has left: %v", err)
	}
	if _, err := try(t, passedOn, "tcp"); err != nil {
		t.Errorf("who asked for it has left, and another is made: %v", err)
	}
	ana.want(signal.TypePresent, nil)
	ana.want(signal.TypeLeft, nil)
	ana.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	ana.wantClose(signal.CloseBye)
	if err := extend(open, passedOn.Servers[1].Credential); err == nil {
		t.Error("whom it is for has left, and the allocation is kept")
	}
	if _, err := try(t, passedOn, "tcp"); err == nil {
		t.Error("whom it is for has left, and another allocation is made")
	}
}

func TestWhoHasLeftMakesNoAllocationAfterARestartEither(t *testing.T) {
	args := []string{"--addr", "127.0.0.1:" + freePort(t), "--state", t.TempDir(), "--stun-port", "off"}
	host, end := serveUntil(t, args...)
	ana, bo := enter(t, host), enter(t, host)
	bo.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	bo.wantClose(signal.CloseBye)
	go end()
	ana.want(signal.TypePresent, nil)
	ana.want(signal.TypeLeft, nil)
	ana.want(signal.TypeGoaway, nil)
	ana.wantClose(signal.CloseGoaway)
	end() // waits for the other

	serveCalls(t, args...)
	if _, err := try(t, bo.ice, "tcp"); err == nil {
		t.Error("who had left makes an allocation")
	}
	if _, err := try(t, ana.ice, "tcp"); err != nil {
		t.Errorf("who had not: %v", err)
	}
}

func TestTURNOverTLSIsOfferedOnlyWithACertificateThatBrowsersTrust(t *testing.T) {
	leaf := &x509.Certificate{DNSNames: []string{"calls.example"}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	cfg, err := parseConfig([]string{"--addr", "127.0.0.1:0", "--state", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for own, want := range map[bool]string{true: "turn", false: "turns"} {
		certificate := &certificate{Own: own, leaf: func() *x509.Certificate { return leaf }}
		ice, _, stop, err := openICE(cfg, hallKey, listener, certificate, slog.New(slog.NewTextHandler(io.Discard, nil)))
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		if _, urls := ice.urls(arrival{host: "calls.example", port: 443}, false); len(urls) != 2 || !strings.HasPrefix(urls[1], want+":") {
			t.Errorf("with the server's own certificate %v: %q, want streams by %s", own, urls, want)
		}
	}
	// A relay in a process of its own may have none.
	cfg.Relay.Addr, cfg.Relay.Control = "127.0.0.1:3478", "127.0.0.1:3480"
	certificate := &certificate{leaf: func() *x509.Certificate { return leaf }}
	cfg.Relay.Host = "calls.example"
	ice, _, stop, err := openICE(cfg, hallKey, listener, certificate, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, urls := ice.urls(arrival{host: "calls.example", port: 443}, false); !slices.Equal(urls[1:], []string{"turn:calls.example:3478?transport=tcp", "turns:calls.example:3478?transport=tcp"}) {
		t.Errorf("of a relay in its own process: %q, want TCP as well as TLS", urls)
	}
}

// The help of holdline relay and the README name these flags.
func TestARelayInItsOwnProcessHasPort443AtAnAddressOfItsOwn(t *testing.T) {
	cfg, err := parseConfig([]string{"--addr", "203.0.113.7:443", "--relay-control", "127.0.0.1:3480", "--relay-addr", "203.0.113.8:443", "--relay-host", "relay.example.org", "--state", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{DNSNames: []string{"calls.example.org", "relay.example.org"}}
	ice, _, stop, err := openICE(cfg, hallKey, nil, &certificate{leaf: func() *x509.Certificate { return leaf }}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if _, urls := ice.urls(arrival{host: "calls.example.org", port: 443}, false); !slices.Contains(urls, "turns:relay.example.org:443?transport=tcp") {
		t.Errorf("TURN at %q, want TLS on port 443", urls)
	}
	relays, err := parseRelayConfig([]string{"--relay-addr", "203.0.113.8:443", "--state", t.TempDir()})
	if err != nil || relays.Relay.Addr != cfg.Relay.Addr {
		t.Errorf("holdline relay is at %q, %v, want %s", relays.Relay.Addr, err, cfg.Relay.Addr)
	}
}

func TestATURNServerWithoutSTUNIsTold(t *testing.T) {
	for turn, want := range map[string]bool{
		"turn:turn.example?transport=udp": true, "stuns:turn.example,turn:turn.example": true,
		"stun:turn.example,stun:other.example,turn:turn.example": false, "stun:turn.example": false,
	} {
		cfg, err := parseConfig([]string{"--turn", turn, "--turn-secret", "s3cret", "--state", t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		if _, _, _, err := openICE(cfg, hallKey, nil, nil, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(log.String(), "\n"); strings.Contains(log.String(), "no stun: URL") != want || lines > 1 {
			t.Errorf("--turn %s: told %q, want it to be told: %v", turn, log.String(), want)
		}
	}
}

func TestAForeignTURNServerIsOfferedWithItsSecret(t *testing.T) {
	host := serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir(), "--turn-secret", "s3cret",
		"--turn", "stun:turn.example:3478,turn:turn.example:3478?transport=udp,turns:turn.example:5349?transport=tcp")
	ice := enter(t, host).ice
	if len(ice.Servers) != 2 || !slices.Equal(ice.Servers[0].URLs, []string{"stun:turn.example:3478"}) || len(ice.Servers[1].URLs) != 2 {
		t.Fatalf("ice = %+v", ice)
	}
	expiry, id, _ := strings.Cut(ice.Servers[1].Username, ":")
	seconds, _ := strconv.ParseInt(expiry, 10, 64)
	if _, want := relay.Credential("s3cret", id, time.Unix(seconds, 0)); ice.Servers[1].Credential != want {
		t.Errorf("credential %s, want %s", ice.Servers[1].Credential, want)
	}
	host = serveCalls(t, "--addr", "127.0.0.1:0", "--state", t.TempDir(), "--relay-addr", "off")
	if ice := enter(t, host).ice; len(ice.Servers) != 0 {
		t.Errorf("ice = %+v, want none", ice)
	}
}

func TestAPortThatTheRelayCannotHaveIsNamed(t *testing.T) {
	// Free over TCP, so that it is UDP that fails.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	taken, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free.Close()
	_, port, _ := net.SplitHostPort(at)
	for _, args := range [][]string{
		{"--addr", "127.0.0.1:0", "--relay-addr", at},
		{"--addr", "127.0.0.1:0", "--stun-port", port},
		{"--addr", at},
		{"relay", "--relay-addr", at},
	} {
		code, _, stderr := runOnce(t, append(args, "--state", t.TempDir())...)
		if code != exitFailed || !strings.Contains(stderr, at+" over UDP") || !strings.Contains(stderr, "--relay-addr") {
			t.Errorf("%q: run = %d, %q, want %d naming %s and the flag", args, code, stderr, exitFailed, at)
		}
	}
}

func TestAStateFolderThatKeepsNothingIsToldAndServes(t *testing.T) {
	state := t.TempDir()
	if err := os.Mkdir(filepath.Join(state, "revocations"), 0o700); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	own, _, err := listenRelay(config{State: state, Relay: relayConfig{STUNPort: off}}, hallKey, "127.0.0.1", 0, "", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	own.Close()
	if !strings.Contains(log.String(), "after a restart") {
		t.Errorf("told: %s", &log)
	}
}
