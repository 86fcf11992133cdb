//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// ownChromium is a browser process that a test may kill; its profile folder
// outlives it.
func ownChromium(t *testing.T, folder string, options ...Option) *Chromium {
	t.Helper()
	c, end, err := StartChromium(append(options, WithFlag("user-data-dir", folder))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return c
}

// open opens a tab in the browser's own profile, whose storage is kept.
func (c *Chromium) open(t *testing.T, url string) *Page {
	t.Helper()
	return (&Profile{ctx: c.ctx}).NewPage(t, url)
}

// signal sends a signal to the main process.
func (c *Chromium) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	var info struct {
		ProcessInfo []struct {
			Type string `json:"type"`
			ID   int    `json:"id"`
		} `json:"processInfo"`
	}
	if err := c.Call("SystemInfo.getProcessInfo", M{}, &info); err != nil {
		t.Fatal(err)
	}
	for _, p := range info.ProcessInfo {
		if p.Type == "browser" {
			if err := syscall.Kill(p.ID, s); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the browser does not tell its main process")
}

// onDisk waits until the browser has written text into its localStorage's
// files: what it only remembers is lost with it.
func onDisk(t *testing.T, folder, text string) {
	t.Helper()
	for deadline := time.Now().Add(statePatience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(folder, "Default", "Local Storage", "leveldb", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil && bytes.Contains(data, []byte(text)) {
				return
			}
		}
	}
	t.Fatalf("%s is not written to %s", text, folder)
}

// watchBen starts to write down what the page shows of Ben.
func (p *Page) watchBen() {
	p.t.Helper()
	p.Eval(`window.states = [], new MutationObserver(() => {
		const now = `+tile("Ben")+`.dataset.state + ' ' + `+tile("Ben")+`.dataset.cause
		if (window.states.at(-1) !== now) window.states.push(now)
	}).observe(`+tile("Ben")+`, { attributes: true }), 1`, nil)
}

// outOfMemory fills the renderer's old space.
const outOfMemory = `(() => { const all = []; for (;;) all.push(Array.from({ length: 10000 }, (_, i) => ({ i, text: 'x' + i }))) })()`

func TestACrashIsToldAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options []Option
		crash   func(p *Page)
	}{
		{"the renderer crashes", nil, func(p *Page) { go p.Call("Page.crash", M{}, nil) }},
		{"out of memory", []Option{WithFlag("js-flags", "--max-old-space-size=64")}, func(p *Page) { p.fire(outOfMemory) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := StartServer(t)
			ana := participant(t, s, "Ana", "&media=none")
			ben := ownChromium(t, t.TempDir(), tt.options...).open(t, address(s, "test", "Ben", "&media=none"))
			ana.Sees("Ben", "connected")
			ben.Sees("Ana", "connected")
			ana.watchBen()
			before := ana.Text(tile("Ben") + `.dataset.peer`)
			tt.crash(ben)
			ana.SeesCause("Ben", "away", "page-crashed")
			evidence := ana.Text(`holdline.snapshot().peers[0].end.evidence.join('; ')`)
			if evidence != "died without a goodbye; socket closed with 1001; the browser sent what the page had left for its end" {
				t.Errorf("evidence: %s", evidence)
			}
			// The tab of a crashed page is still there: its reload button brings it back.
			go ben.Call("Page.reload", M{}, nil)
			ana.Sees("Ben", "connected")
			if after := ana.Text(tile("Ben") + `.dataset.peer`); after != before {
				t.Errorf("participant %s came back as %s", before, after)
			}
			t.Log(ana.Text(`window.states.join(', ')`))
		})
	}
}

// certificate makes one for this machine that signs itself, as files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

// TestOverHTTPSACrashReportSaysWhy: Chromium 156 sends crash reports from pages
// that came over HTTPS only, and sends them at once.
func TestOverHTTPSACrashReportSaysWhy(t *testing.T) {
	cert, key := certificate(t)
	s := StartServer(t, "--tls-cert", cert, "--tls-key", key)
	trusting := WithFlag("ignore-certificate-errors", true)
	ana := ownChromium(t, t.TempDir(), trusting).open(t, address(s, "test", "Ana", "&media=none"))
	for _, tt := range []struct {
		name   string
		limit  Option
		crash  func(p *Page)
		report string
	}{
		{"Bo", WithFlag("js-flags", "--max-old-space-size=64"), func(p *Page) { p.fire(outOfMemory) }, "crash report: out of memory"},
		{"Cy", trusting, func(p *Page) { go p.Call("Page.crash", M{}, nil) }, "crash report"},
	} {
		page := ownChromium(t, t.TempDir(), trusting, tt.limit).open(t, address(s, "test", tt.name, "&media=none"))
		ana.Sees(tt.name, "connected")
		tt.crash(page)
		ana.SeesCause(tt.name, "away", "page-crashed")
		ana.Until("the report is among the evidence", fmt.Sprintf(
			`holdline.snapshot().peers.find((p) => p.name === %q && p.end.revision > 1 && p.end.evidence.at(-1) === %q)`, tt.name, tt.report))
	}
}

func TestAfterTheBrowserWasKilledTheLobbyOffersToGoBackIn(t *testing.T) {
	for _, tt := range []struct {
		name string
		with syscall.Signal
	}{{"SIGKILL", syscall.SIGKILL}, {"SIGTERM", syscall.SIGTERM}} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			s := StartServer(t, "--grace-closed", "2m")
			ana := participant(t, s, "Ana", "&media=none")
			first := ownChromium(t, folder)
			ben := first.open(t, address(s, "test", "Ben", "&media=none"))
			ana.Sees("Ben", "connected")
			ben.Sees("Ana", "connected")
			ana.Eval(`holdline.say('before')`, nil)
			ben.Until("the message is there", `holdline.snapshot().messages.length === 1`)
			id := ana.Text(tile("Ben") + `.dataset.peer`)
			onDisk(t, folder, "holdline.stopped."+id)
			first.signal(t, tt.with)
			ana.SeesCause("Ben", "away", "page-vanished")

			again := ownChromium(t, folder).open(t, s.URL+"/r/test?lang=en&media=none&name=Eve")
			again.Until("it is offered", `document.getElementById('back').checkVisibility()`)
			again.Is("lobby")
			again.Until("it says what happened", `document.querySelector('[role=status]').textContent.startsWith('Your browser stopped while you were in this call as Ben, ')`)
			again.Choose("Language", "zh")
			again.Until("in Chinese, too", `document.getElementById('back-words').textContent.includes('“Ben”')`)
			again.Choose("语言", "en")
			// By the keyboard: the name has the focus, the offer stands before it.
			again.Until("the name has the focus", `document.activeElement.id === 'name'`)
			again.Eval(`document.getElementById('go-back').focus()`, nil)
			if got := again.Focused(); got != "Go back in" {
				t.Errorf("the focus is on %q", got)
			}
			again.Key("Enter")
			ana.Sees("Ben", "connected")
			again.Sees("Ana", "connected")
			if got := again.Text(`holdline.snapshot().participant`); got != id {
				t.Errorf("went back in as %s, want %s", got, id)
			}
			if n := ana.Text(`document.querySelectorAll('[data-peer]').length`); n != "1" {
				t.Errorf("%s elements for one participant", n)
			}
			again.Press("Leave")
			ana.SeesCause("Ben", "ended", "hangup")
			if left := again.Text(`Object.keys(localStorage).filter((k) => k.startsWith('holdline.stopped.')).length`); left != "0" {
				t.Errorf("%s records are left after Leave", left)
			}
		})
	}
}

// TestTheOfferIsOfThePageThatStopped: what lives, and what said goodbye, is
// not offered, and each page keeps its own record.
func TestTheOfferIsOfThePageThatStopped(t *testing.T) {
	s := StartServer(t)
	records := `Object.keys(localStorage).filter((k) => k.startsWith('holdline.stopped.')).length`
	profile := chromium.NewProfile(t)
	lobby := s.URL + "/r/test?lang=en&media=none&name=Eve"
	ana := profile.NewPage(t, address(s, "test", "Ana", "&media=none"))
	ana.Is("waiting")
	bo := profile.NewPage(t, address(s, "test", "Bo", "&media=none"))
	bo.Sees("Ana", "connected")
	profile.NewPage(t, address(s, "other", "Cy", "&media=none")).Is("waiting")
	ana.Until("each has its record", records+` === 3`)

	eve := profile.NewPage(t, lobby)
	eve.Until("the client runs", `!document.getElementById('ask').disabled`)
	eve.Until("nothing is offered: both live", `!document.getElementById('back').checkVisibility()`)
	bo.Press("Leave")
	ana.Until("the goodbye took its record", records+` === 2`)
	go ana.Call("Page.crash", M{}, nil)
	eve.Until("the crash left one", `navigator.locks.query().then((l) => l.held.length === 1)`)
	fay := profile.NewPage(t, lobby)
	fay.Until("Ana's place is offered", `document.getElementById('back-words').textContent.includes('as Ana,')`)
	gil := profile.NewPage(t, lobby)
	gil.Until("to another tab, too", `document.getElementById('back-words').textContent.includes('as Ana,')`)
	fay.Press("Go back in")
	fay.Is("waiting")
	gil.Press("Go back in")
	gil.Until("it is taken meanwhile", `!document.getElementById('back').checkVisibility()`)
	gil.Is("lobby")
	gil.Press("Join")
	gil.Sees("Ana", "connected")
	CloseTab.Do(fay)
	gil.SeesCause("Ana", "away", "page-closed")
	gil.Until("the goodbye took its record", records+` === 2`)
}
