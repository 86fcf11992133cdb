package main

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"slices"

	"holdline/wasm/session"
)

// The drawing, in pixels. States stand in a row; moves to the right run above
// it, moves to the left below, each on a track of its own.
const (
	width      = 1000
	boxWidth   = 124
	boxHeight  = 36
	trackStep  = 26
	charWidth  = 6.8 // of a label, on average
	firstState = 130
	lastState  = 920
	startAt    = 22 // the dot where a machine begins
)

const style = `
  :root { color-scheme: light dark; --paper: #fff; --ink: #1d2733; --soft: #5b6876; --line: #8d9aa8; --box: #eef4fb; --edge: #2f6fb3; --right: #2f6fb3; --left: #b3572f; --end: #fbeeee; }
  @media (prefers-color-scheme: dark) { :root { --paper: #12171d; --ink: #e8edf2; --soft: #a3b0bd; --line: #66727f; --box: #1c2836; --edge: #6fa8e0; --right: #6fa8e0; --left: #e59a75; --end: #35222a; } }
  svg { background: var(--paper); }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 17px; font-weight: 600; }
  .small { fill: var(--soft); font-size: 11px; }
  .state { font-size: 14px; font-weight: 600; text-anchor: middle; }
  .label { text-anchor: middle; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; paint-order: stroke; }
  rect.state { fill: var(--box); stroke: var(--edge); stroke-width: 1.5; }
  .r { fill: none; stroke: var(--right); stroke-width: 1.3; } .l { fill: none; stroke: var(--left); stroke-width: 1.3; }
  .tr { fill: var(--right); } .tl { fill: var(--left); }
  .dot { fill: var(--ink); } .h { fill: var(--edge); } .i { fill: none; stroke: var(--line); stroke-width: 1.3; } .n { stroke: var(--left); stroke-width: 1.5; }
`

// bus is one or more moves with the same words: from each of From to each of To.
type bus struct {
	from, to []int
	when     string
	right    bool
	track    int
	label    float64
	fromX    []float64
	toX      []float64
}

func (b *bus) least() int { return min(slices.Min(b.from), slices.Min(b.to)) }
func (b *bus) most() int  { return max(slices.Max(b.from), slices.Max(b.to)) }

// diagram is a machine, laid out.
type diagram struct {
	session.Machine
	buses []*bus
	x     []float64
}

func (d *diagram) at(i int) float64 {
	if i < 0 {
		return startAt
	}
	return d.x[i]
}

// states draws all machines, and the matrix below them.
func states() []byte {
	var w bytes.Buffer
	y := 20.0
	for _, m := range session.Machines() {
		y = draw(&w, m, y)
	}
	y = matrix(&w, y)
	var svg bytes.Buffer
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %.0f" width="%d" height="%.0f" role="img" aria-label="The states of a session">`, width, y, width, y)
	fmt.Fprintf(&svg, "\n<!-- make docs draws this from wasm/session/transition.go and matrix.go. -->\n<style>%s</style>\n", style)
	for _, side := range []string{"r", "l"} {
		fmt.Fprintf(&svg, `<marker id="%s" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="t%s"/></marker>`+"\n", side, side)
	}
	svg.Write(w.Bytes())
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

func draw(w *bytes.Buffer, m session.Machine, y float64) float64 {
	d := &diagram{Machine: m}
	step := float64(lastState-firstState) / float64(len(m.States)-1)
	for i := range m.States {
		d.x = append(d.x, firstState+step*float64(i))
	}
	d.buses = buses(m)
	above, below := d.tracks(true), d.tracks(false)
	d.ports()
	for _, b := range d.buses {
		d.place(b)
	}
	fmt.Fprintf(w, `<text x="14" y="%.0f" class="title">%s</text>`+"\n", y+6, html.EscapeString(upper(m.Name)))
	top := y + 26 + float64(above)*trackStep
	for _, b := range d.buses {
		d.lines(w, b, top)
	}
	fmt.Fprintf(w, `<circle cx="%d" cy="%.0f" r="6" class="dot"/>`+"\n", startAt, top+boxHeight/2)
	for i, name := range m.States {
		fmt.Fprintf(w, `<rect class="state" x="%.1f" y="%.1f" width="%d" height="%d" rx="8"/><text class="state" x="%.1f" y="%.1f">%s</text>`+"\n",
			d.x[i]-boxWidth/2, top, boxWidth, boxHeight, d.x[i], top+boxHeight/2+5, html.EscapeString(name))
	}
	for _, b := range d.buses {
		fmt.Fprintf(w, `<text class="label" x="%.1f" y="%.1f">%s</text>`+"\n", b.label, b.y(top)-5, html.EscapeString(b.when))
	}
	return top + boxHeight + float64(below)*trackStep + 40
}

func upper(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// buses joins moves with the same words and direction, where all go from each
// to each.
func buses(m session.Machine) (all []*bus) {
	index := func(s string) int { return slices.Index(m.States, s) } // -1: where it begins
	for _, t := range m.Transitions {
		from, to := index(t.From), index(t.To)
		all = append(all, &bus{from: []int{from}, to: []int{to}, when: t.When, right: from < to})
	}
	for i := 0; i < len(all); i++ {
		for j := i + 1; j < len(all); j++ {
			a, b := all[i], all[j]
			if a.when != b.when || a.right != b.right {
				continue
			}
			switch {
			case slices.Equal(a.to, b.to):
				a.from = append(a.from, b.from...)
			case slices.Equal(a.from, b.from):
				a.to = append(a.to, b.to...)
			default:
				continue
			}
			all = slices.Delete(all, j, j+1)
			j--
		}
	}
	return all
}

// extent is what a bus and its words take of a track.
func (d *diagram) extent(b *bus) (from, to float64) {
	from, to = d.at(b.least()), d.at(b.most())
	half := float64(len([]rune(b.when)))*charWidth/2 + 8
	middle := min(max((from+to)/2, half+6), width-half-6)
	return min(from, middle-half), max(to, middle+half)
}

// tracks gives each bus of one side the nearest track that is free: short ones
// first, so that long ones go round them.
func (d *diagram) tracks(right bool) (count int) {
	var side []*bus
	for _, b := range d.buses {
		if b.right == right {
			side = append(side, b)
		}
	}
	slices.SortStableFunc(side, func(a, b *bus) int {
		return cmp.Or(cmp.Compare(a.most()-a.least(), b.most()-b.least()), cmp.Compare(a.least(), b.least()))
	})
	var taken [][][2]float64
	for _, b := range side {
		from, to := d.extent(b)
		for b.track = 0; b.track < len(taken) && slices.ContainsFunc(taken[b.track], func(r [2]float64) bool { return from < r[1] && r[0] < to }); b.track++ {
		}
		if b.track == len(taken) {
			taken = append(taken, nil)
		}
		taken[b.track] = append(taken[b.track], [2]float64{from, to})
	}
	return len(taken)
}

// end is where a bus touches a state.
type end struct {
	bus    *bus
	source bool
	set    func(x float64)
}

// ports spreads the ends over the sides of the boxes, in an order in which
// they do not cross.
func (d *diagram) ports() {
	for _, right := range []bool{true, false} {
		for i := -1; i < len(d.States); i++ {
			var ends []end
			for _, b := range d.buses {
				if b.right != right {
					continue
				}
				if b.fromX == nil {
					b.fromX, b.toX = make([]float64, len(b.from)), make([]float64, len(b.to))
				}
				for k, n := range b.from {
					if n == i {
						ends = append(ends, end{b, true, func(x float64) { b.fromX[k] = x }})
					}
				}
				for k, n := range b.to {
					if n == i {
						ends = append(ends, end{b, false, func(x float64) { b.toX[k] = x }})
					}
				}
			}
			slices.SortStableFunc(ends, func(a, b end) int {
				if a.source != b.source {
					return map[bool]int{true: 1, false: -1}[a.source == right]
				}
				if a.source == right { // leaves to the right, or comes from there
					return b.bus.track - a.bus.track
				}
				return a.bus.track - b.bus.track
			})
			for k, e := range ends {
				if i < 0 {
					e.set(startAt)
					continue
				}
				e.set(d.x[i] + boxWidth*0.8*(float64(k+1)/float64(len(ends)+1)-0.5))
			}
		}
	}
}

// place finds the words a place on their track that few lines cross.
func (d *diagram) place(b *bus) {
	all := append(slices.Clone(b.fromX), b.toX...)
	from, to := slices.Min(all), slices.Max(all)
	half := float64(len([]rune(b.when)))*charWidth/2 + 4
	best, least := 0.0, 1e9
	for _, share := range []float64{0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8} {
		x := min(max(from+(to-from)*share, half+6), width-half-6)
		cost := abs(share-0.5) * 0.1
		if x-half < from || x+half > to {
			cost += 0.2
		}
		for _, other := range d.buses {
			if other.right != b.right || other == b || other.track <= b.track {
				continue
			}
			for _, leg := range append(slices.Clone(other.fromX), other.toX...) {
				if leg > x-half && leg < x+half {
					cost++
				}
			}
		}
		for _, leg := range all { // its own legs run on the other side of the words, but corners look better free
			if leg > x-half && leg < x+half {
				cost += 0.05
			}
		}
		if cost < least {
			best, least = x, cost
		}
	}
	b.label = best
}

func abs(x float64) float64 { return max(x, -x) }

// y is the height of a bus's track.
func (b *bus) y(top float64) float64 {
	if b.right {
		return top - 22 - float64(b.track)*trackStep
	}
	return top + boxHeight + 26 + float64(b.track)*trackStep
}

func (d *diagram) lines(w *bytes.Buffer, b *bus, top float64) {
	class, edge := "r", top
	if !b.right {
		class, edge = "l", top+boxHeight
	}
	y := b.y(top)
	all := append(slices.Clone(b.fromX), b.toX...)
	fmt.Fprintf(w, `<path class="%s" d="M%.1f %.1fH%.1f"/>`, class, slices.Min(all), y, slices.Max(all))
	for k, x := range b.fromX {
		from := edge
		if b.from[k] < 0 {
			from = top + boxHeight/2
		}
		fmt.Fprintf(w, `<path class="%s" d="M%.1f %.1fV%.1f"/>`, class, x, from, y)
	}
	for _, x := range b.toX {
		fmt.Fprintf(w, `<path class="%s" d="M%.1f %.1fV%.1f" marker-end="url(#%s)"/>`, class, x, y, edge, class)
	}
	w.WriteString("\n")
}

// matrix draws what becomes of each event in each state.
func matrix(w *bytes.Buffer, y float64) float64 {
	const rowHeight, events, cells = 17, 176, 78
	fmt.Fprintf(w, `<text x="14" y="%.0f" class="title">What becomes of each event</text>`+"\n", y+6)
	fmt.Fprintf(w, `<circle class="h" cx="330" cy="%.0f" r="4.5"/><text class="small" x="340" y="%.0f">handled</text><circle class="i" cx="408" cy="%.0f" r="4"/><text class="small" x="418" y="%.0f">can come, changes nothing</text>%s<text class="small" x="598" y="%.0f">cannot happen: counted</text>`+"\n",
		y+2, y+6, y+2, y+6, cross(586, y+2), y+6)
	y += 40
	lowest := y
	machines := session.Machines()
	for half, m := range []session.Machine{machines[0], machines[2]} {
		left, at := float64(14+half*500), y
		for i := range 4 {
			fmt.Fprintf(w, `<text class="small" text-anchor="middle" x="%.0f" y="%.0f">%s</text>`, left+events+float64(i*cells)+24, at, m.States[i])
		}
		for _, d := range session.Decisions() {
			if d.OfLink != (half == 1) {
				continue
			}
			at += rowHeight
			fmt.Fprintf(w, `<text x="%.0f" y="%.0f">%s</text>`, left, at+4, d.Event)
			for i, c := range d.Cells {
				x := left + events + float64(i*cells) + 24
				switch c {
				case "handle":
					fmt.Fprintf(w, `<circle class="h" cx="%.0f" cy="%.0f" r="4.5"/>`, x, at)
				case "ignore":
					fmt.Fprintf(w, `<circle class="i" cx="%.0f" cy="%.0f" r="4"/>`, x, at)
				default:
					w.WriteString(cross(x, at))
				}
			}
			w.WriteString("\n")
		}
		lowest = max(lowest, at)
	}
	return lowest + 24
}

func cross(x, y float64) string {
	return fmt.Sprintf(`<path class="n" d="M%.0f %.0fl8 8m0 -8l-8 8"/>`, x-4, y-4)
}
