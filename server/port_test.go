package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// echo answers everything on a route with the route's name and what came.
func echo(t *testing.T, name string, listener net.Listener) {
	t.Helper()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 64)
				n, _ := io.ReadAtLeast(conn, buffer, 3)
				fmt.Fprintf(conn, "%s %q from %s", name, buffer[:n], conn.RemoteAddr())
			}()
		}
	}()
}

// testPort is a port as a server with a relay would have it: HTTP and a small
// protocol, each with TLS and without.
func testPort(t *testing.T, logs io.Writer) (addr string, pool *x509.CertPool) {
	t.Helper()
	made, _, err := makeCertificate("desk", []netip.Addr{netip.MustParseAddr("127.0.0.1")}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(made.Leaf)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelInfo}))
	config := (&certificate{get: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return made, nil }}).config()
	plain := newPort(listener, logger)
	plain.timeout = 200 * time.Millisecond
	secure := newPort(tls.NewListener(plain.route("tls", beginsTLS), config), logger)
	secure.timeout = plain.timeout
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s tls %t from %s", r.Proto, r.TLS != nil, r.RemoteAddr)
	})}
	echo(t, "stun", plain.route("stun", beginsSTUN))
	echo(t, "stuns", secure.route("stuns", beginsSTUN))
	served := make(chan error, 2)
	for _, l := range []net.Listener{plain.route("http", beginsAnything), secure.route("https", beginsAnything, httpProtocols...)} {
		go func() { served <- server.Serve(l) }()
	}
	go plain.serve()
	go secure.serve()
	t.Cleanup(func() {
		server.Close()
		secure.Close()
		plain.Close()
		for range 2 {
			if err := <-served; !errors.Is(err, http.ErrServerClosed) {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return listener.Addr().String(), pool
}

// says sends bytes and returns all that comes back.
func says(t *testing.T, conn net.Conn, text string) string {
	t.Helper()
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("%q: %v", text, err)
	}
	return string(answer)
}

func TestAPortTellsProtocolsApartByTheFirstByte(t *testing.T) {
	addr, pool := testPort(t, io.Discard)
	const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct {
		name, text, want string
		tls              bool
		protocols        []string
	}{
		{"HTTP", get, "HTTP/1.1 tls false from 127.0.0.1:", false, nil},
		{"HTTPS", get, "HTTP/1.1 tls true from 127.0.0.1:", true, []string{"http/1.1"}},
		{"HTTPS without ALPN", get, "HTTP/1.1 tls true from 127.0.0.1:", true, nil},
		{"STUN", "\x00\x01\x00", `stun "\x00\x01\x00" from 127.0.0.1:`, false, nil},
		{"STUN over TLS", "\x00\x01\x00", `stuns "\x00\x01\x00" from 127.0.0.1:`, true, nil},
		{"garbage", "\xff\xff\xff\r\n\r\n", "400 Bad Request", false, nil},
		{"garbage over TLS", "\xff\xff\xff\r\n\r\n", "400 Bad Request", true, nil},
		{"TLS that breaks off", "\x16\x03\x01\x00\x05hello", "", false, nil},
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if tt.tls {
			conn = tls.Client(conn, &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: tt.protocols})
		}
		from := conn.LocalAddr().String()
		got := says(t, conn, tt.text)
		if !strings.Contains(got, tt.want) || strings.HasSuffix(tt.want, "127.0.0.1:") && !strings.Contains(got, from) {
			t.Errorf("%s: answered %q, want %s (from %s)", tt.name, got, tt.want, from)
		}
	}
}

func TestAPortLetsBrowsersSpeakHTTP2(t *testing.T) {
	addr, pool := testPort(t, io.Discard)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if !strings.HasPrefix(string(body), "HTTP/2.0 tls true") {
		t.Errorf("answered %s, want HTTP/2.0 over TLS", body)
	}
}

func TestAClientThatSaysNothingIsLetGoAndTheOthersAreServed(t *testing.T) {
	var logs bytes.Buffer
	addr, _ := testPort(t, &logs)
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	half, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	half.Write([]byte{0x16, 3})
	if got := status(t, "http://"+addr); got != http.StatusOK {
		t.Errorf("beside them: %d, want 200", got)
	}
	for name, conn := range map[string]net.Conn{"silent": silent, "half a handshake": half} {
		ends(t, name, conn)
	}
	if logs.Len() > 0 {
		t.Errorf("everyday noise was logged: %s", &logs)
	}
}

// ends waits until the other side has ended the connection.
func ends(t *testing.T, name string, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%s: read: %v, want the end of the connection", name, err)
	}
}

// brokenListener fails as often as it is told to, with what the system says.
type brokenListener struct {
	net.Listener
	mu   sync.Mutex
	errs []error
}

func (l *brokenListener) Accept() (net.Conn, error) {
	l.mu.Lock()
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		l.mu.Unlock()
		return nil, &net.OpError{Op: "accept", Err: err}
	}
	l.mu.Unlock()
	return l.Listener.Accept()
}

func TestAPortGoesOnWhenDescriptorsRunOutAndEndsWhenTheListenerBreaks(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logs, nil))
	p := newPort(&brokenListener{Listener: listener, errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.EBADF}}, logger)
	route := p.route("all", beginsAnything)
	p.serve()
	if _, err := route.Accept(); !errors.Is(err, syscall.EBADF) {
		t.Errorf("the route ends with %v, want %v", err, syscall.EBADF)
	}
	if got := strings.Count(logs.String(), "level=ERROR"); got != 2 {
		t.Errorf("%d errors were logged, want one for each time: %s", got, &logs)
	}
	if _, err := net.Dial("tcp", listener.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

func TestAPortThatIsClosedLeavesNothingBehind(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := newPort(listener, slog.New(slog.DiscardHandler))
	p.timeout = time.Hour
	gone := p.route("stun", beginsSTUN)
	unserved := p.route("rest", beginsAnything)
	served := make(chan struct{})
	go func() { p.serve(); close(served) }()
	gone.Close()
	var conns []net.Conn
	for _, first := range []string{"", "\x00", "G"} { // says nothing, goes to a closed route, waits for a server
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, first)
		conns = append(conns, conn)
	}
	ends(t, "closed route", conns[1])
	p.Close() // returns when its goroutines have ended
	<-served
	ends(t, "silent", conns[0])
	ends(t, "without a server", conns[2])
	if _, err := unserved.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v, want %v", err, net.ErrClosed)
	}
}

// deadlined knows its deadline.
type deadlined struct {
	net.Conn
	at time.Time
}

func (d *deadlined) SetDeadline(at time.Time) error {
	d.at = at
	return d.Conn.SetDeadline(at)
}

func TestAConnectionThatHasItsRouteHasNoDeadlineOfThePortsAnyMore(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	defer server.Close()
	p := newPort(nil, slog.New(slog.DiscardHandler))
	p.route("all", beginsAnything)
	go client.Write([]byte("GET"))
	conn := &deadlined{Conn: server}
	to, begun := p.choose(conn)
	if to == nil || begun == nil || !conn.at.IsZero() {
		t.Errorf("route %v, deadline %v, want none", to, conn.at)
	}
}
