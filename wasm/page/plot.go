package page

import (
	"math"
	"strconv"
	"strings"
)

// The field of a plot in the units of its SVG's viewBox, which the page
// stretches to whatever size there is.
const (
	plotWidth  = 240.0
	plotHeight = 48.0
)

// Plot is one live plot: a line, its axis, and the same in words.
type Plot struct {
	Name  string
	Line  string // path data, in a viewBox of plotWidth by plotHeight
	Top   string // what the upper edge stands for; the lower one is 0
	Value string // the newest
	Range string // the lowest and the highest, "" where they are the same
	Words string // all of that for who does not see it
}

// quantity is something that is plotted.
type quantity struct {
	name  string               // the id of its name; behind "plot." its own, for scripts
	of    func(Sample) float64 // NaN where it is not known
	least float64              // the upper edge is never lower: noise shall look like noise
	scale scale
	as    string // the id of the newest value's wording, "" for the bare value
}

// quantities are the plots of the panel from top to bottom; each has a figure
// of the template in static/index.html.
var quantities = []quantity{
	{"plot.rtt", func(s Sample) float64 { return s.RTT }, 50, milliseconds, ""},
	{"plot.loss", func(s Sample) float64 { return s.Loss }, 0.05, percent, ""},
	{"plot.in", func(s Sample) float64 { return s.In }, 100_000, bitrate, ""},
	{"plot.out", func(s Sample) float64 { return s.Out }, 100_000, bitrate, ""},
	// The browser must stop sending where consent is 30 s old (RFC 7675, section 5.1).
	{"plot.consent", func(s Sample) float64 { return s.Consent }, 30_000, seconds, "ago"},
}

// plot draws one quantity of a series as it stands at now.
func (t Table) plot(q quantity, series Series, now float64) Plot {
	low, high, newest := math.Inf(1), math.Inf(-1), math.NaN()
	for _, s := range series {
		v := q.of(s)
		if now-s.At <= plotGap {
			newest = v
		}
		if now-s.At <= plotSpan && !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	top := edge(high, q.least)
	name := t.Say(q.name)
	p := Plot{Name: name, Line: line(series, q.of, now, top), Top: t.in(q.scale, top), Value: t.Say("unknown")}
	if !math.IsNaN(newest) {
		p.Value = t.in(q.scale, newest)
		if q.as != "" {
			p.Value = t.Say(q.as, "time", p.Value)
		}
	}
	if low > high {
		p.Words = t.Say("plot.empty", "name", name)
		return p
	}
	p.Range = t.between(q.scale, low, high)
	if p.Range == "" {
		p.Words = t.Say("plot.level", "name", name, "value", p.Value, "all", t.in(q.scale, high))
	} else {
		p.Words = t.Say("plot.words", "name", name, "value", p.Value, "range", p.Range)
	}
	return p
}

// edge is the upper edge of an axis that holds high: 1, 2 or 5 times a power
// of ten, so that it seldom changes.
func edge(high, least float64) float64 {
	if !(high > least) {
		return least
	}
	power := math.Pow(10, math.Floor(math.Log10(high)))
	for _, step := range []float64{1, 2, 5} {
		if high <= step*power {
			return step * power
		}
	}
	return 10 * power
}

// line is the path data of a quantity: now is at the right edge. Samples with
// something missing between them are not joined; a sample that stands alone is
// a line of no length, which round caps show as a dot.
func line(series Series, of func(Sample) float64, now, top float64) string {
	var b strings.Builder
	alone := false
	before := math.Inf(-1) // when the point before was, if it is to be joined
	end := func() {
		if alone {
			b.WriteString("h0")
		}
	}
	for _, s := range series {
		age, v := now-s.At, of(s)
		if math.IsNaN(v) {
			before = math.Inf(-1)
			continue
		}
		if age > plotSpan {
			continue
		}
		if s.At-before > plotGap {
			end()
			b.WriteByte('M')
			alone = true
		} else {
			b.WriteByte('L')
			alone = false
		}
		before = s.At
		b.WriteString(coordinate(plotWidth * (1 - max(0, age)/plotSpan)))
		b.WriteByte(' ')
		b.WriteString(coordinate(plotHeight * (1 - min(max(v/top, 0), 1))))
	}
	end()
	return b.String()
}

func coordinate(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }
