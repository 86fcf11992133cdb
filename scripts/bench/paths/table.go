package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/scripts/bench/measure"
)

// line is a line of the table: one figure of one row.
type line struct {
	row   string
	label string
	goal  string // ours
	key   string
	way   bool // the cells say which way the calls went
}

func lines() []line {
	all := []line{
		{rowLAN, "LAN without internet: Join → connected", "1 s, direct", figureConnected, true},
		{rowLANOpened, "the same: page opened → connected", "", figureConnected, false},
		{rowCone, "two cone NATs: Join → connected", "direct, server-reflexive", figureConnected, true},
		{rowSymmetric, "two symmetric NATs: Join → connected", "relayed", figureConnected, true},
		{rowUDP, "UDP blocked: Join → connected", "relayed over TCP or TLS", figureConnected, true},
		{rowUDP, "the same: Join → the picture plays", "", figurePicture, false},
		{rowTLS, "nothing passes but TLS on TCP 443: Join → connected", "relayed over TLS", figureConnected, true},
		{rowTLS, "the same: Join → the picture plays", "", figurePicture, false},
		{rowUplink, "uplink dies, the other stays → data flows again", "2 s", figureData, true},
		{rowUplink, "the same → the picture moves again", "2 s", figurePicture, false},
		{rowFirewall, "a firewall drops the direct flow → data flows again", "6 s, relayed", figureData, true},
		{rowFirewall, "the same → the picture moves again", "6 s, relayed", figurePicture, false},
		{rowBlocked, "every path blocked for good → both pages show that something is wrong", "", figureShown, false},
		{rowBlocked, "the same → both pages say that there is no path", "path-blocked, signaling open", figureTold, true},
	}
	for _, long := range []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second} {
		all = append(all,
			line{rowNothing(long), fmt.Sprintf("%.0f s of nothing at all, packets pass again → data flows again", long.Seconds()), "2 s", figureData, false},
			line{rowNothing(long), "the same → the picture moves again", "2 s", figurePicture, false})
	}
	return append(all,
		line{rowExpired, "relayed, the relay's credentials expire: longest gap in the data", "nothing noticed", figureDataGap, false},
		line{rowExpired, "the same: longest gap in the picture", "nothing noticed", figurePictureGap, false},
		line{rowExpired, fmt.Sprintf("then %.0f s of nothing at all, packets pass again → data flows again", afterExpiry.Seconds()), "2 s", figureData, true},
		line{rowExpired, "the same → the picture moves again", "2 s", figurePicture, false})
}

// results are what raw files hold.
type results struct {
	settings     []setting
	measurements []measurement
}

// add adds a raw file.
func (r *results) add(s setting, measurements []measurement) {
	r.settings = append(r.settings, s)
	r.measurements = append(r.measurements, measurements...)
}

// of are the calls of a row and a page.
func (r results) of(row, subject string) (all []measurement) {
	for _, m := range r.measurements {
		if m.Row == row && m.Subject == subject {
			all = append(all, m)
		}
	}
	return all
}

// table is the README's, in Markdown.
func (r results) table() string {
	var b strings.Builder
	head, rule := "| what networks do to a call | goal | n |", "| --- | --- | --- |"
	for _, s := range subjects() {
		head, rule = head+" "+s.name+" |", rule+" --- |"
	}
	fmt.Fprintf(&b, "%s\n%s\n", head, rule)
	for _, l := range lines() {
		n := r.calls(l)
		if n == 0 {
			continue
		}
		cells := []string{l.label, l.goal, fmt.Sprint(n)}
		for _, s := range subjects() {
			cells = append(cells, r.cell(s.name, l, n))
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	b.WriteString("\n" + r.note())
	return b.String()
}

// calls is how many calls of the row there are of the page with the most.
func (r results) calls(l line) (most int) {
	for _, s := range subjects() {
		most = max(most, len(r.of(l.row, s.name)))
	}
	return most
}

// cell is a page's median and maximum, how often it was late or failed, and
// which ways its calls went or what it said. n is what the line says of how
// many calls there are.
func (r results) cell(subject string, l line, n int) string {
	calls := r.of(l.row, subject)
	if len(calls) == 0 {
		return "not measured"
	}
	var figures []measure.Figure
	var ways []string
	failed := 0
	for _, m := range calls {
		f, ok := m.Figures[l.key]
		switch {
		case m.Failure != "" || !ok:
			failed++
			continue
		case m.Route != "":
			ways = append(ways, m.Route)
		default:
			ways = append(ways, "“"+m.Said+"”")
		}
		figures = append(figures, f)
	}
	var parts []string
	if len(figures) > 0 {
		parts = append(parts, measure.Spread(figures, waits(l.row)))
	}
	if l.way && len(ways) > 0 {
		parts = append(parts, tally(ways))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed to be measured", failed))
	}
	if len(calls) != n {
		parts = append(parts, fmt.Sprintf("n = %d", len(calls)))
	}
	return strings.Join(parts, "; ")
}

// tally says how often each word is there, unless all are the same.
func tally(words []string) string {
	count := map[string]int{}
	for _, word := range words {
		count[word]++
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	words = slices.Compact(words)
	if len(words) == 1 {
		return words[0]
	}
	for i, word := range words {
		words[i] = fmt.Sprintf("%s (%d)", word, count[word])
	}
	return strings.Join(words, ", ")
}

// waits is how long a row's calls are waited for.
func waits(name string) time.Duration {
	for _, r := range rows() {
		if r.name == name {
			return r.waits()
		}
	}
	return patience
}

// note says how the figures came about.
func (r results) note() string {
	var machines, programs, loads []string
	add := func(all *[]string, text string) {
		if !slices.Contains(*all, text) {
			*all = append(*all, text)
		}
	}
	offset := 0.0
	for _, s := range r.settings {
		add(&machines, s.Machine+"; "+s.Browser)
		add(&programs, s.Holdline)
		add(&loads, s.Load)
	}
	for _, m := range r.measurements {
		offset = max(offset, m.Offset)
	}
	return fmt.Sprintf("Median / maximum of n calls, on the page that took longer; %q is counted as the slowest, with how often it was so. Ways are those at the end of a run, words in quotes what the pages said "+
		"then: connectionState, of Holdline its state and cause. The clocks of pages and bench were %.1f ms apart at most. %s; %s; load average at the starts %s.\n",
		measure.NotWithin(patience), offset, strings.Join(machines, ", "), strings.Join(programs, ", "), strings.Join(loads, ", "))
}

// verdict names what of ours did not work at all: every call of a line late or
// failed. No time is a failure.
func (r results) verdict() (broken []string) {
	for _, s := range subjects() {
		for _, l := range lines() {
			calls := r.of(l.row, s.name)
			works := func(m measurement) bool {
				f, ok := m.Figures[l.key]
				return m.Failure == "" && ok && f != measure.Late
			}
			if s.ours && len(calls) > 0 && !slices.ContainsFunc(calls, works) {
				broken = append(broken, l.row+": "+l.label)
			}
		}
	}
	return broken
}
