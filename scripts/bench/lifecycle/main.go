// Lifecycle measures, in real browsers, how long it takes until the other side
// of a call knows what became of a page, and until the call is as before:
// Holdline, a plain RTCPeerConnection page and PeerJS on the same machine in
// the same run. It writes a line for each measurement to a raw file and prints
// a table. It ends with 1 when something of Holdline's did not work at all,
// never because of a time.
//
// usage: lifecycle [flags], at the top of the repository; lifecycle -h lists
// them. make bench-lifecycle passes the Makefile's variables.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

const benchFolder = "scripts/bench"

func main() {
	p := plan{}
	flag.IntVar(&p.runs, "n", 20, "runs of each row with Holdline")
	flag.IntVar(&p.others, "others", 5, "runs of each row with the others; those that take seconds are waited for at the same time")
	path := flag.String("raw", "bin/bench-lifecycle.txt", "the raw file")
	engines := flag.String("engines", "chromium,firefox", "the browsers")
	only := flag.String("only", "", "names of rows, separated by semicolons; all unless given")
	subject := flag.String("subject", "", "one of the subjects; all unless given")
	readme := flag.Bool("readme", false, "do not measure, but write the raw file's table into README.md")
	address := flag.String("serve", "", "do not measure, but serve the pages at this address")
	flag.Parse()
	if p.runs < 1 || p.others < 1 || flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "lifecycle: want at least 1 run of each and no arguments, got %d, %d and %q\n", p.runs, p.others, flag.Args())
		os.Exit(2)
	}
	if *only != "" {
		p.only = strings.Split(*only, ";")
	}
	var err error
	switch {
	case *address != "":
		err = serve(*address, filepath.Join(benchFolder, "node_modules"))
	case *readme:
		err = writeREADME(*path)
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // a second signal does not wait
		err = bench(ctx, p, *path, strings.Split(*engines, ","), *subject)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "lifecycle: %v\n", err)
		os.Exit(1)
	}
}

// target is the Makefile's that writes the table.
const target = "bench-lifecycle"

// writeREADME puts the raw file's table into the README.
func writeREADME(path string) error {
	s, all, err := measure.Read[setting, measurement](path)
	if err != nil {
		return err
	}
	return measure.WriteREADME("README.md", target, results{s, all}.table())
}

// bench measures all subjects in all engines, until it is interrupted.
func bench(ctx context.Context, p plan, path string, engines []string, only string) error {
	type browsers struct{ anas, bens *kit.Browser }
	started := map[kit.Engine]browsers{}
	s := setting{Browsers: map[kit.Engine]string{}}
	for _, name := range engines {
		engine := kit.Engine(name)
		anas, endAnas, err := kit.Start(engine)
		if err != nil {
			return err
		}
		defer endAnas()
		context.AfterFunc(ctx, endAnas) // so that nothing waits on
		bens, endBens, err := kit.Start(engine)
		if err != nil {
			return err
		}
		defer endBens()
		started[engine] = browsers{anas, bens}
		if s.Browsers[engine], err = anas.Version(); err != nil {
			return err
		}
	}
	var err error
	if s.Setting, err = measure.Describe(); err != nil {
		return err
	}
	if s.PeerJS, err = peerJS(); err != nil {
		return err
	}
	raw, err := measure.Create[setting, measurement](path, s)
	if err != nil {
		return err
	}
	defer raw.Close()
	began := time.Now()
	var failures []error
	for _, name := range engines {
		engine := kit.Engine(name)
		for _, of := range subjects() {
			if only != "" && of.name != only {
				continue
			}
			stage := &stage{Trial: &measure.Trial{}, engine: engine, subject: of}
			if err := stage.play(ctx, p, started[engine].anas, started[engine].bens, os.Stderr, raw.Keep); err != nil {
				failures = append(failures, err)
			}
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted; %s holds %d measurements", path, len(raw.Measurements))
	}
	all := results{raw.Setting, raw.Measurements}
	fmt.Print(all.table())
	fmt.Printf("\nThe bench took %s; each measurement is in %s.\n", time.Since(began).Round(time.Second), path)
	for _, broken := range all.verdict() {
		failures = append(failures, fmt.Errorf("did not work at all: %s", broken))
	}
	return errors.Join(failures...)
}

// peerJS names the versions of PeerJS and of its server.
func peerJS() (string, error) {
	path := filepath.Join(benchFolder, "package.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var p struct{ Dependencies struct{ Peer, PeerJS string } }
	if err := json.Unmarshal(text, &p); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Sprintf("PeerJS %s with its server %s", p.Dependencies.PeerJS, p.Dependencies.Peer), nil
}
