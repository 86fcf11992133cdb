//go:build e2e

package e2e

import (
	"fmt"
	"testing"

	"holdline/wasm/e2e/kit"
)

// Chromium picks the whole screen by itself (--use-fake-ui-for-media-stream),
// which it draws in moving colours; in Firefox the kit paints one.

// screenOf is the picture of the screen that a participant shares.
func screenOf(name string) string { return tile(name) + `.querySelector('video[data-kind=screen]')` }

// watches waits until the participant's screen shows, and moves on.
func (p *Page) watches(name string) {
	p.t.Helper()
	p.Until(name+"'s screen has a picture", screenOf(name)+`.videoWidth > 0`)
	p.Eval(`void (`+screenOf(name)+`.frames &&= 0)`, nil)
	p.Until(name+"'s screen moves on", kit.Frames+`(`+screenOf(name)+`) > 3`)
	p.Until(name+"'s screen has the room", fmt.Sprintf(`(() => {
		const screen = %s.getBoundingClientRect(), camera = %s.querySelector('video').getBoundingClientRect()
		return screen.width > 2 * camera.width && screen.height > camera.height && camera.width > 0
	})()`, screenOf(name), tile(name)))
}

// watchesNot waits until there is no picture of the participant's screen.
func (p *Page) watchesNot(name string) {
	p.t.Helper()
	p.Until(name+"'s screen is gone", screenOf(name)+` === null && `+tile(name)+`.dataset.screen === 'off'`)
}

func (p *Page) isSharing(on bool) {
	p.t.Helper()
	p.Until(fmt.Sprintf("the page says that it shares: %v", on), fmt.Sprintf(`document.getElementById('screen-notice').checkVisibility() === %t`, on))
}

func TestAScreenIsSharedAndNoMore(t *testing.T) {
	ana, ben := call(t, StartServer(t), "")
	ana.plays(1)
	ben.plays(1)
	ben.isSharing(false)
	ben.Press("Share screen")
	ben.isSharing(true)
	ana.watches("Ben")
	ana.says("Ben shares the screen")
	var first string
	ana.Eval(tile("Ben")+`.querySelector('video').dataset.kind`, &first)
	if first != "camera" {
		t.Errorf("the first <video> is the %s's, want the camera's", first)
	}
	ben.Press("Stop sharing")
	ben.isSharing(false)
	ana.watchesNot("Ben")
	ana.says("In the call with Ben")
	ana.plays(1)

	ben.Press("Share screen") // once more, and stopped where the page says so
	ana.watches("Ben")
	ben.Press("Stop")
	ana.watchesNot("Ben")
	ben.Find("button", "Share screen")

	ben.Press("Share screen")
	ana.watches("Ben")
	ana.Press("Share screen") // both
	ben.watches("Ana")
	ana.watches("Ben")
	quiet(t, ana, ben)
}

func TestBothBeginToShareAtOnce(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	for range 3 {
		for _, p := range []*Page{ana, ben} {
			p.Eval(`document.getElementById('screen').click()`, nil)
		}
		ana.watches("Ben")
		ben.watches("Ana")
		ana.Press("Stop sharing")
		ben.Press("Stop sharing")
		ana.watchesNot("Ben")
		ben.watchesNot("Ana")
	}
}

func TestAScreenIsThereForWhoComesLaterAndWhoComesBack(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "&media=none")
	ben.Press("Share screen")
	ana.watches("Ben")
	cem := participant(t, s, "Cem", "&media=none")
	cem.watches("Ben")
	cem.Until("the strip holds the others", `(() => {
		const ben = `+tile("Ben")+`.getBoundingClientRect(), all = ['[data-name=Ana]', '#self'].map((e) => document.querySelector(e).getBoundingClientRect())
		return all.every((r) => r.width > 0 && r.left >= ben.right && ben.width > 3 * r.width)
	})()`)
	ana.Do(kit.ReloadButton)
	ana.Until("Ana's page is new", `performance.getEntriesByType('navigation')[0].type === 'reload'`)
	ana.Sees("Ben", "connected")
	ana.watches("Ben")
	cem.Sees("Ana", "connected")
	ben.Do(kit.ReloadButton) // shares no more
	ana.Sees("Ben", "away")
	ana.Sees("Ben", "connected")
	ana.watchesNot("Ben")
	cem.watchesNot("Ben")
	ben.Until("the page is new", `performance.getEntriesByType('navigation')[0].type === 'reload'`)
	ben.isSharing(false)
}

func TestAScreenIsSharedWhileTheServerIsAway(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "")
	s.Kill()
	for _, p := range []*Page{ana, ben} {
		p.Until("the signaling is lost", `document.documentElement.dataset.signaling === 'lost'`)
	}
	ben.Press("Share screen")
	ana.watches("Ben")
	ana.Press("Share screen")
	ben.watches("Ana")
	ben.Press("Stop sharing")
	ana.watchesNot("Ben")
	ben.watches("Ana")
}

func TestTheBrowsersOwnStopSharing(t *testing.T) {
	if engineOf("Ben") == kit.Firefox {
		t.Skip("headless Firefox 153 has no bar to stop sharing, and gives no listener what a script dispatches on a MediaStreamTrack")
	}
	ana, ben := call(t, StartServer(t), "&media=none")
	ben.Eval(`(() => {
		const real = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices)
		navigator.mediaDevices.getDisplayMedia = async (wanted) => { const stream = await real(wanted); window.shared = stream.getTracks()[0]; return stream }
	})()`, nil)
	ben.Press("Share screen")
	ana.watches("Ben")
	ben.Eval(`shared.dispatchEvent(new Event('ended'))`, nil) // its bar, which headless Chromium has not
	ben.isSharing(false)
	ana.watchesNot("Ben")
	ben.Find("button", "Share screen")
}

func TestAScreenThatIsNotGiven(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	ana.Is("waiting")
	fails := func(name string) {
		t.Helper()
		ana.Eval(`navigator.mediaDevices.getDisplayMedia = async () => { window.asked = (window.asked ?? 0) + 1; throw new DOMException('', '`+name+`') }`, nil)
	}
	notice := func(shown bool) string {
		return fmt.Sprintf(`asked > 0 && document.getElementById('device-notice').checkVisibility() === %t`, shown)
	}
	fails("NotAllowedError")
	ana.Press("Share screen")
	ana.Until("a picker that is closed is no error", notice(false)+` && holdline.snapshot().screen.state === 'off'`)
	ana.isSharing(false)
	fails("NotReadableError")
	ana.Press("Share screen")
	ana.Until("a screen that cannot be captured is", notice(true)+` && document.getElementById('device-notice').innerText.includes('could not be captured')`)

	phone := visit(t, "Phone", address(s, "test", "Phone", "&media=none"), `delete MediaDevices.prototype.getDisplayMedia`)
	phone.Sees("Ana", "connected")
	if phone.Has("button", "Share screen") {
		t.Error("a browser that cannot capture a screen offers to share it")
	}
}

func TestTheControlsFitASmallPhone(t *testing.T) {
	ana, ben := call(t, StartServer(t), "&media=none")
	ben.Press("Share screen")
	ana.SetScreen(kit.Screen{Width: 360, Height: 640, Phone: true})
	ana.watches("Ben")
	for range 2 {
		ana.Until("nothing sticks out or overlaps, and all can be touched", `(() => {
			const all = [...document.querySelectorAll('.controls button, .tools > :is(button, div.tool)')].filter((b) => b.checkVisibility()).map((b) => b.getBoundingClientRect())
			const apart = (a, b) => a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
			return all.length === 9 && document.documentElement.scrollWidth <= 360 &&
				all.every((r, i) => r.left >= 0 && r.right <= 360 && r.bottom <= 640 && r.width >= 44 && r.height >= 44 && all.every((s, j) => i === j || apart(r, s)))
		})()`)
		ana.Choose("Language", "zh")
		ana.Until("the page is in Chinese", `document.documentElement.lang === 'zh'`)
		ana.Choose("语言", "en")
	}
}

func TestAskingCanBeChosenDuringTheCallByKeyboard(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "&media=none")
	ana.Eval(`document.getElementById('settings').focus()`, nil)
	ana.Key("Enter")
	ana.tab("Ask before I close the page during a call")
	ana.Key("Space")
	ana.Until("it is chosen", `document.activeElement.checked && holdline.snapshot().askToLeave`)
	ana.Key("Escape")
	ana.Until("the settings are closed", `!document.getElementById('settings-panel').checkVisibility()`)
	ana.focusOn("Settings")

	ana.AnswerDialogs(false)
	ana.Do(kit.TypeAddress.To("about:blank"))
	ben.Sees("Ana", "away")
	ben.Sees("Ana", "connected")
	if got := ana.Dialogs(); len(got) == 0 || got[0] != "beforeunload" {
		t.Errorf("dialogs %v, want beforeunload", got)
	}
	ana.Press("Leave")
	ana.Is("ended")
	if ana.Has("button", "Settings") {
		t.Error("there are settings of a call that is over")
	}
}

// Who comes back too late reads what the others read.
func TestWhoComesBackTooLateIsToldWhatTheOthersWereTold(t *testing.T) {
	s := StartServer(t, scale)
	ana, ben := call(t, s, "&media=none")
	room := ben.Text("location.href")
	ben.Open("about:blank")
	ana.SeesCause("Ben", "ended", "page-navigated")
	told := ana.Text(tile("Ben") + `.querySelector('.what').textContent`)
	ben.Do(kit.TypeAddress.To(room))
	ben.Sees("Ana", "connected")
	ben.Until("it reads the same", fmt.Sprintf(`(() => {
		const notice = document.getElementById('former-notice')
		return notice.checkVisibility() && notice.innerText.includes(%q) && notice.dataset.cause === 'page-navigated' && notice.parentElement.ariaLive === 'polite'
	})()`, told))
	ben.Choose("Language", "zh")
	ben.Until("it follows the language", `document.getElementById('former-notice').innerText.includes('Ben 转到了其他页面')`)
	ben.Choose("语言", "en")
	ben.Eval(`document.getElementById('former-dismiss').focus()`, nil)
	ben.Key("Enter")
	ben.Until("it can be dismissed", `!document.getElementById('former-notice').checkVisibility()`)
	quiet(t, ana, ben)
}

// Two offers that meet in mid-call: who gives way goes on showing what it
// decodes. Who opened the connection does; the ids, which decide by chance, do
// not (two rooms).
func TestGlareInMidCallStopsNoPicture(t *testing.T) {
	server := StartServer(t)
	for range 2 {
		ana, ben := call(t, server, "")
		ana.plays(1)
		ben.plays(1)
		for _, p := range []*Page{ana, ben} {
			p.Eval(`document.getElementById('screen').click()`, nil)
		}
		ana.watches("Ben")
		ben.watches("Ana")
		ana.moves()
		ben.moves()
		ana.Press("Leave")
		ben.Press("Leave")
	}
}
