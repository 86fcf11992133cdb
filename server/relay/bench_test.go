package relay

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

const (
	testSecret = "the secret of the tests"
	patience   = 20 * time.Second
)

var loopback = netip.MustParseAddr("127.0.0.1")

// generous is a configuration that refuses nobody for too much.
func generous() Config {
	return Config{Secret: testSecret, Max: 100, MaxEach: 50, MaxAddress: 100, Rate: 1 << 30, RateEach: 1 << 30, Keep: 12 * time.Hour, AllocateWithin: time.Minute}
}

// overheard is a relay that listens nowhere, and what it tells the operator.
func overheard(t *testing.T) (*Relay, *strings.Builder) {
	var log strings.Builder
	cfg := generous()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	r := New(cfg)
	t.Cleanup(r.Close)
	return r, &log
}

// bench is a relay on the loopback interface, over UDP and TCP.
type bench struct {
	*Relay
	t   testing.TB
	udp net.Addr
	tcp net.Addr

	listener net.Listener
	conns    []io.Closer // of the clients
}

func start(t testing.TB, cfg Config) *bench {
	t.Helper()
	b := &bench{Relay: New(cfg), t: t}
	t.Cleanup(b.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	b.tcp, b.listener = l.Addr(), l
	port := freePort(t)
	if err := b.Listen([]netip.Addr{loopback}, port); err != nil {
		t.Fatal(err)
	}
	b.udp = &net.UDPAddr{IP: loopback.AsSlice(), Port: int(port)}
	go b.Serve(l)
	return b
}

func freePort(t testing.TB) uint16 {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return uint16(conn.LocalAddr().(*net.UDPAddr).Port)
}

// as has what a client needs who may use the relay for a minute.
func as(id string) turn.ClientConfig {
	username, password := Credential(testSecret, id, time.Now().Add(time.Minute))
	return turn.ClientConfig{Username: username, Password: password}
}

// client connects a client over UDP or TCP.
func (b *bench) client(network string, cfg turn.ClientConfig) *turn.Client {
	b.t.Helper()
	if network == "udp" {
		conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			b.t.Fatal(err)
		}
		return b.over(conn, b.udp, cfg)
	}
	conn, err := net.Dial("tcp", b.tcp.String())
	if err != nil {
		b.t.Fatal(err)
	}
	return b.over(turn.NewSTUNConn(conn), b.tcp, cfg)
}

// over makes a client of a socket that reaches the relay.
func (b *bench) over(conn net.PacketConn, server net.Addr, cfg turn.ClientConfig) *turn.Client {
	b.t.Helper()
	cfg.LoggerFactory, cfg.Conn = quiet(), conn
	cfg.TURNServerAddr, cfg.STUNServerAddr = server.String(), server.String()
	c, err := turn.NewClient(&cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	b.conns = append(b.conns, cfg.Conn)
	b.t.Cleanup(func() { c.Close(); cfg.Conn.Close() })
	if err := c.Listen(); err != nil {
		b.t.Fatal(err)
	}
	return c
}

// allocate makes an allocation that must be made.
func (b *bench) allocate(network, id string) (*turn.Client, net.PacketConn) {
	b.t.Helper()
	c := b.client(network, as(id))
	relayed, err := c.Allocate()
	if err != nil {
		b.t.Fatalf("allocate over %s for %s: %v", network, id, err)
	}
	return c, relayed
}

// wantCode checks that err is a TURN error of this code.
func wantCode(t testing.TB, err error, code stun.ErrorCode) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("error %d", code)) {
		t.Errorf("got %v, want error %d", err, code)
	}
}

func (b *bench) wantRefused(why Refusal, atLeast int64) {
	b.t.Helper()
	if got := b.Counts().Refused[why]; got < atLeast {
		b.t.Errorf("%d refused as %s, want %d; all: %v", got, why, atLeast, b.Counts().Refused)
	}
}

// logged is what the relay has logged, from whichever goroutine.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// settle waits, by looking, for what no message tells.
func settle(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// pass sends text from one socket to the other until it is there.
func pass(t testing.TB, from, to net.PacketConn, at net.Addr, text string) {
	t.Helper()
	buf := make([]byte, 2000)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, err := from.WriteTo([]byte(text), at); err != nil {
			t.Fatalf("send %q: %v", text, err)
		}
		to.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		for {
			n, _, err := to.ReadFrom(buf)
			if err != nil {
				break
			}
			if string(buf[:n]) == text {
				return
			}
		}
	}
	t.Fatalf("%q did not come through", text)
}
