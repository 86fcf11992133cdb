package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"holdline/server/relay"
)

// Where holdline relay is by default: STUN's and TURN's port (RFC 8489, section
// 9), and a control port that only this machine reaches.
const (
	relayProcessAddr    = ":3478"
	relayProcessControl = "127.0.0.1:3480"
)

// relaySettings are those of holdline relay: the server's that concern it.
func (c *config) relaySettings(scale *float64) []group {
	mine := map[string]bool{
		"relay-addr": true, "stun-port": true, "relay-public-address": true, "relay-allow": true, "relay-max": true, "relay-max-each": true, "relay-max-address": true,
		"relay-rate": true, "relay-rate-each": true, "relay-keep": true, "relay-control": true, "tls-cert": true, "tls-key": true, "state": true, "log-level": true, "debug-addr": true,
	}
	var groups []group
	for _, g := range c.settings(scale) {
		some := group{title: g.title}
		for _, s := range g.settings {
			if mine[s.name] {
				some.settings = append(some.settings, s)
			}
		}
		if some.settings != nil {
			groups = append(groups, some)
		}
	}
	return groups
}

// parseRelayConfig reads the flags of holdline relay. Twins of other flags are
// the server's, which may have the same environment.
func parseRelayConfig(args []string) (c config, err error) {
	var scale float64
	if err := parse("holdline relay", c.relaySettings(&scale), args); err != nil {
		return config{}, err
	}
	c.Relay.Addr = cmp.Or(c.Relay.Addr, relayProcessAddr)
	c.Relay.Control = cmp.Or(c.Relay.Control, relayProcessControl)
	switch {
	case c.Relay.Addr == off:
		return config{}, errors.New("--relay-addr takes an address here, got off")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return config{}, fmt.Errorf("--tls-cert and --tls-key need each other, got %q and %q", c.TLSCert, c.TLSKey)
	}
	if c.State == "" {
		c.State, err = userStateFolder()
	}
	return c, err
}

// runRelay is holdline relay: STUN and TURN in a process of their own, so that
// the calls through it outlive the server's restarts. It ends with ctx.
func runRelay(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parseRelayConfig(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, relayUsage())
		return exitOK
	case errors.Is(err, errVersion):
		fmt.Fprintln(stdout, versionLine())
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "holdline relay: %v\nholdline relay -h lists all flags.\n", err)
		return exitUsage
	}
	if err := serveRelay(ctx, cfg, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "holdline relay: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// serveRelay listens, prints where, and relays until ctx ends.
func serveRelay(ctx context.Context, cfg config, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	key, err := loadKey(cfg.State)
	if err != nil {
		return err
	}
	cert, err := loadCertificate(cfg, logger)
	if err != nil {
		return err
	}
	host, text, _ := net.SplitHostPort(cfg.Relay.Addr) // the flag was checked
	own, stunPort, err := listenRelay(cfg, key, host, flagPort(text), "--relay-addr", logger)
	if err != nil {
		return err
	}
	defer followAddresses(own, host, flagPort(text), stunPort)()
	listener, err := net.Listen("tcp", cfg.Relay.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s for --relay-addr: %w", cfg.Relay.Addr, err)
	}
	defer serveStreams(own, listener, cert, logger)()
	control, err := net.Listen("tcp", cfg.Relay.Control)
	if err != nil {
		return fmt.Errorf("listen on %s for --relay-control: %w", cfg.Relay.Control, err)
	}
	server := &http.Server{Handler: own.Control(), ReadTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10}
	defer server.Close()
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(control) }()
	tellDescriptors(logger, relayDescriptors(cfg.Relay.Max))
	if cfg.Debug != "" {
		where, stop, err := serveDebug(cfg.Debug, func() counts { c := own.Counts(); return counts{Relay: &c} })
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(stderr, "Debug: http://%s/debug/vars and /debug/pprof/\n", where)
	}
	fmt.Fprintln(stdout, relayLine(listener.Addr(), stunPort, cert != nil, control.Addr()))
	select {
	case err := <-broken:
		return fmt.Errorf("serve on %s: %w", cfg.Relay.Control, err)
	case <-ctx.Done():
		return nil
	}
}

// serveStreams takes TURN over TCP and, with a certificate, over TLS on one
// port, until stop.
func serveStreams(own *relay.Relay, listener net.Listener, cert *certificate, logger *slog.Logger) (stop func()) {
	plain := newPort(listener, logger)
	stop = plain.Close
	go own.Serve(plain.route("turn", beginsSTUN))
	if cert != nil {
		secure := newPort(tls.NewListener(plain.route("tls", beginsTLS), cert.config()), logger)
		stop = func() { secure.Close(); plain.Close() }
		go own.Serve(secure.route("turns", beginsSTUN))
		go secure.serve()
	}
	go plain.serve()
	return stop
}

func relayLine(at net.Addr, stunPort uint16, secure bool, control net.Addr) string {
	line := "STUN and TURN on " + at.String() + " over UDP and TCP"
	if secure {
		line = "STUN and TURN on " + at.String() + " over UDP, TCP and TLS"
	}
	if stunPort != 0 {
		line += ", STUN on port " + strconv.Itoa(int(stunPort)) + ", too"
	}
	return line + "; control on " + control.String()
}
