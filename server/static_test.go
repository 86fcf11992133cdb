package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/andybalholm/brotli"

	"holdline/static"
)

// pageFS is a page with a file of each kind.
func pageFS() fstest.MapFS {
	wasm := strings.Repeat("\x00asm wasm ", 1000)
	file := func(data string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(data)} }
	return fstest.MapFS{
		"index.html": file(`<!doctype html><html lang="en"><title>Holdline</title>
<link rel="stylesheet" href="/static/app.css"><link rel="icon" href="/static/icon.svg">
<link rel="preload" as="fetch" href="/static/dist/holdline.wasm" crossorigin>
<script src="/static/dist/wasm_exec.js" defer></script><script src="/static/boot.js" defer></script>
<body data-text="/static/text.json"><p>` + strings.Repeat("The page. ", 50)),
		"app.css":               file(strings.Repeat("body { margin: 0 }\n", 50)),
		"boot.js":               file(strings.Repeat("start();\n", 50)),
		"icon.svg":              file(strings.Repeat("<svg></svg>\n", 50)),
		"text.json":             file(`{"en": "` + strings.Repeat("word ", 50) + `"}`),
		"tiny.txt":              file("x"),
		"dist/.placeholder":     file(""),
		"dist/wasm_exec.js":     file(strings.Repeat("globalThis.Go = 1;\n", 50)),
		"dist/holdline.wasm":    file(wasm),
		"dist/holdline.wasm.br": file(string(brotliBytes([]byte(wasm)))),
		"dist/holdline.wasm.gz": file(string(gzipBytes([]byte(wasm)))),
	}
}

// handlerOf serves files; /ws and /bye answer with their names.
func handlerOf(t *testing.T, files fs.FS) http.Handler {
	t.Helper()
	site, err := newSite(files)
	if err != nil {
		t.Fatal(err)
	}
	say := func(word string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, word) })
	}
	return newHandler(site, routes{say("ws"), say("bye"), say("gone"), say("reports"), say("qr"), say("https")}, func() bool { return true }, true)
}

// ask sends one request; headers come in pairs of name and value.
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	return recorder
}

func decode(t *testing.T, coding string, body []byte) string {
	t.Helper()
	var reader io.Reader = bytes.NewReader(body)
	switch coding {
	case "br":
		reader = brotli.NewReader(reader)
	case "gzip":
		unzipped, err := gzip.NewReader(reader)
		if err != nil {
			t.Fatal(err)
		}
		reader = unzipped
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestIndexNamesEveryFileByItsHash(t *testing.T) {
	files := pageFS()
	h := handlerOf(t, files)
	page := ask(h, "GET", "/").Body.String()
	names := regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1)
	if len(names) != 6 {
		t.Fatalf("the page names %q, want 6 files", names)
	}
	hashed := regexp.MustCompile(`^/static/(.+)\.[0-9a-f]{8}(\.[a-z]+)$`)
	for _, name := range names {
		parts := hashed.FindStringSubmatch(name)
		if parts == nil {
			t.Errorf("%s carries no hash", name)
			continue
		}
		got := ask(h, "GET", name)
		if got.Code != http.StatusOK || got.Body.String() != string(files[parts[1]+parts[2]].Data) {
			t.Errorf("GET %s = %d and other contents than %s", name, got.Code, parts[1]+parts[2])
		}
		if cache := got.Header().Get("Cache-Control"); cache != "public, max-age=31536000, immutable" {
			t.Errorf("Cache-Control of %s = %q", name, cache)
		}
	}
}

func TestAChangedFileGetsANewNameAndThePageANewETag(t *testing.T) {
	before := ask(handlerOf(t, pageFS()), "GET", "/")
	files := pageFS()
	files["app.css"].Data = append(files["app.css"].Data, '\n')
	after := ask(handlerOf(t, files), "GET", "/")
	if before.Body.String() == after.Body.String() || before.Header().Get("ETag") == after.Header().Get("ETag") {
		t.Errorf("the page or its ETag %s stayed", after.Header().Get("ETag"))
	}
}

func TestAPageThatNamesWhatIsNotThereDoesNotStart(t *testing.T) {
	for name, change := range map[string]func(fstest.MapFS){
		"/static/dist/holdline.wasm": func(f fstest.MapFS) { delete(f, "dist/holdline.wasm") },
		"/static/app.css":            func(f fstest.MapFS) { delete(f, "app.css") },
		"/static/index.html":         func(f fstest.MapFS) { f["index.html"].Data = []byte(`<a href="/static/index.html">`) },
		"index.html":                 func(f fstest.MapFS) { delete(f, "index.html") },
	} {
		files := pageFS()
		change(files)
		if _, err := newSite(files); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("newSite = %v, want an error that names %s", err, name)
		}
	}
}

func TestAcceptEncodingChoosesTheVariant(t *testing.T) {
	h := handlerOf(t, pageFS())
	paths := map[string]string{
		"/":                          "",
		"/static/app.css":            "",
		"/static/dist/holdline.wasm": "",
	}
	for path := range paths {
		paths[path] = ask(h, "GET", path).Body.String()
	}
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"br"}, "br"},
		{[]string{"gzip"}, "gzip"},
		{[]string{"x-gzip"}, "gzip"},
		{[]string{"GZip"}, "gzip"},
		{[]string{"gzip, deflate, br, zstd"}, "br"},
		{[]string{"gzip", "br"}, "br"},
		{[]string{"gzip;q=1, br;q=0.5"}, "gzip"},
		{[]string{"gzip;q=0.5,br;q=0.5"}, "br"},
		{[]string{"br ; Q=0.001"}, "br"},
		{[]string{"br;q=0, gzip"}, "gzip"},
		{[]string{"br;q=0.000, gzip;q=0"}, ""},
		{[]string{"*"}, "br"},
		{[]string{"*;q=0.5, br;q=0"}, "gzip"},
		{[]string{"gzip, *;q=0"}, "gzip"},
		{[]string{"identity"}, ""},
		{[]string{"identity, gzip;q=0.5"}, ""},
		{[]string{"identity;q=0.5, gzip"}, "gzip"},
		{[]string{"identity;q=0"}, ""}, // nothing is acceptable; what it can read is better than an error
		{[]string{"deflate, zstd"}, ""},
		{[]string{"br;q=2, gzip;q=-1"}, ""},
		{[]string{"br;q=NaN, gzip;q=x"}, ""},
		{[]string{"broken;;;,,=;q=,br"}, "br"},
	} {
		for path, identity := range paths {
			var headers []string
			for _, value := range tt.accept {
				headers = append(headers, "Accept-Encoding", value)
			}
			got := ask(h, "GET", path, headers...)
			coding := got.Header().Get("Content-Encoding")
			if coding != tt.want {
				t.Errorf("%s with Accept-Encoding %q: coding %q, want %q", path, tt.accept, coding, tt.want)
				continue
			}
			if decode(t, coding, got.Body.Bytes()) != identity {
				t.Errorf("%s with Accept-Encoding %q decodes to something else", path, tt.accept)
			}
			if length := got.Header().Get("Content-Length"); length != fmt.Sprint(got.Body.Len()) {
				t.Errorf("%s with Accept-Encoding %q: Content-Length %q, want %d", path, tt.accept, length, got.Body.Len())
			}
			if vary := got.Header().Get("Vary"); vary != "Accept-Encoding" {
				t.Errorf("%s with Accept-Encoding %q: Vary %q", path, tt.accept, vary)
			}
		}
	}
}

func TestEveryCodingHasItsOwnStrongETagAndAnswers304ToItAlone(t *testing.T) {
	h := handlerOf(t, pageFS())
	for _, path := range []string{"/", "/r/blue-room", "/check", "/static/app.css", "/static/dist/holdline.wasm"} {
		etags := map[string]string{}
		for _, coding := range []string{"br", "gzip", "identity"} {
			etag := ask(h, "GET", path, "Accept-Encoding", coding).Header().Get("ETag")
			if !regexp.MustCompile(`^"[A-Za-z0-9_-]{16}"$`).MatchString(etag) {
				t.Errorf("ETag of %s in %s = %s", path, coding, etag)
			}
			if other, twice := etags[etag]; twice {
				t.Errorf("%s: %s and %s share the ETag %s", path, coding, other, etag)
			}
			etags[etag] = coding
		}
		for etag, of := range etags {
			for _, coding := range []string{"br", "gzip", "identity"} {
				got := ask(h, "GET", path, "Accept-Encoding", coding, "If-None-Match", `"other", `+etag)
				want := http.StatusOK
				if coding == of {
					want = http.StatusNotModified
				}
				if got.Code != want {
					t.Errorf("%s in %s with the ETag of %s = %d, want %d", path, coding, of, got.Code, want)
				}
				if got.Code != http.StatusNotModified {
					continue
				}
				head := got.Header()
				if got.Body.Len() > 0 || head.Get("ETag") != etag || head.Get("Vary") == "" || head.Get("Cache-Control") == "" || head.Get("Content-Length") != "" {
					t.Errorf("304 of %s has body %q and headers %v", path, got.Body, head)
				}
			}
		}
	}
}

func TestNamesWithoutAHashAreCheckedEachTime(t *testing.T) {
	h := handlerOf(t, pageFS())
	for _, path := range []string{"/", "/r/blue-room", "/check", "/static/app.css", "/static/dist/holdline.wasm"} {
		if got := ask(h, "GET", path).Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("Cache-Control of %s = %q, want no-cache", path, got)
		}
	}
}

func TestContentTypesAreRightAndNotSniffed(t *testing.T) {
	files := pageFS()
	files["odd.xyz"] = &fstest.MapFile{Data: []byte("<html>")}
	h := handlerOf(t, files)
	for path, want := range map[string]string{
		"/":                            "text/html; charset=utf-8",
		"/r/room":                      "text/html; charset=utf-8",
		"/r/no room":                   "text/html; charset=utf-8",
		"/static/app.css":              "text/css; charset=utf-8",
		"/static/boot.js":              "text/javascript; charset=utf-8",
		"/static/dist/wasm_exec.js":    "text/javascript; charset=utf-8",
		"/static/dist/holdline.wasm":   "application/wasm",
		"/static/icon.svg":             "image/svg+xml",
		"/static/text.json":            "application/json",
		"/static/tiny.txt":             "text/plain; charset=utf-8",
		"/static/odd.xyz":              "application/octet-stream",
		"/static/none":                 "text/plain; charset=utf-8",
		"/healthz":                     "text/plain; charset=utf-8",
		"/static/dist/holdline.wasm/x": "text/plain; charset=utf-8",
	} {
		got := ask(h, "GET", strings.ReplaceAll(path, " ", "%20")).Header()
		if got.Get("Content-Type") != want || got.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q %q, want %q nosniff", path, got.Get("Content-Type"), got.Get("X-Content-Type-Options"), want)
		}
	}
}

func TestEveryHTMLPageIsConfined(t *testing.T) {
	h := handlerOf(t, pageFS())
	want := map[string]string{
		"Content-Security-Policy":    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"Permissions-Policy":         "camera=(self), microphone=(self), display-capture=(self)",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "same-origin",
		"Strict-Transport-Security":  "", // not without TLS
	}
	for _, path := range []string{"/", "/r/room", "/check", "/r/a%20b"} {
		got := ask(h, "GET", path).Header()
		for name, value := range want {
			if got.Get(name) != value {
				t.Errorf("%s of %s = %q, want %q", name, path, got.Get(name), value)
			}
		}
	}
}

func TestThePageIsServedForValidRoomsOnly(t *testing.T) {
	h := handlerOf(t, pageFS())
	page := ask(h, "GET", "/").Body.String()
	for _, name := range []string{"a", "Blue-Room_7", strings.Repeat("x", 64)} {
		if got := ask(h, "GET", "/r/"+name); got.Code != http.StatusOK || got.Body.String() != page {
			t.Errorf("/r/%s = %d, want the page", name, got.Code)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 65), "a%20b", "a%2Fb", "a/b", "room/", "%E6%88%BF", "a.b", "%00", "%3Cscript%3E", "%E2%80%AEabc"} {
		got := ask(h, "GET", "/r/"+name)
		body := got.Body.String()
		if got.Code != http.StatusNotFound || !strings.Contains(body, "1 to 64 letters") || strings.Contains(body, "<script") {
			t.Errorf("/r/%s = %d %s, want 404 that names the limit", name, got.Code, body)
		}
		if cache := got.Header().Get("Cache-Control"); cache != "no-store" {
			t.Errorf("/r/%s: Cache-Control %q, want no-store", name, cache)
		}
	}
}

func TestWhatIsNotAFileIsNotFound(t *testing.T) {
	h := handlerOf(t, pageFS())
	hashed := regexp.MustCompile(`/static/app\.[0-9a-f]{8}\.css`).FindString(ask(h, "GET", "/").Body.String())
	stale := strings.Replace(hashed, "app.", "app.0", 1)
	for _, path := range []string{
		"/index.html", "/favicon.ico", "/static/", "/static/dist", "/static/dist/", "/static/index.html",
		"/static/none.css", "/static/app.00000000.css", stale, "/static/app.css/", "/static/APP.CSS",
		"/static/dist/.placeholder", "/static/dist/holdline.wasm.br", "/static/dist/holdline.wasm.gz",
	} {
		got := ask(h, "GET", path)
		if got.Code != http.StatusNotFound || strings.Contains(got.Body.String(), "holdline.wasm") {
			t.Errorf("GET %s = %d %s, want a plain 404", path, got.Code, got.Body)
		}
		if cache := got.Header().Get("Cache-Control"); cache != "no-store" {
			t.Errorf("GET %s: Cache-Control %q, want no-store", path, cache)
		}
	}
}

func TestNoPathLeadsOut(t *testing.T) {
	server := httptest.NewServer(handlerOf(t, pageFS()))
	defer server.Close()
	for _, target := range []string{
		"/static/../main.go", "/static/../../etc/passwd", "/static/..", "/static/%2e%2e/main.go", "/static/..%2fmain.go",
		"/static/..%5cmain.go", "/static/%2fetc/passwd", "/static//etc/passwd", "//etc/passwd", "/static/dist/%2e%2e/index.html",
		"/static/dist/..%2findex.html", "/static/app.css%00.js", "/static/./index.html", "/r/../../etc/passwd", "/r/..%2f..%2fetc%2fpasswd",
		"/../etc/passwd", "*",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		location := response.Header.Get("Location")
		if response.StatusCode < 300 || strings.HasPrefix(location, "//") || strings.Contains(location, "..") {
			t.Errorf("GET %s = %d, Location %q", target, response.StatusCode, location)
		}
		conn.Close()
	}
}

func TestOtherMethodsAreRefusedWithAllow(t *testing.T) {
	h := handlerOf(t, pageFS())
	for _, tt := range []struct{ method, path, allow string }{
		{"POST", "/", "GET, HEAD"},
		{"PUT", "/r/room", "GET, HEAD"},
		{"DELETE", "/static/app.css", "GET, HEAD"},
		{"OPTIONS", "/static/app.css", "GET, HEAD"},
		{"POST", "/healthz", "GET, HEAD"},
		{"POST", "/readyz", "GET, HEAD"},
		{"POST", "/ws", "GET, HEAD"},
		{"GET", "/bye", "POST"},
	} {
		got := ask(h, tt.method, tt.path)
		if got.Code != http.StatusMethodNotAllowed || got.Header().Get("Allow") != tt.allow {
			t.Errorf("%s %s = %d, Allow %q, want 405 and %q", tt.method, tt.path, got.Code, got.Header().Get("Allow"), tt.allow)
		}
	}
}

func TestHeadHasTheHeadersOfGetAndNoBody(t *testing.T) {
	h := handlerOf(t, pageFS())
	for _, path := range []string{"/", "/r/room", "/static/app.css", "/static/dist/holdline.wasm"} {
		for _, coding := range []string{"br", "gzip", "identity"} {
			get := ask(h, "GET", path, "Accept-Encoding", coding)
			head := ask(h, "HEAD", path, "Accept-Encoding", coding)
			for _, name := range []string{"Reporting-Endpoints", "Server-Timing"} { // each serving has its own
				if (get.Header().Get(name) == "") != (head.Header().Get(name) == "") {
					t.Errorf("HEAD %s: %s is %q", path, name, head.Header().Get(name))
				}
				get.Header().Del(name)
				head.Header().Del(name)
			}
			if head.Code != http.StatusOK || head.Body.Len() > 0 || !maps.EqualFunc(head.Header(), get.Header(), slices.Equal) {
				t.Errorf("HEAD %s in %s = %d, %d bytes, %v, want %v", path, coding, head.Code, head.Body.Len(), head.Header(), get.Header())
			}
		}
	}
}

func TestARangeIsCutFromIdentityOnly(t *testing.T) {
	files := pageFS()
	h := handlerOf(t, files)
	const path = "/static/dist/holdline.wasm"
	wasm := files["dist/holdline.wasm"].Data
	part := ask(h, "GET", path, "Range", "bytes=10-19")
	if part.Code != http.StatusPartialContent || part.Body.String() != string(wasm[10:20]) || part.Header().Get("Content-Length") != "10" {
		t.Errorf("range of identity = %d, %d bytes, Content-Length %s", part.Code, part.Body.Len(), part.Header().Get("Content-Length"))
	}
	for _, value := range []string{"bytes=10-19", "bytes=99999999-"} {
		whole := ask(h, "GET", path, "Range", value, "Accept-Encoding", "br")
		if whole.Code != http.StatusOK || decode(t, "br", whole.Body.Bytes()) != string(wasm) {
			t.Errorf("%s of br = %d, %d bytes, want all of it", value, whole.Code, whole.Body.Len())
		}
	}
	beyond := ask(h, "GET", path, "Range", "bytes=99999999-")
	if beyond.Code != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range beyond the end = %d, want 416", beyond.Code)
	}
}

func TestWasmWithoutSiblingsIsServedAsItIs(t *testing.T) {
	files := pageFS()
	delete(files, "dist/holdline.wasm.br")
	delete(files, "dist/holdline.wasm.gz")
	got := ask(handlerOf(t, files), "GET", "/static/dist/holdline.wasm", "Accept-Encoding", "br, gzip")
	if got.Header().Get("Content-Encoding") != "" || got.Header().Get("Vary") != "" || got.Body.Len() != len(files["dist/holdline.wasm"].Data) {
		t.Errorf("headers %v, %d bytes, want identity", got.Header(), got.Body.Len())
	}
}

func TestAVariantThatSavesNothingIsLeftOut(t *testing.T) {
	got := ask(handlerOf(t, pageFS()), "GET", "/static/tiny.txt", "Accept-Encoding", "br, gzip")
	if got.Header().Get("Content-Encoding") != "" || got.Body.String() != "x" {
		t.Errorf("headers %v, body %q, want identity", got.Header(), got.Body)
	}
}

func TestHealthAndReadinessAreTold(t *testing.T) {
	site, err := newSite(pageFS())
	if err != nil {
		t.Fatal(err)
	}
	ready := true
	none := http.NotFoundHandler()
	h := newHandler(site, routes{none, none, none, none, none, none}, func() bool { return ready }, true)
	for _, tt := range []struct {
		ready bool
		path  string
		want  int
	}{
		{true, "/healthz", http.StatusOK},
		{true, "/readyz", http.StatusOK},
		{false, "/healthz", http.StatusOK},
		{false, "/readyz", http.StatusServiceUnavailable},
	} {
		ready = tt.ready
		got := ask(h, "GET", tt.path)
		if got.Code != tt.want || got.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s with ready=%v: %d, %q, want %d, no-store", tt.path, tt.ready, got.Code, got.Header().Get("Cache-Control"), tt.want)
		}
	}
}

func TestWhatTheSignalingAnswersHasItsRoutes(t *testing.T) {
	h := handlerOf(t, pageFS())
	for path, method := range map[string]string{"/ws": "GET", "/bye": "POST", "/gone": "POST", "/reports": "POST"} {
		if got := ask(h, method, path).Body.String(); "/"+got != path {
			t.Errorf("%s %s = %q", method, path, got)
		}
	}
}

func TestEachServingOfThePageHasAnotherNameForReportsAndTheSameETag(t *testing.T) {
	h := handlerOf(t, pageFS())
	read := func(headers http.Header) string {
		endpoints := regexp.MustCompile(`^crash-reporting="/reports\?page=([A-Z2-7]{26})", default="/reports\?page=([A-Z2-7]{26})"$`).FindStringSubmatch(headers.Get("Reporting-Endpoints"))
		timing := regexp.MustCompile(`^page;desc=([A-Z2-7]{26})$`).FindStringSubmatch(headers.Get("Server-Timing"))
		if endpoints == nil || timing == nil || endpoints[1] != timing[1] || endpoints[2] != timing[1] {
			t.Fatalf("headers %v: want one name in Reporting-Endpoints and Server-Timing", headers)
		}
		return timing[1]
	}
	first := ask(h, "GET", "/r/blue")
	again := ask(h, "GET", "/r/blue", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified {
		t.Errorf("asked again: %d, want 304", again.Code)
	}
	if a, b := read(first.Header()), read(again.Header()); a == b {
		t.Errorf("served twice as %s", a)
	}
	for _, path := range []string{"/r/a%20b", "/static/app.css", "/healthz"} {
		if got := ask(h, "GET", path).Header(); got.Get("Reporting-Endpoints") != "" || got.Get("Server-Timing") != "" {
			t.Errorf("%s has %v", path, got)
		}
	}
}

// The embedded page, with stand-ins for what the build makes.
func TestTheEmbeddedPageNamesOnlyWhatIsThere(t *testing.T) {
	if _, err := newSite(embeddedPage(t)); err != nil {
		t.Error(err)
	}
}

func embeddedPage(t testing.TB) fs.FS {
	t.Helper()
	contents, err := readAll(static.Files)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"dist/holdline.wasm": {Data: []byte("\x00asm")},
		"dist/wasm_exec.js":  {Data: []byte("//")},
	}
	for name, data := range contents {
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
}

// BenchmarkStart is what serving the page adds to the start of the program.
func BenchmarkStart(b *testing.B) {
	files := embeddedPage(b)
	for b.Loop() {
		if _, err := newSite(files); err != nil {
			b.Fatal(err)
		}
	}
}
