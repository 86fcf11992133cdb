//go:build e2e

package e2e

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

// cutOff is a call whose Ben is in a browser of his own, to be stopped: then
// nothing comes from him on any lane, and no end either.
func cutOff(t *testing.T, flags ...string) (ana, ben *Page) {
	t.Helper()
	s := StartServer(t, append([]string{scale}, flags...)...)
	ana = participant(t, s, "Ana", "&media=none")
	ana.Is("waiting")
	ben = NewPage(t, kit.StartFor(t, engineOf("Ben")).NewProfile(t), address(s, "test", "Ben", "&media=none"))
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	return ana, ben
}

func TestOneWhoIsCutOffComesBackInsideTheGrace(t *testing.T) {
	ana, ben := cutOff(t, "--grace-silent=2m") // 24 s at this scale
	before := ana.identities()
	ben.Do(kit.StopBrowser)
	ana.SeesCause("Ben", "recovering", "network-lost")
	ana.SeesCause("Ben", "away", "network-lost")
	ana.Until("the server's countdown is shown", `/place is held for \d+ s/.test(`+tile("Ben")+`.innerText)`)
	ben.Do(kit.ContinueBrowser)
	ana.Until("Ben is simply connected", tile("Ben")+`.dataset.state === 'connected' && `+tile("Ben")+`.dataset.cause === ''`)
	ben.Is("connected")
	if after := ana.identities(); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
	ana.Eval(`holdline.say('welcome back')`, nil)
	ben.Until("the call is repaired", `holdline.snapshot().messages.some((m) => m.text === 'welcome back')`)
}

func TestOneWhoIsCutOffForLongerIsToldWhatTheOthersWereTold(t *testing.T) {
	ana, ben := cutOff(t)
	was := ben.Text(`holdline.snapshot().participant`)
	ben.Do(kit.StopBrowser)
	ana.SeesCause("Ben", "away", "network-lost")
	ana.SeesCause("Ben", "ended", "network-lost")
	end := ana.Text(`JSON.stringify(holdline.snapshot().peers.find((p) => p.name === 'Ben').end)`)
	ben.Do(kit.ContinueBrowser)
	ben.Until("Ben is somebody new", `holdline.snapshot().participant !== '`+was+`'`)
	ben.Sees("Ana", "connected")
	if told := ben.Text(`JSON.stringify(holdline.snapshot().former)`); told != end {
		t.Errorf("Ben is told %s, Ana was told %s", told, end)
	}
	ben.Until("his page words it", `document.body.innerText.includes('The others were told')`)
}
