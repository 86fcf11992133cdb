package main

import (
	"io"
	"net"
	"net/http"
	"net/netip"
)

// routes are what answers beside the site.
type routes struct {
	socket, bye, gone, reports http.Handler // the signaling
	qr, https                  http.Handler // the addresses
}

// newHandler routes everything that the server answers. ready turns false when
// the server drains. hsts keeps browsers at HTTPS.
func newHandler(site *site, to routes, ready func() bool, hsts bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", site.servePage)
	mux.HandleFunc("GET /check", site.servePage)
	mux.HandleFunc("GET /r/{room...}", site.serveRoom)
	mux.HandleFunc("GET /static/{name...}", site.serveFile)
	mux.Handle("GET /ws", to.socket)
	mux.Handle("POST /bye", to.bye)
	mux.Handle("POST /gone", to.gone)
	mux.Handle("POST /reports", to.reports)
	mux.Handle("GET /qr.svg", to.qr)
	mux.Handle("GET /https", to.https)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !ready() {
			w.WriteHeader(http.StatusServiceUnavailable)
			io.WriteString(w, "draining\n")
			return
		}
		io.WriteString(w, "ready\n")
	})
	return withDefaults(mux, hsts)
}

// withDefaults sets the headers of every answer; a handler may replace them.
func withDefaults(next http.Handler, hsts bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		// A room's address is its secret, so no other site sees it. Not
		// no-referrer: with that a browser sends the beacon to /bye with
		// "Origin: null" (Fetch, section 3.2), and it would be refused.
		h.Set("Referrer-Policy", "same-origin")
		if hsts && r.TLS != nil && !isLocalhost(r.Host) {
			h.Set("Strict-Transport-Security", "max-age=15552000") // 180 days
		}
		next.ServeHTTP(w, r)
	})
}

// isLocalhost reports whether a host is this machine by name. HSTS holds for a
// host and all of its ports: for localhost it would break every other server
// under development. Browsers ignore it for addresses.
func isLocalhost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
