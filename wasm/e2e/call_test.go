//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// chromium is the one browser process of this package's tests.
var chromium *Chromium

func TestMain(m *testing.M) {
	c, end, err := StartChromium()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start Chromium:", err)
		os.Exit(1)
	}
	chromium = c
	code := m.Run()
	end()
	os.Exit(code)
}

// scale shortens the server's windows: 10 s become 2 s.
const scale = "--time-scale=0.2"

// address is a room's address for somebody who joins without a lobby.
func address(s *Server, room, name, query string) string {
	return s.URL + "/r/" + room + "?join=now&lang=en&name=" + name + query
}

// participant opens a room in a browser of its own and joins without a lobby.
func participant(t testing.TB, s *Server, name, query string) *Page {
	t.Helper()
	return chromium.NewProfile(t).NewPage(t, address(s, "test", name, query))
}

// call is two participants who are connected.
func call(t testing.TB, s *Server, query string) (ana, ben *Page) {
	t.Helper()
	ana = participant(t, s, "Ana", query)
	ana.Is("waiting")
	ben = participant(t, s, "Ben", query)
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	return ana, ben
}

// Is waits until the page is in this state.
func (p *Page) Is(state string) {
	p.t.Helper()
	p.Until("the page is "+state, fmt.Sprintf(`document.documentElement.dataset.state === %q`, state))
}

// tile selects the element of a participant.
func tile(name string) string {
	return fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q]')`, name)
}

// Sees waits until the page shows the participant in this state.
func (p *Page) Sees(name, state string) {
	p.t.Helper()
	p.Until(name+" is "+state, fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q][data-state=%q]')`, name, state))
}

// SeesCause waits until the participant's element has one of these causes.
func (p *Page) SeesCause(name, state string, causes ...string) {
	p.t.Helper()
	p.Until(name+" is "+state+" by "+strings.Join(causes, " or "), fmt.Sprintf(
		`%[1]s.dataset.state === %[2]q && %[3]q.split(' ').includes(%[1]s.dataset.cause)`, tile(name), state, strings.Join(causes, " ")))
}

// play samples what the page's own RTCPeerConnections received, summed.
const play = `(async () => {
	let frames = 0, energy = 0
	for (const v of document.querySelectorAll('[data-peer] video')) {
		frames += v.getVideoPlaybackQuality().totalVideoFrames
		if (!v.srcObject) continue
		v.context ??= new AudioContext()
		v.analyser ??= (() => { const a = v.context.createAnalyser(); v.context.createMediaStreamSource(v.srcObject).connect(a); return a })()
		const samples = new Float32Array(v.analyser.fftSize)
		v.analyser.getFloatTimeDomainData(samples)
		energy += samples.reduce((sum, x) => sum + x * x, 0)
	}
	return { frames, energy }
})()`

// plays waits until every remote picture moves on and sound is heard.
func (p *Page) plays(tiles int) {
	p.t.Helper()
	p.Until("pictures play", fmt.Sprintf(`[...document.querySelectorAll('[data-peer][data-state=connected] video')].filter((v) => v.videoWidth > 0).length === %d`, tiles))
	p.Until("every picture moves on", `(() => {
		const now = [...document.querySelectorAll('[data-peer][data-state=connected] video')].map((v) => v.getVideoPlaybackQuality().totalVideoFrames)
		window.framesBefore ??= now
		return now.every((n, i) => n > window.framesBefore[i] + 5)
	})()`)
	p.Eval(`delete window.framesBefore`, nil)
	p.Until("sound is heard", `(() => { window.heard ??= 0; `+play+`.then((m) => { window.heard = m.energy }); return window.heard > 0 })()`)
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
	other, end, err := StartChromium()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	s := StartServer(t)
	ana := participant(t, s, "Ana", "")
	ben := other.NewProfile(t).NewPage(t, address(s, "test", "Ben", ""))
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
