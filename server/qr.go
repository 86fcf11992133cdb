package main

import (
	"fmt"
	"image/color"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/boombuler/barcode/qr"

	"holdline/server/signal"
)

// quietZone is the white around a QR code, in modules (ISO/IEC 18004, section 6.3.8).
const quietZone = 4

// qrCode is a QR code as its rows of modules, with the quiet zone; true is dark.
type qrCode [][]bool

// newQRCode is at level M, of which 15 % may be lost: it is scanned from a screen.
func newQRCode(text string) (qrCode, error) {
	drawn, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	size := drawn.Bounds().Dx()
	code := make(qrCode, size+2*quietZone)
	for y := range code {
		code[y] = make([]bool, len(code))
	}
	for y := range size {
		for x := range size {
			code[y+quietZone][x+quietZone] = drawn.At(x, y) == color.Black
		}
	}
	return code, nil
}

// lines draws it for a terminal, two modules in each character, in colours of
// its own: dark on white on every ground.
func (q qrCode) lines() []string {
	const dark, plain = "\x1b[30;107m", "\x1b[0m"
	var lines []string
	for y := 0; y < len(q); y += 2 {
		var line strings.Builder
		for x, upper := range q[y] {
			lower := y+1 < len(q) && q[y+1][x]
			switch {
			case upper && lower:
				line.WriteRune('█')
			case upper:
				line.WriteRune('▀')
			case lower:
				line.WriteRune('▄')
			default:
				line.WriteByte(' ')
			}
		}
		lines = append(lines, dark+line.String()+plain)
	}
	return lines
}

// writeSVG draws it one unit to a module. own tells the page of the server's
// own certificate, of which the other device will be warned.
func (q qrCode) writeSVG(w io.Writer, url string, own bool) {
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" data-own-certificate="%[2]t" role="img" shape-rendering="crispEdges">`+
		`<title>%[3]s</title><path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, len(q), own, url)
	for y, row := range q {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			end := x + 1
			for row[end] { // the quiet zone ends it
				end++
			}
			fmt.Fprintf(w, "M%d %dh%dv1H%dz", x, y, end-x, x)
			x = end
		}
	}
	io.WriteString(w, `"/></svg>`)
}

// showsQR reports whether the terminal's QR code is wanted.
func showsQR(when string, stdout io.Writer) bool {
	file, ok := stdout.(*os.File)
	if when != "auto" || !ok {
		return when == "always"
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// qrHandler answers GET /qr.svg?path=/r/ROOM&origin=ORIGIN with the QR code of
// a room's address as other devices can open it. origin is the page's own, for
// a proxy may have changed scheme and host; only those count whose pages may
// connect. On this machine, which calls itself localhost, the first address for
// other devices stands in. 204 says that none reaches the server.
func qrHandler(at place, origins []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, origin := r.URL.Query().Get("path"), r.URL.Query().Get("origin")
		room, ok := strings.CutPrefix(path, "/r/")
		if !ok || !signal.ValidRoom(room) {
			http.Error(w, fmt.Sprintf("path: want /r/ROOM with 1 to 64 letters, digits, - and _, got %q", clip(path)), http.StatusBadRequest)
			return
		}
		scheme, host, ok := strings.Cut(origin, "://")
		own := ok && (scheme == "http" || scheme == "https") && host == r.Host && plainHost.MatchString(host)
		if !own && !slices.Contains(origins, origin) {
			http.Error(w, fmt.Sprintf("origin: want the page's own, http:// or https:// with %q, or one of --origins, got %q", clip(r.Host), clip(origin)), http.StatusBadRequest)
			return
		}
		if isLocalhost(host) {
			_, others := at.urls()
			if len(others) == 0 {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			origin = others[0]
		}
		code, err := newQRCode(origin + path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentTypes[".svg"])
		code.writeSVG(w, origin+path, at.tls != nil && at.tls.Own && strings.HasPrefix(origin, "https:"))
	})
}
