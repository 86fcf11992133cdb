package kit

import (
	"fmt"
	"testing"
)

// Clock is the JavaScript expression of a page's clock: milliseconds since
// 1970. Those of two pages on one machine agree to well under a millisecond,
// so one's timestamp may be taken from the other's.
const Clock = `performance.timeOrigin + performance.now()`

// Frames is a JavaScript function that counts the frames that a video element
// has presented since it was first asked; they stand in its property frames.
// (Firefox 153 counts none of a stream's in totalVideoFrames.)
const Frames = `((video) => {
	if (video.frames === undefined) {
		video.frames = 0
		const next = () => { video.frames++; video.requestVideoFrameCallback(next) }
		video.requestVideoFrameCallback(next)
	}
	return video.frames
})`

// told tells the same profile's notebook when the person acted: the click, or
// the beginning of a leave.
const told = `{
	const notebook = new BroadcastChannel('kit-notebook')
	let told = false
	const tell = () => { if (!told) notebook.postMessage(` + Clock + `); told = true }
	addEventListener('click', tell, true)
	addEventListener('beforeunload', tell, true)
}`

// Notebook keeps when a profile's pages were acted on, by their own clocks. It
// outlives them.
type Notebook struct{ page *Page }

// NewNotebook opens one, at any address of the origin whose pages are watched.
func (p *Profile) NewNotebook(t testing.TB, address string) *Notebook {
	t.Helper()
	n := &Notebook{page: p.NewPage(t, address)}
	n.page.Eval(`new BroadcastChannel('kit-notebook').onmessage = (e) => { window.acted ??= e.data }, 1`, nil)
	return n
}

// Watch has documents that the page opens from here on tell the notebook of
// the first click or leave in each of them.
func (n *Notebook) Watch(p *Page) {
	p.t.Helper()
	p.BeforeDocuments(told)
}

// Clear forgets what was noted.
func (n *Notebook) Clear() {
	n.page.t.Helper()
	n.page.Eval(`delete window.acted`, nil)
}

// Acted waits for the first act since Clear and returns its time on Clock.
func (n *Notebook) Acted() (at float64) {
	n.page.t.Helper()
	n.page.Until("the person's act is noted", `window.acted`)
	n.page.Eval(`window.acted`, &at)
	return at
}

// Watch has the page note the time, on Clock, at which a condition first
// holds. It looks at every change of the document, and 100 times a second.
// Noted gives the time; watching for a name again forgets it.
func (p *Page) Watch(name, condition string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`(() => {
		window.kitNotes ??= {}
		const name = %q, began = {}
		window.kitNotes[name] = began
		const holds = () => { try { return !!(%s) } catch { return false } }
		const look = () => {
			const mine = window.kitNotes[name] === began
			if (mine && holds()) began.at = %s
			if (!mine || began.at) { observer.disconnect(); clearInterval(poll) }
		}
		const observer = new MutationObserver(look)
		const poll = setInterval(look, 10)
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
		look()
	})()`, name, condition, Clock), nil)
}

// Noted waits until the condition that was watched under this name has held,
// and returns when it first did, on Clock.
func (p *Page) Noted(name string) (at float64) {
	p.t.Helper()
	p.Until(name+" is noted", fmt.Sprintf(`window.kitNotes[%q].at`, name))
	p.Eval(fmt.Sprintf(`window.kitNotes[%q].at`, name), &at)
	return at
}
