//go:build e2e && screenshots

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
		{"loading", loadingScreens},
		{"call", callScreens},
		{"company", companyScreens},
		{"screen", screenScreens},
		{"away", awayScreens},
		{"silent", silentScreens},
		{"server", serverScreens},
		{"ends", endScreens},
		{"chinese", chineseScreens},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.take(&album{t: t, dir: dir}) })
	}
}

// album takes pictures into a folder.
type album struct {
	t   *testing.T
	dir string
}

// views are the screens that every state is pictured on.
var views = []struct {
	name          string
	width, height int
	phone, dark   bool
}{
	{"desktop-light", 1280, 800, false, false},
	{"desktop-dark", 1280, 800, false, true},
	{"phone-light", 390, 844, true, false},
	{"phone-dark", 390, 844, true, true},
}

// take pictures the page on every screen. before is done on each of them
// first, because the page may rearrange itself between them.
func (a *album) take(p *Page, name string, before ...func(phone bool)) {
	a.t.Helper()
	for _, v := range views {
		p.SetScreen(kit.Screen{Width: v.width, Height: v.height, Phone: v.phone, Dark: v.dark})
		for _, do := range before {
			do(v.phone)
		}
		a.write(p, name+"-"+v.name+".png")
	}
}

func (a *album) write(p *Page, name string) {
	a.t.Helper()
	p.Settle()
	if err := os.WriteFile(filepath.Join(a.dir, name), p.Screenshot(), 0o644); err != nil {
		a.t.Fatal(err)
	}
}

// person draws somebody in a room onto a canvas and gives it out as the camera,
// so that the pictures look like a call and not like a test pattern.
const person = `{
	const look = %s
	const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
	navigator.mediaDevices.getUserMedia = async (wanted) => {
		const stream = new MediaStream()
		if (wanted.audio) for (const track of (await real({ audio: wanted.audio })).getTracks()) stream.addTrack(track)
		if (!wanted.video) return stream
		const canvas = document.createElement('canvas')
		canvas.width = look.width, canvas.height = look.width * 3 / 4
		const g = canvas.getContext('2d'), scale = canvas.width / 640
		const blob = (fill, draw) => { g.fillStyle = fill; g.beginPath(); draw(); g.fill() }
		const shade = (x0, y0, x1, y1, from, to) => { const s = g.createLinearGradient(x0, y0, x1, y1); s.addColorStop(0, from); s.addColorStop(1, to); return s }
		const draw = (at) => {
			const sway = Math.sin(at / 900) * 5, nod = Math.sin(at / 700) * 2
			g.setTransform(scale, 0, 0, scale, 0, 0)
			g.fillStyle = shade(0, 0, 640, 480, look.wall[0], look.wall[1]); g.fillRect(0, 0, 640, 480)
			if (look.window) {
				g.fillStyle = '#f6f1e6'; g.fillRect(40, 30, 170, 230)
				g.fillStyle = shade(0, 30, 0, 260, '#a9d2ea', '#e9f3ee'); g.fillRect(50, 40, 150, 210)
				g.fillStyle = '#f6f1e6'; g.fillRect(121, 40, 8, 210); g.fillRect(50, 140, 150, 8)
				blob('#5f8f63', () => g.ellipse(560, 330, 60, 90, 0.2, 0, 7)); blob('#4d7d55', () => g.ellipse(600, 300, 42, 96, 0.4, 0, 7))
				g.fillStyle = '#b8744f'; g.fillRect(530, 390, 90, 90)
			} else {
				g.fillStyle = 'rgb(60 40 25 / 55%%)'; g.fillRect(400, 150, 220, 12); g.fillRect(400, 290, 220, 12)
				const spines = ['#c8553d', '#e8c07d', '#2f5d62', '#8a9a5b', '#d9d2c0', '#5c4b7d', '#b5838d']
				for (let i = 0; i < 14; i++) {
					const h = 76 + (i * 37) %% 36, y = i < 7 ? 150 : 290
					g.fillStyle = spines[(i * 3) %% 7]; g.fillRect(410 + (i %% 7) * 29, y - h, 23, h)
				}
				blob('rgb(255 226 160 / 45%%)', () => g.arc(110, 150, 120, 0, 7)); blob('#f6dca0', () => { g.moveTo(70, 190); g.lineTo(150, 190); g.lineTo(132, 120); g.lineTo(88, 120) })
				g.fillStyle = '#5a4632'; g.fillRect(106, 190, 8, 290)
			}
			g.translate(320 + sway, 40 + nod)
			if (look.long) blob(look.hair, () => g.roundRect(-96, 62, 192, 250, 80))
			blob(look.shirt, () => g.roundRect(-190, 318, 380, 300, [130, 130, 0, 0]))
			blob(look.shade, () => g.roundRect(-36, 240, 72, 108, 34))
			blob(look.skin, () => g.ellipse(0, 172, 78, 102, 0, 0, 7))
			blob(look.hair, () => { g.ellipse(0, 128, 88, 84, 0, Math.PI * 0.96, Math.PI * 2.04); g.quadraticCurveTo(30, 92, -60, 104) })
			if (look.beard) blob(look.hair, () => { g.moveTo(-76, 190); g.quadraticCurveTo(-66, 288, 0, 286); g.quadraticCurveTo(66, 288, 76, 190); g.quadraticCurveTo(40, 222, 0, 218); g.quadraticCurveTo(-40, 222, -76, 190) })
			const open = at %% 3700 > 140 ? 7 : 1
			blob('#2a211c', () => { g.ellipse(-30, 172, 7, open, 0, 0, 7); g.ellipse(30, 172, 7, open, 0, 0, 7) })
			g.lineWidth = 5; g.lineCap = 'round'; g.strokeStyle = look.beard ? '#f4e9df' : '#8e4438'
			g.beginPath(); g.arc(0, 212, 26, 0.35, Math.PI - 0.35); g.stroke()
			if (look.glasses) { g.lineWidth = 4; g.strokeStyle = '#2d2a33'; g.beginPath(); g.arc(-31, 172, 24, 0, 7); g.moveTo(55, 172); g.arc(31, 172, 24, 0, 7); g.moveTo(-7, 170); g.lineTo(7, 170); g.stroke() }
		}
		draw(0)
		setInterval(() => draw(performance.now()), 1000 / look.rate)
		stream.addTrack(canvas.captureStream(look.rate).getVideoTracks()[0])
		return stream
	}
}`

// looks are how the persons of the pictures look.
var looks = map[string]string{
	"Ana Ruiz":   `{ width: 960, rate: 10, wall: ['#e9dcc8', '#cdb79b'], window: true, long: true, hair: '#3b2620', skin: '#e2b08d', shade: '#c8926e', shirt: '#0f6b5a' }`,
	"Ben Okafor": `{ width: 960, rate: 10, wall: ['#49626b', '#2b3d47'], beard: true, hair: '#1d1715', skin: '#8a5a3c', shade: '#6f452c', shirt: '#d9a441' }`,
	"Chen Wei":   `{ width: 320, rate: 5, wall: ['#dfe6ea', '#b4c3cd'], window: true, glasses: true, hair: '#17161a', skin: '#ecc39e', shade: '#d3a37c', shirt: '#34527a' }`,
	"Dora Lind":  `{ width: 320, rate: 5, wall: ['#f0d9d2', '#d5aea5'], long: true, glasses: true, hair: '#c69a56', skin: '#f1cdb4', shade: '#d9ab8e', shirt: '#7c3f58' }`,
}

// visitor is a browser of its own whose camera shows the person of that name.
func (a *album) visitor(name string) *Page {
	p := visit(a.t, "Ana", "about:blank", "")
	if look, ok := looks[name]; ok {
		p.BeforeDocuments(fmt.Sprintf(person, look))
	}
	return p
}

// joins opens a room as a person of that name.
func (a *album) joins(s *kit.Server, name, query string) *Page {
	p := a.visitor(name)
	p.Open(address(s, "garden", strings.ReplaceAll(name, " ", "%20"), query))
	return p
}

func (a *album) pair(s *kit.Server, query string) (ana, ben *Page) {
	ana = a.joins(s, "Ana Ruiz", query)
	ana.Is("waiting")
	ben = a.joins(s, "Ben Okafor", query)
	ana.Sees("Ben Okafor", "connected")
	ben.Sees("Ana Ruiz", "connected")
	ana.plays(1)
	return ana, ben
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
