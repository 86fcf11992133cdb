//go:build linux

package main

import (
	"crypto/tls"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"holdline/server/relay"
)

// inProcess is Holdline's relay in this process, over all transports.
func inProcess(t *testing.T) *server {
	t.Helper()
	s := &server{site: site{folder: t.TempDir(), secret: "a secret"}}
	var err error
	if s.roots, err = s.certify(); err != nil {
		t.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair(s.certificate, s.key)
	if err != nil {
		t.Fatal(err)
	}
	r := relay.New(relay.Config{
		Secret: s.secret, Allow: relay.Allow{Loopback: true}, Max: 10, MaxEach: 10, MaxAddress: 10, Rate: 1 << 40, RateEach: 1 << 40, Keep: time.Hour, AllocateWithin: time.Minute,
	})
	t.Cleanup(r.Close)
	listen := func() net.Listener {
		l, err := net.Listen("tcp", netip.AddrPortFrom(loopback, 0).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	plain, secure := listen(), listen()
	s.plain, s.secure = plain.Addr().(*net.TCPAddr).AddrPort(), secure.Addr().(*net.TCPAddr).AddrPort()
	if err := r.Listen([]netip.Addr{loopback}, s.plain.Port()); err != nil {
		t.Fatal(err)
	}
	go r.Serve(plain)
	go r.Serve(tls.NewListener(secure, &tls.Config{Certificates: []tls.Certificate{certificate}}))
	s.username, s.password = relay.Credential(s.secret, "test", time.Now().Add(time.Minute))
	return s
}

func TestPacketsGoThroughARelayBothWaysOverEachTransport(t *testing.T) {
	s := inProcess(t)
	for _, transport := range transports {
		f, err := s.open(transport)
		if err != nil {
			t.Fatalf("over %s: %v", transport, err)
		}
		defer f.Close()
		for _, d := range []direction{toPeers, fromPeers} {
			if err := f.head(d); err != nil {
				t.Fatal(err)
			}
			const some = 10 * window
			deadline := time.Now().Add(20 * time.Second)
			if err := load([]*flow{f}, func(now time.Time) bool { return f.received >= some || now.After(deadline) }); err != nil {
				t.Fatalf("over %s, %s: %v", transport, d, err)
			}
			if f.received < some || f.sent < f.received {
				t.Errorf("over %s, %s: %d packets came of %d sent, want %d", transport, d, f.received, f.sent, some)
			}
		}
		m := measurement{}
		if err := s.roundTrip(transport, 20, time.Millisecond, &m); err != nil || m.P50 <= 0 || m.P99 < m.P50 {
			t.Errorf("over %s: round trips of %+v, %v", transport, m, err)
		}
		if (m.Cipher != "") != (transport == overTLS) {
			t.Errorf("over %s the cipher is %q", transport, m.Cipher)
		}
	}
}

func TestAWrongPasswordIsTold(t *testing.T) {
	s := inProcess(t)
	s.password = "another"
	if _, err := s.open(overTCP); err == nil {
		t.Error("an allocation was made with a wrong password")
	}
}

func TestWhatIsLostDoesNotStopAFlow(t *testing.T) {
	s := inProcess(t)
	f, err := s.open(overUDP)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.head(toPeers); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	f.sent, f.moved = window, now // of which nothing will ever come
	for _, tt := range []struct {
		after      time.Duration
		sent, lost int
	}{{lostAfter, window, 0}, {lostAfter + 1, 2 * window, window}} {
		if err := f.send(now.Add(tt.after)); err != nil {
			t.Fatal(err)
		}
		if f.sent != tt.sent || f.lost != tt.lost {
			t.Errorf("after %v: %d sent, %d lost, want %d and %d", tt.after, f.sent, f.lost, tt.sent, tt.lost)
		}
	}
}

func TestFramesComeOutOfAStreamHoweverItIsCut(t *testing.T) {
	stream := slices.Concat(frame([]byte("abcd")), frame(nil), frame([]byte("efghijkl")))
	want := []string{"abcd", "", "efghijkl"}
	for size := 1; size <= len(stream); size++ {
		var f frames
		var got []string
		for piece := range slices.Chunk(stream, size) {
			if err := f.add(piece, func(payload []byte) { got = append(got, string(payload)) }); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d bytes: %q, want %q", size, got, want)
		}
	}
	if err := new(frames).add([]byte{0x40, 1, 0, 0}, func([]byte) {}); err == nil {
		t.Error("a frame of another channel was taken")
	}
}
