//go:build linux

// Wasmbrowser runs a GOOS=js GOARCH=wasm program, most of all a test binary, in
// a real headless browser:
//
//	go build -o bin/wasmbrowser ./scripts/wasmbrowser
//	GOOS=js GOARCH=wasm go test -exec "$PWD/bin/wasmbrowser" ./wasm/browser
//
// The program behaves as on the command line: standard output and error, exit
// code, panics, -test.timeout, files (testdata, -coverprofile) and these
// environment variables: HOME, TMPDIR, CI, GODEBUG, GOCOVERDIR, HOLDLINE_*.
// There is no standard input.
//
//	HOLDLINE_BROWSER=firefox    Firefox instead of Chromium
//	HOLDLINE_CHROMIUM=PATH      another Chromium than Debian's; HOLDLINE_FIREFOX likewise
//
// Each run has its own server, browser and profile, so that runs can go side by
// side; all of them are gone when it ends, also after a signal. Camera and
// microphone are fake and granted, two connections in the page reach each other
// over loopback, gc() collects garbage, and a WebSocket server with scripted
// behaviour answers at /ws-test on the page's own host (see wstest.go).
//
// A page that does not yield, such as an endless loop, is ended 5 s after
// -test.timeout; what it has printed until then is kept.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	// bootTimeout is how long the browser may take to ask for the program.
	bootTimeout = 60 * time.Second
	// yieldTimeout is how long after -test.timeout the program's own report of
	// the timeout may take.
	yieldTimeout = 5 * time.Second
	// failed is the exit code for all that goes wrong outside of the program.
	failed = 1
)

func main() {
	// The kernel ends the browser with the thread that started it (Pdeathsig):
	// the main thread, which lives as long as the process.
	runtime.LockOSThread()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: wasmbrowser PROGRAM.wasm [ARGUMENT...]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "wasmbrowser:", err)
	}
	os.Exit(code)
}

// run returns the program's exit code, or the reason why there is none.
func run(argv []string) (code int, err error) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGHUP)

	page, err := servePage(argv)
	if err != nil {
		return failed, err
	}
	defer page.close()

	b, err := startBrowser(page.url)
	if err != nil {
		return failed, err
	}
	defer func() { err = errors.Join(err, b.close()) }()

	boot := time.After(bootTimeout)
	limit, hasLimit := testTimeout(argv)
	var overdue <-chan time.Time
	for {
		select {
		case <-page.started:
			page.started, boot = nil, nil
			if hasLimit {
				overdue = time.After(limit + yieldTimeout)
			}
		case code := <-page.exit:
			return code, nil
		case s := <-interrupted:
			return failed, fmt.Errorf("ended by a signal: %v", s)
		case err := <-b.died:
			return failed, fmt.Errorf("the browser ended by itself (%v); its last words:\n%s", err, b.words)
		case <-boot:
			return failed, fmt.Errorf("the browser did not load the page in %v; its last words:\n%s", bootTimeout, b.words)
		case <-overdue:
			return failed, fmt.Errorf("no answer %v after -test.timeout=%v: the program never yields to the browser", yieldTimeout, limit)
		}
	}
}

// testTimeout finds the -test.timeout that go test passes.
func testTimeout(argv []string) (time.Duration, bool) {
	for _, arg := range argv[1:] {
		if value, ok := strings.CutPrefix(arg, "-test.timeout="); ok {
			limit, err := time.ParseDuration(value)
			return limit, err == nil && limit > 0
		}
	}
	return 0, false
}
