// Paths measures, in real Chromium in network namespaces, how long it takes
// until a call is connected through the networks that there are, and until it
// goes on after what networks do to it: Holdline beside a plain
// RTCPeerConnection page that does nothing about it, and one that restarts ICE
// when its connection has failed. It writes a line for each call to a raw file
// and prints a table. It ends with 1 when something of Holdline's did not work
// at all, never because of a time. It needs root.
//
// usage: paths [flags], at the top of the repository; paths -h lists them. make
// bench-paths passes the Makefile's variables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/nets"
)

// target is the Makefile's that writes the table.
const target = "bench-paths"

func main() {
	runs := flag.Int("n", 10, "calls of each row and page")
	raw := flag.String("raw", "bin/bench-paths.txt", "the raw file; with -table or -readme several, separated by commas, are one")
	only := flag.String("only", "", "parts of the names of rows, separated by semicolons; all unless given")
	who := flag.String("subject", "", "parts of the names of pages, as -only")
	table := flag.Bool("table", false, "do not measure, but print the raw files' table")
	readme := flag.Bool("readme", false, "do not measure, but write the raw files' table into README.md")
	flag.Parse()
	var err error
	switch {
	case *runs < 1 || flag.NArg() > 0:
		fmt.Fprintf(os.Stderr, "paths: want at least 1 run and no arguments, got %d and %q\n", *runs, flag.Args())
		os.Exit(2)
	case *table || *readme:
		err = publish(strings.Split(*raw, ","), *readme)
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // a second signal does not wait
		err = bench(ctx, plan{*runs, parts(*only), parts(*who)}, *raw)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "paths: %v\n", err)
		os.Exit(1)
	}
}

// publish puts the table of raw files into the README, or prints it.
func publish(files []string, readme bool) error {
	var all results
	for _, file := range files {
		s, measurements, err := measure.Read[setting, measurement](file)
		if err != nil {
			return err
		}
		all.add(s, measurements)
	}
	if readme {
		return measure.WriteREADME("README.md", target, all.table())
	}
	fmt.Print(all.table())
	return nil
}

// plan is what to measure.
type plan struct {
	runs     int
	rows     []string // parts of their names; none is all
	subjects []string
}

func parts(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ";")
}

// chosen says whether a name has one of these parts.
func chosen(name string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return len(parts) == 0
}

// bench measures row by row, until it is interrupted.
func bench(ctx context.Context, p plan, path string) error {
	if why := nets.Lacks(); why != "" {
		return fmt.Errorf("network namespaces: %s", why)
	}
	s := setting{}
	var err error
	if s.Setting, err = measure.Describe(); err != nil {
		return err
	}
	var raw *measure.Raw[setting, measurement]
	began := time.Now()
	var failures []error
	for _, r := range rows() {
		if !chosen(r.name, p.rows) || ctx.Err() != nil {
			continue
		}
		w := open(r)
		if raw == nil && w.version != "" {
			s.Browser = w.version
			if raw, err = measure.Create[setting, measurement](path, s); err != nil {
				w.End()
				return err
			}
			defer raw.Close()
		}
		if err := w.play(ctx, p, r, func(m measurement) error { return raw.Keep(m) }); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", r.name, err))
		}
		w.End()
	}
	if ctx.Err() != nil {
		failures = append(failures, errors.New("interrupted"))
	}
	if raw == nil {
		return errors.Join(append(failures, errors.New("no row was measured"))...)
	}
	var all results
	all.add(raw.Setting, raw.Measurements)
	fmt.Print(all.table())
	fmt.Printf("\nThe bench took %s; each call is in %s.\n", time.Since(began).Round(time.Second), path)
	for _, broken := range all.verdict() {
		failures = append(failures, fmt.Errorf("did not work at all: %s", broken))
	}
	return errors.Join(failures...)
}

// play measures a row: in turn a call of each page, so that what the machine
// does beside it meets all.
func (w *world) play(ctx context.Context, p plan, r row, keep func(measurement) error) error {
	seated := map[string]seats{}
	w.Try(func() {
		for _, s := range subjects() {
			if chosen(s.name, p.subjects) {
				seated[s.name] = w.seat(w, s)
			}
		}
	})
	if why := w.Broken(); why != "" {
		return errors.New(why)
	}
	for run := 1; run <= p.runs; run++ {
		for _, s := range subjects() {
			at, ok := seated[s.name]
			if !ok || ctx.Err() != nil {
				continue
			}
			m := w.measure(r, s, at, run)
			fmt.Fprintln(os.Stderr, m)
			if err := keep(m); err != nil {
				return err
			}
		}
	}
	return nil
}
