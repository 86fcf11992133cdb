//go:build e2e && screenshots

package e2e

import (
	"fmt"
	"os"
	"testing"

	"holdline/wasm/e2e/kit"
)

// TestScreenshots pictures every state of the real page that a person can
// come to, for scripts/screenshots, which names the folder.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("HOLDLINE_SCREENSHOTS")
	if dir == "" {
		t.Fatal("HOLDLINE_SCREENSHOTS names the folder for the pictures: run make screenshots")
	}
	for _, tt := range []struct {
		name string
		take func(*album)
	}{
		{"start", startScreens},
		{"lobby", lobbyScreens},
		{"elsewhere", elsewhereScreens},
		{"loading", loadingScreens},
		{"call", callScreens},
		{"company", companyScreens},
		{"screen", screenScreens},
		{"panel", panelScreens},
		{"unreached", unreachedScreens},
		{"away", awayScreens},
		{"silent", silentScreens},
		{"server", serverScreens},
		{"ends", endScreens},
		{"chinese", chineseScreens},
		{"check", checkScreens},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.take(&album{t: t, dir: dir}) })
	}
}

func startScreens(a *album) {
	s := StartServer(a.t)
	p := a.visitor("")
	p.Open(s.URL + "/?lang=en")
	a.take(p, "start")
	p.Fill("Room", "my garden")
	p.Press("Open room")
	a.take(p, "start-error")
	p.Open(s.URL + "/r/my%20garden?lang=en")
	a.take(p, "start-bad-address")
}

func lobbyScreens(a *album) {
	s := StartServer(a.t)
	p := a.visitor("Ana Ruiz")
	p.Open(s.URL + "/r/garden?lang=en&name=Ana%20Ruiz")
	p.Until("the preview shows", `document.querySelector('#self video').videoWidth > 0`)
	a.take(p, "lobby")
	for name, err := range map[string]string{"lobby-denied": "NotAllowedError", "lobby-no-device": "NotFoundError"} {
		p := a.visitor("")
		p.BeforeDocuments(`navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '` + err + `') }`)
		p.Open(s.URL + "/r/garden?lang=en")
		p.Until("it says why", `!document.getElementById('device-notice').hidden`)
		a.take(p, name)
	}
}

// elsewhereScreens are the other ways to open the page.
func elsewhereScreens(a *album) {
	s := StartServer(a.t, "--addr", ":0")
	p := a.visitor("Ana Ruiz")
	p.Open(s.URL + "/r/garden?lang=en&name=Ana%20Ruiz")
	p.opensElsewhere("Open on another device")
	a.take(p, "elsewhere-lobby")
	p.Key("Escape")
	p.Press("Join")
	p.Is("waiting")
	a.take(p, "elsewhere-button", closeChat(p))
	p.opensElsewhere("Open on another device")
	a.take(p, "elsewhere-waiting", closeChat(p))
	p.Eval(`holdline.shell.setLanguage('zh')`, nil)
	a.take(p, "zh-elsewhere", closeChat(p))

	p = a.visitor("")
	p.Open(lanURL(a.t, s, "http") + "/?lang=en")
	p.Until("HTTPS is offered", `document.getElementById('secure-notice').checkVisibility()`)
	a.take(p, "elsewhere-https-start")
	p.Open(lanURL(a.t, s, "http") + "/r/garden?lang=en")
	p.Until("HTTPS is offered", `document.getElementById('secure-notice').checkVisibility()`)
	a.take(p, "elsewhere-https-lobby")

	p.Open(StartServer(a.t).URL + "/r/garden?lang=en")
	p.Press("Open on another device")
	p.Until("it says why not", `document.getElementById('elsewhere-note').textContent.includes('--addr')`)
	a.take(p, "elsewhere-none")
}

func loadingScreens(a *album) {
	s := StartServer(a.t)
	p := a.visitor("")
	release := p.Hold(".wasm")
	p.Open(s.URL + "/r/garden?lang=en&name=Ana")
	p.Until("it says that it loads", `!document.getElementById('progress').hidden`)
	a.take(p, "loading-lobby")
	p.Press("Join")
	a.take(p, "loading-join")
	release()
	p.Is("waiting")
	p.Until("the own picture is there", `document.querySelector('#self video').videoWidth > 0`)
	a.take(p, "waiting")
	p.Press("Leave")

	p = a.visitor("")
	p.Open(s.URL + "/r/garden?lang=en&name=Ana")
	p.Until("the client is there", `holdline.version !== ''`)
	s.Stop()
	p.Press("Join")
	p.Is("joining")
	a.take(p, "joining")
}

func callScreens(a *album) {
	s := StartServer(a.t)
	ana, ben := a.pair(s, "")
	a.take(ana, "call")
	for _, line := range []struct {
		by   *Page
		text string
	}{
		{ben, "Morning! The tomatoes are up."},
		{ana, "Already? I sowed them nine days ago."},
		{ben, "See for yourself: https://example.org/garden/beds/north-side/tomatoes?day=2026-04-18"},
		{ana, "Lovely. I’ll reload the page, stay on the line."},
	} {
		line.by.Eval(fmt.Sprintf(`holdline.say(%q)`, line.text), nil)
		ana.Until("the message is there", fmt.Sprintf(`document.getElementById('messages').lastElementChild?.innerText.includes(%q)`, line.text))
		ben.Until("the message is there", fmt.Sprintf(`document.getElementById('messages').lastElementChild?.innerText.includes(%q)`, line.text))
	}
	a.take(ana, "call-unread")
	a.take(ana, "call-chat", func(phone bool) {
		if phone {
			ana.Eval(`document.getElementById('chat-toggle').ariaExpanded === 'true' || document.getElementById('chat-toggle').click()`, nil)
		}
	})
	a.readme(ana)
	ben.Press("Mute microphone")
	ben.Press("Turn camera off")
	ana.Press("Mute microphone")
	ana.Press("Turn camera off")
	ana.Until("Ben's picture is off", tile("Ben Okafor")+`.dataset.picture === 'off'`)
	a.take(ana, "call-muted", func(bool) { ana.Eval(`document.getElementById('chat-close').click()`, nil) })
}

// readme takes the picture that the README shows.
func (a *album) readme(p *Page) {
	file := os.Getenv("HOLDLINE_README_PICTURE")
	if file == "" {
		return
	}
	p.SetScreen(kit.Screen{Width: 1280, Height: 760})
	p.Settle()
	picture := p.ScreenshotWebP(82)
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		a.t.Fatal(err)
	}
}

func companyScreens(a *album) {
	s := StartServer(a.t)
	ana := a.joins(s, "Ana Ruiz", "")
	names := []string{"Ben Okafor", "Chen Wei", "Dora Lind", "Emil Novák", "Fatima El-Sayed", "Jean de la Cruz", "李晓雨"}
	var all []*Page
	for i, name := range names {
		query := ""
		if looks[name] == "" {
			query = "&media=none"
		}
		p := a.joins(s, name, query)
		all = append(all, p)
		ana.Sees(name, "connected")
		if i == 2 {
			p.Press("Mute microphone")
		}
		if i == 1 {
			ana.plays(2)
			a.take(ana, "call-three", closeChat(ana))
		}
	}
	ana.Until("every picture is there", `[...document.querySelectorAll('[data-peer][data-picture=on] video')].every((v) => v.videoWidth > 0)`)
	a.take(ana, "call-eight", closeChat(ana))
	all[1].Do(kit.CloseTab)
	ana.Sees(names[1], "away")
	ana.Until("its place is held", tile(names[1])+`.querySelector('.hold').checkVisibility()`)
	a.take(ana, "call-eight-one-away", closeChat(ana))
}

// slides draws what somebody shares, and gives it out as the screen.
const slides = `navigator.mediaDevices.getDisplayMedia = async () => {
	const canvas = document.createElement('canvas')
	canvas.width = 1280, canvas.height = 720
	const g = canvas.getContext('2d')
	setInterval(() => {
		g.fillStyle = '#fbfaf6'; g.fillRect(0, 0, 1280, 720)
		g.fillStyle = '#1d3a2f'; g.font = '700 56px sans-serif'; g.fillText('Beds of the north side', 80, 120)
		g.font = '32px sans-serif'
		;['Tomatoes: up after nine days', 'Beans: a second row in May', 'Squash: needs the fence first'].forEach((line, i) => g.fillText('•  ' + line, 80, 210 + i * 60))
		;[210, 320, 160, 270, 120].forEach((h, i) => { g.fillStyle = ['#5f8f63', '#d9a441', '#c8553d'][i % 3]; g.fillRect(80 + i * 130, 660 - h * 0.8, 90, h * 0.8) })
		g.fillStyle = '#7c8b84'; g.font = '24px sans-serif'; g.fillText('page 3 of 12', 1090, 680)
	}, 200)
	return canvas.captureStream(5)
}`

// screenScreens are a shared screen for one and for several, one's own, and
// the settings and the word to one who came back too late beside it.
func screenScreens(a *album) {
	s := StartServer(a.t, scale)
	ana, ben := a.pair(s, "")
	ben.Eval(slides, nil)
	ben.Press("Share screen")
	ana.watches("Ben Okafor")
	a.take(ana, "screen", closeChat(ana))
	a.take(ben, "screen-own", closeChat(ben))
	ana.SetScreen(kit.Screen{Width: 360, Height: 640, Phone: true})
	a.write(ana, "screen-small-phone.png")
	ana.Press("Settings")
	a.take(ana, "screen-settings", closeChat(ana))
	ana.Key("Escape")
	all := []*Page{a.joins(s, "Chen Wei", ""), a.joins(s, "Dora Lind", "")}
	for _, name := range []string{"Chen Wei", "Dora Lind"} {
		ana.Sees(name, "connected")
	}
	ana.watches("Ben Okafor")
	a.take(ana, "screen-four", closeChat(ana))
	all[0].Eval(slides, nil)
	all[0].Press("Share screen")
	ana.watches("Chen Wei")
	a.take(ana, "screen-two", closeChat(ana))
	all[1].Press("Turn camera off")
	ben.Press("Turn camera off")
	ana.Until("the picture is off", tile("Ben Okafor")+`.dataset.picture === 'off'`)
	all[0].Do(kit.CloseTab)
	ana.Sees("Chen Wei", "away")
	a.take(ana, "screen-one-away", closeChat(ana))

	room := ben.Text("location.href")
	ben.Open("about:blank")
	ana.SeesCause("Ben Okafor", "ended", "page-navigated")
	ben.Do(kit.TypeAddress.To(room))
	ben.Sees("Ana Ruiz", "connected")
	ben.Until("it reads what the others were told", `document.getElementById('former-notice').checkVisibility()`)
	a.take(ben, "came-back-too-late", closeChat(ben))
	ben.Choose("Language", "zh")
	a.take(ben, "zh-came-back-too-late", closeChat(ben))
}

func closeChat(p *Page) func(bool) {
	return func(bool) {
		p.Eval(`document.documentElement.dataset.chat === 'open' && document.getElementById('chat-close').click()`, nil)
	}
}

func awayScreens(a *album) {
	s := StartServer(a.t)
	ana, ben := a.pair(s, "")
	release := ben.Hold(".wasm")
	ben.Do(kit.ReloadButton)
	ana.SeesCause("Ben Okafor", "away", "page-reloaded")
	a.take(ana, "away-reloading", closeChat(ana))
	release()
	ana.Sees("Ben Okafor", "connected")
	ben.Do(kit.CloseTab)
	ana.SeesCause("Ben Okafor", "away", "page-closed")
	a.take(ana, "away-closed", closeChat(ana))
	ana.SeesCause("Ben Okafor", "ended", "page-closed")
	a.take(ana, "peer-closed", closeChat(ana))

	cem := a.joins(s, "Chen Wei", "")
	ana.Sees("Chen Wei", "connected")
	cem.Press("Leave")
	ana.SeesCause("Chen Wei", "ended", "hangup")
	a.take(ana, "peer-left", closeChat(ana))
}

// silentScreens stops the whole browser of one of them: nothing comes from it
// any more, and nothing says goodbye.
func silentScreens(a *album) {
	s := StartServer(a.t)
	ana := a.joins(s, "Ana Ruiz", "")
	ana.Is("waiting")
	ben := NewPage(a.t, kit.StartFor(a.t, engineOf("Ben Okafor")).NewProfile(a.t), address(s, "garden", "Ben%20Okafor", ""))
	ana.Sees("Ben Okafor", "connected")
	ana.plays(1)
	ben.Do(kit.StopBrowser)
	ana.Until("the line is interrupted", tile("Ben Okafor")+`.dataset.state !== 'connected'`)
	a.take(ana, "interrupted", closeChat(ana))
	ana.SeesCause("Ben Okafor", "away", "network-lost", "page-unresponsive", "page-vanished")
	a.take(ana, "away-silent", closeChat(ana))
}

func serverScreens(a *album) {
	s := StartServer(a.t)
	ana, ben := a.pair(s, "")
	s.Kill()
	ana.Until("the signaling is lost", `document.documentElement.dataset.signaling === 'lost'`)
	a.take(ana, "signaling-lost", closeChat(ana))
	ben.Do(kit.CloseTab)
	ana.Sees("Ben Okafor", "away")
	a.take(ana, "signaling-lost-alone", closeChat(ana))
}

func endScreens(a *album) {
	s := StartServer(a.t, "--max-room", "2")
	ana, ben := a.pair(s, "")
	full := a.joins(s, "Chen Wei", "")
	full.Is("ended")
	a.take(full, "end-room-full")
	ben.Press("Leave")
	ben.Is("ended")
	a.take(ben, "end-hangup")
	a.take(ben, "end-hangup-details", func(bool) { ben.Eval(`document.getElementById('end-details').open = true`, nil) })
	ana.stopsGo()
	ana.Is("ended")
	a.take(ana, "end-client-failed")

	p := a.visitor("")
	p.BeforeDocuments(`delete window.RTCPeerConnection`)
	p.Open(address(s, "garden", "Ana", ""))
	p.Is("ended")
	a.take(p, "end-unsupported")

	p = a.visitor("")
	p.Break(".wasm")
	p.Open(address(s, "garden", "Ana", ""))
	p.Is("ended")
	a.take(p, "end-load-failed")
}

func chineseScreens(a *album) {
	s := StartServer(a.t)
	p := a.visitor("Chen Wei")
	p.Open(s.URL + "/?lang=zh")
	a.take(p, "zh-start")
	p.Open(s.URL + "/r/garden?lang=zh&name=陈伟")
	p.Until("the preview shows", `document.querySelector('#self video').videoWidth > 0`)
	a.take(p, "zh-lobby")
	p.Press("加入")
	p.Is("waiting")
	a.take(p, "zh-waiting", closeChat(p))
	ben := a.joins(s, "Ben Okafor", "")
	p.Sees("Ben Okafor", "connected")
	ben.Eval(`holdline.say('你好！')`, nil)
	p.Until("the message is there", `document.getElementById('messages').innerText.includes('你好')`)
	a.take(p, "zh-call", closeChat(p))
	ben.Do(kit.CloseTab)
	p.Sees("Ben Okafor", "away")
	a.take(p, "zh-away", closeChat(p))
	p.Press("离开")
	p.Is("ended")
	a.take(p, "zh-end")
}

// checkScreens are the doctor at work, content, with something to ask for, in
// Chinese, and without a client.
func checkScreens(a *album) {
	c := newClinic(a.t)
	c.stun(beyond(40000))
	c.stun(beyond(40000))
	c.relay(turnPassword, true)
	p := c.patient("")
	p.judged("fine", "")
	a.take(p, "check-fine")
	p.Eval(`document.querySelector('[data-check=loop] details').open = document.querySelector('[data-check=socket] details').open = true`, nil)
	a.take(p, "check-details")

	c = newClinic(a.t)
	c.blackHole("stun")
	c.blackHole("turn")
	p = c.patient(`{ const later = window.setTimeout; window.setTimeout = (fn, ms, ...rest) => later(fn, ms > 1500 ? ms * 20 : ms, ...rest) }`)
	p.Until("STUN is asked", `document.querySelector('[data-check=stun]').dataset.state === 'running'`)
	a.take(p, "check-running")
	p = c.patient("")
	p.judged("nothing-answers", "nothing-answers")
	a.take(p, "check-nothing-answers")
	p.Eval(`holdline.shell.setLanguage('zh')`, nil)
	a.take(p, "check-chinese")
	p = c.patient("delete window.RTCPeerConnection")
	p.judged("unsupported-browser", "")
	a.take(p, "check-unsupported")
}
