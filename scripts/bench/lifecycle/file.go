package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// raw is a raw file that is being written: a setting, then a measurement a
// line.
type raw struct {
	file *os.File
	results
}

func newRaw(path string, s setting) (*raw, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &raw{file: f, results: results{setting: s}}
	return r, r.line(s)
}

func (r *raw) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(text, '\n'))
	return err
}

// keep writes a measurement at once: what was measured stays when the bench is
// ended.
func (r *raw) keep(m measurement) error {
	r.measurements = append(r.measurements, m)
	return r.line(m)
}

// readRaw reads a raw file.
func readRaw(path string) (r results, err error) {
	f, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var into any = &r.setting
		if n > 1 {
			r.measurements = append(r.measurements, measurement{})
			into = &r.measurements[n-2]
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			return r, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	return r, lines.Err()
}

// The table stands between these in the README.
const (
	tableBegins = "<!-- bench-lifecycle: written by make bench-lifecycle README=1 -->\n"
	tableEnds   = "<!-- end of bench-lifecycle -->\n"
)

// between puts a table in place of the one in a text.
func between(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, tableBegins)
	_, after, closed := strings.Cut(rest, tableEnds)
	if !ok || !closed {
		return "", fmt.Errorf("want a line %q and after it a line %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return before + tableBegins + "\n" + table + "\n" + tableEnds + after, nil
}

// writeREADME puts the raw file's table into the README.
func writeREADME(readme, path string) error {
	r, err := readRaw(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	full, err := between(string(text), r.table())
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(full), 0o644)
}
