package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The server's own certificate signs itself. The other way, a root of one's own
// that people install on their devices, would save them one warning, but takes
// many steps on a phone, and from then on whoever reads the state folder could
// be any site to those devices. A certificate that is no authority (CA:FALSE)
// is good for this server alone, even where somebody does install it.
const (
	// ownValidFor is what browsers accept at most of an authority's certificate,
	// 398 days, less one; Apple refuses any other one from 825 days on.
	ownValidFor = 397 * 24 * time.Hour
	// ownRenewBefore is how long before its end it is made anew.
	ownRenewBefore = 30 * 24 * time.Hour
	// ownValidSince lets devices in whose clocks are behind, as they may be where
	// there is no internet.
	ownValidSince = 24 * time.Hour
	// ownAddresses is how many addresses it names beside the two of loopback: a machine full of virtual
	// bridges has hundreds, and every handshake carries them.
	ownAddresses = 32
)

// ownCertificate makes the certificate, keeps it in the state folder with its
// key, and makes it anew when it nears its end or the machine is somewhere else.
type ownCertificate struct {
	path string
	host string
	lan  func() []netip.Addr
	now  func() time.Time
	log  *slog.Logger

	mu   sync.Mutex
	kept *tls.Certificate
}

func loadOwnCertificate(folder string, log *slog.Logger) (*ownCertificate, error) {
	host, _ := os.Hostname() // without one the addresses have to do
	o := &ownCertificate{path: filepath.Join(folder, "certificate.pem"), host: host, lan: lanAddresses, now: time.Now, log: log}
	return o, o.load()
}

// load takes the certificate from the folder, if it serves here and now, else
// makes one.
func (o *ownCertificate) load() error {
	kept, err := readOwnCertificate(o.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && o.serves(kept.Leaf, typed(o.lan())) {
		o.kept = kept
		return nil
	}
	return o.renew(nil)
}

// typed are the addresses that people type or scan: the IPv4 ones where there
// are any. IPv6 addresses change from day to day (RFC 8981), and with each new
// certificate all devices are warned once more. Where there are more than a
// certificate names, it must have the first: which of the others are in it
// changes with the containers that happen to run.
func typed(lan []netip.Addr) []netip.Addr {
	if four := onlyIPv4(lan); len(four) > 0 {
		lan = four
	}
	if len(lan) > ownAddresses {
		lan = lan[:1]
	}
	return lan
}

func (o *ownCertificate) serves(leaf *x509.Certificate, at []netip.Addr) bool {
	now := o.now()
	if now.Before(leaf.NotBefore) || now.Add(ownRenewBefore).After(leaf.NotAfter) {
		return false
	}
	return !slices.ContainsFunc(at, func(ip netip.Addr) bool { return leaf.VerifyHostname(ip.String()) != nil })
}

// get is for tls.Config. The machine may have come into another network since
// the start: what counts is the address by which this client reaches it. A
// client that names a host gets what there is, for names come from outside.
func (o *ownCertificate) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var at []netip.Addr
	if local, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok && hello.ServerName == "" {
		ip := local.AddrPort().Addr().Unmap()
		// No URL can name an address with a zone (RFC 6874, obsoleted by RFC 9844).
		if !ip.IsLoopback() && !(ip.Is6() && ip.IsLinkLocalUnicast()) {
			at = append(at, ip)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.kept.Leaf.IPAddresses) >= len(loopbacks)+ownAddresses {
		at = nil // two that do not fit would drive each other out
	}
	if !o.serves(o.kept.Leaf, at) {
		// Together with the addresses before: it may be reached by several.
		for _, ip := range o.kept.Leaf.IPAddresses {
			if before, ok := netip.AddrFromSlice(ip); ok {
				at = append(at, before.Unmap())
			}
		}
		if err := o.renew(at); err != nil {
			o.log.Warn("the server's certificate stays as it is", "error", err)
		}
	}
	return o.kept, nil
}

func (o *ownCertificate) leaf() *x509.Certificate {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept.Leaf
}

// renew makes a certificate for these addresses and those of now, and puts it
// into its file.
func (o *ownCertificate) renew(first []netip.Addr) error {
	lan := o.lan()
	made, text, err := makeCertificate(o.host, slices.Concat(first, typed(lan), lan), o.now())
	if err != nil {
		return fmt.Errorf("make the server's certificate: %w", err)
	}
	if err := replaceFile(o.path, text); err != nil {
		return fmt.Errorf("write the server's certificate (--own-certificate=false does without it): %w", err)
	}
	o.kept = made
	return nil
}

var loopbacks = []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback}

// hostName is what can stand in a certificate and in a URL (RFC 1123, section 2.1).
var hostName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)

// makeCertificate returns a new certificate and its file: key and certificate
// in PEM, together, so that they never differ.
func makeCertificate(host string, lan []netip.Addr, now time.Time) (*tls.Certificate, []byte, error) {
	names, owner := []string{"localhost"}, "Holdline"
	if host = strings.ToLower(host); hostName.MatchString(host) && host != "localhost" {
		first, _, _ := strings.Cut(host, ".")
		owner += " on " + first
		names = append(names, host)
		if local := first + ".local"; local != host { // by multicast DNS (RFC 6762, section 3)
			names = append(names, local)
		}
	}
	ips := slices.Clone(loopbacks)
	for _, ip := range lan {
		if len(ips) < len(loopbacks)+ownAddresses && !slices.ContainsFunc(ips, net.IP(ip.AsSlice()).Equal) {
			ips = append(ips, ip.AsSlice())
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: owner[:min(len(owner), 64)]}, // ub-common-name (RFC 5280, appendix A.1)
		NotBefore:             now.Add(-ownValidSince),
		NotAfter:              now.Add(ownValidFor - ownValidSince),
		DNSNames:              names,
		IPAddresses:           ips,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	made, err := tls.X509KeyPair(text, text)
	return &made, text, err
}

func readOwnCertificate(path string) (*tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the server's certificate: %w", err)
	}
	kept, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate %s must hold a certificate and its key in PEM: %w; remove it to get a new one, of which other devices are warned once more", path, err)
	}
	return &kept, nil
}

// replaceFile puts a complete file, for its owner alone, into the place of
// another, so that nobody reads half of it.
func replaceFile(path string, text []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // it is gone where all went well
	_, err = temporary.Write(text)
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
