package main

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// place is where the server listens: what its URLs are made of.
type place struct {
	addr string // as typed
	port int    // as it was given
	tls  *certificate
	lan  func() []netip.Addr
	// mayMakeOwn: where other devices reached it, it would have its own certificate.
	mayMakeOwn bool
}

// hosts returns what the server is called on this machine, and by other
// devices: none where they do not reach it.
func (p place) hosts() (here string, others []string) {
	here, _, _ = net.SplitHostPort(p.addr) // parseConfig has checked it
	switch {
	case p.everywhere():
		others = p.lanNames()
	case !onlyLoopback(p.addr):
		others = []string{here}
	}
	// Browsers treat http://localhost as a secure context and the README says
	// it, so that is what 127.0.0.1 is called.
	if p.everywhere() || here == "127.0.0.1" {
		here = "localhost"
	}
	if p.tls != nil && !p.tls.Own {
		return certified(p.tls.leaf(), here, others)
	}
	return here, others
}

// urls are made of hosts, with the scheme that serves best: with the server's
// own certificate this machine does without it, for localhost is secure as it
// is, and nobody is warned there.
func (p place) urls() (here string, others []string) {
	host, names := p.hosts()
	here = serverURL(host, p.port, p.tls != nil && !(p.tls.Own && host == "localhost"))
	for _, name := range names {
		others = append(others, serverURL(name, p.port, p.tls != nil))
	}
	return here, others
}

// everywhere reports whether it listens on all of the machine's addresses.
func (p place) everywhere() bool {
	host, _, _ := net.SplitHostPort(p.addr)
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// lanNames are the addresses by which other devices reach it.
func (p place) lanNames() []string {
	var names []string
	for _, ip := range p.lan() {
		if strings.HasPrefix(p.addr, "0.0.0.0:") && ip.Is6() {
			continue // which that does not hear
		}
		names = append(names, ip.String())
	}
	return names
}

// certified keeps the names that a given certificate is for, or takes the
// certificate's own.
func certified(leaf *x509.Certificate, host string, others []string) (string, []string) {
	names := certificateNames(leaf)
	if leaf.VerifyHostname(host) != nil && len(names) > 0 {
		host = names[0]
	}
	if others == nil {
		return host, nil
	}
	others = slices.DeleteFunc(others, func(name string) bool { return leaf.VerifyHostname(name) != nil })
	if len(others) == 0 {
		others = slices.DeleteFunc(names, isLocalhost)
	}
	return host, others
}

// announce words where the server is reached. The first line is the URL for
// this machine's browser; a program may read it.
func announce(p place) []string {
	here, others := p.urls()
	lines := []string{here}
	local := onlyLoopback(p.addr)
	if local {
		lines = append(lines, "Only this machine reaches it; other devices do with --addr :"+strconv.Itoa(p.port))
	}
	if p.everywhere() && len(others) > 0 {
		lines = append(lines, "From other devices: "+strings.Join(others, "  "))
	}
	switch {
	case p.tls != nil && p.tls.Own && len(others) > 0:
		lines = append(lines, "Browsers warn once, because this server has made its certificate itself: choose to go on.")
	case p.tls == nil && !(local && p.mayMakeOwn):
		lines = append(lines, "On other devices the browser gives camera and microphone to HTTPS only: --tls-cert FILE --tls-key FILE")
	}
	return lines
}

// tellAddresses prints where the server is reached, what a firewall must let in
// for that, and below the QR code of the first address for other devices.
func tellAddresses(stdout io.Writer, p place, firewall, qr string) error {
	for _, line := range announce(p) {
		fmt.Fprintln(stdout, line)
	}
	if firewall != "" && !onlyLoopback(p.addr) {
		fmt.Fprintln(stdout, firewall)
	}
	_, others := p.urls()
	if len(others) == 0 || !showsQR(qr, stdout) {
		return nil
	}
	code, err := newQRCode(others[0])
	if err != nil {
		return err
	}
	for _, line := range code.lines() {
		fmt.Fprintln(stdout, line)
	}
	return nil
}

// certificateNames returns the names and addresses that a browser can open as
// they stand: all but wildcards.
func certificateNames(leaf *x509.Certificate) []string {
	names := slices.DeleteFunc(slices.Clone(leaf.DNSNames), func(name string) bool {
		return strings.HasPrefix(name, "*.")
	})
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

// serverURL leaves out the port that the scheme implies.
func serverURL(host string, port int, secure bool) string {
	scheme, implied := "http", 80
	if secure {
		scheme, implied = "https", 443
	}
	if port != implied {
		return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host
}
