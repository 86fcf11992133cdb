package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

// sample is a run with each kind of measurement.
func sample() results {
	ms := func(f measure.Figure) *measure.Figure { return &f }
	return results{
		setting{
			Setting:  measure.Setting{Machine: "2 cores", Holdline: "holdline v1", Load: "0.10"},
			Browsers: map[kit.Engine]string{kit.Chromium: "Chrome/1", kit.Firefox: "firefox/2"}, PeerJS: "PeerJS 1",
		},
		[]measurement{
			{Engine: kit.Chromium, Subject: "Holdline", Row: rowReload, Run: 1, Together: 1, Known: ms(10.04), Sign: "away", Back: ms(-0.2)},
			{Engine: kit.Chromium, Subject: "Holdline", Row: rowReload, Run: 2, Together: 1, Failure: "no browser"},
			{Engine: kit.Chromium, Subject: "PeerJS", Row: rowFreeze, Run: 1, Together: 3, Known: ms(measure.Late), Back: ms(30)},
			{Engine: kit.Firefox, Subject: "Holdline", Row: rowFreeze, Cannot: "it does not freeze"},
		},
	}
}

func TestTheTableIsTheSameFromTheRawFile(t *testing.T) {
	want := sample()
	path := filepath.Join(t.TempDir(), "raw.txt")
	r, err := measure.Create[setting, measurement](path, want.setting)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range want.measurements {
		if err := r.Keep(m); err != nil {
			t.Fatal(err)
		}
	}
	s, all, err := measure.Read[setting, measurement](path)
	if err != nil {
		t.Fatal(err)
	}
	if got := (results{s, all}); got.table() != want.table() || got.measurements[0].Sign != "away" {
		t.Errorf("read back:\n%s\nwant:\n%s", got.table(), want.table())
	}
}

func TestTheTableSaysWhatWasNotMeasured(t *testing.T) {
	table := sample().table()
	for _, want := range []string{
		"| reload | 50 ms | 10 ms / 10 ms; 1 failed to be measured | not measured | not measured |",
		"| page frozen | 1.5 s | not measured | not measured | not within 40 s (1 of 1) |",
		"| frozen page resumed → as before |  | not measured | not measured | 30 ms / 30 ms |",
		"| page frozen | 1.5 s | cannot be done | not measured | not measured |",
		"page frozen: cannot be done, it does not freeze. 2 cores;",
		"Holdline: n = 2, one pair after the other. The others: n = 1, 3 pairs at a time",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestEachRowHasALineAndEachLineARow(t *testing.T) {
	var named []string
	for _, r := range rows() {
		named = append(named, r.name)
		if !slices.ContainsFunc(lines, func(l line) bool { return l.row == r.name }) {
			t.Errorf("the row %q is in no line of the table", r.name)
		}
	}
	for _, l := range lines {
		if !slices.Contains(named, l.row) {
			t.Errorf("the line %q is of the row %q, which does not exist", l.label, l.row)
		}
	}
}

func TestOnlyWhatNeverWorkedFailsTheBench(t *testing.T) {
	ms := func(f measure.Figure) *measure.Figure { return &f }
	measured := func(subject string, figures ...*measure.Figure) (r results) {
		r.setting.Browsers = map[kit.Engine]string{kit.Firefox: "firefox/2"}
		for _, f := range figures {
			m := measurement{Engine: kit.Firefox, Subject: subject, Row: rowClose, Known: f}
			if f == nil {
				m.Failure = "it fell over"
			}
			r.measurements = append(r.measurements, m)
		}
		return r
	}
	for _, tt := range []struct {
		name string
		r    results
		want string
	}{
		{"slow", measured("Holdline", ms(39_000)), ""},
		{"late once", measured("Holdline", ms(measure.Late), ms(10)), ""},
		{"failed once", measured("Holdline", nil, ms(10)), ""},
		{"always late", measured("Holdline", ms(measure.Late), ms(measure.Late)), "Holdline in firefox: tab closed"},
		{"always failed", measured("Holdline", nil, nil), "Holdline in firefox: tab closed"},
		{"the others", measured("PeerJS", ms(measure.Late)), ""},
	} {
		if got := strings.Join(tt.r.verdict(), "; "); got != tt.want {
			t.Errorf("%s: verdict %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestOthersWaitTogetherOnlyWhereTheyWait(t *testing.T) {
	p := plan{runs: 20, others: 5}
	for _, tt := range []struct {
		ours           bool
		engine         kit.Engine
		row            string
		runs, together int
	}{
		{true, kit.Chromium, rowClose, 20, 1},
		{false, kit.Chromium, rowClose, 5, 5},
		{false, kit.Firefox, rowClose, 5, 1},
		{false, kit.Chromium, rowReload, 5, 1},
		{false, kit.Firefox, rowCut, 5, 5},
	} {
		i := slices.IndexFunc(rows(), func(r row) bool { return r.name == tt.row })
		runs, together := p.of(subject{ours: tt.ours}, tt.engine, rows()[i])
		if runs != tt.runs || together != tt.together {
			t.Errorf("%v, %s, %s: %d runs, %d at a time, want %d and %d", tt.ours, tt.engine, tt.row, runs, together, tt.runs, tt.together)
		}
	}
}

func TestTheREADMEHasAPlaceForTheTable(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := measure.Between(string(text), target, ""); err != nil {
		t.Error(err)
	}
}
