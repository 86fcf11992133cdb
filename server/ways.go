package main

import (
	"crypto/tls"
	"log/slog"
	"net"

	"holdline/server/relay"
)

// serveWays serves one listener until stop: TURN over TCP with a relay, and
// whatever else comes with web; with a certificate both over TLS, too. Either
// may be nil. It returns where the error comes of what stops by itself.
func serveWays(listener net.Listener, cert *certificate, own *relay.Relay, web func(net.Listener) error, log *slog.Logger) (broken <-chan error, stop func()) {
	ended := make(chan error, 4) // as many as there are ways
	open := func(p *port, turn, http string, protocols ...string) {
		if own != nil {
			l := p.route(turn, beginsSTUN)
			go func() { ended <- own.Serve(l) }()
		}
		if web != nil {
			l := p.route(http, beginsAnything, protocols...)
			go func() { ended <- web(l) }()
		}
		go p.serve()
	}
	plain := newPort(listener, log)
	stop = plain.Close
	if cert != nil {
		secure := newPort(tls.NewListener(plain.route("tls", beginsTLS), cert.config()), log)
		stop = func() { secure.Close(); plain.Close() }
		open(secure, "turns", "https", httpProtocols...)
	}
	open(plain, "turn", "http")
	return ended, stop
}
