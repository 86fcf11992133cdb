//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// quiet fails the test when a page's console has said anything.
func quiet(t testing.TB, pages ...*Page) {
	t.Helper()
	for _, p := range pages {
		if log := p.Log(); log != "" {
			t.Errorf("the console is not quiet: %s", log)
		}
	}
}

// says waits until the status is these words.
func (p *Page) says(words string) {
	p.t.Helper()
	p.Until("the status says "+words, fmt.Sprintf(`document.querySelector('[role=status]').textContent === %q`, words))
}

// hasMessage waits until the chat shows this text.
func (p *Page) hasMessage(text string) {
	p.t.Helper()
	p.Until("the message is there", fmt.Sprintf(`[...document.querySelectorAll('.message-text')].some((m) => m.textContent === %q)`, text))
}

// focusOn waits until what has this accessible name has the focus, visibly.
func (p *Page) focusOn(name string) {
	p.t.Helper()
	p.Until("something has the focus", `document.activeElement !== document.body`)
	if !p.HasFocus(name) {
		p.t.Fatalf("the focus is on %s, want %q\n%s", p.Text(`document.activeElement.outerHTML`), name, p.Description())
	}
	var shows bool
	p.Eval(`document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle !== 'none'`, &shows)
	if !shows {
		p.t.Errorf("nobody can see that the focus is on %q", name)
	}
}

// tab presses Tab once for each of the names, which must come in that order.
func (p *Page) tab(names ...string) {
	p.t.Helper()
	for _, name := range names {
		p.Key("Tab")
		p.focusOn(name)
	}
}

func TestACallByKeyboardAlone(t *testing.T) {
	s := StartServer(t)
	ana := visit(t, "Ana", s.URL+"/", "")
	ana.tab("Language", "Start a call", "Room", "Open room")
	ana.Open(s.URL + "/")
	ana.tab("Language", "Start a call")
	ana.Key("Enter")
	ana.Is("lobby")
	ana.Until("the client is there", `holdline.version !== ''`)
	ana.focusOn("Your name")
	ana.Type("Ana")
	ana.tab("Ask before I close the page during a call", "Join")
	ana.Key("Enter")
	ana.Is("waiting")
	ana.tab("Link to this room", "Copy link")

	ben := visit(t, "Ben", ana.Text(`location.href`)+"?join=now&lang=en&name=Ben", "")
	ana.Sees("Ben", "connected")
	ana.Until("the focus is kept", `document.activeElement !== document.body`)
	ana.tab("Connection to Ben", "Mute microphone")
	ana.Key("Enter")
	ben.Until("Ana is shown muted", tile("Ana")+`.querySelector('.badge-muted').checkVisibility()`)
	ana.focusOn("Unmute microphone")
	ana.tab("Turn camera off", "Share screen", "Chat")
	ana.Key("Enter")
	ana.focusOn("Message")
	ana.Type("typed")
	ana.tab("Send")
	ana.Key("Enter")
	ben.hasMessage("typed")
	ana.Key("Escape")
	ana.focusOn("Chat")
	ana.tab("Leave")
	ana.Key("Enter")
	ana.Is("ended")
	ana.focusOn("Rejoin")
	ana.Key("Enter")
	ana.Sees("Ben", "connected")
	ana.Until("the focus is kept", `document.activeElement !== document.body`)
	quiet(t, ana, ben)
}

// refuse is a getUserMedia that fails for what the expression wanted says.
func refuse(wanted, name string) string {
	return fmt.Sprintf(`if (navigator.mediaDevices) { // about:blank has none in Firefox
		const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
		navigator.mediaDevices.getUserMedia = async (wanted) => {
			if (%s) throw new DOMException('provoked', %q)
			return real(wanted)
		}
	}`, wanted, name)
}

func TestJoiningWithoutDevices(t *testing.T) {
	for _, tt := range []struct {
		name, script, words string
		heard               bool
	}{
		{"none there", refuse("true", "NotFoundError"), "No camera and no microphone was found. You can join without them", false},
		{"denied", refuse("true", "NotAllowedError"), "Camera and microphone are not allowed for this site. You can join without them", false},
		{"plain http", `for (const absent of ['mediaDevices', 'locks']) Object.defineProperty(Navigator.prototype, absent, { value: undefined })`,
			"Browsers allow camera and microphone only on https pages. You can join without them", false},
		{"no camera", refuse("wanted.video", "NotFoundError"), "No camera was found", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := StartServer(t)
			ana := participant(t, s, "Ana", "")
			ana.Is("waiting")
			ben := visit(t, "Ben", s.URL+"/r/test?lang=en&name=Ben", tt.script)
			ben.Until("it says why", fmt.Sprintf(`document.getElementById('device-notice').checkVisibility() && document.getElementById('device-notice').innerText.startsWith(%q)`, tt.words))
			ben.Press("Join")
			ben.Sees("Ana", "connected")
			ana.Sees("Ben", "connected")
			ben.plays(1)
			ana.Until("Ben is shown without a picture", tile("Ben")+`.dataset.picture === 'off'`)
			ana.Until("Ben's microphone is shown as it is", fmt.Sprintf(tile("Ben")+`.querySelector('.badge-muted').checkVisibility() === %t`, !tt.heard))
			if tt.heard {
				ana.hears()
			}
			ben.Eval(`holdline.say('I have no camera')`, nil)
			ana.hasMessage("I have no camera")
			ana.Eval(`holdline.say('I see')`, nil)
			ben.hasMessage("I see")
			quiet(t, ana, ben)
		})
	}
}

func TestTheLanguageFollowsTheBrowserAndTheSwitch(t *testing.T) {
	s := StartServer(t)
	p := visit(t, "Ana", "about:blank", "")
	p.SetLanguage("zh-CN")
	p.Open(s.URL + "/r/test?media=none")
	lang := func(want string) {
		t.Helper()
		p.Until("the page is in "+want, fmt.Sprintf(`document.documentElement.lang === %q`, want))
	}
	lang("zh")
	p.Find("textbox", "您的名字")
	p.Find("button", "加入")
	p.Choose("语言", "en")
	lang("en")
	p.Find("textbox", "Your name")
	p.Find("button", "Join")
	if got := p.Text(`document.title`); got != "Call test · Holdline" {
		t.Errorf("title %q", got)
	}
	p.Press("Join")
	ben := participant(t, s, "Ben", "&media=none")
	p.says("In the call with Ben")
	p.Choose("Language", "zh")
	lang("zh")
	p.says("正在与 Ben 通话")
	for _, name := range []string{"取消静音", "打开摄像头", "聊天", "离开", "复制链接", "保存报告"} {
		p.Find("button", name)
	}
	ben.Press("Leave")
	p.Until("the tile follows", tile("Ben")+`.innerText.includes('Ben 离开了通话')`)
	p.Choose("语言", "en")
	p.Until("the tile follows", tile("Ben")+`.innerText.includes('Ben left the call')`)
	p.Press("Leave")
	p.Choose("Language", "zh")
	p.Until("the end follows", `document.querySelector('[role=alert]').innerText.includes('您离开了通话')`)
	p.Find("button", "重新加入")
	p.Open(s.URL + "/?lang=en")
	lang("en")
	p.Open(s.URL + "/")
	lang("zh")
	quiet(t, p, ben)
}

func TestCopyLinkAndSaveReport(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "&media=none")
	ana.Profile.AllowClipboard(t, s.URL)
	ana.ToFront()
	ana.Press("Copy link")
	ana.says("Link copied")
	var got string
	ana.Eval(`navigator.clipboard.readText()`, &got)
	if want := s.URL + "/r/test"; got != want {
		t.Errorf("copied %q, want %q", got, want)
	}

	folder := t.TempDir()
	ana.Profile.DownloadTo(t, folder)
	ana.Press("Save report")
	ana.says("Report saved to your downloads")
	var saved []string
	var report struct {
		Schema string `json:"schema"`
	}
	// A file that is being written is there already, in Firefox under its own name.
	for range 100 {
		if saved, _ = filepath.Glob(filepath.Join(folder, "holdline-test-*.json")); len(saved) == 1 {
			if data, err := os.ReadFile(saved[0]); err == nil && json.Unmarshal(data, &report) == nil {
				break
			}
		}
		ana.Eval(`new Promise((done) => setTimeout(done, 50))`, nil)
	}
	if len(saved) != 1 || report.Schema != "holdline.report/1" {
		t.Fatalf("downloaded %v, with the schema %q", saved, report.Schema)
	}
	if story, err := exec.Command("go", "run", "holdline/wasm", saved[0]).CombinedOutput(); err != nil {
		t.Errorf("go run ./wasm REPORT.json: %v\n%s", err, story)
	}
	ana.Sees("Ben", "connected")
	quiet(t, ana, ben)
}

func TestWindowHoldline(t *testing.T) {
	s := StartServer(t)
	ana, ben := call(t, s, "&media=none")
	var ready bool
	ana.Eval(`holdline.ready.then((h) => h === holdline)`, &ready)
	if !ready {
		t.Error("ready does not give window.holdline")
	}
	if v := ana.Text(`holdline.version`); v == "" {
		t.Error("no version")
	}
	var snapshot struct {
		At                     float64
		State, Signaling, Room string
		Name, Participant      string
		Life                   int64
		Peers                  []struct{ Participant, Name, State string }
	}
	ana.Eval(`holdline.snapshot()`, &snapshot)
	if snapshot.State != "connected" || snapshot.Signaling != "open" || snapshot.Room != "test" || snapshot.Name != "Ana" ||
		snapshot.Participant == "" || snapshot.Life < 1 || len(snapshot.Peers) != 1 || snapshot.Peers[0].Name != "Ben" {
		t.Errorf("snapshot %+v", snapshot)
	}
	var late float64
	ana.Eval(`performance.timeOrigin + performance.now() - holdline.snapshot().at`, &late)
	if late < -1 || late > 60_000 {
		t.Errorf("the snapshot is %v ms old", late)
	}
	ana.Eval(`window.changes = [], holdline.addEventListener('change', (e) => window.changes.push(e.detail.messages.length)), 1`, nil)
	ben.Eval(`holdline.say('hello')`, nil)
	ana.Until("change brings the message", `window.changes.at(-1) === 1`)
	var schema string
	ana.Eval(`holdline.report().schema`, &schema)
	if schema != "holdline.report/1" {
		t.Errorf("report schema %q", schema)
	}
	ana.Eval(`window.ends = [], holdline.addEventListener('end', (e) => window.ends.push(e.detail.cause)), holdline.leave()`, nil)
	ana.Is("ended")
	ana.Until("end comes once", `window.ends.join() === 'hangup'`)
	ben.SeesCause("Ana", "ended", "hangup")

	start := visit(t, "Ana", s.URL+"/?lang=en", "")
	start.Eval(`holdline.ready`, nil)
	if state := start.Text(`holdline.snapshot().state`); state != "start" {
		t.Errorf("state %q on the start page", state)
	}
	quiet(t, ana, ben, start)
}

func TestABadRoomInTheAddress(t *testing.T) {
	s := StartServer(t)
	for _, room := range []string{"a%20b", "r%C3%A4ume", strings.Repeat("x", 65), "a.b"} {
		answer, err := http.Get(s.URL + "/r/" + room)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusNotFound {
			t.Errorf("/r/%s: %s, want 404", room, answer.Status)
		}
		p := visit(t, "Ana", s.URL+"/r/"+room+"?lang=en", "")
		p.Until("it says what is wrong", `document.body.innerText.includes('1 to 64 letters')`)
		p.Find("link", "Holdline")
	}
}

func TestNamesShowLiterally(t *testing.T) {
	s := StartServer(t)
	ana := participant(t, s, "Ana", "&media=none")
	ana.Is("waiting")
	for name, shown := range map[string]string{
		`<img src=x onerror=alert(1)><b>Ben</b>`: `<img src=x onerror=alert(1)><b>Ben</b>`,
		"דנה לוי":                                "דנה לוי",
		"e\u202evil\u0007\n":                     "evil",
		strings.Repeat("é", 70):                  strings.Repeat("é", 64),
		"{name} \"quoted\" 'too'":                "{name} \"quoted\" 'too'",
	} {
		ben := visit(t, "Ben", address(s, "test", url.QueryEscape(name), "&media=none"), "")
		ben.Sees("Ana", "connected")
		ana.Until(name+" is shown as "+shown, fmt.Sprintf(`[...document.querySelectorAll('[data-peer][data-state=connected]')].some((e) => e.dataset.name === %[1]q && e.querySelector('.who').textContent === %[1]q)`, shown))
		ben.Eval(`holdline.say('<i>&amp; שלום</i>')`, nil)
		ana.Until("its words and name are literal in the chat", fmt.Sprintf(`(() => { const l = document.querySelector('#messages li:last-child'); return l.querySelector('.message-name').textContent === %q && l.querySelector('.message-text').textContent === '<i>&amp; שלום</i>' })()`, shown))
		ben.Press("Leave")
		ben.Is("ended")
		quiet(t, ben)
	}
	quiet(t, ana)
}
