package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
)

// certificate is what the server answers HTTPS with.
type certificate struct {
	// Own says that the server has made it itself: it lets browsers into the page
	// when their person says so, and HTTP goes on beside it. Nothing else trusts
	// it, and nobody is asked: Firefox fails silently at a TURN server over TLS
	// whose certificate it does not trust, Chromium with error 701. So a relay
	// offers TURN over TLS only where Own is false.
	Own bool

	get  func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	leaf func() *x509.Certificate // the present one
}

// loadCertificate returns the certificate that the configuration asks for: the
// given one, or the server's own where other devices can reach it. It is nil
// where there is neither.
func loadCertificate(cfg config, log *slog.Logger) (*certificate, error) {
	switch {
	case cfg.TLSCert != "":
		given, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("load --tls-cert %s with --tls-key %s: %w", cfg.TLSCert, cfg.TLSKey, err)
		}
		return &certificate{
			get:  func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &given, nil },
			leaf: func() *x509.Certificate { return given.Leaf },
		}, nil
	case cfg.OwnCertificate && !onlyLoopback(cfg.Addr):
		own, err := loadOwnCertificate(cfg.State, log)
		if err != nil {
			return nil, err
		}
		return &certificate{Own: true, get: own.get, leaf: own.leaf}, nil
	}
	return nil, nil
}

// config is for a port that routes by what the client asks for: over TLS that
// is HTTP/2 or HTTP/1.1, as net/http offers it by itself.
func (c *certificate) config() *tls.Config {
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: httpProtocols}
}

// httpProtocols are HTTP's names in TLS (RFC 7301, section 6; RFC 9113, section 3.1).
var httpProtocols = []string{"h2", "http/1.1"}

// onlyLoopback reports whether an address that is listened on is reached by
// this machine alone.
func onlyLoopback(addr string) bool {
	host, _, _ := net.SplitHostPort(addr) // parseConfig has checked it
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
