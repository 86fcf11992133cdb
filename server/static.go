package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"

	"holdline/server/signal"
)

// site is the page and the files that it names, ready to be sent. It does not
// change once it is made.
type site struct {
	page  *asset
	files map[string]*asset // by what follows /static/

	style, icon string // where the page that is not the client has its looks from
}

// asset is one file in all its codings.
type asset struct {
	contentType  string
	cacheControl string
	variants     []variant // the preferred first, identity last
}

// variant is an asset in one coding.
type variant struct {
	coding string // "br", "gzip", or "" for identity
	etag   string // strong, so it differs per coding (RFC 9110, section 8.8.3.3)
	data   []byte
}

// brotliQuality, of 0 to 11, is the best whose cost at start nobody notices:
// 11 makes the page's text 3 % smaller and takes twice as long (BenchmarkStart).
const brotliQuality = 10

const (
	cacheForever = "public, max-age=31536000, immutable" // for names that carry a hash
	cacheChecked = "no-cache"                            // kept, but asked for each time, by ETag
)

// contentSecurityPolicy allows what the page needs and nothing more:
// 'wasm-unsafe-eval' compiles the client, data: and blob: are the page's own
// pictures and media.
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
	"style-src 'self'; img-src 'self' data:; media-src 'self' blob:; manifest-src 'self'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// contentTypes are ours, because mime.TypeByExtension answers differently from
// machine to machine.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".jpg":         "image/jpeg",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".webp":        "image/webp",
	".woff2":       "font/woff2",
}

// compressible types are compressed at start where no compressed sibling is
// embedded. The wasm is not among them: that takes seconds, so the build does it.
var compressible = map[string]bool{
	".css": true, ".html": true, ".js": true, ".json": true, ".svg": true, ".txt": true, ".webmanifest": true,
}

// staticName finds the names of files in index.html.
var staticName = regexp.MustCompile(`/static/[A-Za-z0-9_][A-Za-z0-9._/-]*`)

// newSite reads all files and writes the hashed names into index.html, which
// must name only files that are there.
func newSite(files fs.FS) (*site, error) {
	contents, err := readAll(files)
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	index, ok := contents["index.html"]
	if !ok {
		return nil, errors.New("the page has no index.html")
	}
	hashed := map[string]string{}
	for name, data := range contents {
		hashed["/static/"+name] = "/static/" + hashedName(name, data)
	}
	var missing []error
	index = staticName.ReplaceAllFunc(index, func(name []byte) []byte {
		to, ok := hashed[string(name)]
		if !ok || string(name) == "/static/index.html" {
			missing = append(missing, fmt.Errorf("index.html names %s, which is not built in (make build makes the files in dist)", name))
		}
		return []byte(to)
	})
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	contents["index.html"] = index
	s := makeSite(contents)
	s.style, s.icon = hashed["/static/app.css"], hashed["/static/favicon.svg"]
	return s, nil
}

// readAll leaves out what begins with a dot.
func readAll(files fs.FS) (map[string][]byte, error) {
	contents := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		contents[name], err = fs.ReadFile(files, name)
		return err
	})
	return contents, err
}

// hashedName puts 32 bits of the contents' hash before the extension:
// app.css becomes app.3f2a9c1d.css.
func hashedName(name string, data []byte) string {
	sum := sha256.Sum256(data)
	extension := path.Ext(name)
	return strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:4]) + extension
}

// makeSite compresses in parallel: this is most of the program's start.
func makeSite(contents map[string][]byte) *site {
	s := &site{files: map[string]*asset{}}
	var mu sync.Mutex
	var working sync.WaitGroup
	for name, data := range contents {
		if isSibling(name, contents) {
			continue
		}
		working.Go(func() {
			plain := newAsset(name, data, contents)
			forever := *plain
			forever.cacheControl = cacheForever
			mu.Lock()
			defer mu.Unlock()
			if name == "index.html" {
				s.page = plain
				return
			}
			s.files[name] = plain
			s.files[hashedName(name, data)] = &forever
		})
	}
	working.Wait()
	return s
}

// isSibling reports whether a file is another one in a compressed form.
func isSibling(name string, contents map[string][]byte) bool {
	extension := path.Ext(name)
	_, ok := contents[strings.TrimSuffix(name, extension)]
	return ok && (extension == ".br" || extension == ".gz")
}

func newAsset(name string, data []byte, contents map[string][]byte) *asset {
	extension := path.Ext(name)
	a := &asset{
		contentType:  cmp.Or(contentTypes[extension], "application/octet-stream"),
		cacheControl: cacheChecked,
	}
	add := func(coding string, data []byte) {
		sum := sha256.Sum256(data)
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		a.variants = append(a.variants, variant{coding, etag, data})
	}
	for _, c := range []struct {
		coding, extension string
		compress          func([]byte) []byte
	}{{"br", ".br", brotliBytes}, {"gzip", ".gz", gzipBytes}} {
		encoded, ok := contents[name+c.extension]
		if !ok && compressible[extension] {
			encoded, ok = c.compress(data), true
		}
		if ok && len(encoded) < len(data) {
			add(c.coding, encoded)
		}
	}
	add("", data)
	return a
}

func brotliBytes(data []byte) []byte {
	return compressBytes(data, func(to io.Writer) io.WriteCloser {
		return brotli.NewWriterLevel(to, brotliQuality)
	})
}

func gzipBytes(data []byte) []byte {
	return compressBytes(data, func(to io.Writer) io.WriteCloser {
		w, err := gzip.NewWriterLevel(to, gzip.BestCompression)
		if err != nil {
			panic(err) // the level is a constant of the same package
		}
		return w
	})
}

func compressBytes(data []byte, newWriter func(io.Writer) io.WriteCloser) []byte {
	var to bytes.Buffer
	w := newWriter(&to)
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return to.Bytes()
}

func (s *site) servePage(w http.ResponseWriter, r *http.Request) {
	setPageHeaders(w.Header())
	namePage(w.Header())
	s.page.ServeHTTP(w, r)
}

// namePage gives each serving of the page a name that nobody can foresee. The
// browser puts it into its reports, and the page reads it from its navigation's
// serverTiming for its hello: so a report is of a participant. All in headers,
// which a 304 renews in the browser's cache, so the body stays one for all.
// Chromium 156 sends crash reports to crash-reporting, older ones to default.
func namePage(h http.Header) {
	name := rand.Text()
	h.Set("Reporting-Endpoints", fmt.Sprintf(`crash-reporting="/reports?page=%[1]s", default="/reports?page=%[1]s"`, name))
	h.Set("Server-Timing", "page;desc="+name)
}

func (s *site) serveRoom(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("room")
	if signal.ValidRoom(name) {
		s.servePage(w, r)
		return
	}
	setPageHeaders(w.Header())
	w.Header().Set("Content-Type", contentTypes[".html"])
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprintf(w, notARoom, len([]rune(name)), s.style, s.icon)
}

// notARoom does not repeat the name: it came from outside.
const notARoom = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Holdline</title>
<link rel="stylesheet" href="%[2]s">
<link rel="icon" type="image/svg+xml" href="%[3]s">
<main class="plain">
<h1>No such room</h1>
<p>A room's name has 1 to 64 letters (a to z, A to Z), digits, - and _. This one has %[1]d characters.</p>
<p lang="zh">房间名由 1 到 64 个字母（a–z、A–Z）、数字、- 和 _ 组成。这个名称有 %[1]d 个字符。</p>
<p><a href="/">Holdline</a></p>
</main>
`

func setPageHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)")
}

func (s *site) serveFile(w http.ResponseWriter, r *http.Request) {
	a := s.files[r.PathValue("name")]
	if a == nil {
		http.NotFound(w, r)
		return
	}
	a.ServeHTTP(w, r)
}

func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := a.choose(r.Header.Values("Accept-Encoding"))
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", a.cacheControl)
	h.Set("ETag", v.etag)
	if len(a.variants) > 1 {
		h.Set("Vary", "Accept-Encoding")
	}
	if v.coding != "" {
		h.Set("Content-Encoding", v.coding)
		// ServeContent sets no length for a coding, but would still cut a range
		// out of it. Range is for identity; ignoring it is allowed (RFC 9110,
		// section 14.2).
		h.Set("Content-Length", strconv.Itoa(len(v.data)))
		r = r.Clone(r.Context())
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(v.data))
}

// choose returns the variant with the highest weight, of equals the smaller.
// When the client excludes all of them it gets identity, which it can at least
// read.
func (a *asset) choose(acceptEncoding []string) variant {
	accept := parseWeights(acceptEncoding)
	best, bestWeight := a.variants[len(a.variants)-1], 0.0
	for _, v := range a.variants {
		if q := accept.of(v.coding); q > bestWeight {
			best, bestWeight = v, q
		}
	}
	return best
}
