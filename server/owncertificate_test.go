package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// ownOf loads the certificate of a machine that is called host and has these
// addresses, so many days from now.
func ownOf(t *testing.T, folder, host string, days int, lan ...string) (*ownCertificate, error) {
	t.Helper()
	o := &ownCertificate{
		path: filepath.Join(folder, "certificate.pem"), host: host, log: slog.New(slog.DiscardHandler),
		now: func() time.Time { return time.Now().AddDate(0, 0, days) },
		lan: func() []netip.Addr { return addrs(lan...) },
	}
	return o, o.load()
}

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func TestTheOwnCertificateIsOneThatBrowsersCanAccept(t *testing.T) {
	folder := t.TempDir()
	o, err := ownOf(t, folder, "Desk.home", 0, "192.168.1.20", "2001:db8::20")
	if err != nil {
		t.Fatal(err)
	}
	leaf := o.leaf()
	for _, name := range []string{"localhost", "127.0.0.1", "::1", "192.168.1.20", "2001:db8::20", "desk.home", "desk.local"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"192.168.1.21", "other.local"} {
		if leaf.VerifyHostname(name) == nil {
			t.Errorf("it is good for %s too", name)
		}
	}
	if days := leaf.NotAfter.Sub(leaf.NotBefore).Hours() / 24; days > 397 {
		t.Errorf("valid for %v days, want at most 397", days)
	}
	if time.Until(leaf.NotBefore) > -23*time.Hour {
		t.Errorf("valid from %v, want a day of grace for slow clocks", leaf.NotBefore)
	}
	if leaf.IsCA || !leaf.BasicConstraintsValid || leaf.Version != 3 || leaf.SerialNumber.Sign() <= 0 {
		t.Errorf("IsCA %t, constraints %t, version %d, serial %v", leaf.IsCA, leaf.BasicConstraintsValid, leaf.Version, leaf.SerialNumber)
	}
	if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) || leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Errorf("usages %v, %v", leaf.ExtKeyUsage, leaf.KeyUsage)
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("key %T, want ECDSA on P-256", leaf.PublicKey)
	}
	info, err := os.Stat(o.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 600", info, err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 1 {
		t.Errorf("the folder holds %v, want the certificate alone", entries)
	}
}

func TestAHostNameThatNoURLTakesIsLeftOut(t *testing.T) {
	for host, want := range map[string]string{
		"": "localhost", "localhost": "localhost", "my_desk": "localhost", "schreibtisch-ä": "localhost", "a..b": "localhost",
		"desk": "localhost desk desk.local", "desk.local": "localhost desk.local", "a.b.c": "localhost a.b.c a.local",
	} {
		made, _, err := makeCertificate(host, nil, time.Now())
		if err != nil || strings.Join(made.Leaf.DNSNames, " ") != want {
			t.Errorf("%q: names %q, %v, want %s", host, made.Leaf.DNSNames, err, want)
		}
	}
	long := strings.Repeat("x", 63)
	if made, _, err := makeCertificate(long, nil, time.Now()); err != nil || len(made.Leaf.Subject.CommonName) > 64 {
		t.Errorf("%v, %v, want a common name of at most 64 characters", made.Leaf.Subject, err)
	}
}

func TestTheOwnCertificateIsKeptWhileItServes(t *testing.T) {
	for _, tt := range []struct {
		name string
		days int
		lan  []string
		kept bool
	}{
		{"the next start", 0, []string{"192.168.1.20", "2001:db8::20"}, true},
		{"an address less", 0, nil, true},
		{"a year later", 365, []string{"192.168.1.20"}, true},
		{"30 days before its end", 367, []string{"192.168.1.20"}, false},
		{"a clock that was set back", -3, []string{"192.168.1.20"}, false},
		{"another network", 0, []string{"10.0.0.7"}, false},
		{"one more network", 0, []string{"192.168.1.20", "10.0.0.7"}, false},
		{"IPv6 addresses change from day to day", 1, []string{"192.168.1.20", "2001:db8::99"}, true},
		{"IPv6 alone", 1, []string{"2001:db8::99"}, false},
	} {
		folder := t.TempDir()
		first, err := ownOf(t, folder, "desk", 0, "192.168.1.20", "2001:db8::20")
		if err != nil {
			t.Fatal(err)
		}
		second, err := ownOf(t, folder, "desk", tt.days, tt.lan...)
		if err != nil {
			t.Fatal(err)
		}
		if kept := second.leaf().Equal(first.leaf()); kept != tt.kept {
			t.Errorf("%s: kept %t, want %t", tt.name, kept, tt.kept)
		}
		for _, ip := range tt.lan {
			if err := second.leaf().VerifyHostname(ip); err != nil && !tt.kept {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		third, err := ownOf(t, folder, "desk", tt.days, tt.lan...)
		if err != nil || !third.leaf().Equal(second.leaf()) {
			t.Errorf("%s: the start after it has another one, %v", tt.name, err)
		}
	}
}

// reachedAt is a connection that came in by an address of this machine.
type reachedAt struct {
	net.Conn
	ip string
}

func (c reachedAt) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.ip), 8080))
}

func TestAMachineThatMovesWhileTheServerRunsGetsACertificateForItsNewAddress(t *testing.T) {
	o, err := ownOf(t, t.TempDir(), "desk", 0, "192.168.1.20")
	if err != nil {
		t.Fatal(err)
	}
	before := o.leaf()
	at := func(ip, name string) *x509.Certificate {
		t.Helper()
		got, err := o.get(&tls.ClientHelloInfo{Conn: reachedAt{ip: ip}, ServerName: name})
		if err != nil {
			t.Fatal(err)
		}
		return got.Leaf
	}
	for _, same := range []struct{ ip, name string }{
		{"192.168.1.20", ""}, {"::ffff:192.168.1.20", ""}, {"127.0.0.1", ""}, {"127.0.0.9", ""}, {"::1", ""},
		{"fe80::1%eth0", ""}, {"10.42.0.1", "evil.example"},
	} {
		if !at(same.ip, same.name).Equal(before) {
			t.Errorf("a new certificate for %v", same)
		}
	}
	moved := at("10.42.0.1", "")
	for _, ip := range []string{"10.42.0.1", "192.168.1.20"} {
		if err := moved.VerifyHostname(ip); err != nil {
			t.Error(err)
		}
	}
	if !at("192.168.1.20", "").Equal(moved) || !o.leaf().Equal(moved) {
		t.Error("the two addresses do not share their certificate")
	}
	o.now = func() time.Time { return time.Now().AddDate(1, 6, 0) }
	if at("192.168.1.20", "").NotAfter.Before(o.now()) {
		t.Error("a server that runs for long shows a certificate that has ended")
	}
}

func TestTheOwnCertificateNamesSoManyAddressesAndNoMore(t *testing.T) {
	var lan []string
	for i := range 200 {
		lan = append(lan, netip.AddrFrom4([4]byte{172, 17, byte(i), 1}).String())
	}
	folder := t.TempDir()
	o, err := ownOf(t, folder, "desk", 0, lan...)
	if err != nil || len(o.leaf().IPAddresses) != ownAddresses+2 {
		t.Fatalf("%d addresses, %v, want %d", len(o.leaf().IPAddresses), err, ownAddresses+2)
	}
	first := o.leaf()
	if got, _ := o.get(&tls.ClientHelloInfo{Conn: reachedAt{ip: "172.17.199.1"}}); !got.Leaf.Equal(first) {
		t.Error("addresses that do not fit drive each other out")
	}
	if again, err := ownOf(t, folder, "desk", 0, lan...); err != nil || !again.leaf().Equal(first) {
		t.Errorf("the next start makes another one, %v", err)
	}
	// Other containers run than before.
	slices.Reverse(lan[1:])
	if again, err := ownOf(t, folder, "desk", 0, lan...); err != nil || !again.leaf().Equal(first) {
		t.Errorf("in another order there is another one, %v", err)
	}
	lan[0] = "192.168.1.20"
	if moved, err := ownOf(t, folder, "desk", 0, lan...); err != nil || moved.leaf().VerifyHostname("192.168.1.20") != nil {
		t.Errorf("the address that others scan is left out, %v", err)
	}
}

func TestTheOwnCertificateNamesWhatIsTypedBeforeWhatIsNot(t *testing.T) {
	var lan []string
	for i := range ownAddresses {
		lan = append(lan, netip.AddrFrom16([16]byte{0: 0xfd, 15: byte(i)}).String())
	}
	lan = append(lan, "172.17.0.1") // of a bridge: it comes after what leads out
	folder := t.TempDir()
	o, err := ownOf(t, folder, "desk", 0, lan...)
	if err != nil || o.leaf().VerifyHostname("172.17.0.1") != nil {
		t.Fatalf("172.17.0.1 is left out, %v", err)
	}
	if again, err := ownOf(t, folder, "desk", 0, lan...); err != nil || !again.leaf().Equal(o.leaf()) {
		t.Errorf("the next start makes another one, %v", err)
	}
}

func TestABrokenCertificateFileIsNamedAndKept(t *testing.T) {
	folder := t.TempDir()
	o, err := ownOf(t, folder, "desk", 0)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(o.path)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := makeCertificate("desk", nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	half := bytes.Index(whole, []byte("-----BEGIN CERTIFICATE"))
	for name, text := range map[string][]byte{
		"empty": nil, "garbage": []byte("\x00\xff"), "key alone": whole[:half], "certificate alone": whole[half:],
		"cut off": whole[:len(whole)-40], "another's key": append(bytes.Clone(other[:half]), whole[half:]...),
	} {
		if err := os.WriteFile(o.path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ownOf(t, folder, "desk", 0); err == nil || !strings.Contains(err.Error(), o.path) || !strings.Contains(err.Error(), "remove it") {
			t.Errorf("%s: %v, want an error that names %s and the way out", name, err, o.path)
		}
		if kept, err := os.ReadFile(o.path); err != nil || !bytes.Equal(kept, text) {
			t.Errorf("%s: the file was changed: %q, %v", name, kept, err)
		}
	}
	if err := os.Remove(o.path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ownOf(t, folder, "desk", 0); err == nil || !strings.Contains(err.Error(), o.path) {
		t.Errorf("unreadable: %v, want an error that names %s", err, o.path)
	}
	if _, err := ownOf(t, filepath.Join(folder, "missing"), "desk", 0); err == nil || !strings.Contains(err.Error(), "missing") || !strings.Contains(err.Error(), "--own-certificate=false") {
		t.Errorf("a folder that cannot be written: %v, want an error that names it and the flag", err)
	}
}

func TestACertificateThatCannotBeWrittenAnewStaysInUse(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	o, err := ownOf(t, folder, "desk", 0, "192.168.1.20")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	var logs bytes.Buffer
	o.log = slog.New(slog.NewTextHandler(&logs, nil))
	before := o.leaf()
	got, err := o.get(&tls.ClientHelloInfo{Conn: reachedAt{ip: "10.42.0.1"}})
	if err != nil || !got.Leaf.Equal(before) || !strings.Contains(logs.String(), folder) {
		t.Errorf("%v, logged %s, want the certificate from before and a warning that names %s", err, &logs, folder)
	}
}

func TestWhoListensOnLoopbackAloneHasNoCertificate(t *testing.T) {
	for addr, own := range map[string]bool{
		"127.0.0.1:0": false, "localhost:0": false, "[::1]:0": false, "[::ffff:127.0.0.1]:0": false, "127.9.9.9:1": false,
		":0": true, "0.0.0.0:0": true, "[::]:0": true, "192.168.1.20:0": true, "desk.local:0": true,
	} {
		got, err := loadCertificate(config{Addr: addr, State: t.TempDir(), OwnCertificate: true}, slog.New(slog.DiscardHandler))
		if err != nil || (got != nil) != own || own && !got.Own {
			t.Errorf("%s: %+v, %v, want one: %t", addr, got, err, own)
		}
		if off, err := loadCertificate(config{Addr: addr, State: t.TempDir()}, nil); err != nil || off != nil {
			t.Errorf("%s with --own-certificate=false: %+v, %v, want none", addr, off, err)
		}
	}
}
