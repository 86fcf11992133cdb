package main

import (
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"testing"
)

func given(leaf *x509.Certificate) *certificate {
	return &certificate{leaf: func() *x509.Certificate { return leaf }}
}

func TestAnnounceSaysWhereTheServerIsReached(t *testing.T) {
	lan := []netip.Addr{netip.MustParseAddr("192.168.1.20"), netip.MustParseAddr("2001:db8::20")}
	named := given(&x509.Certificate{DNSNames: []string{"*.example", "calls.example"}})
	local := given(&x509.Certificate{DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.ParseIP("192.168.1.20"), net.ParseIP("127.0.0.1")}})
	own := &certificate{Own: true}
	const onlyHere = "Only this machine reaches it; other devices do with --addr :"
	const https = "On other devices the browser gives camera and microphone to HTTPS only: --tls-cert FILE --tls-key FILE"
	const warned = "Browsers warn once, because this server has made its certificate itself: choose to go on."
	for _, tt := range []struct {
		addr   string
		port   int
		tls    *certificate
		lan    []netip.Addr
		want   []string
		others string
	}{
		{"127.0.0.1:0", 4711, nil, lan, []string{"http://localhost:4711", onlyHere + "4711", https}, ""},
		{"localhost:8080", 8080, nil, lan, []string{"http://localhost:8080", onlyHere + "8080", https}, ""},
		{"[::1]:8080", 8080, nil, lan, []string{"http://[::1]:8080", onlyHere + "8080", https}, ""},
		{"127.0.0.2:80", 80, nil, lan, []string{"http://127.0.0.2", onlyHere + "80", https}, ""},
		{":8080", 8080, nil, lan, []string{"http://localhost:8080", "From other devices: http://192.168.1.20:8080  http://[2001:db8::20]:8080", https}, "http://192.168.1.20:8080 http://[2001:db8::20]:8080"},
		{"0.0.0.0:80", 80, nil, lan, []string{"http://localhost", "From other devices: http://192.168.1.20", https}, "http://192.168.1.20"},
		{"[::]:80", 80, nil, lan[1:], []string{"http://localhost", "From other devices: http://[2001:db8::20]", https}, "http://[2001:db8::20]"},
		{":8080", 8080, nil, nil, []string{"http://localhost:8080", https}, ""},
		{"192.168.1.20:8080", 8080, nil, lan, []string{"http://192.168.1.20:8080", https}, "http://192.168.1.20:8080"},
		{"127.0.0.1:8443", 8443, local, lan, []string{"https://localhost:8443", onlyHere + "8443"}, ""},
		{":443", 443, local, lan, []string{"https://localhost", "From other devices: https://192.168.1.20"}, "https://192.168.1.20"},
		{":443", 443, named, lan, []string{"https://calls.example", "From other devices: https://calls.example"}, "https://calls.example"},
		{":8080", 8080, own, lan, []string{"http://localhost:8080", "From other devices: https://192.168.1.20:8080  https://[2001:db8::20]:8080", warned}, "https://192.168.1.20:8080 https://[2001:db8::20]:8080"},
		{"192.168.1.20:443", 443, own, lan, []string{"https://192.168.1.20", warned}, "https://192.168.1.20"},
		{":8080", 8080, own, nil, []string{"http://localhost:8080"}, ""},
	} {
		at := place{addr: tt.addr, port: tt.port, tls: tt.tls, lan: func() []netip.Addr { return tt.lan }}
		got := announce(at)
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("announce(%s) =\n%s\nwant\n%s", tt.addr, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
		}
		if here, others := at.urls(); here != tt.want[0] || strings.Join(others, " ") != tt.others {
			t.Errorf("urls of %s = %s, %s, want %s, %s", tt.addr, here, others, tt.want[0], tt.others)
		}
	}
	at := place{addr: "127.0.0.1:8080", port: 8080, lan: lanAddresses, mayMakeOwn: true}
	if got := announce(at); len(got) != 2 {
		t.Errorf("announce where --addr is enough for HTTPS = %q, want nothing about certificates", got)
	}
}
