package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"holdline/server/relay"
	"holdline/server/signal"
)

// sharedPort is the whole program on one port with TLS, with somebody who calls
// through its relay, and others who are slow.
type sharedPort struct {
	host    string
	tls     *tls.Config
	web     *http.Client
	ana, bo net.PacketConn // relayed, over TLS and over TCP
	slow    []*slowClient
	sources int
}

// promptly is less than what a client that says nothing is waited for: nobody
// stands in line behind one.
const promptly = sniffTimeout - time.Second

func newSharedPort(t testing.TB) *sharedPort {
	certFile, keyFile, pool := writeCertificate(t, "localhost")
	state := t.TempDir()
	p := &sharedPort{tls: &tls.Config{RootCAs: pool, ServerName: "localhost"}}
	p.host = serveCalls(t, "--addr", "127.0.0.1:0", "--state", state, "--drain", "0s", "--tls-cert", certFile, "--tls-key", keyFile)
	_, port, _ := net.SplitHostPort(p.host)
	p.host = "127.0.0.1:" + port
	p.web = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: p.tls}, Timeout: promptly}
	key, err := loadKey(state)
	if err != nil {
		t.Fatal(err)
	}
	call := func(id string, conn net.Conn) net.PacketConn {
		var server signal.ICEServer
		server.Username, server.Credential = relay.Credential(relay.Secret(key), id, time.Now().Add(time.Hour))
		relayed, err := allocate(t, turn.NewSTUNConn(conn), p.host, server)
		if err != nil {
			t.Fatal(err)
		}
		return relayed
	}
	p.ana, p.bo = call("ana", p.secure(t)), call("bo", p.dial(t))
	for _, text := range []string{clientHello(t), "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "\x00\x03\x04\x00\x21\x12\xa4\x42", "\x40\x00\x03\x00"} {
		p.slow = append(p.slow, &slowClient{dial: p.dial, text: text})
		if text[0] != 0x16 {
			p.slow = append(p.slow, &slowClient{dial: p.secure, text: text})
		}
	}
	t.Cleanup(func() {
		for _, s := range p.slow {
			s.end()
		}
	})
	return p
}

// dial comes from many addresses: thousands a minute would use up one's ports.
// Linux has all of 127.0.0.0/8.
func (p *sharedPort) dial(t testing.TB) net.Conn {
	t.Helper()
	p.sources++
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+p.sources%200))}
	conn, err := (&net.Dialer{LocalAddr: from}).Dial("tcp", p.host)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (p *sharedPort) secure(t testing.TB) net.Conn {
	t.Helper()
	conn := tls.Client(p.dial(t), p.tls)
	conn.SetDeadline(time.Now().Add(promptly))
	if err := conn.Handshake(); err != nil {
		t.Fatalf("TLS: %v", err)
	}
	conn.SetDeadline(time.Time{})
	return conn
}

// throw says something and no more, and sees the connection end.
func (p *sharedPort) throw(t testing.TB, conn net.Conn, data []byte) {
	t.Helper()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(promptly))
	_, _ = conn.Write(data) // it may have been ended in the middle
	_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection is still open after %q", data)
	}
}

// serves checks that a page loads and a call goes on.
func (p *sharedPort) serves(t testing.TB) {
	t.Helper()
	response, err := p.web.Get("https://" + p.host + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET = %d", response.StatusCode)
	}
	buffer := make([]byte, 100)
	for _, way := range [][2]net.PacketConn{{p.ana, p.bo}, {p.bo, p.ana}} {
		settle(t, "bytes pass through the relay", func() bool {
			if _, err := way[0].WriteTo([]byte("hello"), way[1].LocalAddr()); err != nil {
				t.Fatal(err)
			}
			way[1].SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			// The first is dropped: sending the other way makes the permission.
			n, _, err := way[1].ReadFrom(buffer)
			if err != nil {
				_, _ = way[1].WriteTo([]byte("open"), way[0].LocalAddr())
			}
			return err == nil && string(buffer[:n]) == "hello"
		})
	}
}

// slowClient says its text a byte at a time, and begins anew when it is ended.
type slowClient struct {
	dial func(testing.TB) net.Conn
	text string
	conn net.Conn
	said int
}

func (s *slowClient) say(t testing.TB) {
	if s.conn == nil || s.said == len(s.text) {
		s.end()
		s.conn, s.said = s.dial(t), 0
	}
	if _, err := io.WriteString(s.conn, s.text[s.said:s.said+1]); err != nil {
		s.end()
	}
	s.said++
}

func (s *slowClient) end() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// clientHello is the begin of a TLS connection.
func clientHello(t testing.TB) string {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		_ = tls.Client(ours, &tls.Config{ServerName: "localhost"}).Handshake() // which breaks off
	}()
	buffer := make([]byte, 4<<10)
	n, err := theirs.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	return string(buffer[:n])
}

// FuzzTheSharedPort throws bytes at the port that HTTP, HTTPS and TURN share,
// with TLS and without, while a page loads and a call goes on there.
func FuzzTheSharedPort(f *testing.F) {
	hello := clientHello(f)
	binding, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{
		"", hello, hello[:len(hello)/2], hello[:1], hello[:5] + strings.Repeat("\xff", 300),
		"\x16\x03\x01\xff\xff", "\x16\x03\x03\x40\x01" + strings.Repeat("a", 1<<14), "\x15\x03\x01\x00\x02\x02\x28", "\x80\x2e\x01\x00\x02",
		string(binding.Raw), string(binding.Raw[:19]), string(bytes.Repeat(binding.Raw, 3)),
		"\x00", "\x01\x01\x00\x00\x21\x12\xa4\x42000000000000", "\x02garbage", "\x03\xff\xff\xff",
		"\x00\x01\xff\xec\x21\x12\xa4\x42000000000000", "\x00\x03\xff\xff\x21\x12\xa4\x42000000000000" + strings.Repeat("x", 1<<16),
		"\x00\x03\x00\x08\x21\x12\xa4\x42000000000000\x00\x19\x00\x04\x11\x00\x00\x00", "\x40\x00\xff\xff" + strings.Repeat("x", 1<<16),
		"GET / HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "POST /bye HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nx",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\xff\x04", strings.Repeat("A", 1<<16), "\xff\xff\xff\xff\r\n\r\n",
	} {
		f.Add([]byte(text))
	}
	p := newSharedPort(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p.throw(t, p.dial(t), data)
		p.throw(t, p.secure(t), data)
		for _, s := range p.slow {
			s.say(t)
		}
		p.serves(t)
	})
}
