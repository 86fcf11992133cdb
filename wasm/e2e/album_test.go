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
