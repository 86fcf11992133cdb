//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"holdline/wasm/e2e/kit"
)

func TestJoinBeforeTheClientIsThere(t *testing.T) {
	s := StartServer(t)
	p := visit(t, "Ana", "about:blank", "")
	release := p.Hold(".wasm")
	p.Open(s.URL + "/r/test?lang=en&media=none")
	p.Fill("Your name", "Ana")
	p.says("Loading the call. You can already type your name.")
	p.Find("progressbar", "Loading")
	p.Press("Join")
	p.Is("joining")
	p.says("Loading the call. You join as soon as it is here.")
	release()
	p.Is("waiting")
	if name := p.Text(`holdline.snapshot().name`); name != "Ana" {
		t.Errorf("joined as %q", name)
	}
	if p.Has("progressbar", "Loading") {
		t.Error("it still says that it loads")
	}
	quiet(t, p)
}

func TestTheClientCannotBeLoaded(t *testing.T) {
	s := StartServer(t)
	p := visit(t, "Ana", "about:blank", "")
	mend := p.Break(".wasm")
	p.Open(address(s, "test", "Ana", "&media=none"))
	p.Is("ended")
	p.Until("it says why", `document.querySelector('[role=alert][data-cause=client-failed]').innerText.includes('Holdline could not be loaded')`)
	p.focusOn("Reload")
	mend()
	p.Press("Reload")
	p.Is("waiting")
}

// stopsGo makes the client's program panic: it trusts its own shell, and this
// question of the shell's lacks its detail.
func (p *Page) stopsGo() {
	p.t.Helper()
	p.Eval(`holdline.shell.dispatchEvent(new CustomEvent('ask'))`, nil)
}

func TestTheClientStopsInACall(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	before := ana.Text(tile("Ben") + `.dataset.peer`)
	ben.stopsGo()
	ben.Is("ended")
	ben.Until("it says why", `document.querySelector('[role=alert][data-cause=client-failed]').innerText.includes('Holdline stopped in this page')`)
	ana.SeesCause("Ben", "away", "client-failed")
	ana.Until("it is said in words", tile("Ben")+`.innerText.includes('Holdline stopped in Ben’s page')`)
	ana.Find("button", "Copy link") // nobody is there, but a place is held: the bar offers it
	if ben.Text(`holdline.snapshot().state`) != "ended" {
		t.Error("the snapshot does not say that it ended")
	}
	ben.Press("Reload")
	ben.Sees("Ana", "connected")
	ana.Sees("Ben", "connected")
	if after := ana.Text(tile("Ben") + `.dataset.peer`); after != before {
		t.Errorf("participant %s came back as %s", before, after)
	}
	quiet(t, ana)
}

// TestAPageWhoseClientStoppedCanBeUsed: the loader of Go programs waits in a
// loop for one that misses its timer, and one that has exited misses them all.
func TestAPageWhoseClientStoppedCanBeUsed(t *testing.T) {
	s := StartServer(t)
	p := visit(t, "Ana", address(s, "test", "Ana", "&media=none"), `{
		const later = window.setTimeout
		window.setTimeout = (fn, ms, ...rest) => later(fn, Math.min(ms, 500), ...rest)
	}`)
	p.Is("waiting")
	p.stopsGo()
	p.Is("ended")
	p.Until("all its timers have fired", `window.fired ??= (setTimeout(() => { window.fired = 'all' }, 1000), 'some') === 'all'`)
	p.Press("Reload")
	p.Is("waiting")
}

// busyInGo keeps the client's program running until it is broken off, in an
// engine that does that, or for 2 s: it writes its answer into a field that
// takes its time. It returns when that has begun: what a navigation meets
// before is whole.
func (p *Page) busyInGo() {
	p.t.Helper()
	time := 2000
	if p.Engine() == kit.Firefox {
		time = 60000
	}
	p.Eval(fmt.Sprintf(`void setTimeout(() => {
		const end = performance.now() + %d
		holdline.shell.fire('ask', { what: 'snapshot', set json(_) {
			console.log('busy')
			while (performance.now() < end);
		} })
	}, 0)`, time), nil)
	p.UntilLogged("busy")
}

// anew checks who came back: the same participant, in Firefox 153 in a new
// life, since it has broken the program off.
func (p *Page) anew(was identity) {
	p.t.Helper()
	is := p.identity()
	if is.Participant != was.Participant {
		p.t.Errorf("participant %s came back as %s", was.Participant, is.Participant)
	}
	if anew := is.Life > was.Life; anew != (p.Engine() == kit.Firefox) {
		p.t.Errorf("life %d after %d", is.Life, was.Life)
	}
}

type identity struct {
	Participant string
	Life        int64
}

func (p *Page) identity() (id identity) {
	p.t.Helper()
	p.Eval(`(({ participant, life }) => ({ participant, life }))(holdline.snapshot())`, &id)
	return id
}

// TestACallOutlivesItsProgram: where the person types an address, Firefox 153
// ends whatever script runs, the client's program in the middle. The page may
// stay: the leave is cancelled, or the other server is slow.
func TestACallOutlivesItsProgram(t *testing.T) {
	t.Run("the leave is cancelled", func(t *testing.T) {
		ana, ben := askedCall(t)
		ana.Eval(`holdline.say('before')`, nil)
		ben.Until("the message is there", `document.getElementById('messages').innerText.includes('before')`)
		before := ben.identity()
		// Whose identity it is does not depend on how soon a lock is had again.
		ben.Eval(`navigator.locks.request = (name, { signal }) => new Promise((_, reject) => { signal.onabort = () => reject(signal.reason) }), 1`, nil)
		ben.busyInGo()
		ben.AnswerDialogs(false)
		ben.Do(kit.TypeAddress.To("about:blank"))
		ana.Sees("Ben", "away")
		ana.Sees("Ben", "connected")
		ben.Sees("Ana", "connected")
		ben.anew(before)
		ana.Eval(`holdline.say('still there?')`, nil)
		ben.Until("the call goes on", `[...document.querySelectorAll('#messages > *')].map((l) => l.innerText.match(/before|still there/)?.[0]).join() === 'before,still there'`)
		ben.Until("every element is there once", `document.querySelectorAll('[data-peer]').length === 1`)
		ben.AnswerDialogs(true)
		ben.Do(kit.TypeAddress.To("about:blank"))
		ana.SeesCause("Ben", "away", "page-navigated", "page-closed")
	})
	t.Run("the next page is slow", func(t *testing.T) {
		slow, answer := slowServer(t)
		ana, ben := call(t, StartServer(t, scale), "&media=video")
		before := ben.identity()
		ben.busyInGo()
		ben.Do(kit.TypeAddress.To(slow))
		ana.Sees("Ben", "away")
		ana.SeesCause("Ben", "connected", "")
		ana.Until("the picture moves on", kit.Frames+`(`+tile("Ben")+`.querySelector('video')) > 5`)
		if ben.Engine() == kit.Firefox { // Chromium does not let a page be asked for as long as the next one is slow
			ben.anew(before)
			ben.plays(1)
		}
		answer()
		ana.SeesCause("Ben", "ended", "page-navigated")
	})
	t.Run("who has left stays away", func(t *testing.T) {
		if engineOf("Ben") != kit.Firefox {
			t.Skip("only Firefox ends a page's scripts")
		}
		slow, _ := slowServer(t)
		ana, ben := call(t, StartServer(t), "&media=none")
		ben.Press("Leave")
		ana.SeesCause("Ben", "ended", "hangup")
		ben.Is("ended")
		ben.busyInGo()
		ben.Do(kit.TypeAddress.To(slow))
		ben.Is("lobby")
		ben.Until("it can join again", `document.querySelector('#lobby [type=submit]').checkVisibility() && !document.querySelector('[role=alert]').checkVisibility()`)
	})
}

func TestABrowserThatCannotMakeCallsIsToldSo(t *testing.T) {
	s := StartServer(t)
	for _, lacks := range []string{"RTCPeerConnection", "WebAssembly"} {
		p := visit(t, "Ana", address(s, "test", "Ana", ""), "delete window."+lacks)
		p.Is("ended")
		p.Until("it says why", `document.querySelector('[role=alert][data-cause=unsupported-browser]').innerText.includes('This browser cannot make calls')`)
		p.focusOn("Copy link")
		quiet(t, p)
	}
}
