//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"

	"holdline/wasm/e2e/kit"
)

// bench is a call of which Ben acts and Ana observes.
type bench struct {
	b        *testing.B
	server   *kit.Server
	ana      *Page
	profile  *kit.Profile
	notebook *kit.Notebook // of Ben's browser
}

func newBench(b *testing.B, query string) *bench {
	s := StartServer(b, scale)
	n := &bench{b: b, server: s, ana: participant(b, s, "Ana", query), profile: profileOf(b, "Ben")}
	n.notebook = n.profile.NewNotebook(b, s.URL+"/healthz")
	return n
}

// ben joins and is connected.
func (n *bench) ben(query string) *Page {
	ben := NewPage(n.b, n.profile, "about:blank")
	n.notebook.Watch(ben.Page)
	ben.Open(address(n.server, "test", "Ben", query))
	ben.Sees("Ana", "connected")
	n.ana.Sees("Ben", "connected")
	n.notebook.Clear()
	return ben
}

// watch makes Ana note when her page first shows that Ben is not simply
// connected any more, and when he is back with his picture moving.
func (n *bench) watch() {
	n.ana.Eval(`(() => {
		delete window.noticed; delete window.back
		const ben = document.querySelector('[data-peer][data-state=connected]')
		new MutationObserver((_, observer) => {
			const { state } = ben.dataset
			if (state !== 'connected') window.noticed ??= `+kit.Clock+`
			if (state === 'connected' && window.noticed) {
				observer.disconnect()
				ben.querySelector('video').requestVideoFrameCallback(() => { window.back = `+kit.Clock+` })
			}
		}).observe(ben, { attributes: true, attributeFilter: ['data-state'] })
	})()`, nil)
}

// since waits for Ana's note and returns its time after Ben's, in ms.
func (n *bench) since(note string) float64 {
	n.ana.Until("it is "+note, "window."+note)
	var at float64
	n.ana.Eval("window."+note, &at)
	return at - n.notebook.Acted()
}

// report prints the median and the maximum of the runs.
func report(b *testing.B, what string, ms []float64) {
	slices.Sort(ms)
	b.ReportMetric(ms[len(ms)/2], what+"-median-ms")
	b.ReportMetric(ms[len(ms)-1], what+"-max-ms")
	b.ReportMetric(0, "ns/op")
	fmt.Printf("%-40s n=%d  median %6.1f ms  max %6.1f ms\n", b.Name()+" "+what, len(ms), ms[len(ms)/2], ms[len(ms)-1])
}

// noticed measures one way of leaving: from the act to the change on the
// other page.
func noticed(b *testing.B, act func(n *bench, ben *Page)) {
	n := newBench(b, "")
	var all []float64
	for range 20 {
		ben := n.ben("")
		n.watch()
		act(n, ben)
		all = append(all, n.since("noticed"))
		n.ana.Until("Ben is off the page", `!document.querySelector('[data-peer][data-state=connected]')`)
		ben.Close()
	}
	report(b, "noticed", all)
}

func BenchmarkLeave(b *testing.B) {
	noticed(b, func(_ *bench, ben *Page) { ben.Press("Leave") })
}

func BenchmarkLink(b *testing.B) {
	noticed(b, func(n *bench, ben *Page) { ben.Do(kit.FollowLink.To(n.server.URL + "/")) })
}

func BenchmarkTabClose(b *testing.B) {
	noticed(b, func(_ *bench, ben *Page) { ben.Do(kit.CloseTab) })
}

// BenchmarkReload measures from the act until the picture moves again on the
// other page.
func BenchmarkReload(b *testing.B) {
	n := newBench(b, "")
	var gone, back []float64
	ben := n.ben("")
	for range 10 {
		n.notebook.Clear()
		n.watch()
		ben.Do(kit.ReloadButton)
		gone = append(gone, n.since("noticed"))
		back = append(back, n.since("back"))
		ben.Sees("Ana", "connected")
	}
	report(b, "noticed", gone)
	report(b, "back", back)
}

// BenchmarkPageStart measures a second visit: from the navigation to the call,
// and to the first remote picture.
func BenchmarkPageStart(b *testing.B) {
	n := newBench(b, "")
	var connected, picture []float64
	for range 10 {
		ben := NewPage(b, n.profile, "about:blank")
		ben.BeforeDocuments(`
			addEventListener('DOMContentLoaded', () => new MutationObserver((_, observer) => {
				const ana = document.querySelector('[data-peer][data-state=connected]')
				if (!ana) return
				observer.disconnect()
				window.connected = performance.now()
				ana.querySelector('video').requestVideoFrameCallback(() => { window.picture = performance.now() })
			}).observe(document, { subtree: true, childList: true, attributes: true }))`)
		ben.Open(address(n.server, "test", "Ben", ""))
		ben.Until("the picture plays", "window.picture")
		var c, p float64
		ben.Eval("window.connected", &c)
		ben.Eval("window.picture", &p)
		connected, picture = append(connected, c), append(picture, p)
		ben.Press("Leave")
		n.ana.Until("Ben left", `!document.querySelector('[data-peer][data-state=connected]')`)
		ben.Close()
	}
	// The first visit filled the cache.
	report(b, "connected", connected[1:])
	report(b, "picture", picture[1:])
}
