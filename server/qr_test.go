package main

import (
	"bytes"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// scan reads a QR code out of its modules; dark is true.
func scan(t *testing.T, code qrCode) string {
	t.Helper()
	const scale = 4
	picture := image.NewGray(image.Rect(0, 0, len(code)*scale, len(code)*scale))
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			picture.Set(x, y, color.White)
			if code[y/scale][x/scale] {
				picture.Set(x, y, color.Black)
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("no scanner would read it: %v", err)
	}
	return found.GetText()
}

func TestAQRCodeReadsAsItsText(t *testing.T) {
	for _, text := range []string{
		"https://192.168.1.20:8080", "https://[2001:db8::20]:8080/r/test", "https://calls.example/r/-_-",
		"https://" + strings.Repeat("a", 63) + ".example:65535/r/" + strings.Repeat("Zz9_-", 12) + "abcd",
	} {
		code, err := newQRCode(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := scan(t, code); got != text {
			t.Errorf("reads %q, want %q", got, text)
		}
		for i := range code {
			for edge := range quietZone {
				if code[edge][i] || code[len(code)-1-edge][i] || code[i][edge] || code[i][len(code)-1-edge] {
					t.Fatalf("%s: the quiet zone is not white", text)
				}
			}
		}
	}
	if _, err := newQRCode(strings.Repeat("x", 3000)); err == nil {
		t.Error("more than a QR code holds: no error")
	}
}

// fromLines reads what a terminal shows back into modules.
func fromLines(t *testing.T, lines []string) qrCode {
	t.Helper()
	var code qrCode
	for _, line := range lines {
		line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[30;107m"), "\x1b[0m")
		upper, lower := []bool{}, []bool{}
		for _, r := range line {
			if !strings.ContainsRune(" ▀▄█", r) {
				t.Fatalf("%q is in the line %q", r, line)
			}
			upper, lower = append(upper, r == '▀' || r == '█'), append(lower, r == '▄' || r == '█')
		}
		code = append(code, upper, lower)
	}
	return code[:utf8.RuneCountInString(lines[0])-len("\x1b[30;107m\x1b[0m")]
}

func TestTheTerminalShowsTheFirstAddressForOtherDevicesBelowTheURLs(t *testing.T) {
	at := place{addr: ":8080", port: 8080, tls: &certificate{Own: true}, lan: func() []netip.Addr { return addrs("192.168.1.20", "10.0.0.7") }}
	var out bytes.Buffer
	if err := tellAddresses(&out, at, "", "always"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if lines[0] != "http://localhost:8080" || strings.Contains(strings.Join(lines[:3], ""), "\x1b") {
		t.Errorf("begins with %q, want the URLs", lines[:3])
	}
	if got := scan(t, fromLines(t, lines[3:])); got != "https://192.168.1.20:8080" {
		t.Errorf("reads %q", got)
	}
	for name, quiet := range map[string]struct {
		addr, when string
	}{"never": {":8080", "never"}, "no terminal": {":8080", "auto"}, "this machine only": {"127.0.0.1:8080", "always"}} {
		at.addr = quiet.addr
		out.Reset()
		if err := tellAddresses(&out, at, "", quiet.when); err != nil || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: %v, %q, want no QR code", name, err, out.String())
		}
	}
}

func TestAutoMeansATerminal(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, tt := range []struct {
		when   string
		stdout *os.File
		want   bool
	}{{"auto", file, false}, {"auto", null, true}, {"never", null, false}, {"always", file, true}} {
		if got := showsQR(tt.when, tt.stdout); got != tt.want {
			t.Errorf("%s to %s: %t, want %t", tt.when, tt.stdout.Name(), got, tt.want)
		}
	}
}

// fromSVG reads the picture back into modules: rows of M x y h w.
func fromSVG(t *testing.T, svg string) qrCode {
	t.Helper()
	size, err := strconv.Atoi(regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(svg)[1])
	if err != nil {
		t.Fatal(err)
	}
	code := make(qrCode, size)
	for y := range code {
		code[y] = make([]bool, size)
	}
	for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1H(\d+)z`).FindAllStringSubmatch(svg, -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		width, _ := strconv.Atoi(m[3])
		for i := range width {
			code[y][x+i] = true
		}
	}
	return code
}

func askQR(at place, origins []string, host, path, origin string) *httptest.ResponseRecorder {
	request := httptest.NewRequest("GET", "/qr.svg?path="+url.QueryEscape(path)+"&origin="+url.QueryEscape(origin), nil)
	request.Host = host
	recorder := httptest.NewRecorder()
	qrHandler(at, origins).ServeHTTP(recorder, request)
	return recorder
}

func TestThePagesQRCodeIsOfAnAddressThatOthersReach(t *testing.T) {
	lan := func() []netip.Addr { return addrs("192.168.1.20") }
	own := place{addr: ":8080", port: 8080, tls: &certificate{Own: true}, lan: lan}
	plain := place{addr: ":8080", port: 8080, lan: lan}
	here := place{addr: "127.0.0.1:8080", port: 8080, lan: lan}
	origins := []string{"https://calls.example"}
	for _, tt := range []struct {
		name         string
		at           place
		host, origin string
		want         string // the origin in the code
		warned       string
	}{
		{"on localhost", own, "localhost:8080", "http://localhost:8080", "https://192.168.1.20:8080", "true"},
		{"on 127.0.0.1", own, "127.0.0.1:8080", "http://127.0.0.1:8080", "https://192.168.1.20:8080", "true"},
		{"on ::1 by HTTPS", own, "[::1]:8080", "https://[::1]:8080", "https://192.168.1.20:8080", "true"},
		{"without a certificate", plain, "localhost:8080", "http://localhost:8080", "http://192.168.1.20:8080", "false"},
		{"on another address", own, "10.0.0.7:8080", "https://10.0.0.7:8080", "https://10.0.0.7:8080", "true"},
		{"by HTTP in the LAN", own, "10.0.0.7:8080", "http://10.0.0.7:8080", "http://10.0.0.7:8080", "false"},
		{"behind a proxy", here, "calls.example", "https://calls.example", "https://calls.example", "false"},
		{"behind one that changes the host", here, "127.0.0.1:8080", "https://calls.example", "https://calls.example", "false"},
	} {
		got := askQR(tt.at, origins, tt.host, "/r/te-st_1", tt.origin)
		svg := got.Body.String()
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != "image/svg+xml" {
			t.Errorf("%s: %d %s", tt.name, got.Code, svg)
			continue
		}
		want := tt.want + "/r/te-st_1"
		if text := scan(t, fromSVG(t, svg)); text != want || !strings.Contains(svg, "<title>"+want+"</title>") {
			t.Errorf("%s: reads %q, want %q, in the title too: %s", tt.name, text, want, svg[:300])
		}
		if !strings.Contains(svg, `data-own-certificate="`+tt.warned+`"`) {
			t.Errorf("%s: want the word %s on the own certificate: %s", tt.name, tt.warned, svg[:300])
		}
	}
	if got := askQR(here, nil, "localhost:8080", "/r/test", "http://localhost:8080"); got.Code != http.StatusNoContent || got.Body.Len() > 0 {
		t.Errorf("where only this machine reaches it: %d %s, want 204", got.Code, got.Body)
	}
}

func TestAQRCodeIsOfOurOwnRoomsOnly(t *testing.T) {
	at := place{addr: ":8080", port: 8080, lan: lanAddresses}
	for _, tt := range []struct{ host, path, origin, want string }{
		{"a.example", "", "http://a.example", "path"},
		{"a.example", "/", "http://a.example", "path"},
		{"a.example", "/r/", "http://a.example", "path"},
		{"a.example", "/r/a b", "http://a.example", "path"},
		{"a.example", "/r/" + strings.Repeat("x", 65), "http://a.example", "path"},
		{"a.example", "/r/test/../../x", "http://a.example", "path"},
		{"a.example", "/r/test?name=x", "http://a.example", "path"},
		{"a.example", "https://evil.example/r/test", "http://a.example", "path"},
		{"a.example", "/r/test", "", "origin"},
		{"a.example", "/r/test", "https://evil.example", "origin"},
		{"a.example", "/r/test", "https://a.example.evil.example", "origin"},
		{"a.example", "/r/test", "https://a.example/", "origin"},
		{"a.example", "/r/test", "javascript://a.example", "origin"},
		{`a"><script>`, "/r/test", `http://a"><script>`, "origin"},
		{"a.example@evil.example", "/r/test", "http://a.example@evil.example", "origin"},
	} {
		got := askQR(at, nil, tt.host, tt.path, tt.origin)
		if got.Code != http.StatusBadRequest || !strings.HasPrefix(got.Body.String(), tt.want+": want ") {
			t.Errorf("%+v: %d %s, want 400 naming %s", tt, got.Code, got.Body, tt.want)
		}
	}
}
