package main

import (
	"cmp"
	"context"
	"errors"
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

// relaySettings are those of holdline relay: the server's that concern it, with
// words of their own where they mean something else here.
func (c *config) relaySettings(scale *float64) []group {
	const same = ""
	mine := map[string]string{
		"relay-addr":  "address over UDP and TCP, and with --tls-cert over TLS",
		"stun-port":   same,
		"relay-ports": same, "relay-public-address": same, "relay-allow": same, "relay-keep": same, "relay-lifetime": same,
		"relay-max": same, "relay-max-each": same, "relay-max-address": same, "relay-rate": same, "relay-rate-each": same,
		"relay-control": "where the server tells it who has left; the server gets the same",
		"tls-cert":      "certificate chain in PEM; turns on TURN over TLS, which the server offers where its own certificate is for the same name",
		"tls-key":       same,
		"state":         "the server's own folder, for its key, and for what is revoked (default: holdline in $XDG_STATE_HOME, else in ~/.local/state)",
		"log-level":     same, "debug-addr": same,
	}
	defaults := map[string]string{"relay-addr": relayProcessAddr, "relay-control": relayProcessControl}
	var groups []group
	for _, g := range c.settings(scale) {
		some := group{title: g.title}
		for _, s := range g.settings {
			if about, ok := mine[s.name]; ok {
				s.about, s.def = cmp.Or(about, s.about), cmp.Or(defaults[s.name], s.def)
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
	return perform("holdline relay", relayUsage, err, func() error { return serveRelay(ctx, cfg, stdout, stderr) }, stdout, stderr)
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
	ways, stop := serveWays(listener, cert, own, nil, logger)
	defer stop()
	control, err := net.Listen("tcp", cfg.Relay.Control)
	if err != nil {
		return fmt.Errorf("listen on %s for --relay-control: %w", cfg.Relay.Control, err)
	}
	broken, stopControl := serveControl(control, own.Control(), logger)
	defer stopControl()
	tellDescriptors(logger, relayDescriptors(cfg.Relay.max()))
	fmt.Fprintln(stdout, relayLine(listener.Addr(), stunPort, cert != nil, cfg.Relay.Ports, control.Addr()))
	if cfg.Debug != "" {
		where, stop, err := serveDebug(cfg.Debug, func() counts { c := own.Counts(); return counts{Relay: &c} }, logger)
		if err != nil {
			return err
		}
		defer stop()
		tellDebug(stdout, where)
	}
	select {
	case err := <-ways:
		return fmt.Errorf("serve on %s: %w", cfg.Relay.Addr, err)
	case err := <-broken:
		return fmt.Errorf("serve on %s: %w", cfg.Relay.Control, err)
	case <-ctx.Done():
		return nil
	}
}

// serveControl serves what the server tells the relay, until stop.
func serveControl(listener net.Listener, control http.Handler, logger *slog.Logger) (broken <-chan error, stop func()) {
	server := &http.Server{Handler: control, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10, ErrorLog: httpLog(logger)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return ended, func() { server.Close() }
}

func relayLine(at net.Addr, stunPort uint16, secure bool, ports relay.Ports, control net.Addr) string {
	line := "STUN and TURN on " + at.String() + " over UDP and TCP"
	if secure {
		line = "STUN and TURN on " + at.String() + " over UDP, TCP and TLS"
	}
	if stunPort != 0 {
		line += ", STUN on UDP port " + strconv.Itoa(int(stunPort)) + ", too"
	}
	if ports == (relay.Ports{}) {
		line += "; relayed addresses have any UDP port (--relay-ports MIN-MAX for fewer)"
	} else {
		line += "; relayed addresses on UDP ports " + ports.String()
	}
	return line + "; control on " + control.String()
}
