//go:build e2e

package e2e

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"holdline/wasm/e2e/kit"
)

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
	for _, reload := range []kit.Action{kit.ReloadButton, kit.ReloadByScript} {
		t.Run(reload.Name, func(t *testing.T) {
			ana, ben := call(t, StartServer(t), "")
			ben.Press("Mute microphone")
			ben.Press("Chat")
			ben.Fill("Message", "before")
			ben.Key("Enter")
			before := ana.Text(tile("Ben") + `.dataset.peer`)
			ben.Do(reload)
			ana.SeesCause("Ben", "away", "page-reloaded", "page-navigated") // TestTheEndsThatAPageCauses knows which, and where
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
			ana.Until("the picture moves on", kit.Frames+`(`+tile("Ben")+`.querySelector('video')) > 5`)
		})
	}
}

func TestBothReloadAtOnce(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	for range 3 {
		ana.Do(kit.ReloadButton)
		ben.Do(kit.ReloadButton)
		ana.Until("Ana's page is new", `performance.getEntriesByType('navigation')[0].type === 'reload'`)
		ana.Sees("Ben", "connected")
		ben.Sees("Ana", "connected")
		for _, p := range []*Page{ana, ben} {
			p.Until("there is one element", `document.querySelectorAll('[data-peer]').length === 1`)
		}
	}
}

// askedCall is a call without media whose Ben is asked before he closes his page.
func askedCall(t *testing.T) (ana, ben *Page) {
	t.Helper()
	s := StartServer(t)
	ana = participant(t, s, "Ana", "&media=none")
	ben = visit(t, "Ben", s.URL+"/r/test?lang=en&name=Ben&media=none", "")
	ben.Toggle("Ask before I close the page during a call")
	ben.Press("Join")
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	return ana, ben
}

func TestACancelledLeaveHangsNobodyUp(t *testing.T) {
	ana, ben := askedCall(t)
	ben.AnswerDialogs(false)
	ben.Do(kit.TypeAddress.To("about:blank"))
	ana.Sees("Ben", "away")
	ana.Sees("Ben", "connected")
	if got := ben.Dialogs(); len(got) == 0 || got[0] != "beforeunload" {
		t.Errorf("dialogs %v, want beforeunload", got)
	}
	ana.Eval(`holdline.say('still there?')`, nil)
	ben.Until("the call goes on", `holdline.snapshot().messages.some((m) => m.text === 'still there?')`)
	ben.AnswerDialogs(true)
	ben.Do(kit.TypeAddress.To("about:blank"))
	ana.SeesCause("Ben", "away", "page-navigated", "page-closed")
}

// slowServer is a site that answers when it is told to.
func slowServer(t *testing.T) (url string, answer func()) {
	t.Helper()
	ready := make(chan struct{})
	answer = sync.OnceFunc(func() { close(ready) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-ready
		w.Write([]byte("slow"))
	}))
	t.Cleanup(s.Close)
	t.Cleanup(answer)
	return s.URL, answer
}

// TestASlowLinkIsStillANavigation: while the next page is slow to come, this
// one takes its leaving back, in Firefox on another socket, since Firefox 153
// has closed the one before.
func TestASlowLinkIsStillANavigation(t *testing.T) {
	slow, answer := slowServer(t)
	ana, ben := call(t, StartServer(t), "&media=none")
	ana.witness()
	ben.Do(kit.FollowLink.To(slow))
	ana.Sees("Ben", "away")
	ana.SeesCause("Ben", "connected", "")
	answer()
	ana.SeesCause("Ben", "ended", "page-navigated")
}

func TestALinkElsewhereAndBackComesBack(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	before := ana.Text(tile("Ben") + `.dataset.peer`)
	ben.Do(kit.TypeAddress.To(elsewhere(t)))
	ana.SeesCause("Ben", "away", "page-navigated")
	ben.Until("Ben is elsewhere", `document.title === 'elsewhere'`)
	ben.Do(kit.HistoryBack)
	ana.Sees("Ben", "connected")
	if after := ana.Text(tile("Ben") + `.dataset.peer`); after != before {
		t.Errorf("participant %s came back as %s", before, after)
	}
}

// Firefox may end the client's program while the page goes: that is not why.
func TestAProgramThatStopsWhileThePageGoesDoesNotHideWhy(t *testing.T) {
	ana, ben := call(t, StartServer(t, scale), "&media=none")
	ben.Eval(`addEventListener('beforeunload', () => holdlineGoodbye.failed())`, nil)
	ben.Do(kit.FollowLink.To(elsewhere(t) + "/x"))
	ana.SeesCause("Ben", "ended", "page-navigated")
}
