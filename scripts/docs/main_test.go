package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdline/server/signal"
)

var root = filepath.Join("..", "..")

func TestEveryRowHasItsOwnNameAndASource(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range verdicts() {
		if v.name == "" || seen[v.name] {
			t.Errorf("the name %q is missing, or twice", v.name)
		}
		seen[v.name] = true
		if v.source == "" {
			t.Errorf("%s has no source", v.name)
		}
		if len(v.causes) == 0 || slices.Contains(v.causes, signal.CauseUnknown) {
			t.Errorf("%s leads to %v", v.name, v.causes)
		}
		for _, test := range regexp.MustCompile(`Test\w+`).FindAllString(v.source, -1) {
			if !declared(t, "func "+test+"(") {
				t.Errorf("%s: there is no %s", v.name, test)
			}
		}
	}
	for name := range rowsInChinese {
		if !seen[name] {
			t.Errorf("no row is called %q any more", name)
		}
	}
}

// declared looks through the tests.
func declared(t *testing.T, what string) bool {
	for _, dir := range []string{"wasm/*/*_test.go", "server/*_test.go", "server/*/*_test.go"} {
		names, err := filepath.Glob(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.Contains(read(t, name), what) {
				return true
			}
		}
	}
	return false
}

func read(t *testing.T, name string) string {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryCauseIsKnownSomehow(t *testing.T) {
	ways, err := waysTo()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range signal.Causes() {
		if len(ways[c]) == 0 {
			t.Errorf("nothing leads to %s", c)
		}
	}
	for c := range ways {
		if !slices.Contains(signal.Causes(), c) {
			t.Errorf("%q is no cause", c)
		}
	}
}

// The places that set a cause beside the tables are there, and name it.
func TestThePlacesElsewhereAreThere(t *testing.T) {
	constants := map[signal.Cause]string{}
	for _, m := range regexp.MustCompile(`(Cause\w+) +Cause = "(.*)"`).FindAllStringSubmatch(read(t, filepath.Join(root, "server/signal/cause.go")), -1) {
		constants[signal.Cause(m[2])] = m[1]
	}
	for _, e := range elsewhere {
		text := read(t, filepath.Join(root, e.file))
		if name := constants[e.cause]; !strings.Contains(text, name) && !strings.Contains(text, "'"+string(e.cause)+"'") || name == "" {
			t.Errorf("%s does not name %s", e.file, e.cause)
		}
		if !regexp.MustCompile(`(func (\(\w+ \*?\w+\) )?|function )` + e.function + `\(`).MatchString(text) {
			t.Errorf("%s has no %s", e.file, e.function)
		}
	}
}

func TestTheFilesAreFreshAndWellFormed(t *testing.T) {
	all, err := files(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if read(t, filepath.Join(root, f.name)) != string(f.data) {
			t.Errorf("%s is not fresh: run make docs", f.name)
		}
		if !strings.HasSuffix(f.name, ".svg") {
			continue
		}
		d := xml.NewDecoder(strings.NewReader(string(f.data)))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.name, err)
			}
		}
	}
}

// Words on one track do not touch each other, and none leaves the picture.
func TestNoWordsOfADiagramOverlap(t *testing.T) {
	type label struct{ x, y, half float64 }
	var all []label
	for _, m := range regexp.MustCompile(`class="label" x="([\d.]+)" y="([\d.]+)">([^<]*)<`).FindAllStringSubmatch(string(states()), -1) {
		l := label{number(t, m[1]), number(t, m[2]), float64(len([]rune(m[3]))) * charWidth / 2}
		if l.x-l.half < 0 || l.x+l.half > width {
			t.Errorf("%q leaves the picture", m[3])
		}
		for _, o := range all {
			if abs(l.y-o.y) < 13 && abs(l.x-o.x) < l.half+o.half {
				t.Errorf("%q overlaps another", m[3])
			}
		}
		all = append(all, l)
	}
	if len(all) < 20 {
		t.Errorf("%d words", len(all))
	}
}

func number(t *testing.T, s string) float64 {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
