//go:build e2e

package kit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var browsers = map[Engine]*Browser{}

func TestMain(m *testing.M) {
	var ends []func()
	for _, engine := range []Engine{Chromium, Firefox} {
		b, end, err := Start(engine)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		browsers[engine] = b
		ends = append(ends, end)
	}
	code := m.Run()
	for _, end := range ends {
		end()
	}
	os.Exit(code)
}

// in runs a test in each engine.
func in(t *testing.T, do func(t *testing.T, b *Browser)) {
	for _, engine := range []Engine{Chromium, Firefox} {
		t.Run(string(engine), func(t *testing.T) { do(t, browsers[engine]) })
	}
}

// diary is a page that tells its server what happens to it.
const diary = `<!doctype html><title>diary</title><link rel="icon" href="data:,">
<script>
	const write = (line) => navigator.sendBeacon('/diary', line)
	for (const type of ['beforeunload', 'pagehide', 'freeze', 'resume']) (type in window || 'on' + type in window ? window : document).addEventListener(type, () => write(type))
	addEventListener('pageshow', (e) => { if (e.persisted || performance.getEntriesByType('navigation')[0].type === 'back_forward') write('back') })
	write('load ' + performance.getEntriesByType('navigation')[0].type + ' ' + (sessionStorage.seen ?? 'new'))
	sessionStorage.seen = 'seen'
</script>
<button onclick="this.textContent = 'Pressed'">Press me</button>
<label>Name <input id="name"></label>
<label><input type="checkbox" id="box"> Agree</label>
<label>Colour <select id="colour"><option value="r">red</option><option value="g">green</option></select></label>
<input id="unnamed">`

// site serves the diary, and collects what its pages tell.
type site struct {
	URL   string
	lines chan string
}

func newSite(t *testing.T) *site {
	s := &site{lines: make(chan string, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/diary":
			line := make([]byte, 100)
			n, _ := r.Body.Read(line)
			s.lines <- string(line[:n])
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/file":
			w.Header().Set("Content-Disposition", "attachment; filename=file.bin")
		case "/script.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "window.scripted = true")
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, diary)
		}
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// tells waits for these lines, with others between them, in any order: each
// comes by a connection of its own.
func (s *site) tells(t *testing.T, want ...string) {
	t.Helper()
	ctx, cancel := patience()
	defer cancel()
	var got []string
	missing := slices.Clone(want)
	for len(missing) > 0 {
		select {
		case line := <-s.lines:
			got = append(got, line)
			if i := slices.Index(missing, line); i >= 0 {
				missing = slices.Delete(missing, i, i+1)
			}
		case <-ctx.Done():
			t.Fatalf("the page told %q; %q is missing", got, missing)
		}
	}
}

// fallsSilent waits until the page tells nothing for a second.
func (s *site) fallsSilent(t *testing.T) {
	t.Helper()
	ctx, cancel := patience()
	defer cancel()
	for {
		select {
		case <-s.lines:
		case <-time.After(time.Second):
			return
		case <-ctx.Done():
			t.Fatal("the page goes on")
		}
	}
}

func TestControlsByRoleAndName(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		p := b.NewProfile(t).NewPage(t, newSite(t).URL)
		p.Press("Press me")
		p.Find("button", "Pressed")
		if p.Has("button", "Press me") || p.Has("link", "Pressed") {
			t.Error("it finds what is not there")
		}
		p.Fill("Name", "Ana 你好")
		p.Fill("Name", "Ben")
		p.Toggle("Agree")
		p.Choose("Colour", "g")
		if got := p.Text(`[document.getElementById('name').value, document.getElementById('box').checked, colour.value].join()`); got != "Ben,true,g" {
			t.Errorf("the form holds %s", got)
		}
		p.Eval(`document.getElementById('name').focus()`, nil)
		p.Key("Tab")
		if !p.HasFocus("Agree") || p.HasFocus("Name") {
			t.Errorf("the focus is on %s", p.Text(`document.activeElement.id`))
		}
		if got := p.Unnamed("button", "textbox"); len(got) != 1 || !strings.Contains(got[0], "unnamed") {
			t.Errorf("without a name: %q", got)
		}
	})
}

// A page that stands still while a control is looked for passes for unresponsive
// on the other side.
func TestAPageGoesOnWhileAControlIsFound(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		p := b.NewProfile(t).NewPage(t, newSite(t).URL)
		p.Eval(`(() => {
			const many = document.body.appendChild(document.createElement('div'))
			for (let n = 0; n < 5000; n++) many.appendChild(document.createElement('span')).textContent = n
			window.still = 0
			let last = performance.now()
			setInterval(() => { const now = performance.now(); still = Math.max(still, now - last); last = now }, 10)
		})()`, nil)
		p.Press("Press me")
		p.Find("button", "Pressed")
		p.Toggle("Agree")
		var still float64
		p.Eval(`new Promise((shown) => setTimeout(() => shown(still), 20))`, &still)
		if still > 1000 {
			t.Errorf("it stood still for %.0f ms", still)
		}
	})
}

func TestProfilesAreApart(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		s := newSite(t)
		one := b.NewProfile(t)
		one.NewPage(t, s.URL).Eval(`localStorage.mine = 1`, nil)
		if got := one.NewPage(t, s.URL).Text(`localStorage.mine`); got != "1" {
			t.Errorf("a second page of the profile has %s", got)
		}
		if got := b.NewProfile(t).NewPage(t, s.URL).Text(`localStorage.mine`); got != "undefined" {
			t.Errorf("another profile has %s", got)
		}
	})
}

func TestBothPagesAreVisible(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		s := newSite(t)
		p := b.NewProfile(t)
		first, second := p.NewPage(t, s.URL), p.NewPage(t, s.URL)
		if got := first.Text(`document.visibilityState`) + second.Text(`document.visibilityState`); got != "visiblevisible" {
			t.Error(got)
		}
	})
}

func TestLogAndDialogs(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		p := b.NewProfile(t).NewPage(t, "about:blank")
		p.BeforeDocuments(`window.early = true`)
		p.Open(newSite(t).URL)
		if p.Text(`window.early`) != "true" {
			t.Error("the script did not run before the document")
		}
		p.Fire(`console.log('to the', 'console')`)
		p.Fire(`setTimeout(() => { throw new Error('thrown') })`)
		p.UntilLogged("log: to the console")
		p.UntilLogged("uncaught: ")
		for _, accept := range []bool{true, false} {
			p.AnswerDialogs(accept)
			var answer bool
			p.Eval(`confirm('really?')`, &answer)
			if answer != accept || len(p.Dialogs()) != 1 || p.Dialogs()[0] != "confirm" {
				t.Errorf("answered %t after %q, want %t", answer, p.Dialogs(), accept)
			}
		}
	})
}

func TestUntilOutlivesTheDocument(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		s := newSite(t)
		p := b.NewProfile(t).NewPage(t, s.URL)
		p.Fire(`setTimeout(() => { location.href = '/second' }, 300)`)
		p.Until("the second document is there", `location.pathname === '/second'`)
	})
}

func TestHoldAndBreak(t *testing.T) {
	in(t, func(t *testing.T, b *Browser) {
		p := b.NewProfile(t).NewPage(t, newSite(t).URL)
		load := func() {
			p.Fire(`{ delete window.failed; const s = document.createElement('script'); s.src = '/script.js?' + Math.random(); s.onerror = () => { window.failed = true }; document.head.append(s) }`)
		}
		release := p.Hold(".js")
		load()
		p.Eval(`fetch('/other')`, nil)
		if p.Text(`window.scripted`) != "undefined" {
			t.Error("the script was not held")
		}
		release()
		p.Until("the script came", `window.scripted`)
		mend := p.Break(".js")
		load()
		p.Until("the script broke", `window.failed`)
		mend()
		p.Eval(`delete window.scripted`, nil)
		load()
		p.Until("the script came", `window.scripted`)
	})
}
