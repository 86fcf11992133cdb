package main

import (
	"fmt"
	"slices"
	"strings"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

// line is a line of the table: one figure of one row.
type line struct {
	row   string
	label string
	goal  string // ours
	of    func(measurement) *measure.Figure
}

func known(m measurement) *measure.Figure { return m.Known }
func back(m measurement) *measure.Figure  { return m.Back }
func gap(m measurement) *measure.Figure   { return m.Gap }

var lines = []line{
	{rowLeave, "Leave pressed", "50 ms", known},
	{rowClose, "tab closed", "50 ms", known},
	{rowLink, "link to another page", "50 ms", known},
	{rowReload, "reload", "50 ms", known},
	{rowReload, "reload → the picture moves again", "1 s", back},
	{rowKill, "page's process killed (SIGKILL)", "200 ms", known},
	{rowBrowser, "browser killed (SIGKILL)", "200 ms", known},
	{rowSilence, "silence: all of the browser stopped (SIGSTOP)", "1.5 s", known},
	{rowFreeze, "page frozen", "1.5 s", known},
	{rowFreeze, "frozen page resumed → as before", "", back},
	{rowCut, "signaling of one cut for 3 s", "1.5 s", known},
	{rowCut, "signaling mended → as before", "1 s", back},
	{rowCut, "longest gap in the other's picture meanwhile", "200 ms", gap},
	{rowRestart, "server killed, for 3 s", "1.5 s", known},
	{rowRestart, "server there again → as before, on both pages", "1 s", back},
	{rowRestart, "longest gap in the other's picture meanwhile", "200 ms", gap},
	{rowMinute, "server killed for 60 s (n ≤ 5), there again → as before, on both pages", "1 s", back},
	{rowMinute, "longest gap in the other's picture meanwhile", "200 ms", gap},
}

// results are what the raw file holds.
type results struct {
	setting      setting
	measurements []measurement
}

// table is the README's, in Markdown: a table for each engine.
func (r results) table() string {
	var b strings.Builder
	for _, engine := range []kit.Engine{kit.Chromium, kit.Firefox} {
		name, ok := r.setting.Browsers[engine]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "| %s: what happens to one page → the other one shows it | goal | Holdline | plain page | PeerJS |\n| --- | --- | --- | --- | --- |\n", name)
		for _, l := range lines {
			cells := []string{l.label, l.goal}
			for _, s := range subjects() {
				cells = append(cells, r.cell(engine, s.name, l))
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
		b.WriteString("\n")
	}
	b.WriteString(r.note())
	return b.String()
}

// cannot stands where the driver cannot do it; note has the reason.
const cannot = "cannot be done"

// note says how the figures came about.
func (r results) note() string {
	ours, others, together := 0, 0, 1
	for _, m := range r.measurements {
		together = max(together, m.Together)
		if m.Subject == holdline {
			ours = max(ours, m.Run)
		} else {
			others = max(others, m.Run)
		}
	}
	how := fmt.Sprintf("n = %d", others)
	if together > 1 {
		how += fmt.Sprintf(", %d pairs at a time in one browser where they wait for seconds (so there are no gaps of theirs)", together)
	}
	why := ""
	for _, m := range r.measurements {
		reason := fmt.Sprintf("%s: %s, %s. ", m.Row, cannot, m.Cannot)
		if m.Cannot != "" && !strings.Contains(why, reason) {
			why += reason
		}
	}
	return fmt.Sprintf("Median / maximum, from the acting page's own timestamp where it has one, else from the order. Holdline: n = %d, one pair after the other. The others: %s. "+
		"%q is counted as the slowest, with how often it was so. %s%s; %s; %s; load average at the start %s.\n",
		ours, how, measure.NotWithin(patience), why, r.setting.Machine, r.setting.Holdline, r.setting.PeerJS, r.setting.Load)
}

// cell is a subject's median and maximum, and how often it was late or failed.
func (r results) cell(engine kit.Engine, subject string, l line) string {
	var all []measure.Figure
	failed := 0
	for _, m := range r.measurements {
		if m.Engine != engine || m.Subject != subject || m.Row != l.row {
			continue
		}
		switch f := l.of(m); {
		case m.Cannot != "":
			return cannot
		case m.Failure != "":
			failed++
		case f != nil:
			all = append(all, *f)
		}
	}
	if len(all) == 0 && failed == 0 {
		return "not measured"
	}
	var parts []string
	if len(all) > 0 {
		parts = append(parts, measure.Spread(all, patience))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed to be measured", failed))
	}
	return strings.Join(parts, "; ")
}

// verdict names what of ours did not work at all: every run of a row late or
// failed. No time is a failure.
func (r results) verdict() (broken []string) {
	for engine := range r.setting.Browsers {
		for _, s := range subjects() {
			for _, l := range lines {
				if s.ours && r.dead(engine, s.name, l) {
					broken = append(broken, fmt.Sprintf("%s in %s: %s", s.name, engine, l.label))
				}
			}
		}
	}
	slices.Sort(broken)
	return broken
}

// dead says whether there are measurements of a line and none has a time.
func (r results) dead(engine kit.Engine, subject string, l line) bool {
	tried := false
	for _, m := range r.measurements {
		if m.Engine != engine || m.Subject != subject || m.Row != l.row || m.Cannot != "" {
			continue
		}
		tried = true
		if f := l.of(m); m.Failure == "" && f != nil && *f != measure.Late {
			return false
		}
	}
	return tried
}
