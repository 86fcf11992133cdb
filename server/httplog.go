package main

import (
	"log"
	"log/slog"
	"strings"
)

// httpLog takes what net/http logs, which has no levels: what a client did to
// its own connection is for who debugs, all else is an error of the server.
func httpLog(logger *slog.Logger) *log.Logger { return log.New(httpLines{logger}, "", 0) }

type httpLines struct{ *slog.Logger }

// ofClients begin Go 1.26's lines about what clients did: a browser that leaves
// a network says GOAWAY with an error on each connection that it had.
var ofClients = []string{
	"http: TLS handshake error from ",
	"http2: server: error reading preface from client ",
	"http2: received GOAWAY ",
	"http2: server connection error from ",
	"http2: server closing client connection: ",
	"timeout waiting for SETTINGS frames from ",
	"timeout waiting for PING response",
}

func (l httpLines) Write(line []byte) (int, error) {
	text := strings.TrimSuffix(string(line), "\n")
	for _, begin := range ofClients {
		if strings.HasPrefix(text, begin) {
			l.Debug(text)
			return len(line), nil
		}
	}
	l.Error(text)
	return len(line), nil
}
