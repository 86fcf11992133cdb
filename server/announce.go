package main

import (
	"cmp"
	"crypto/x509"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// announce words where the server is reached. The first line is the URL for
// this machine's browser; a program may read it. addr is as typed, port as it
// was given; leaf is nil without TLS; lan are this machine's other addresses.
func announce(addr string, port int, leaf *x509.Certificate, lan []netip.Addr) []string {
	host, _, _ := net.SplitHostPort(addr) // parseConfig has checked it
	ip, err := netip.ParseAddr(host)
	everywhere := host == "" || err == nil && ip.IsUnspecified()
	// Browsers treat http://localhost as a secure context and the README says
	// it, so that is what 127.0.0.1 is called.
	if everywhere || host == "127.0.0.1" {
		host = "localhost"
	}
	local := host == "localhost" || err == nil && ip.IsLoopback()

	var others []string
	for _, other := range lan {
		if ip.Is4() && other.Is6() {
			continue // 0.0.0.0 does not hear it
		}
		others = append(others, other.String())
	}
	if leaf != nil {
		names := certificateNames(leaf)
		if leaf.VerifyHostname(host) != nil && len(names) > 0 {
			host = names[0]
		}
		others = slices.DeleteFunc(others, func(ip string) bool { return leaf.VerifyHostname(ip) != nil })
		if len(others) == 0 {
			others = slices.DeleteFunc(names, func(name string) bool {
				ip, err := netip.ParseAddr(name)
				return name == "localhost" || err == nil && ip.IsLoopback()
			})
		}
	}

	lines := []string{serverURL(host, port, leaf != nil)}
	switch {
	case local && !everywhere:
		lines = append(lines, "Only this machine reaches it; other devices do with --addr :"+strconv.Itoa(port))
	case everywhere && len(others) > 0:
		for i, other := range others {
			others[i] = serverURL(other, port, leaf != nil)
		}
		lines = append(lines, "From other devices: "+strings.Join(others, "  "))
	}
	if leaf == nil {
		lines = append(lines, "On other devices the browser gives camera and microphone to HTTPS only: --tls-cert FILE --tls-key FILE")
	}
	return lines
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

// lanAddresses returns the addresses by which other devices may reach this
// machine, IPv4 before IPv6.
func lanAddresses() []netip.Addr {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil // they are a convenience
	}
	var lan []netip.Addr
	for _, addr := range interfaces {
		prefix, err := netip.ParsePrefix(addr.String())
		if ip := prefix.Addr().Unmap(); err == nil && ip.IsGlobalUnicast() {
			lan = append(lan, ip)
		}
	}
	slices.SortStableFunc(lan, func(a, b netip.Addr) int { return cmp.Compare(a.BitLen(), b.BitLen()) })
	return lan
}
