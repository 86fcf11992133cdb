//go:build linux

// Relays puts Holdline's relay beside coturn: how many packets a second go
// through each, over UDP, TCP and TLS, how long they take at a moderate rate,
// and what an allocation costs in memory. All traffic is on the loopback
// interface, the server on one core, the client on another. It writes a line for
// each measurement to a raw file and prints a table. It ends with 1 when
// something of Holdline's did not work, never because of a figure.
//
// usage: relays [flags], at the top of the repository; relays -h lists them.
// make bench-relays passes the Makefile's variables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"holdline/scripts/bench/measure"
)

func main() {
	p := plan{}
	flag.IntVar(&p.runs, "n", 5, "runs of each measurement")
	flag.StringVar(&p.server, "server", "", "Holdline or coturn; both unless given")
	flag.StringVar(&p.transport, "transport", "", "UDP, TCP or TLS; all unless given")
	flag.StringVar(&p.what, "what", "", "to peers, from peers, round trip or memory; all unless given")
	path := flag.String("raw", "bin/bench-relays.txt", "the raw file")
	readme := flag.Bool("readme", false, "do not measure, but write the raw file's table into README.md")
	flag.Parse()
	if p.runs < 1 || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "relays: want at least 1 run and no arguments, got %d and %q\n", p.runs, flag.Args())
		os.Exit(2)
	}
	var err error
	if *readme {
		err = writeREADME(*path)
	} else {
		var stop func()
		p.interrupted, stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(p.interrupted, stop) // a second signal does not wait
		err = bench(p, *path)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "relays: %v\n", err)
		os.Exit(1)
	}
}

// target is the Makefile's that writes the table.
const target = "bench-relays"

// writeREADME puts the raw file's table into the README.
func writeREADME(path string) error {
	s, all, err := measure.Read[setting, measurement](path)
	if err != nil {
		return err
	}
	return measure.WriteREADME("README.md", target, results{s, all}.table())
}

// bench measures all that is planned, until it is interrupted.
func bench(p plan, path string) error {
	var s setting
	var err error
	if s.Setting, err = measure.Describe(); err != nil {
		return err
	}
	if s.Coturn, err = coturn(); err != nil {
		return err
	}
	server, client, err := cores()
	if err != nil {
		return err
	}
	if err := pin(client); err != nil {
		return err
	}
	raw, err := measure.Create[setting, measurement](path, s)
	if err != nil {
		return err
	}
	defer raw.Close()
	began := time.Now()
	p.serverCore, p.clientCore, p.retakeUntil, p.keep = server, client, began.Add(retakeSpan), raw.Keep
	if err := p.play(); err != nil {
		return fmt.Errorf("%w; %s holds %d measurements", err, path, len(raw.Measurements))
	}
	all := results{raw.Setting, raw.Measurements}
	fmt.Print(all.table())
	fmt.Printf("\nThe bench took %s; each measurement is in %s.\n", time.Since(began).Round(time.Second), path)
	var failures []error
	for _, broken := range all.verdict() {
		failures = append(failures, fmt.Errorf("did not work: %s", broken))
	}
	return errors.Join(failures...)
}

// coturn names it with its version.
func coturn() (string, error) {
	out, err := exec.Command("turnserver", "--version").Output()
	if err != nil {
		return "", fmt.Errorf("turnserver --version: %w (scripts/setup coturn installs it)", err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return "coturn " + lines[len(lines)-1], nil
}
