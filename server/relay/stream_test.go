package relay

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// dial opens a connection that says nothing yet.
func (b *bench) dial() net.Conn {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.tcp.String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { conn.Close() })
	return conn
}

// ends checks that the relay ends the connection.
func ends(t testing.TB, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); err != nil {
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			t.Error("the connection is still open")
		}
	}
}

func TestAConnectionWithoutAnAllocationIsClosed(t *testing.T) {
	cfg := generous()
	cfg.AllocateWithin = 20 * time.Millisecond
	b := start(t, cfg)
	ends(t, b.dial())
	b.wantRefused(RefusedIdle, 1)

	cfg.AllocateWithin = time.Minute
	b = start(t, cfg)
	conn := b.dial()
	settle(t, "the connection is seen", func() bool { return b.Counts().Streams == 1 })
	conn.Close()
	settle(t, "its end is seen", func() bool { return b.Counts().Streams == 0 })
}

func TestAConnectionWithAnAllocationStaysUntilThatEnds(t *testing.T) {
	b := start(t, generous()) // whose time is not over in this test
	b.allocate("tcp", "ana")
	ana := b.only(t)
	waits := func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return ana.waiting != nil
	}
	if ana.idle.Stop() || waits() {
		t.Error("its time runs though it has an allocation")
	}
	ana.giveUp() // as if that had just run out
	if n := b.Counts().Streams; n != 1 {
		t.Fatalf("%d streams, want ana's", n)
	}
	// The end of an allocation may be told late, when there is a new one.
	b.ended(ana.Conn.RemoteAddr(), ana.Conn.LocalAddr())
	if ana.idle.Stop() || waits() {
		t.Error("its time runs again though it has an allocation")
	}
	b.Revoke(Revocation{ID: "ana", Until: time.Now().Add(time.Minute).Unix()})
	settle(t, "ana's stream waits again after her allocation", waits)
	if !ana.idle.Stop() {
		t.Error("its time does not run")
	}
	ana.giveUp()
	if n := b.Counts().Streams; n != 0 {
		t.Errorf("%d streams, want none", n)
	}
}

// only is the one stream that there is.
func (b *bench) only(t testing.TB) *stream {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.streams {
		if len(b.streams) == 1 {
			return s
		}
	}
	t.Fatalf("%d streams, want one", len(b.streams))
	return nil
}

// broken is a listener that fails in two ways.
type broken struct {
	net.Listener
	first, then error
}

func (b *broken) Accept() (net.Conn, error) {
	err := b.first
	b.first = b.then
	return nil, err
}

func TestAListenerThatBreaksEndsServe(t *testing.T) {
	var log strings.Builder
	cfg := generous()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	gone := errors.New("the interface is gone")
	l := &broken{first: &net.OpError{Op: "accept", Err: syscall.EMFILE}, then: gone}
	if err := New(cfg).Serve(l); err != gone {
		t.Errorf("Serve = %v, want %v", err, gone)
	}
	if !strings.Contains(log.String(), "too many open files") {
		t.Errorf("told: %s", &log)
	}
}

func TestOfTheConnectionsThatWaitTheOldestGoesWhenThereAreTooMany(t *testing.T) {
	cfg := generous()
	cfg.MaxAddress = cfg.Max / 4
	const each = MaxWaiting / 4
	b := start(t, cfg)
	// take is a connection from an address, and its other end.
	port := 0
	take := func(from string) net.Conn {
		conn, theirs := net.Pipe()
		t.Cleanup(func() { conn.Close() })
		port++
		b.Take(addressed{theirs, &net.TCPAddr{IP: net.ParseIP(from), Port: port}, b.tcp})
		return conn
	}
	open := func(conn net.Conn) bool {
		conn.SetReadDeadline(time.Now())
		_, err := conn.Read(make([]byte, 1))
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	other := take("192.0.2.1")
	_, ana := b.allocate("tcp", "ana")
	var one []net.Conn
	for range each {
		one = append(one, take("2001:db8::1"))
	}
	if n := b.Counts().Streams; n != each+2 {
		t.Fatalf("%d streams, want all", n)
	}
	late := take("2001:db8::2") // of the same /64
	ends(t, one[0])
	if !open(one[1]) || !open(late) || !open(other) {
		t.Error("another than the oldest of that address has ended")
	}
	wantGone := func(want int64) {
		t.Helper()
		if n := b.Counts().Refused[RefusedStreams]; n != want {
			t.Errorf("%d are refused, want %d", n, want)
		}
	}
	wantGone(1)
	for i := range MaxWaiting - each - 1 {
		take(fmt.Sprintf("10.0.%d.%d", i/100, i%100))
	}
	wantGone(1)
	last := take("10.1.0.1")
	ends(t, other)
	if !open(one[1]) || !open(last) {
		t.Error("another than the oldest of all has ended")
	}
	wantGone(2)
	_, bo := b.allocate("tcp", "bo") // whose own connection is the newest
	bo.WriteTo([]byte("open"), ana.LocalAddr())
	pass(t, ana, bo, bo.LocalAddr(), "who has an allocation does not wait")
}

func TestAsManyConnectionsOfOneAddressMayWaitAsItMayHaveAllocations(t *testing.T) {
	for _, tt := range []struct{ most, address, want int }{
		{2000, 1000, 512}, {2000, 2000, 1024}, {2000, 5000, 1024}, {0, 1, 1024}, {1_000_000, 1, 32},
	} {
		if got := (Config{Max: tt.most, MaxAddress: tt.address}).waitingEach(); got != tt.want {
			t.Errorf("%d of %d allocations: %d wait, want %d", tt.address, tt.most, got, tt.want)
		}
	}
}

func TestWhatIsNoFrameEndsItsConnectionOnly(t *testing.T) {
	b := start(t, generous())
	_, ana := b.allocate("tcp", "ana")
	_, bo := b.allocate("udp", "bo")
	bo.WriteTo([]byte("open"), ana.LocalAddr())
	cookie := hex.EncodeToString([]byte{0x21, 0x12, 0xa4, 0x42})
	for _, text := range []string{
		"ffffffffffffffff",                 // neither
		"474554202f20485454502f312e310d0a", // GET / HTTP/1.1
		// A length that pion/turn's framing counts as nothing, and reads for ever.
		"0001ffec" + cookie + "000000000000000000000000",
		"0001ffff" + cookie + "000000000000000000000000",
		"4000ffff00000000000000000000000000000000",
	} {
		conn := b.dial()
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(data)
		ends(t, conn)
	}
	if got := b.Counts(); got.Refused[RefusedFraming] != 5 || got.Streams != 1 {
		t.Errorf("counts = %+v, want 5 refused by their framing and ana's stream", got)
	}
	pass(t, ana, bo, bo.LocalAddr(), "the others talk on")
}

// request is a binding request.
func request(t testing.TB) []byte {
	t.Helper()
	msg, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return msg.Raw
}

func TestFramesMayComeInPiecesAndTogether(t *testing.T) {
	b := start(t, generous())
	conn := b.dial()
	one := request(t)
	for _, piece := range [][]byte{one[:1], one[1:7], one[7:], append(bytes.Clone(one), one[:9]...), one[9:]} {
		if _, err := conn.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	for i := range 3 {
		head := make([]byte, 20)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if _, err := io.CopyN(io.Discard, conn, int64(head[2])<<8|int64(head[3])); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
	}
}

func TestASecondPortServesSTUNAlone(t *testing.T) {
	b := &bench{Relay: New(generous()), t: t}
	t.Cleanup(b.Close)
	stunPort := freePort(t)
	if err := b.ListenSTUN([]netip.Addr{loopback}, stunPort); err != nil {
		t.Fatal(err)
	}
	b.udp = &net.UDPAddr{IP: loopback.AsSlice(), Port: int(stunPort)}
	c := b.client("udp", as("ana"))
	if got, err := c.SendBindingRequest(); err != nil {
		t.Errorf("mapped address %v, %v", got, err)
	}
	_, err := c.Allocate()
	wantCode(t, err, stun.CodeBadRequest)

	again := New(generous())
	t.Cleanup(again.Close)
	if err := again.Listen([]netip.Addr{loopback}, stunPort); err == nil || !strings.Contains(err.Error(), b.udp.String()+" over UDP") {
		t.Errorf("two listen on one port: %v", err)
	}
	elsewhere := []netip.Addr{netip.MustParseAddr("203.0.113.1")}
	if err := again.Listen(elsewhere, 0); err == nil {
		t.Error("it listens on an address that is not of this machine")
	}
	if err := again.Listen(append(elsewhere, loopback), freePort(t)); err != nil {
		t.Errorf("one of two addresses is of this machine: %v", err)
	}
}

// addressed is a connection with addresses.
type addressed struct {
	net.Conn
	remote, local net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }
func (a addressed) LocalAddr() net.Addr  { return a.local }

// FuzzGarbage throws bytes at a relay, over UDP and TCP, while somebody uses
// it, who must not notice.
func FuzzGarbage(f *testing.F) {
	f.Add(request(f))
	f.Add([]byte{})
	f.Add([]byte{0x40, 0, 0, 4, 1, 2, 3, 4})
	f.Add([]byte("\x00\x01\xff\xec\x21\x12\xa4\x42000000000000"))
	f.Add([]byte("\x00\x03\x00\x08\x21\x12\xa4\x42000000000000\x00\x19\x00\x04\x11\x00\x00\x00"))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	b := start(f, generous())
	_, ana := b.allocate("udp", "ana")
	_, bo := b.allocate("tcp", "bo")
	bo.WriteTo([]byte("open"), ana.LocalAddr())
	udp, err := net.Dial("udp", b.udp.String())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { udp.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		udp.Write(data)
		// No TCP: thousands a second would use up the ports.
		conn, theirs := net.Pipe()
		b.Take(addressed{theirs, &net.TCPAddr{IP: loopback.AsSlice(), Port: 1}, b.tcp})
		go io.Copy(io.Discard, conn)
		conn.Write(data)
		conn.Close()
		pass(t, ana, bo, bo.LocalAddr(), "the others talk on")
		settle(t, "the connection ends", func() bool { return b.Counts().Streams == 1 })
	})
}
