package page

import (
	"strings"
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// sampleEvery is how often the page asks for the newest samples, in ms: they
// come every second, and are no change that the session would show by itself.
const sampleEvery = 1000.0

// panel is the page's one panel, for one participant at a time. It is rendered
// only while it is open.
type panel struct {
	element, scroll, list js.Value
	of                    string // the participant; "" while it is closed
	series                Histories
	sampler               *browser.Timer
	sampling              bool // the sampler is set
	recoveries            map[float64]*recoveryElement
	clock                 js.Value // how a recovery's time is written

	participant, title, verdict, more, moreShown *slot
	next, nextShown, rejoinShown, toCheckShown   *slot
	path                                         pathSlots
	numbers                                      []*slot
	plots                                        []plotElement
	theirs, gathered, hidden, checks             *slot
	kinds                                        [][2]*slot
	facts, factsShown                            []*slot
	unbroken, unbrokenShown                      *slot
}

// pathSlots are where PathAttributes stand.
type pathSlots struct{ path, state, why, finding, local, remote *slot }

func pathSlotsOf(el js.Value) pathSlots {
	return pathSlots{
		path: attributeOf(el, "data-path"), state: attributeOf(el, "data-path-state"), why: attributeOf(el, "data-why"),
		finding: attributeOf(el, "data-finding"), local: attributeOf(el, "data-local"), remote: attributeOf(el, "data-remote"),
	}
}

// put ends with data-path: who waits for it reads the others.
func (s pathSlots) put(a PathAttributes) {
	s.state.put(a.State)
	s.why.put(a.Why)
	s.finding.put(a.Finding)
	s.local.put(a.Local)
	s.remote.put(a.Remote)
	s.path.put(a.Path)
}

type plotElement struct{ name, line, top, value, span, words *slot }

type recoveryElement struct {
	element, time          js.Value
	took, rung, what, fail *slot
}

func newPanel(document js.Value) panel {
	el := document.Call("getElementById", "connection")
	more, next, unbroken := find(el, ".verdict-more"), find(el, ".verdict-next"), find(el, ".recoveries-none")
	p := panel{
		element:       el,
		scroll:        document.Call("getElementById", "connection-scroll"),
		list:          find(el, ".recoveries"),
		series:        Histories{},
		recoveries:    map[float64]*recoveryElement{},
		clock:         js.ValueOf(map[string]any{"hour": "2-digit", "minute": "2-digit", "second": "2-digit"}),
		participant:   attributeOf(el, "data-of"),
		title:         textOf(document.Call("getElementById", "connection-title")),
		verdict:       textOf(find(el, ".verdict")),
		more:          textOf(more),
		moreShown:     shownOf(more),
		next:          textOf(next),
		nextShown:     shownOf(next),
		rejoinShown:   shownOf(find(el, ".rejoin")),
		toCheckShown:  shownOf(find(el, ".to-check")),
		path:          pathSlotsOf(el),
		theirs:        textOf(find(el, ".theirs")),
		gathered:      textOf(find(el, ".gathered")),
		hidden:        textOf(find(el, ".hidden-names")),
		checks:        textOf(find(el, ".checks")),
		unbroken:      textOf(unbroken),
		unbrokenShown: shownOf(unbroken),
	}
	time := find(el, ".plot-time")
	for _, q := range quantities {
		id := strings.TrimPrefix(q.name, "plot.")
		p.numbers = append(p.numbers, attributeOf(el, "data-"+id))
		f := fresh(document, "plot")
		f.Call("setAttribute", "data-plot", id)
		time.Call("before", f)
		p.plots = append(p.plots, plotElement{
			name: textOf(find(f, ".plot-name")), line: attributeOf(find(f, ".plot-line"), "d"), words: attributeOf(find(f, "svg"), "aria-label"),
			top: textOf(find(f, ".plot-top")), value: textOf(find(f, ".plot-value")), span: textOf(find(f, ".plot-range")),
		})
	}
	cells := el.Call("querySelectorAll", "tbody td")
	for i := range kinds {
		p.kinds = append(p.kinds, [2]*slot{textOf(cells.Index(2 * i)), textOf(cells.Index(2*i + 1))})
	}
	for _, id := range facts {
		row := find(el, `[data-fact="`+id+`"]`)
		p.facts = append(p.facts, textOf(find(row, "dd")))
		p.factsShown = append(p.factsShown, shownOf(row))
	}
	return p
}

// listenPanel stays for as long as the page. The tiles' buttons come and go,
// so the stage hears for them.
func (p *Page) listenPanel() {
	p.panel.sampler = browser.NewTimer(p.sample)
	browser.Listen(p.stage, "click", func(ev js.Value) {
		button := ev.Get("target").Call("closest", ".line")
		if button.IsNull() {
			return
		}
		participant := button.Call("closest", "[data-peer]").Call("getAttribute", "data-peer").String()
		if participant == p.panel.of {
			p.closePanel()
		} else {
			p.openPanel(participant)
		}
	})
	browser.Listen(find(p.panel.element, "#connection-close"), "click", func(js.Value) { p.closePanel() })
	for _, el := range []js.Value{p.stage, p.panel.element} {
		browser.Listen(el, "keydown", func(ev js.Value) {
			if p.panel.of != "" && ev.Get("key").String() == "Escape" {
				p.closePanel()
			}
		})
	}
	browser.Listen(p.shell, "chat", func(js.Value) { p.hidePanel() })
}

// openPanel shows the panel of a participant and hands it the focus.
func (p *Page) openPanel(participant string) {
	if e := p.tiles[p.panel.of]; e != nil {
		e.expanded.putBool(false)
	}
	p.panel.of = participant
	p.putRecoveries(nil) // those of another participant
	p.shell.Call("panel", true)
	p.Render(p.snapshot)
	if p.panel.of == "" {
		return
	}
	p.panel.element.Set("hidden", false)
	p.panel.scroll.Set("scrollTop", 0)
	p.panel.scroll.Call("focus")
}

// closePanel hands the focus back to the button that opened the panel.
func (p *Page) closePanel() {
	if e := p.tiles[p.panel.of]; e != nil {
		e.line.Call("focus")
	}
	p.hidePanel()
	p.shell.Call("panel", false)
}

func (p *Page) hidePanel() {
	if e := p.tiles[p.panel.of]; e != nil {
		e.expanded.putBool(false)
	}
	p.panel.of = ""
	p.panel.element.Set("hidden", true)
}

// keepSampling has the samples followed for as long as somebody is there.
func (p *Page) keepSampling(s session.Snapshot) {
	if !p.panel.sampling && len(s.Peers) > 0 {
		p.panel.sampling = true
		p.panel.sampler.Set(sampleEvery)
	}
}

// sample takes the newest samples; the plots of an open panel move on.
func (p *Page) sample() {
	p.panel.sampling = false
	s := p.controls.Snapshot()
	_, now := browser.Now()
	p.renderPanel(s, now)
	p.keepSampling(s)
}

// renderPanel brings the open panel to the snapshot, and closes it when its
// participant is there no more.
func (p *Page) renderPanel(s session.Snapshot, now float64) {
	p.panel.series.Note(s.Peers)
	if p.panel.of == "" {
		return
	}
	tile := p.tiles[p.panel.of]
	for _, peer := range s.Peers {
		if peer.Participant == p.panel.of && tile != nil && s.State != session.StateEnded {
			p.panel.participant.put(peer.Participant)
			tile.expanded.putBool(true)
			p.putPanel(p.table.panel(peer, p.panel.series[peer.Participant], now))
			return
		}
	}
	if p.panel.element.Call("contains", p.document.Get("activeElement")).Bool() {
		p.document.Call("getElementById", "main").Call("focus")
	}
	p.hidePanel()
	p.shell.Call("panel", false)
}

func (p *Page) putPanel(v Panel) {
	e := &p.panel
	e.title.put(v.Title)
	e.verdict.put(v.Verdict)
	e.more.put(v.More)
	e.moreShown.putBool(v.More != "")
	e.next.put(v.Next)
	e.nextShown.putBool(v.Next != "")
	e.rejoinShown.putBool(v.Rejoin)
	e.toCheckShown.putBool(v.ToCheck)
	for i, number := range v.Numbers {
		e.numbers[i].put(number)
	}
	for i, plot := range v.Plots {
		e.plots[i].name.put(plot.Name)
		e.plots[i].line.put(plot.Line)
		e.plots[i].top.put(plot.Top)
		e.plots[i].value.put(plot.Value)
		e.plots[i].span.put(plot.Range)
		e.plots[i].words.put(plot.Words)
	}
	e.theirs.put(v.Theirs)
	for i, kind := range v.Kinds {
		e.kinds[i][0].put(kind.Local)
		e.kinds[i][1].put(kind.Remote)
	}
	e.gathered.put(v.Gathered)
	e.hidden.put(v.Hidden)
	e.checks.put(v.Checks)
	for i, fact := range v.Facts {
		e.facts[i].put(fact)
		e.factsShown[i].putBool(fact != "")
	}
	p.putRecoveries(v.Recoveries)
	e.unbroken.put(v.Unbroken)
	e.unbrokenShown.putBool(v.Unbroken != "")
	e.path.put(v.Path)
}

// putRecoveries keeps an element for as long as its recovery is listed: when
// it began tells one from the other.
func (p *Page) putRecoveries(recoveries []Recovery) {
	e := &p.panel
	there := map[float64]bool{}
	for i := len(recoveries) - 1; i >= 0; i-- {
		r := recoveries[i]
		there[r.At] = true
		el := e.recoveries[r.At]
		if el == nil {
			el = newRecoveryElement(p.document)
			e.recoveries[r.At] = el
			e.list.Call("prepend", el.element)
		}
		time := js.Global().Get("Date").New(r.At)
		el.time.Set("textContent", time.Call("toLocaleTimeString", p.shell.Call("language"), e.clock))
		el.took.put(r.Took)
		el.rung.put(r.Rung)
		el.what.put(r.What)
		el.fail.putBool(r.Failed)
	}
	for at, el := range e.recoveries {
		if !there[at] {
			el.element.Call("remove")
			delete(e.recoveries, at)
		}
	}
}

func newRecoveryElement(document js.Value) *recoveryElement {
	el := fresh(document, "recovery")
	return &recoveryElement{
		element: el, time: find(el, "time"), took: textOf(find(el, ".recovery-took")), rung: textOf(find(el, ".recovery-rung")),
		what: textOf(find(el, ".recovery-what")), fail: attributeOf(el, "data-failed"),
	}
}
