//go:build !js

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"holdline/static"
	"holdline/wasm/session"
)

// The diagram, in pixels. A second is perSecond high; where more happens than
// fits, time opens up, and a gap above longest is broken.
const (
	rowHeight  = 19
	charWidth  = 6.7 // on average
	perSecond  = 40
	longest    = 96
	pictureTop = 112
	timeRight  = 66
	laneAt     = 170 // the server's
	pageAt     = 470
	peerAt     = 800
	peerStep   = 260
	pastPeers  = 300
)

const pictureStyle = `
  :root { color-scheme: light dark; --paper: #fff; --ink: #1d2733; --soft: #5b6876; --line: #c3ccd6; --arrow: #2f6fb3; --bad: #b3362f; --good: #2e8b57; --wait: #d08a17; --away: #8a63b8; --new: #4a90d9; --idle: #aab4bf; --beat: #7fb894; }
  @media (prefers-color-scheme: dark) { :root { --paper: #12171d; --ink: #e8edf2; --soft: #a3b0bd; --line: #3a4652; --arrow: #6fa8e0; --bad: #e8807a; --good: #55b985; --wait: #e3ab4d; --away: #b797dd; --new: #6fa8e0; --idle: #66727f; --beat: #3f7d5a; } }
  svg { background: var(--paper); }
  text { font: 12px system-ui, sans-serif; fill: var(--ink); stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; paint-order: stroke; }
  .title { font-size: 17px; font-weight: 600; } .lane { font-size: 14px; font-weight: 600; text-anchor: middle; }
  .time, .small { fill: var(--soft); font-size: 11px; } .time { text-anchor: end; font-variant-numeric: tabular-nums; }
  .mid { text-anchor: middle; } .state { font-weight: 600; } .ended { font-weight: 600; fill: var(--bad); }
  .rule, .axis { stroke: var(--line); } .axis { fill: none; }
  .arrow { stroke: var(--arrow); stroke-width: 1.3; } .arrow.bad { stroke: var(--bad); } .tip { fill: var(--arrow); } .tip.bad { fill: var(--bad); }
  .dot { fill: var(--ink); } .dot.bad { fill: var(--bad); } .beat { fill: var(--beat); } .end { stroke: var(--bad); stroke-width: 3; }
  .connected, .open { fill: var(--good); } .recovering, .interrupted, .lost { fill: var(--wait); } .away { fill: var(--away); }
  .negotiating, .joining, .connecting { fill: var(--new); } .lobby, .waiting, .closed { fill: var(--idle); } .ended-span, .refused { fill: var(--bad); }
`

// draw replays a report and writes its sequence diagram; same is whether the
// replay ended where the page was.
func draw(w io.Writer, r session.Report) (same bool, err error) {
	words, err := english()
	if err != nil {
		return false, err
	}
	p := &picture{words: words, report: r}
	last, err := session.Replay(r.Policy, r.Trace, p.observe)
	if err != nil {
		return false, err
	}
	replayed := last.Snapshot()
	replayed.At = r.Snapshot.At
	_, err = w.Write(p.svg())
	return strings.Join(lines(replayed), "\n") == strings.Join(lines(r.Snapshot), "\n"), err
}

// english are the page's words.
func english() (map[string]string, error) {
	data, err := static.Files.ReadFile("text.json")
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read text.json: %w", err)
	}
	return all["en"], nil
}

// point ties a moment to a height.
type point struct {
	at time.Duration
	y  float64
}

func (p *picture) svg() []byte {
	var w bytes.Buffer
	axis, broken := p.axis()
	bottom := axis[len(axis)-1].y + 30
	width := p.x(len(p.lanes)-1) + pastPeers
	fmt.Fprintf(&w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n<style>%s</style>\n",
		width, bottom, width, bottom, escape(p.title()), pictureStyle)
	for _, class := range []string{"", " bad"} {
		fmt.Fprintf(&w, `<marker id="tip%s" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" class="tip%s"/></marker>`+"\n", strings.TrimSpace(class), class)
	}
	fmt.Fprintf(&w, `<text class="title" x="14" y="26">%s</text><text class="small" x="14" y="46">holdline %s, %s</text><text class="small" x="14" y="62">Time in seconds: %d px each; dense moments open up, long silences are broken.</text>`+"\n",
		escape(p.title()), escape(p.report.Version), escape(p.report.Browser), perSecond)
	for i, l := range p.lanes {
		x := p.x(i)
		fmt.Fprintf(&w, `<text class="lane" x="%.0f" y="%d">%s</text><path class="rule" d="M%.0f %dV%.0f"/>`+"\n", x, pictureTop-18, escape(l.name), x, pictureTop-8, bottom-10)
		p.spans(&w, axis, i, bottom-14)
	}
	for _, b := range p.beats {
		beats(&w, axis, b, p.x(b.lane))
	}
	fmt.Fprintf(&w, `<path class="axis" d="M%d %dV%.0f"/>`+"\n", timeRight+8, pictureTop-8, bottom-10)
	for _, g := range broken {
		fmt.Fprintf(&w, `<path class="axis" d="M%d %.1fl8 4l-16 6l8 4"/><text class="small mid" x="%d" y="%.1f">%s pass</text>`+"\n", timeRight+8, g.y-7, timeRight-30, g.y+4, seconds(g.at))
	}
	told := ""
	for i, e := range p.rows {
		y := axis[i].y
		if t := fmt.Sprintf("%.3f", (e.at - p.first).Seconds()); t != told {
			told = t
			fmt.Fprintf(&w, `<text class="time" x="%d" y="%.1f">%s</text>`, timeRight, y+4, t)
		}
		p.row(&w, e, y)
	}
	w.WriteString("</svg>\n")
	return w.Bytes()
}

func (p *picture) x(lane int) float64 {
	switch lane {
	case laneServer:
		return laneAt
	case lanePage:
		return pageAt
	}
	return peerAt + peerStep*float64(lane-lanePeers)
}

func escape(s string) string { return html.EscapeString(s) }

// seconds words a time with what matters of it.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// axis gives each row its height, and says where a gap is broken, and how
// long it is.
func (p *picture) axis() (axis, broken []point) {
	y, at := float64(pictureTop), p.first
	for i, e := range p.rows {
		dy := (e.at - at).Seconds() * perSecond
		if dy > longest {
			dy = longest
			broken = append(broken, point{e.at - at, y + longest/2})
		}
		if i > 0 {
			dy = max(dy, rowHeight)
		}
		y, at = y+dy, e.at
		axis = append(axis, point{at, y})
	}
	return append(axis, point{max(p.last, at), y + rowHeight}), broken
}

// height finds a moment between the rows.
func height(axis []point, at time.Duration) float64 {
	last := point{at, pictureTop}
	for _, a := range axis {
		if a.at >= at {
			if a.at == last.at {
				return a.y
			}
			return last.y + (a.y-last.y)*float64(at-last.at)/float64(a.at-last.at)
		}
		last = a
	}
	return last.y
}

// spans colours a lane by its states.
func (p *picture) spans(w *bytes.Buffer, axis []point, lane int, bottom float64) {
	rows := map[time.Duration]float64{} // where a change is written, its colour begins
	for i, e := range p.rows {
		if _, ok := e.changes[lane]; ok {
			rows[e.at] = axis[i].y
		}
	}
	all := p.lanes[lane].spans
	for i, s := range all {
		to := bottom
		if i+1 < len(all) {
			to = rows[all[i+1].from]
		}
		class := s.state
		if class == "ended" {
			class = "ended-span"
		}
		fmt.Fprintf(w, `<rect class="%s" x="%.1f" y="%.1f" width="10" height="%.1f" rx="2"><title>%s from %.3f s</title></rect>`+"\n",
			class, p.x(lane)-5, rows[s.from], max(to-rows[s.from], 1), s.state, (s.from - p.first).Seconds())
	}
}

// beats draws a run of beats that came as one bar beside the other end's lane.
func beats(w *bytes.Buffer, axis []point, b *beating, x float64) {
	x -= 17
	from, to := height(axis, b.first), height(axis, b.last)
	fmt.Fprintf(w, `<rect class="beat" x="%.1f" y="%.1f" width="5" height="%.1f" rx="2"><title>%d beats</title></rect>`, x, from, max(to-from, 2), b.count)
	if to-from > 70 {
		fmt.Fprintf(w, `<text class="small mid" transform="translate(%.1f %.1f) rotate(-90)">%d beats</text>`, x-4, (from+to)/2, b.count)
	}
	w.WriteString("\n")
}

func (p *picture) row(w *bytes.Buffer, e entry, y float64) {
	bad := map[bool]string{true: " bad"}[e.lost]
	text := escape(e.text)
	if e.count > 1 {
		text += fmt.Sprintf(" × %d", e.count)
	}
	switch {
	case e.changes != nil:
		for i := range p.lanes {
			words, ok := e.changes[i]
			if !ok {
				continue
			}
			x, class := p.x(i)+12, "state"
			if i == laneServer {
				x += 10
			}
			if e.ends[i] {
				class = "ended"
				fmt.Fprintf(w, `<path class="end" d="M%.1f %.1fh22"/>`, p.x(i)-11, y)
			}
			fmt.Fprintf(w, `<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, x, y+4, escape(words))
		}
	case e.from == e.to:
		fmt.Fprintf(w, `<circle class="dot%s" cx="%.1f" cy="%.1f" r="3.5"/><text x="%.1f" y="%.1f">%s</text>`, bad, p.x(e.from), y, p.x(e.from)+12, y+4, text)
	default:
		from, to := p.x(e.from), p.x(e.to)
		side := map[bool]float64{true: 6, false: -6}[from < to]
		from, to = from+side, to-side
		middle := (p.x(min(e.from, e.to)) + p.x(min(e.from, e.to)+1)) / 2 // over the first gap, clear of other lanes
		gap := side * (float64(len([]rune(text)))*charWidth/2 + 5) / 6
		fmt.Fprintf(w, `<path class="arrow%s" d="M%.1f %.1fH%.1f"/><path class="arrow%s" d="M%.1f %.1fH%.1f" marker-end="url(#tip%s)"/><text class="mid" x="%.1f" y="%.1f">%s</text>`,
			bad, from, y, middle-gap, bad, middle+gap, y, to, strings.TrimSpace(bad), middle, y+4, text)
	}
	w.WriteString("\n")
}
