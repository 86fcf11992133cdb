package page

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall/js"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// stylesheet is how index.html names a file of its own.
var stylesheet = regexp.MustCompile(`<link rel="stylesheet" href="/static/([a-z]+\.css)">`)

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../static/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eval runs JavaScript in the page, and returns what it gives.
func eval(code string) js.Value { return js.Global().Call("eval", code) }

// rejoined is how often the newest page has been told that Rejoin was pressed:
// the document's listeners of those before it are still there.
var rejoined *int

// realPage is the page with its own HTML, styles, scripts and words, in a call
// with these people.
func realPage(t *testing.T, s session.Snapshot) *Page {
	t.Helper()
	html := stylesheet.ReplaceAllStringFunc(file(t, "index.html"), func(link string) string {
		return "<style>" + file(t, stylesheet.FindStringSubmatch(link)[1]) + "</style>"
	})
	js.Global().Get("document").Get("documentElement").Set("innerHTML", html)
	words, err := json.Marshal(file(t, "text.json"))
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{}, 1)
	done := js.FuncOf(func(js.Value, []js.Value) any { ready <- struct{}{}; return nil })
	defer done.Release()
	eval(`fetch = async (url) => new Response(String(url).includes('text.json') ? ` + string(words) + ` : '')`)
	eval(`WebAssembly.compileStreaming = async () => {}
		document.addEventListener = (type, ...rest) => EventTarget.prototype.addEventListener.call(type === 'DOMContentLoaded' ? globalThis.begin = new EventTarget() : document, type, ...rest)`)
	for _, script := range []string{"boot.js", "shell.js"} {
		eval(file(t, script))
	}
	eval(`begin.dispatchEvent(new Event('DOMContentLoaded'))`)
	eval(`holdline.shell.words`).Call("then", done)
	<-ready
	var p *Page
	pressed := new(int)
	rejoined = pressed
	p = New(Controls{Begin: func(Config) {}, Rejoin: func() { *pressed++ }, Version: "test", Snapshot: func() session.Snapshot { return p.snapshot }})
	t.Cleanup(func() { p.timer.Stop(); p.panel.sampler.Stop() })
	p.Render(s)
	return p
}

// company is as many people as a stage holds.
func company() []session.PeerSnapshot {
	var peers []session.PeerSnapshot
	for i, name := range []string{"Ana Ruiz", "Ben", "Chen Wei", "Dora", "Emil Novák", "Wolfeschlegelsteinhausenbergerdorff", "דנה"} {
		peer := over("relay", "srflx", relayed(session.WhyFiltered), func(p *session.Path) {
			p.Local, p.Remote = session.Candidates{Host: 12, Hidden: 3, ServerReflexive: 2, Relay: 3}, session.Candidates{Host: 4, PeerReflexive: 11}
			p.Pair.Local.Address, p.Pair.Local.Port = "2001:db8:1234:5678:9abc:def0:1234:5678", 50000
			p.Sampled, p.RTT, p.In, p.Out, p.Loss, p.Consent, p.Took = now, 124, 9_800_000, 11_200_000, 0.124, now-4000, 1240
			p.Finding = signal.FindingNamesUnresolved
			for n := range 6 {
				p.Recovery = append(p.Recovery, session.Recovery{At: now - float64(10-n+i)*10_000, Rung: n, Took: 1640, Cause: signal.CausePathBlocked})
			}
		})
		peer.Participant, peer.Name = fmt.Sprint(i), name
		peers = append(peers, peer)
	}
	return peers
}

// shown is what an expression of the panel (p), the button of the first tile
// (b) and the second (c) gives.
func shown(expression string) js.Value {
	return eval(`(() => { const p = document.getElementById('connection'), [b, c] = document.querySelectorAll('.line'); return ` + expression + ` })()`)
}

func is(t *testing.T, when string, expressions ...string) {
	t.Helper()
	for _, e := range expressions {
		if got := shown(e); got.Type() != js.TypeBoolean || !got.Bool() {
			t.Errorf("%s: not %s\n%s", when, e, shown(`p.outerHTML.slice(0, 300) + document.activeElement.outerHTML.slice(0, 200)`))
		}
	}
}

const escape = `dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))`

func TestThePanelOpensClosesAndHandsTheFocusBack(t *testing.T) {
	s := call(session.StateConnected, company()...)
	p := realPage(t, s)
	is(t, "at first", `p.hidden`, `b.ariaExpanded === 'false'`, `b.textContent === 'Connection to Ana Ruiz'`, `b.getAttribute('aria-controls') === p.id`)
	shown(`b.focus(), b.click()`)
	is(t, "opened", `!p.hidden`, `b.ariaExpanded === 'true'`, `p.contains(document.activeElement)`, `p.dataset.of === '0'`,
		`document.getElementById('connection-title').textContent === 'Connection to Ana Ruiz'`, `p.dataset.path === 'relayed'`)
	shown(`(p.querySelector('summary').focus(), document.getElementById('connection-details').open = true, document.getElementById('connection-scroll').scrollTop = 120)`)
	is(t, "scrolled", `document.getElementById('connection-scroll').scrollTop === 120`)
	s.Peers[0].Path.RTT, s.Peers[0].Path.Sampled, s.Peers[0].Path.Relayed = 7, now+1000, false
	s.Peers[0].Path.Recovery = append(s.Peers[0].Path.Recovery, session.Recovery{At: now, Rung: 1})
	p.Render(s)
	is(t, "rendered again", `!p.hidden`, `document.getElementById('connection-details').open`, `document.getElementById('connection-scroll').scrollTop === 120`,
		`document.activeElement.matches('summary')`, `p.dataset.path === 'direct'`)
	shown(`document.activeElement.` + escape)
	is(t, "Escape", `p.hidden`, `b.ariaExpanded === 'false'`, `document.activeElement === b`)
	shown(`c.click()`)
	is(t, "another's", `!p.hidden`, `p.dataset.of === '1'`, `b.ariaExpanded === 'false'`, `c.ariaExpanded === 'true'`, `p.querySelectorAll('.recovery').length === 6`)
	shown(`b.click()`)
	is(t, "one's instead of the other's", `p.dataset.of === '0'`, `c.ariaExpanded === 'false'`, `b.ariaExpanded === 'true'`, `p.querySelectorAll('.recovery').length === 7`,
		`[...p.querySelectorAll('time')].every((e, i, all) => !i || e.textContent <= all[i - 1].textContent)`)
	shown(`document.getElementById('connection-close').click()`)
	is(t, "the close button", `p.hidden`, `document.activeElement === b`)
	shown(`b.click()`)
	shown(`(b.focus(), b.` + escape + `)`)
	is(t, "Escape on the button", `p.hidden`, `document.activeElement === b`)
	shown(`b.click()`)
	s.Peers = s.Peers[1:]
	p.Render(s)
	is(t, "who it was about is gone", `p.hidden`, `document.activeElement.id === 'main'`)
}

func TestThePlotsMoveOnWithoutAChangeOfTheCall(t *testing.T) {
	p := realPage(t, call(session.StateConnected, company()...))
	later := p.snapshot
	later.Peers = company()
	p.controls.Snapshot = func() session.Snapshot { return later }
	measured := func(age, rtt float64) {
		_, clock := browser.Now()
		later.Peers[0].Path.Sampled, later.Peers[0].Path.RTT = clock-age, rtt
		p.sample()
	}
	measured(1500, 17) // while the panel is closed
	is(t, "there is a figure for each quantity", `[...p.querySelectorAll('.plot')].map((f) => f.dataset.plot).join() === 'rtt,loss,in,out,consent'`)
	shown(`b.click()`)
	const line = `p.querySelector('[data-plot=rtt] .plot-line').getAttribute('d')`
	is(t, "opened", `p.dataset.rtt === '17'`, line+`.endsWith('h0')`, `p.querySelector('[data-plot=rtt] .plot-value').textContent === '17 ms'`,
		`[...p.querySelectorAll('.plot-name')].map((e) => e.textContent).join() === 'Round-trip time,Packets lost,Received,Sent,Consent confirmed'`)
	measured(400, 23)
	is(t, "a second later", `p.dataset.rtt === '23'`, line+`.includes('L')`, `p.querySelector('[data-plot=rtt] svg').ariaLabel.startsWith('Round-trip time: 23 ms; ')`)
	if !p.panel.sampling {
		t.Error("it does not go on")
	}
	later.Peers = nil
	p.sample()
	is(t, "nobody is there", `p.hidden`)
	if p.panel.sampling {
		t.Error("it goes on with nobody there")
	}
}

func TestThePanelAndTheChatStandInOnePlace(t *testing.T) {
	realPage(t, call(session.StateConnected, company()...))
	const chat = `document.documentElement.dataset.chat`
	shown(`document.getElementById('chat-toggle').ariaExpanded === 'true' || document.getElementById('chat-toggle').click()`)
	is(t, "the chat is open", chat+` === 'open'`)
	shown(`b.click()`)
	is(t, "the panel instead", chat+` === 'closed'`, `document.getElementById('chat-toggle').ariaExpanded === 'false'`)
	shown(`c.click()`)
	shown(`document.activeElement.` + escape)
	is(t, "the chat again", chat+` === 'open'`, `p.hidden`)
	shown(`b.click()`)
	shown(`document.getElementById('chat-toggle').click()`)
	is(t, "the chat instead", chat+` === 'open'`, `p.hidden`, `b.ariaExpanded === 'false'`, `document.activeElement.id === 'message'`)
	shown(`document.getElementById('chat-close').click()`)
	shown(`b.click()`)
	shown(`document.activeElement.` + escape)
	is(t, "the chat stays closed", chat+` === 'closed'`, `p.hidden`)
}

// The picture of the page in a frame has the frame's width, as on a phone.
func TestThePanelFitsEveryWidth(t *testing.T) {
	for _, language := range []string{"en", "zh"} {
		p := realPage(t, call(session.StateConnected, company()...))
		shown(`holdline.shell.setLanguage('` + language + `')`)
		for i := range 7 {
			p.openPanel(fmt.Sprint(i))
			shown(`(document.getElementById('connection-details').setAttribute('open', ''), true)`)
			for _, size := range [][2]int{{320, 568}, {360, 640}, {390, 844}, {844, 390}, {700, 900}, {1030, 700}, {1280, 800}} {
				if got := framed(size[0], size[1], panelLayout); got != "" {
					t.Errorf("%s, panel %d, %d by %d: %s", language, i, size[0], size[1], got)
				}
			}
			p.closePanel()
		}
	}
}

// panelLayout looks at the panel in a frame.
const panelLayout = `
	const panel = d.getElementById('connection'), scroll = d.getElementById('connection-scroll'), edge = box(panel)
	if (edge.left < 0 || edge.right > WIDTH || edge.top < 0 || edge.bottom > HEIGHT) wrong.push('the panel is outside: ' + JSON.stringify(edge))
	if (edge.height < 150) wrong.push('the panel is only ' + edge.height + ' px high')
	if (d.documentElement.scrollWidth > WIDTH) wrong.push('the page scrolls sideways')
	if (scroll.scrollWidth > scroll.clientWidth) wrong.push('the panel scrolls sideways')
	if (scroll.scrollHeight <= scroll.clientHeight) wrong.push('nothing to scroll')
	for (const e of panel.querySelectorAll('h2, h3, p, th, td, dt, dd, figcaption > *, svg, summary, button')) {
		const b = box(e)
		if (b.width > 1 && (b.right > edge.right + 0.5 || b.left < edge.left - 0.5)) wrong.push(e.outerHTML.slice(0, 80) + ' sticks out')
	}
	for (const row of panel.querySelectorAll('figcaption')) {
		const [name, range, value] = [...row.children].map(box)
		if (name.right > range.left && range.width || range.right > value.left) wrong.push(row.textContent + ' lies over itself')
	}
	for (const c of d.querySelectorAll('.controls .control, #connection-close')) {
		const b = box(c)
		if (WIDTH < 640 && b.width && d.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2)?.closest('button') !== c) wrong.push(c.id + ' is covered')
	}
	const hit = box(d.querySelector('.line'))
	if (hit.width < 44 || hit.height < 44) wrong.push('the button is ' + hit.width + ' by ' + hit.height)`

// framed pictures the page in a frame of this size, and says what is wrong
// with the layout there: look has the document (d), boxes of elements (box) and
// the list of what is wrong.
func framed(width, height int, look string) string {
	done := make(chan string, 1)
	answer := js.FuncOf(func(_ js.Value, args []js.Value) any { done <- args[0].String(); return nil })
	defer answer.Release()
	eval(strings.NewReplacer("WIDTH", fmt.Sprint(width), "HEIGHT", fmt.Sprint(height)).Replace(`((answer) => {
		const frame = document.createElement('iframe')
		frame.style = 'position: fixed; inset: 0 auto auto 0; border: 0; width: WIDTHpx; height: HEIGHTpx'
		frame.sandbox = 'allow-same-origin'
		frame.srcdoc = '<!DOCTYPE html>' + document.documentElement.outerHTML
		frame.onload = () => {
			const d = frame.contentDocument, wrong = [], box = (e) => e.getBoundingClientRect()
			` + look + `
			frame.remove()
			answer(wrong.join('; '))
		}
		document.body.append(frame)
	})`)).Invoke(answer)
	return <-done
}
