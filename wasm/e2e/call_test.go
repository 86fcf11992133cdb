//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"holdline/wasm/e2e/kit"
)

// scale shortens the server's windows: 10 s become 2 s.
const scale = "--time-scale=0.2"

// address is a room's address for somebody who joins without a lobby.
func address(s *kit.Server, room, name, query string) string {
	return s.URL + "/r/" + room + "?join=now&lang=en&name=" + name + query
}

// call is two participants who are connected.
func call(t testing.TB, s *kit.Server, query string) (ana, ben *Page) {
	t.Helper()
	ana = participant(t, s, "Ana", query)
	ana.Is("waiting")
	ben = participant(t, s, "Ben", query)
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	return ana, ben
}

// energy is the loudness of what the remote participants' elements play now.
const energy = `(() => {
	let sum = 0
	for (const v of document.querySelectorAll('[data-peer] video')) {
		if (!v.srcObject) continue
		v.context ??= new AudioContext()
		v.analyser ??= (() => { const a = v.context.createAnalyser(); v.context.createMediaStreamSource(v.srcObject).connect(a); return a })()
		const samples = new Float32Array(v.analyser.fftSize)
		v.analyser.getFloatTimeDomainData(samples)
		sum += samples.reduce((sum, x) => sum + x * x, 0)
	}
	return sum
})()`

// plays waits until every remote picture moves on and sound is heard.
func (p *Page) plays(tiles int) {
	p.t.Helper()
	p.Until("pictures play", fmt.Sprintf(`[...document.querySelectorAll('[data-peer][data-state=connected] video')].filter((v) => v.videoWidth > 0).length === %d`, tiles))
	p.moves()
	p.hears()
}

// moves waits until every picture of the others moves on.
func (p *Page) moves() {
	p.t.Helper()
	p.Eval(`document.querySelectorAll('video').forEach((v) => { if (v.frames) v.frames = 0 })`, nil)
	p.Until("every picture moves on", `[...document.querySelectorAll('[data-peer][data-state=connected] video')].map(`+kit.Frames+`).every((n) => n > 5)`)
}

// hears waits until sound is heard.
func (p *Page) hears() {
	p.t.Helper()
	p.Until("sound is heard", energy+` > 0`)
}

func TestTwoSeeAndHearEachOther(t *testing.T) {
	ana, ben := call(t, StartServer(t), "")
	for _, p := range []*Page{ana, ben} {
		p.plays(1)
		if log := p.Log(); log != "" {
			t.Errorf("the console is not quiet: %s", log)
		}
	}
}

func TestThreeSeeAndHearEachOther(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "")
	cem := participant(t, s, "Cem", "")
	for _, p := range []*Page{ana, ben, cem} {
		p.plays(2)
	}
	cem.Press("Leave")
	ana.SeesCause("Cem", "ended", "hangup")
	ben.SeesCause("Cem", "ended", "hangup")
	ana.Sees("Ben", "connected")
}

func TestTwoBrowsersCallEachOther(t *testing.T) {
	other := kit.StartFor(t, engineOf("Ben"))
	s := StartServer(t)
	ana := participant(t, s, "Ana", "")
	ben := NewPage(t, other.NewProfile(t), address(s, "test", "Ben", ""))
	ana.Sees("Ben", "connected")
	ana.plays(1)
	ben.plays(1)
}

func TestEightFillARoomAndTheNinthIsTold(t *testing.T) {
	s := StartServer(t)
	var all []*Page
	for i := range 8 {
		all = append(all, participant(t, s, fmt.Sprintf("P%d", i+1), "&media=none"))
	}
	for _, p := range all {
		p.Until("seven others are connected", `document.querySelectorAll('[data-peer][data-state=connected]').length === 7`)
	}
	ninth := participant(t, s, "P9", "&media=none")
	ninth.Is("ended")
	ninth.Until("it says why", `document.querySelector('[role=alert]').dataset.cause === 'room-full'`)
	all[0].Until("nobody noticed", `document.querySelectorAll('[data-peer]').length === 7`)
}

func TestChatGoesBothWays(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	shows := func(p *Page, text string) {
		t.Helper()
		p.Until("the message shows", fmt.Sprintf(`[...document.querySelectorAll('[role=log] li')].some((l) => l.textContent.includes(%q))`, text))
	}
	ana.Press("Chat")
	ana.Fill("Message", "Hello <b>Ben</b> 你好")
	ana.Press("Send")
	shows(ana, "Hello <b>Ben</b> 你好")
	shows(ben, "Hello <b>Ben</b> 你好")
	ben.Press("Chat, 1 unread")
	ben.Fill("Message", "Hello Ana")
	ben.Key("Enter")
	shows(ana, "Hello Ana")
	ana.Eval(`holdline.say('from a script')`, nil)
	shows(ben, "from a script")
}

func TestMuteIsSeenByTheOtherSide(t *testing.T) {
	ana, ben := call(t, StartServer(t), "")
	badge := func(shown bool) string {
		return fmt.Sprintf(`%s.querySelector('[aria-label="Microphone off"]').checkVisibility() === %t`, tile("Ana"), shown)
	}
	ben.Until("Ana is heard", badge(false))
	ana.Press("Mute microphone")
	ben.Until("Ana is shown muted", badge(true))
	ana.Press("Unmute microphone")
	ben.Until("Ana is heard again", badge(false))
	ana.Press("Turn camera off")
	ben.Until("Ana's picture is off", tile("Ana")+`.dataset.picture === 'off'`)
	ana.Press("Turn camera on")
	ben.Until("Ana's picture is on", tile("Ana")+`.dataset.picture === 'on'`)
}
