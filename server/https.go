package main

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// HTTP and HTTPS share one port (port.go). What becomes of HTTP depends on the
// certificate:
//
//   - With a given one it is sent on to HTTPS, as its addresses are known.
//   - With the server's own, HTTP goes on as it is. On localhost it is secure
//     and without warnings. On an address of the LAN the page offers HTTPS and
//     says before that the browser will warn: a redirect would lead people from
//     the address that they typed to a warning without a word from us, and
//     everybody else (who only wants to see and write, a proxy, a script) away
//     from what works.

// plainHost is a host, with or without port, that can stand in a URL and in HTML.
var plainHost = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)

// onlyHTTPS sends who comes by HTTP on to the same address by HTTPS. It is
// not for ever: the next start may be without a certificate.
func onlyHTTPS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.TLS != nil:
			next.ServeHTTP(w, r)
		case !plainHost.MatchString(r.Host):
			http.Error(w, "this port is for HTTPS", http.StatusBadRequest)
		default:
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusTemporaryRedirect)
		}
	})
}

// httpsHandler answers GET /https with the page's origin by HTTPS, where the
// server's own certificate opens that; else 204. The page asks where it is not
// a secure context. A host that the certificate is not for, other than an
// address, is a proxy's, and so is a port that is not ours.
func httpsHandler(at place) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(r.Host)
		if err != nil {
			host, port = strings.Trim(r.Host, "[]"), "80"
		}
		_, noAddress := netip.ParseAddr(host)
		if at.tls == nil || !at.tls.Own || r.TLS != nil || port != strconv.Itoa(at.port) || !plainHost.MatchString(r.Host) ||
			noAddress != nil && at.tls.leaf().VerifyHostname(host) != nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		io.WriteString(w, serverURL(host, at.port, true))
	})
}
