//go:build !js

// Natively this program is a tool for support: it tells the story of a report
// that a person saved.
//
//	go run ./wasm REPORT.json
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"holdline/wasm/session"
)

const usage = `usage: go run ./wasm [-svg] REPORT.json

Tells the story of a report that "Save report" wrote: what happened when, what
the page showed, and how it ended. "-" reads the report from standard input.
The report is replayed through this version's session; when that ends elsewhere
than the report says, the difference is shown and the exit code is 1.

-svg draws the story as a sequence diagram instead, with a time axis:

    go run ./wasm -svg REPORT.json > story.svg
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	flags := flag.NewFlagSet("wasm", flag.ContinueOnError)
	flags.SetOutput(stderr)
	svg := flags.Bool("svg", false, "draw a sequence diagram")
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	name := flags.Arg(0)
	data, err := read(name, stdin)
	if err != nil {
		fmt.Fprintf(stderr, "%v\n", err)
		return 1
	}
	report, err := session.ReadReport(data)
	if err != nil {
		fmt.Fprintf(stderr, "%s is not a report: %v\n", name, err)
		return 1
	}
	show := tell
	if *svg {
		show = draw
	}
	same, err := show(stdout, report)
	if err != nil {
		fmt.Fprintf(stderr, "%s does not replay: %v\n", name, err)
		return 1
	}
	if !same {
		if *svg {
			fmt.Fprintf(stderr, "%s: the replay ended elsewhere; without -svg the difference is shown\n", name)
		}
		return 1
	}
	return 0
}

func read(name string, stdin io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(name)
}
