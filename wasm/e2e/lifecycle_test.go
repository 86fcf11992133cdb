//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/results"
)

// elsewhere is another site: pages, a download and an answer without a page.
func elsewhere(t testing.TB) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/download":
			w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
			w.Write([]byte("x"))
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<!doctype html><title>elsewhere</title>"))
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// sight is what Ana's page shows of Ben when something happened to his.
type sight struct {
	meanwhile string // state and cause, once it is known; empty: nothing is shown
	words     string // that Ana reads then
	target    string // of the navigation, as far as Ana may know it
	after     string // state and cause in the end
}

// happening is a row of the README's table: something happens to Ben's page.
type happening struct {
	name   string
	action kit.Action
	act    func(ben *Page) // instead of an action: what a person does on the page
	undo   kit.Action      // what takes it back, for what can be taken back
	sights map[kit.Engine]sight
	// media tells that sound and picture flow: Firefox 153 does not count what
	// an idle connection gets, so only then can it tell silence from a page that
	// does not answer.
	media bool
}

// alike is for what both engines show alike.
func alike(s sight) map[kit.Engine]sight {
	return map[kit.Engine]sight{kit.Chromium: s, kit.Firefox: s}
}

// goneTo is a navigation.
func goneTo(target string) sight {
	words := "Ben went to another page"
	if target != "" {
		words += " of this site"
	}
	return sight{"away page-navigated", words, target, "ended page-navigated"}
}

var (
	nothing  = sight{after: "connected "}
	closed   = sight{"away page-closed", "Ben closed the page", "", "ended page-closed"}
	vanished = sight{"away page-vanished", "Ben’s page disappeared", "", "ended page-vanished"}
	crashed  = sight{"away page-crashed", "Ben’s page crashed and may come back", "", "ended page-crashed"}
	silent   = sight{"away network-lost", "Ben’s network is silent", "", "ended network-lost"}
)

// happenings need the server's own address and another site's.
func happenings(own, other string) []happening {
	return []happening{
		{name: "Leave is pressed", act: func(ben *Page) { ben.Press("Leave") }, sights: alike(sight{"", "Ben left the call", "", "ended hangup"})},
		{name: "the tab is closed", action: kit.CloseTab, sights: alike(closed)},
		{name: "reload button", action: kit.ReloadButton, sights: map[kit.Engine]sight{
			kit.Chromium: {"away page-reloaded", "Ben is reloading", "", "connected "},
			// Firefox 153 has no pageswap: a reload cannot be told from the address bar before the page is back.
			kit.Firefox: {"away page-navigated", "Ben went to another page", "", "connected "},
		}},
		{name: "`location.reload()`", action: kit.ReloadByScript, sights: alike(sight{"away page-reloaded", "Ben is reloading", "", "connected "})},
		{name: "a link to another page of the site", action: kit.FollowLink.To(own + "/"), sights: alike(goneTo("/"))},
		{name: "a link elsewhere", action: kit.FollowLink.To(other + "/x"), sights: alike(goneTo(""))},
		{name: "the address bar, elsewhere", action: kit.TypeAddress.To(other + "/y"), sights: alike(goneTo(""))},
		{name: "the address bar, same site", action: kit.TypeAddress.To(own + "/r/other-room"), sights: map[kit.Engine]sight{
			kit.Chromium: goneTo("/r/other-room"),
			// Firefox 153 says by no event where the address bar leads.
			kit.Firefox: goneTo(""),
		}},
		{name: "history back", action: kit.HistoryBack, sights: alike(goneTo("/"))},
		{name: "a link that downloads", action: kit.FollowLink.To(other + "/download"), sights: alike(sight{"away page-navigated", "", "", "connected "})},
		{name: "a link that is answered 204", action: kit.FollowLink.To(other + "/nothing"), sights: alike(sight{"away page-navigated", "", "", "connected "})},
		{name: "the page is frozen, then goes on", action: kit.Freeze, undo: kit.Thaw, sights: map[kit.Engine]sight{
			kit.Chromium: {"away page-frozen", "Ben’s browser has paused the page", "", "connected "},
		}},
		{name: "a modal dialog opens, then is closed", action: kit.OpenAlert, undo: kit.CloseAlert, media: true, sights: map[kit.Engine]sight{
			kit.Chromium: {"connected page-unresponsive", "Ben’s page does not answer right now; the line is fine", "", "connected "},
			// Firefox 153 goes on with data channels and sockets while a dialog is open.
			kit.Firefox: nothing,
		}},
		{name: "the client's program stops", act: func(ben *Page) { ben.stopsGo() },
			sights: alike(sight{"away client-failed", "Holdline stopped in Ben’s page", "", "ended client-failed"})},
		{name: "the tab is discarded", action: kit.Discard, sights: map[kit.Engine]sight{kit.Firefox: closed}},
		{name: "the page's process crashes", action: kit.CrashPage, sights: map[kit.Engine]sight{
			kit.Chromium: crashed,
			// Firefox 153 has nothing that it could send for a page that is dead.
			kit.Firefox: vanished,
		}},
		{name: "the page's process is killed", action: kit.KillPage, sights: map[kit.Engine]sight{kit.Chromium: crashed, kit.Firefox: vanished}},
		{name: "the browser is told to quit", action: kit.QuitBrowser, sights: alike(vanished)},
		{name: "the browser's main process is killed", action: kit.KillBrowser, sights: alike(vanished)},
		{name: "all processes of the browser are killed", action: kit.KillEverything, sights: alike(vanished)},
		{name: "all processes of the browser are stopped", action: kit.StopBrowser, sights: alike(silent)},
	}
}

// witness has Ana's page note each state and cause that it shows of Ben, with
// the words of the first.
func (p *Page) witness() {
	p.t.Helper()
	p.Eval(`(() => {
		const now = () => { const d = `+tile("Ben")+`.dataset; return d.state + ' ' + d.cause }
		window.states = []
		let last = now()
		new MutationObserver(() => {
			if (now() === last) return
			last = now()
			window.states.push(last)
		}).observe(`+tile("Ben")+`, { attributes: true })
	})()`, nil)
	p.Describe = `({ shown: window.states, page: ` + p.Describe + ` })`
}

// witnessed are the states and causes since witness.
func (p *Page) witnessed() (states []string) {
	p.t.Helper()
	p.Eval(`window.states`, &states)
	return states
}

// passes waits for longer than silence is overlooked, in which nothing may be
// shown.
func (p *Page) passes() {
	p.t.Helper()
	p.Until("time passes", `(window.since ??= performance.now()) < performance.now() - 3000`)
	if states := p.witnessed(); len(states) > 0 {
		p.t.Errorf("shown: %q", states)
	}
}

func broken(state string) bool {
	return strings.HasPrefix(state, "interrupted") || strings.HasPrefix(state, "recovering")
}

// settled is what of the states says something of Ben, and the end. What the
// link does on the way depends on the moment, unless it is wanted. What he does
// is presumed at first, and known when the goodbye comes.
func settled(states []string, want sight) (shown []string, meanwhile string) {
	for i, s := range states {
		if strings.HasPrefix(s, "away") || s == "connected page-unresponsive" || s == want.meanwhile {
			shown, meanwhile = append(shown, s), s
		} else if i == len(states)-1 {
			shown = append(shown, s)
		}
	}
	return slices.Compact(shown), meanwhile
}

// TestTheEndsThatAPageCauses is the README's table of browsers.
func TestTheEndsThatAPageCauses(t *testing.T) {
	s := StartServer(t, scale)
	var seen results.Results
	for i, h := range happenings(s.URL, elsewhere(t)) {
		t.Run(h.name, func(t *testing.T) {
			engine := engineOf("Ben")
			if why := h.action.Cannot(engine); why != "" {
				seen.Rows = append(seen.Rows, results.Result{Name: h.name, Cannot: why})
				t.Skipf("%s: %s", engine, why)
			}
			want := h.sights[engine]
			query := "&media=none"
			if h.media {
				query = ""
			}
			profile := profileOf(t, "Ben")
			if h.action.WholeBrowser {
				profile = kit.StartFor(t, engine).NewProfile(t)
			}
			room := fmt.Sprint("room-", i) // nobody from the last row is in it
			ana := visit(t, "Ana", address(s, room, "Ana", query), "")
			ben := NewPage(t, profile, s.URL+"/")
			ben.Open(address(s, room, "Ben", query))
			ana.Sees("Ben", "connected")
			ben.Sees("Ana", "connected")
			ana.witness()
			ben.LeaveDialogs()
			if h.act != nil {
				h.act(ben)
			} else {
				ben.Do(h.action)
			}
			if want == nothing {
				ana.passes()
			} else if want.meanwhile != "" {
				ana.Until(want.meanwhile+" is shown", fmt.Sprintf(`window.states.includes(%q)`, want.meanwhile))
			}
			if want.words != "" {
				ana.Until("it is said in words", tile("Ben")+`.innerText.includes('`+want.words+`')`)
			}
			if h.undo.Name != "" {
				ben.Do(h.undo)
			}
			state, cause, _ := strings.Cut(want.after, " ")
			ana.SeesCause("Ben", state, cause)
			states := ana.witnessed()
			shown, meanwhile := settled(states, want)
			if meanwhile != want.meanwhile {
				t.Errorf("meanwhile %q, want %q: %q", meanwhile, want.meanwhile, states)
			}
			if state == "ended" {
				if target := ana.Text(`holdline.snapshot().peers.find((p) => p.name === 'Ben').end.target ?? ''`); target != want.target {
					t.Errorf("target %q, want %q", target, want.target)
				}
				if final := ana.Text(`holdline.snapshot().peers.find((p) => p.name === 'Ben').end.final`); final != "true" {
					t.Errorf("the end is not final: %s", final)
				}
				ana.Is("waiting")
			}
			if len(states) > 0 && strings.HasPrefix(states[0], "away") && state == "ended" && slices.ContainsFunc(states, broken) {
				t.Errorf("the tile said %q after a goodbye", states)
			}
			seen.Rows = append(seen.Rows, results.Result{Name: h.name, Shown: shown})
		})
	}
	keep(t, seen)
}
