//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png"
	"net"
	"net/netip"
	"net/url"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"holdline/wasm/e2e/kit"
)

// lanURL is the server's address for other devices: this machine's first IPv4
// address in a network.
func lanURL(t testing.TB, s *kit.Server, scheme string) string {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range all {
		if prefix, err := netip.ParsePrefix(addr.String()); err == nil && prefix.Addr().Is4() && prefix.Addr().IsGlobalUnicast() {
			return scheme + "://" + net.JoinHostPort(prefix.Addr().String(), u.Port())
		}
	}
	kit.Lacks(t, "this machine is in no network: it has loopback alone")
	return ""
}

// anyCertificate is a page of somebody who goes on where the browser warns.
func anyCertificate(t *testing.T, name, url string) *Page {
	t.Helper()
	return NewPage(t, kit.StartFor(t, engineOf(name), kit.WithAnyCertificate()).NewProfile(t), url)
}

const ownPicture = `document.querySelector('#self video').videoWidth > 0`

func TestAnotherDeviceHasACameraByTheServersOwnCertificate(t *testing.T) {
	s := StartServer(t, "--addr", ":0")
	lan := lanURL(t, s, "https")
	ana := participant(t, s, "Ana", "")
	ana.Is("waiting")
	ben := anyCertificate(t, "Ben", lan+"/r/test?join=now&lang=en&name=Ben")
	ben.Until("it is a secure context", `isSecureContext && location.protocol === 'https:'`)
	ben.Until("the own picture is there", ownPicture)
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	ana.plays(1)
	ben.plays(1)
	quiet(t, ana, ben)
}

func TestAPageByHTTPInTheLANOffersHTTPS(t *testing.T) {
	s := StartServer(t, "--addr", ":0")
	const query = "/r/test?lang=en&name=Ben"
	ben := anyCertificate(t, "Ben", lanURL(t, s, "http")+query)
	offered := `document.getElementById('secure-notice').checkVisibility()`
	ben.Until("HTTPS is offered", `!isSecureContext && `+offered)
	ben.Find("link", "Open with https")
	if got, want := ben.Text(`document.getElementById('secure-link').href`), lanURL(t, s, "https")+query; got != want {
		t.Errorf("the link is %s, want %s", got, want)
	}
	ben.Press("Join") // without it too
	ben.Is("waiting")
	ben.Until("a call is not disturbed", `!`+offered)
	ben.Press("Leave")
	ben.Open(lanURL(t, s, "http") + query)
	ben.Until("HTTPS is offered", offered)
	ben.Eval(`document.getElementById('secure-link').click()`, nil)
	ben.Until("it is a secure context", `isSecureContext && document.readyState === 'complete'`)
	ben.Until("the own picture is there", ownPicture)
	ben.Until("nothing more is offered", `!`+offered)
	// Its console is not quiet: by HTTP Chromium 156 notes that it ignores the
	// Cross-Origin-Opener-Policy.
}

// opensElsewhere opens the dialog and waits for its QR code.
func (p *Page) opensElsewhere(name string) {
	p.t.Helper()
	p.Press(name)
	p.seesElsewhere(name)
}

func (p *Page) seesElsewhere(name string) {
	p.t.Helper()
	p.Find("dialog", name)
	p.Until("the QR code is there", `document.querySelector('#elsewhere-qr svg')?.checkVisibility()`)
}

// scanned is what a camera reads from the page's picture, whichever way up it
// is held: one way up gozxing misses one address in some 300 (35 of 9411 ports),
// since it looks for the small square in the wrong place.
func (p *Page) scanned() string {
	p.t.Helper()
	p.Settle()
	picture, _, err := image.Decode(bytes.NewReader(p.Screenshot()))
	if err != nil {
		p.t.Fatal(err)
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		p.t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	for turns := 1; err != nil && turns < 4; turns++ {
		if bitmap, err = bitmap.RotateCounterClockwise(); err == nil {
			found, err = qrcode.NewQRCodeReader().Decode(bitmap, nil)
		}
	}
	if err != nil {
		p.t.Fatalf("no QR code on the page: %v", err)
	}
	return found.GetText()
}

func TestTheRoomOpensOnAnotherDevice(t *testing.T) {
	const name = "Open on another device"
	s := StartServer(t, "--addr", ":0")
	want := lanURL(t, s, "https") + "/r/test"
	ana := visit(t, "Ana", s.URL+"/r/test?lang=en&name=Ana&media=none", "")
	ana.Is("lobby")
	ana.Until("the client is there", `holdline.version !== ''`) // and with it what it answers for
	ana.focusOn("Your name")
	ana.tab("Ask before I close the page during a call", "Join", name)
	ana.Key("Enter")
	ana.seesElsewhere(name)
	for _, dark := range []bool{false, true} {
		for _, width := range []int{390, 1280} {
			ana.SetScreen(kit.Screen{Width: width, Height: 844, Phone: width == 390, Dark: dark})
			if got := ana.scanned(); got != want {
				t.Errorf("dark %t, width %d: the QR code reads %q, want %s", dark, width, got, want)
			}
		}
	}
	if got := ana.Text(`document.getElementById('elsewhere-link').innerText`); got != want {
		t.Errorf("the address below it is %q, want %s", got, want)
	}
	ana.Until("it says that the other browser will warn", `document.getElementById('elsewhere-note').innerText.includes('warns once')`)
	ana.Eval(`holdline.shell.setLanguage('zh')`, nil)
	ana.Until("the words follow the language", `document.getElementById('elsewhere-note').innerText.includes('警告')`)
	ana.Eval(`holdline.shell.setLanguage('en')`, nil)
	ana.Key("Escape")
	ana.Until("it is closed", `!document.getElementById('elsewhere').open`)
	ana.focusOn(name)

	ana.Press("Join")
	ana.Is("waiting")
	ana.opensElsewhere(name)
	ben := participant(t, s, "Ben", "&media=none")
	ana.Sees("Ben", "connected")
	ana.Until("it goes when somebody comes", `!document.getElementById('elsewhere').open`)
	ana.Until("the focus is kept", `document.activeElement !== document.body`)
	quiet(t, ana, ben)
}

func TestWhereOnlyThisComputerReachesTheServerThePageSaysWhatToDo(t *testing.T) {
	s := StartServer(t)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	ana := visit(t, "Ana", s.URL+"/r/test?lang=en&name=Ana&media=none", "")
	ana.Press("Open on another device")
	ana.Until("it says so", fmt.Sprintf(`document.getElementById('elsewhere-note').innerText.includes('--addr :%s,')`, u.Port()))
	ana.Until("there is no QR code", `!document.getElementById('elsewhere-qr').checkVisibility()`)
	ana.Press("Close")
	ana.Until("it is closed", `!document.getElementById('elsewhere').open`)
	quiet(t, ana)
}
