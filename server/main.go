// Holdline serves calls between browsers: the page, the client that runs in
// it, and the signaling that connects them.
//
// usage: holdline [flags]; holdline -h lists them. holdline relay [flags] is its
// STUN and TURN in a process of their own. The first line on stdout is the URL. SIGTERM drains: /readyz turns to 503, every socket is told to come
// back later, and the program exits with 0.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"holdline/static"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the program could not do its work
	exitUsage  = 2 // the flags or their environment twins are wrong
)

func main() { os.Exit(process(static.Files, newSignaling)) }

// makeSignaling makes the signaling from the configuration, the server's key
// and what it offers of STUN and TURN.
type makeSignaling func(config, []byte, *iceServers, *slog.Logger) signaling

// process gives run what only a process has: the first signal ends ctx, the
// second ends the program at once.
func process(files fs.FS, newSignaling makeSignaling) int {
	ctx, drain := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		drain()
		<-signals
		os.Exit(exitFailed)
	}()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr, files, newSignaling)
}

// signaling is what carries messages between the pages.
type signaling interface {
	ServeSocket(http.ResponseWriter, *http.Request) // GET /ws
	// Of these the origin was checked.
	ServeBye(http.ResponseWriter, *http.Request)     // POST /bye
	ServeGone(http.ResponseWriter, *http.Request)    // POST /gone
	ServeReports(http.ResponseWriter, *http.Request) // POST /reports
	// Drain tells every socket to come back later, refuses new ones, and
	// returns when the last one is gone or ctx is done.
	Drain(ctx context.Context)
	counts() counts
}

// run is the whole program: it serves until ctx ends and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, files fs.FS, newSignaling makeSignaling) int {
	if len(args) > 0 && args[0] == "relay" {
		return runRelay(ctx, args[1:], stdout, stderr)
	}
	cfg, err := parseConfig(args)
	return perform("holdline", usage, err, func() error { return serve(ctx, cfg, stdout, stderr, files, newSignaling) }, stdout, stderr)
}

// perform does the work of a program, or says what is asked for instead, or what is wrong
// with its arguments.
func perform(name string, usage func() string, parsed error, work func() error, stdout, stderr io.Writer) int {
	switch {
	case errors.Is(parsed, flag.ErrHelp):
		fmt.Fprint(stdout, usage())
		return exitOK
	case errors.Is(parsed, errVersion):
		fmt.Fprintln(stdout, versionLine())
		return exitOK
	case parsed != nil:
		fmt.Fprintf(stderr, "%s: %v\n%s -h lists all flags.\n", name, parsed, name)
		return exitUsage
	}
	if err := work(); err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", name, err)
		return exitFailed
	}
	return exitOK
}

// serve listens, prints where, and returns nil after a drain.
func serve(ctx context.Context, cfg config, stdout, stderr io.Writer, files fs.FS, newSignaling makeSignaling) error {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	site, err := newSite(files)
	if err != nil {
		return err
	}
	// What was compressed at the start leaves 300 MB of garbage behind, by which
	// the collector would measure its next run, hours later.
	runtime.GC()
	key, err := loadKey(cfg.State)
	if err != nil {
		return err
	}
	certificate, err := loadCertificate(cfg, logger)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", cfg.Addr, err)
	}

	defer listener.Close() // the server closes it, once there is one
	ice, own, stopICE, err := openICE(cfg, key, listener, certificate, logger)
	if err != nil {
		return err
	}
	defer stopICE()
	descriptors := cfg.MaxConnections
	if own != nil {
		descriptors += relayDescriptors(cfg.Relay.max())
	}
	tellDescriptors(logger, descriptors)

	signaling := newSignaling(cfg, key, ice, logger)
	protection := http.NewCrossOriginProtection()
	for _, origin := range cfg.Origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			return err
		}
	}
	at := place{addr: cfg.Addr, port: listener.Addr().(*net.TCPAddr).Port, tls: certificate, lan: lanAddresses, mayMakeOwn: cfg.OwnCertificate}
	var draining atomic.Bool
	// Where a browser has been at HTTPS once, HSTS keeps it there, past any
	// warning: the server's own certificate would lock it out of every server on
	// that host.
	given := certificate != nil && !certificate.Own
	handler := newHandler(site, routes{
		socket:  http.HandlerFunc(signaling.ServeSocket),
		bye:     protection.Handler(http.HandlerFunc(signaling.ServeBye)),
		gone:    protection.Handler(http.HandlerFunc(signaling.ServeGone)),
		reports: protection.Handler(http.HandlerFunc(signaling.ServeReports)),
		qr:      qrHandler(at, cfg.Origins),
		https:   httpsHandler(at),
	}, func() bool { return !draining.Load() }, given)
	if given {
		handler = onlyHTTPS(handler)
	}
	server := &http.Server{
		Handler: handler,
		// None of these touches a socket: hijacking clears the deadlines. There is
		// no WriteTimeout because the wasm may take minutes on a slow network.
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          httpLog(logger),
	}
	var debug net.Addr
	if cfg.Debug != "" {
		var stop func()
		if debug, stop, err = serveDebug(cfg.Debug, signaling.counts, logger); err != nil {
			return err
		}
		defer stop()
	}
	served, stop := serveWays(listener, certificate, own, server.Serve, logger)
	defer stop()
	if err := tellAddresses(stdout, at, ice.firewall, cfg.QR); err != nil {
		return err
	}
	if debug != nil {
		tellDebug(stdout, debug)
	}

	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", cfg.Addr, err)
	case <-ctx.Done():
	}
	draining.Store(true)
	logger.Info("draining", "at_most", cfg.Drain)
	drainCtx, cancel := context.WithTimeout(context.Background(), cfg.Drain)
	defer cancel()
	signaling.Drain(drainCtx)
	// What is still downloading gets the rest of the time; the end of the
	// process cuts it off.
	_ = server.Shutdown(drainCtx)
	return nil
}

// version is set by scripts/build.
var version = "dev"

func versionLine() string {
	return fmt.Sprintf("holdline %s, %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
