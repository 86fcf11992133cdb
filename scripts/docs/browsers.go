package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdline/wasm/e2e/results"
)

const (
	tableBegin = "<!-- make test-all writes this table from what the tests saw -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

// browsers makes the README with a fresh table of browsers.
func browsers(root string) ([]byte, error) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return nil, err
	}
	before, rest, begins := bytes.Cut(readme, []byte(tableBegin))
	_, after, ends := bytes.Cut(rest, []byte(tableEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("README.md: no %q or no %q", strings.TrimSpace(tableBegin), strings.TrimSpace(tableEnd))
	}
	pairs, err := readResults(filepath.Join(root, "wasm/e2e", results.Folder))
	if err != nil {
		return nil, err
	}
	table, err := browserTable(pairs)
	if err != nil {
		return nil, err
	}
	return slices.Concat(before, []byte(tableBegin), []byte(table), []byte(tableEnd), after), nil
}

func readResults(dir string) (pairs []results.Results, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var r results.Results
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		pairs = append(pairs, r)
	}
	// Pages of one browser first, so that they are what the others differ from.
	slices.SortStableFunc(pairs, func(a, b results.Results) int {
		return cmp.Compare(btoi(a.Actor != a.Observer), btoi(b.Actor != b.Observer))
	})
	return pairs, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// browserTable is a table of Markdown: a row for each thing that happens to a
// page, a column for each browser that it happens in, and below it why some
// cannot be driven.
func browserTable(pairs []results.Results) (string, error) {
	var actors []string
	for _, p := range pairs {
		if !slices.Contains(actors, p.Actor) {
			actors = append(actors, p.Actor)
		}
	}
	if len(actors) == 0 {
		return "", fmt.Errorf("%s is empty: run make test-all", results.Folder)
	}
	var out, notes strings.Builder
	fmt.Fprintf(&out, "| what happens | %s |\n|%s\n", strings.Join(actors, " | "), strings.Repeat(" --- |", len(actors)+1))
	for _, row := range pairs[0].Rows {
		cells := []string{row.Name}
		for _, actor := range actors {
			cell, why, err := cellOf(row.Name, actor, pairs)
			if err != nil {
				return "", err
			}
			if why != "" {
				fmt.Fprintf(&notes, "- %s, %s: %s.\n", row.Name, actor, why)
			}
			cells = append(cells, cell)
		}
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
	}
	if notes.Len() > 0 {
		fmt.Fprintf(&out, "\nNot driven:\n\n%s", notes.String())
	}
	return out.String(), nil
}

// cellOf is what was shown when it happened in this browser; where another
// observer was shown something else, both.
func cellOf(name, actor string, pairs []results.Results) (cell, why string, err error) {
	for _, p := range pairs {
		if p.Actor != actor {
			continue
		}
		i := slices.IndexFunc(p.Rows, func(r results.Result) bool { return r.Name == name })
		if i < 0 {
			return "", "", fmt.Errorf("%s, seen from %s: no result for %q", p.Actor, p.Observer, name)
		}
		text := inWords(p.Rows[i].Shown)
		if p.Rows[i].Cannot != "" {
			text, why = "not driven", p.Rows[i].Cannot
		}
		switch {
		case cell == "":
			cell = text
		case text != cell:
			cell += fmt.Sprintf("; in %s: %s", p.Observer, text)
		}
	}
	return cell, why, nil
}

// inWords tells what was shown: what was presumed, what it was, and the end.
func inWords(shown []string) string {
	if len(shown) == 0 {
		return "nothing is shown"
	}
	var away []string
	for _, s := range shown[:len(shown)-1] {
		_, cause, _ := strings.Cut(s, " ")
		away = append(away, "`"+cause+"`")
	}
	state, cause, _ := strings.Cut(shown[len(shown)-1], " ")
	end := state
	switch {
	case state == "connected":
		end = "back"
	case len(away) == 0 || away[len(away)-1] != "`"+cause+"`":
		end += " `" + cause + "`"
	}
	return strings.Join(append(slices.Compact(away), end), ", ")
}
