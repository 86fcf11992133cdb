//go:build e2e

package e2e

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

// oneTileEach waits until both are connected, each with one element for the
// other, and returns who they are.
func oneTileEach(ana, ben *Page) (identities [2]string) {
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	for i, p := range []*Page{ana, ben} {
		p.Until("there is one element", `document.querySelectorAll('[data-peer]').length === 1`)
		identities[i] = p.identities()
	}
	return identities
}

func TestTenReloadsInARow(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	before := oneTileEach(ana, ben)
	for range 10 {
		life := ben.Text(`holdline.snapshot().life`)
		ben.Do(kit.ReloadButton)
		ben.Until("Ben's next page lives", `holdline.snapshot().life > `+life)
		if after := oneTileEach(ana, ben); after != before {
			t.Fatalf("before %v, after %v", before, after)
		}
	}
}

func TestReloadsThatDoNotWaitForEachOther(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	before := oneTileEach(ana, ben)
	for range 5 { // each while the last one is still joining or negotiating
		ben.Do(kit.ReloadButton)
		ben.Until("the document is new", `performance.getEntriesByType('navigation')[0].type === 'reload' && (window.seen ? false : window.seen = true)`)
	}
	if after := oneTileEach(ana, ben); after != before {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestAReloadDuringNegotiation(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	ana.Is("waiting")
	ben := participant(t, s, "Ben", "&media=none")
	ana.Until("they negotiate", `document.querySelector('[data-peer][data-state=negotiating]')`)
	ben.Do(kit.ReloadByScript)
	oneTileEach(ana, ben)
}

func TestAReloadDuringRecovery(t *testing.T) {
	_, ana, ben, _, _ := throughProxies(t, "&media=none")
	before := oneTileEach(ana, ben)
	ben.Eval(`connections.at(-1).close(), 1`, nil) // as if the browser had lost it
	ana.Until("a link is being repaired", `['interrupted', 'recovering'].includes(`+tile("Ben")+`.dataset.state)`)
	ben.Do(kit.ReloadButton)
	if after := oneTileEach(ana, ben); after != before {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestBackAndForward(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	ana.Is("waiting")
	ben := visit(t, "Ben", s.URL+"/", `addEventListener('pageshow', (e) => { window.restored = e.persisted })`)
	ben.Open(address(s, "test", "Ben", "&media=none"))
	before := oneTileEach(ana, ben)
	for range 2 {
		ben.Do(kit.HistoryBack)
		ana.SeesCause("Ben", "away", "page-navigated")
		ben.Until("Ben is on the start page", `location.pathname === '/'`)
		ben.Do(kit.HistoryForward)
		ben.Until("Ben is in the room", `location.pathname === '/r/test' && holdline.snapshot().participant`)
		if after := oneTileEach(ana, ben); after != before {
			t.Errorf("before %v, after %v", before, after)
		}
		t.Logf("%s: restored from the bfcache: %s", engineOf("Ben"), ben.Text(`window.restored`))
	}
}

func TestACopyOfTheTabIsSomebodyElse(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	profile := profileOf(t, "Ben")
	ben := NewPage(t, profile, address(s, "test", "Ben", "&media=none"))
	before := oneTileEach(ana, ben)
	// What a browser copies with a tab is its address and its sessionStorage.
	record := ben.Text(`JSON.stringify({ ...sessionStorage })`)
	copied := NewPage(t, profile, s.URL+"/healthz")
	copied.Eval(`(() => { for (const [k, v] of Object.entries(`+record+`)) sessionStorage.setItem(k, v) })()`, nil)
	copied.Open(address(s, "test", "Ben", "&media=none"))
	ana.Until("two Bens are connected", `document.querySelectorAll('[data-peer][data-name=Ben][data-state=connected]').length === 2`)
	ben.Until("the first goes on", `holdline.snapshot().participant && document.querySelector('[data-peer][data-name=Ben][data-state=connected]')`)
	copied.Press("Leave")
	ana.Until("one Ben is left", `document.querySelectorAll('[data-peer][data-state=connected]').length === 1`)
	ben.Sees("Ana", "connected")
	if own, was := ben.Text(`holdline.snapshot().participant`), before[1]; len(was) < len(own) || was[:len(own)] != own {
		t.Errorf("Ben was %s and is %s", was, own)
	}
}
