//go:build e2e

package kit

import (
	"syscall"
	"testing"
)

// TestActions performs each action that a page survives or that ends it alone,
// and reads in its diary that it was this one.
func TestActions(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		other := newSite(t)
		for _, tt := range []struct {
			action Action
			to     string // on the same site, or elsewhere
			tells  []string
		}{
			{CloseTab, "", []string{"beforeunload", "pagehide"}},
			{ReloadButton, "", []string{"beforeunload", "pagehide", "load reload seen"}},
			{ReloadByScript, "", []string{"beforeunload", "pagehide", "load reload seen"}},
			{FollowLink, "/second", []string{"beforeunload", "pagehide", "load navigate seen"}},
			{FollowLink, "/nothing", []string{"beforeunload"}},
			{FollowLink, "/file", []string{"beforeunload"}},
			{FollowLink, other.URL, []string{"beforeunload", "pagehide"}},
			{TypeAddress, "/second", []string{"beforeunload", "pagehide", "load navigate seen"}},
			{HistoryBack, "", []string{"beforeunload", "pagehide", "back"}},
			{DuplicateTab, "", []string{"load back_forward seen"}},
			{Discard, "", []string{}},
			{Freeze, "", []string{"freeze"}},
			{CrashPage, "", []string{}},
		} {
			t.Run(tt.action.Name+" "+tt.to, func(t *testing.T) {
				if why := tt.action.Cannot(b.Engine); why != "" {
					t.Skip(why)
				}
				s := newSite(t)
				p := b.NewProfile(t).NewPage(t, s.URL+"/before")
				p.Open(s.URL)
				s.tells(t, "load navigate new", "load navigate seen")
				a := tt.action
				if a.NeedsAddress {
					if a.Address = tt.to; tt.to[0] == '/' {
						a.Address = s.URL + tt.to
					}
				}
				p.Eval(`setInterval(write, 20, 'tick')`, nil)
				s.tells(t, "tick")
				p.Do(a)
				s.tells(t, tt.tells...)
				switch a.Name {
				case DuplicateTab.Name:
					copied := p.Opened()
					copied.Until("the copy is there", `sessionStorage.seen`)
				case Discard.Name:
					p.Do(LookAgain)
					s.tells(t, "load back_forward seen")
				case Freeze.Name:
					p.Do(Thaw)
					s.tells(t, "resume")
				case CrashPage.Name:
					s.fallsSilent(t)
				}
			})
		}
	})
}

func TestAModalDialogStopsThePage(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		p := b.NewProfile(t).NewPage(t, newSite(t).URL)
		p.LeaveDialogs()
		p.Eval(`window.ticks = 0, setInterval(() => window.ticks++, 10), 1`, nil)
		p.Do(OpenAlert)
		for range 200 {
			if len(p.Dialogs()) == 1 {
				break
			}
			_ = p.eval(`new Promise((done) => setTimeout(done, 20))`, nil, glance/10)
		}
		if got := p.Dialogs(); len(got) != 1 || got[0] != "alert" {
			t.Fatalf("dialogs %q", got)
		}
		p.Do(CloseAlert)
		p.Until("it ticks on", `window.ticks > 5`)
	})
}

// TestWholeBrowsers ends or stops processes, each time of a browser of its own.
func TestWholeBrowsers(t *testing.T) {
	for _, engine := range []Engine{Chromium, Firefox} {
		for _, a := range []Action{KillPage, QuitBrowser, KillBrowser, KillEverything, StopBrowser} {
			t.Run(string(engine)+" "+a.Name, func(t *testing.T) {
				b := StartFor(t, engine)
				s := newSite(t)
				p := b.NewProfile(t).NewPage(t, s.URL)
				p.Eval(`setInterval(write, 20, 'tick')`, nil)
				s.tells(t, "tick")
				p.Do(a)
				s.fallsSilent(t)
				switch a.Name {
				case StopBrowser.Name:
					p.Do(ContinueBrowser)
					s.tells(t, "tick")
				case KillPage.Name:
					if got := b.NewProfile(t).NewPage(t, s.URL).Text(`document.title`); got != "diary" {
						t.Errorf("the browser shows %q", got)
					}
				default:
					if err := syscall.Kill(b.driver.pid(), 0); err == nil {
						t.Error("the browser's process is still there")
					}
				}
			})
		}
	}
}

func TestActionsHaveNamesOfTheirOwn(t *testing.T) {
	for i, a := range Actions {
		got, ok := ActionNamed(a.Name)
		if !ok || got.NeedsAddress != a.NeedsAddress {
			t.Errorf("%q is not found by its name", a.Name)
		}
		for _, b := range Actions[:i] {
			if a.Name == b.Name {
				t.Errorf("two actions are named %q", a.Name)
			}
		}
		for _, e := range []Engine{Chromium, Firefox} {
			if able := (e == Chromium && a.chromium != nil) || (e == Firefox && a.firefox != nil); able == (a.Cannot(e) != "") {
				t.Errorf("%q in %s: able %t, and the reason is %q", a.Name, e, able, a.Cannot(e))
			}
		}
	}
}
