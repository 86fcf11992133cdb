// Docs draws what the code decides by, from the tables that it decides with:
// the states as diagrams, and the causes for people, in English and Chinese.
// It also puts what the browser tests saw into the README's table of browsers.
//
//	go run ./scripts/docs         writes the files
//	go run ./scripts/docs -check  fails when one of them is not fresh
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

const dir = "wasm/session"

func main() {
	check := flag.Bool("check", false, "fail when a file is not fresh, write nothing")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

type file struct {
	name string
	data []byte
}

// files makes all of them, with their paths from the root.
func files(root string) ([]file, error) {
	all := []file{{filepath.Join(dir, "STATES.svg"), states()}}
	for _, l := range languages {
		data, err := causes(l)
		if err != nil {
			return nil, err
		}
		all = append(all, file{filepath.Join(dir, l.file), data})
	}
	readme, err := browsers(root)
	if err != nil {
		return nil, err
	}
	return append(all, file{"README.md", readme}), nil
}

func run(check bool) error {
	all, err := files(".")
	if err != nil {
		return err
	}
	for _, f := range all {
		if check {
			if got, err := os.ReadFile(f.name); err != nil {
				return err
			} else if !bytes.Equal(got, f.data) {
				return fmt.Errorf("%s is not fresh: run make docs", f.name)
			}
			continue
		}
		if err := os.WriteFile(f.name, f.data, 0o666); err != nil {
			return err
		}
		fmt.Println(f.name)
	}
	return nil
}
