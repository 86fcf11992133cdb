// Load plays thousands of pages against one server: the product's own
// sessions on native sockets, in rooms of two, while the server is restarted
// three times and two real browsers call each other. It prints what it counted
// and ends with 1 if a session was lost, a ghost stayed, or the server does not
// come back to the level that it had before.
//
// usage: load [flags]; load -h lists them. make load passes the Makefile's
// variables.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"holdline/wasm/crowd"
)

// load is one run.
type load struct {
	binary   string
	clients  int
	duration time.Duration
	seed     uint64
	browsers bool
	closers  []func() // closes what was opened, last first

	addr, debugAddr, state, url string
	start                       time.Time
	crowd                       *crowd.Crowd
	deeds                       [deeds]atomic.Int64

	// Written by the run's goroutine only.
	server   *server
	restarts []*restart
	moments  []moment
	pictures []picture
}

// moment is the server's vitals at a time that has a name.
type moment struct {
	name string
	vitals
}

func main() {
	l := &load{}
	flag.StringVar(&l.binary, "server", "bin/holdline", "the server's program")
	flag.IntVar(&l.clients, "clients", 2000, "pages, two in a room")
	flag.DurationVar(&l.duration, "duration", 5*time.Minute, "from the first join to the last deed's end")
	flag.Uint64Var(&l.seed, "seed", uint64(time.Now().UnixNano()), "decides what each person does and when")
	flag.BoolVar(&l.browsers, "browsers", true, "two real browsers among them")
	flag.Parse()
	if l.clients < 2 || l.duration < 40*time.Second || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "load: want at least 2 clients, 40 s and no arguments, got %d, %v and %q\n", l.clients, l.duration, flag.Args())
		os.Exit(2)
	}
	l.clients += l.clients % 2
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := l.run(ctx)
	stop()
	for i := len(l.closers) - 1; i >= 0; i-- {
		l.closers[i]()
	}
	faults := 0
	if l.crowd != nil {
		faults = l.report(os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "load: %v\n", err)
	}
	if err != nil || faults > 0 {
		os.Exit(1)
	}
}

// atEnd closes something when the run is over.
func (l *load) atEnd(do func()) { l.closers = append(l.closers, do) }

// tell says how far the run is.
func (l *load) tell(format string, args ...any) {
	fmt.Printf("%7.1f s  %s\n", time.Since(l.start).Seconds(), fmt.Sprintf(format, args...))
}

// freeAddress is one that nobody listens on now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (l *load) prepare() (err error) {
	if l.state, err = os.MkdirTemp("", "holdline-load-state"); err != nil {
		return err
	}
	l.atEnd(func() { os.RemoveAll(l.state) })
	if l.addr, err = freeAddress(); err != nil {
		return err
	}
	if l.debugAddr, err = freeAddress(); err != nil {
		return err
	}
	if l.server, err = l.startServer(); err != nil {
		return err
	}
	l.atEnd(func() { l.server.cmd.Process.Kill() })
	l.crowd = crowd.New(l.url)
	return nil
}

func (l *load) moment(name string, collected bool) (vitals, error) {
	v, err := l.server.vitals(collected)
	if err != nil {
		return v, err
	}
	l.moments = append(l.moments, moment{name, v})
	l.tell("%s: %.1f MB resident, heap %.1f MB, %d goroutines, %d sockets, %d participants", name, float64(v.RSS)/1e6, float64(v.Heap)/1e6, v.Goroutines, v.Sockets, v.Participants)
	return v, nil
}
