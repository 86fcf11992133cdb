package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"holdline/scripts/bench/measure"
)

// took is the figures of a call.
func took(key string, f measure.Figure) map[string]measure.Figure {
	return map[string]measure.Figure{key: f}
}

// sample is a run with each kind of measurement, in two raw files.
func sample() (r results) {
	s := setting{measure.Setting{Machine: "2 cores", Holdline: "holdline v1", Load: "0.10"}, "Chrome/1"}
	r.add(s, []measurement{
		{Subject: holdline, Row: rowCone, Run: 1, Figures: took(figureConnected, 300), Route: reflexive, Offset: 0.4},
		{Subject: holdline, Row: rowCone, Run: 2, Figures: took(figureConnected, 500), Route: reflexive, Offset: 1.2},
		{Subject: holdline, Row: rowCone, Run: 3, Failure: "no browser"},
		{Subject: "plain page", Row: rowCone, Run: 1, Figures: took(figureConnected, 200), Route: relayed + "UDP"},
		{Subject: "plain page", Row: rowCone, Run: 2, Figures: took(figureConnected, 210), Route: reflexive},
		{Subject: "plain page", Row: rowCone, Run: 3, Figures: took(figureConnected, 220), Route: reflexive},
	})
	s.Load = "0.20"
	r.add(s, []measurement{
		{Subject: holdline, Row: rowBlocked, Run: 1, Figures: took(figureTold, 41_000), Said: "ended path-blocked, signaling open"},
		{Subject: "plain page", Row: rowBlocked, Run: 1, Figures: took(figureTold, measure.Late), Said: "disconnected"},
	})
	return r
}

func TestTheTableSaysWhatWasMeasured(t *testing.T) {
	table := sample().table()
	for _, want := range []string{
		"| what networks do to a call | goal | n | Holdline | plain page | plain page that restarts |\n",
		"| direct, server-reflexive | 3 | 400 ms / 500 ms; direct, server-reflexive; 1 failed to be measured | 210 ms / 220 ms; direct, server-reflexive (2), relayed over UDP (1) | not measured |\n",
		"| path-blocked, signaling open | 1 | 41.0 s / 41.0 s; “ended path-blocked, signaling open” | not within 60 s (1 of 1); “disconnected” | not measured |\n",
		"1.2 ms apart at most. 2 cores; Chrome/1; holdline v1; load average at the starts 0.10, 0.20.\n",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
	if strings.Contains(table, "firewall") {
		t.Errorf("the table has a row that was not measured:\n%s", table)
	}
	if n := strings.Count(table, "2 cores"); n != 1 {
		t.Errorf("the setting of both raw files is there %d times", n)
	}
}

func TestACellSaysWhenItHasFewerCalls(t *testing.T) {
	r := sample()
	r.add(r.settings[0], []measurement{{Subject: "plain page that restarts", Row: rowCone, Run: 1, Figures: took(figureConnected, 100), Route: reflexive}})
	if want := "| 100 ms / 100 ms; direct, server-reflexive; n = 1 |"; !strings.Contains(r.table(), want) {
		t.Errorf("the table lacks %q:\n%s", want, r.table())
	}
}

func TestEachRowHasALineAndEachLineARow(t *testing.T) {
	var named []string
	for _, r := range rows() {
		named = append(named, r.name)
		if !slices.ContainsFunc(lines(), func(l line) bool { return l.row == r.name }) {
			t.Errorf("the row %q is in no line of the table", r.name)
		}
	}
	for _, l := range lines() {
		if !slices.Contains(named, l.row) {
			t.Errorf("the line %q is of the row %q, which does not exist", l.label, l.row)
		}
	}
}

func TestOnlyWhatNeverWorkedFailsTheBench(t *testing.T) {
	measured := func(subject string, figures ...measure.Figure) (r results) {
		for _, f := range figures {
			m := measurement{Subject: subject, Row: rowSymmetric, Figures: took(figureConnected, f)}
			if f < 0 {
				m.Failure = "it fell over"
			}
			r.measurements = append(r.measurements, m)
		}
		return r
	}
	const broken = "symmetric/symmetric: two symmetric NATs: Join → connected"
	for _, tt := range []struct {
		name string
		r    results
		want string
	}{
		{"slow", measured(holdline, 39_000), ""},
		{"late once", measured(holdline, measure.Late, 10), ""},
		{"failed once", measured(holdline, -1, 10), ""},
		{"always late", measured(holdline, measure.Late, measure.Late), broken},
		{"always failed", measured(holdline, -1, -1), broken},
		{"the others", measured("plain page", measure.Late), ""},
	} {
		if got := strings.Join(tt.r.verdict(), "; "); got != tt.want {
			t.Errorf("%s: verdict %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPartsOfNamesChooseRows(t *testing.T) {
	var got []string
	for _, r := range rows() {
		if chosen(r.name, parts("LAN;for 5 s")) {
			got = append(got, r.name)
		}
	}
	if want := []string{rowLAN, rowLANOpened, "nothing for 5 s"}; !slices.Equal(got, want) {
		t.Errorf("chosen are %q, want %q", got, want)
	}
	if !chosen("any", parts("")) {
		t.Error("without parts a row is not chosen")
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
