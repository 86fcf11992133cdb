//go:build e2e

package e2e

import (
	"testing"
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
