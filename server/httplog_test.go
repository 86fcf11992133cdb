package main

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// TestWhatClientsDoIsNoErrorOfTheServer has a client give its connection up as
// browsers do that leave a network, and a handler panic.
func TestWhatClientsDoIsNoErrorOfTheServer(t *testing.T) {
	lines := make(lineWriter, 16)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault of ours") }))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = httpLog(slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug})))
	s.StartTLS()
	defer s.Close()

	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	framer.WriteGoAway(0, http2.ErrCodeProtocol, nil)
	if line := <-lines; !strings.Contains(line, "level=DEBUG") || !strings.Contains(line, "GOAWAY") {
		t.Errorf("a GOAWAY is logged as %q", line)
	}

	s.Client().Get(s.URL)
	if line := <-lines; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "a fault of ours") {
		t.Errorf("a panic is logged as %q", line)
	}
}

// lineWriter hands each line on.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}
