//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// elsewhere is another site.
func elsewhere(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<!doctype html><title>elsewhere</title>"))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestTheEndsThatAPageCauses is the README's table of actions for Chromium.
func TestTheEndsThatAPageCauses(t *testing.T) {
	other := elsewhere(t)
	s := StartServer(t, scale)
	for _, tt := range []struct {
		action Leaving
		cause  string
		words  string // what the other side reads at once
		target string // of the navigation, as far as the other side may know it
	}{
		{CloseTab, "page-closed", "Ben closed the page", ""},
		{FollowLink(s.URL + "/"), "page-navigated", "Ben went to another page of this site", "/"},
		{FollowLink(other + "/x"), "page-navigated", "Ben went to another page", ""},
		{TypeAddress(other + "/y"), "page-navigated", "Ben went to another page", ""},
		{TypeAddress(s.URL + "/r/other-room"), "page-navigated", "Ben went to another page of this site", "/r/other-room"},
		{Back, "page-navigated", "Ben went to another page of this site", "/"},
	} {
		t.Run(tt.action.Name, func(t *testing.T) {
			ana := participant(t, s, "Ana", "&media=none")
			ben := chromium.NewProfile(t).NewPage(t, s.URL+"/")
			ben.Open(address(s, "test", "Ben", "&media=none"))
			ana.Sees("Ben", "connected")
			ben.Sees("Ana", "connected")
			ana.Eval(`window.states = [], new MutationObserver(() => {
				const d = `+tile("Ben")+`.dataset, now = d.state + ' ' + d.cause
				if (window.states.at(-1) !== now) window.states.push(now)
			}).observe(`+tile("Ben")+`, { attributes: true }), 1`, nil)
			tt.action.Do(ben)
			ana.SeesCause("Ben", "away", tt.cause)
			ana.Until("it is said in words", tile("Ben")+`.innerText.includes('`+tt.words+`')`)
			ana.SeesCause("Ben", "ended", tt.cause)
			if target := ana.Text(`holdline.snapshot().peers.find((p) => p.name === 'Ben').end.target ?? ''`); target != tt.target {
				t.Errorf("target %q, want %q", target, tt.target)
			}
			if final := ana.Text(`holdline.snapshot().peers.find((p) => p.name === 'Ben').end.final`); final != "true" {
				t.Errorf("the end is not final: %s", final)
			}
			for _, state := range strings.Split(ana.Text(`window.states.join('; ')`), "; ") {
				if strings.HasPrefix(state, "interrupted") || strings.HasPrefix(state, "recovering") || strings.HasSuffix(state, "page-crashed") {
					t.Errorf("the tile said %q on the way", state)
				}
			}
			ana.Is("waiting")
			ana.Press("Leave")
		})
	}
}

func TestLeaveEndsAtOnceOnBothSides(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	ben.Eval(`window.ends = [], holdline.addEventListener('end', (e) => window.ends.push(e.detail)), 1`, nil)
	ben.Press("Leave")
	ana.SeesCause("Ben", "ended", "hangup")
	ben.Is("ended")
	ben.Until("it says why", `document.querySelector('[role=alert]').dataset.cause === 'hangup' && document.querySelector('[role=alert]').checkVisibility()`)
	if got := ben.Text(`window.ends.map((e) => e.cause + ' ' + e.by + ' ' + e.final).join()`); got != "hangup person true" {
		t.Errorf("end event: %s", got)
	}
	ana.Until("the room's word is final", `holdline.snapshot().peers[0].end.final`)
	ben.Press("Rejoin")
	ben.Sees("Ana", "connected")
	ana.Until("a new participant is connected", `document.querySelector('[data-peer][data-state=connected]')`)
}

func TestAReloadComesBackByItself(t *testing.T) {
	for _, reload := range []Leaving{Reload, ReloadByScript} {
		t.Run(reload.Name, func(t *testing.T) {
			ana, ben := call(t, StartServer(t), "")
			ben.Press("Mute microphone")
			ben.Press("Chat")
			ben.Fill("Message", "before")
			ben.Key("Enter")
			before := ana.Text(tile("Ben") + `.dataset.peer`)
			reload.Do(ben)
			ana.SeesCause("Ben", "away", "page-reloaded")
			ana.Sees("Ben", "connected")
			ben.Sees("Ana", "connected")
			if after := ana.Text(tile("Ben") + `.dataset.peer`); after != before {
				t.Errorf("participant %s came back as %s", before, after)
			}
			if n := ana.Text(`document.querySelectorAll('[data-peer]').length`); n != "1" {
				t.Errorf("%s elements for one participant", n)
			}
			ben.Until("the microphone is still muted", `holdline.snapshot().microphone.state === 'muted'`)
			ben.Until("the chat is still there", `holdline.snapshot().messages.some((m) => m.text === 'before')`)
			ben.plays(1)
			ana.Until("the picture moves on", `(() => { const n = `+tile("Ben")+`.querySelector('video').getVideoPlaybackQuality().totalVideoFrames; window.n ??= n; return n > window.n + 5 })()`)
		})
	}
}

func TestBothReloadAtOnce(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	for range 3 {
		Reload.Do(ana)
		Reload.Do(ben)
		ana.Until("Ana's page is new", `performance.getEntriesByType('navigation')[0].type === 'reload'`)
		ana.Sees("Ben", "connected")
		ben.Sees("Ana", "connected")
		for _, p := range []*Page{ana, ben} {
			p.Until("there is one element", `document.querySelectorAll('[data-peer]').length === 1`)
		}
	}
}

func TestACancelledLeaveHangsNobodyUp(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	ben := chromium.NewProfile(t).NewPage(t, s.URL+"/r/test?lang=en&name=Ben&media=none")
	ben.Toggle("Ask before I close the page during a call")
	ben.Press("Join")
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	ben.AnswerDialogs(false)
	go ben.Call("Page.navigate", M{"url": "about:blank"}, nil)
	ana.Sees("Ben", "away")
	ana.Sees("Ben", "connected")
	if got := ben.Dialogs(); len(got) == 0 || got[0] != "beforeunload" {
		t.Errorf("dialogs %v, want beforeunload", got)
	}
	ana.Eval(`holdline.say('still there?')`, nil)
	ben.Until("the call goes on", `holdline.snapshot().messages.some((m) => m.text === 'still there?')`)
	ben.AnswerDialogs(true)
	go ben.Call("Page.navigate", M{"url": "about:blank"}, nil)
	ana.SeesCause("Ben", "away", "page-navigated", "page-closed")
}

func TestADownloadHangsNobodyUp(t *testing.T) {
	download := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", "attachment; filename=x.bin")
		w.Write([]byte("x"))
	}))
	t.Cleanup(download.Close)
	ana, ben := call(t, StartServer(t), "&media=none")
	FollowLink(download.URL).Do(ben)
	ana.Sees("Ben", "away")
	ana.Sees("Ben", "connected")
	ana.Until("nobody ended", `document.querySelectorAll('[data-peer]').length === 1`)
}

func TestALinkElsewhereAndBackComesBack(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	before := ana.Text(tile("Ben") + `.dataset.peer`)
	TypeAddress(elsewhere(t)).Do(ben)
	ana.SeesCause("Ben", "away", "page-navigated")
	ben.Until("Ben is elsewhere", `document.title === 'elsewhere'`)
	Back.Do(ben)
	ana.Sees("Ben", "connected")
	if after := ana.Text(tile("Ben") + `.dataset.peer`); after != before {
		t.Errorf("participant %s came back as %s", before, after)
	}
}
