package main

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// TestWhatClientsDoIsNoErrorOfTheServer has a client give its connection up as
// browsers do that leave a network, one agree on HTTP/2 and speak something
// else, and a handler panic.
func TestWhatClientsDoIsNoErrorOfTheServer(t *testing.T) {
	lines := make(lineWriter, 16)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault of ours") }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = httpLog(slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s.StartTLS()
	defer s.Close()

	dial := func() net.Conn {
		conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	conn := dial()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	framer.WriteGoAway(0, http2.ErrCodeProtocol, nil)
	lines.want(t, "level=DEBUG", "GOAWAY")

	io.WriteString(dial(), strings.Repeat("x", len(http2.ClientPreface)))
	lines.want(t, "level=DEBUG", "bogus greeting")

	s.Client().Get(s.URL)
	lines.want(t, "level=ERROR", "a fault of ours")
}

func TestEveryServerOfTheOperatorsLogsAsTheProgramDoes(t *testing.T) {
	lines := make(lineWriter, 16)
	logger := slog.New(slog.NewTextHandler(lines, nil))
	where, stop, err := serveDebug("127.0.0.1:0", func() counts { panic("a fault of the debug pages") }, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	http.Get("http://" + where.String() + "/debug/vars")
	lines.want(t, "level=ERROR", "a fault of the debug pages")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, stop = serveControl(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault of the control") }), logger)
	defer stop()
	http.Get("http://" + listener.Addr().String())
	lines.want(t, "level=ERROR", "a fault of the control")
}

// lineWriter hands each line on.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

func (w lineWriter) want(t *testing.T, parts ...string) {
	t.Helper()
	select {
	case line := <-w:
		for _, part := range parts {
			if !strings.Contains(line, part) {
				t.Errorf("logged: %q, want %q", line, part)
			}
		}
	case <-time.After(patience):
		t.Fatalf("nothing is logged within %v, want %q", patience, parts)
	}
}
