package signal

import (
	"strings"
	"testing"
)

func TestAServerThatNoBrowserTakesIsRefusedByItsField(t *testing.T) {
	read := func(server ICEServer) error {
		_, err := envelope(TypeICE, string(Raw(ICE{Servers: []ICEServer{{URLs: []string{"stun:a"}}, server}}))).ReadICE()
		return err
	}
	for _, url := range []string{
		"stun:holdline.example", "stun:192.0.2.7:3478", "stuns:holdline.example:443", "stun:[2001:db8::1]:3478", "stun:[2001:db8::1]",
		"turn:holdline.example:443?transport=udp", "turn:a?transport=tcp", "turns:[2001:db8::1]:443?transport=tcp",
		"turn:ipv4-public-1:3478", "turns:[ipv6-public-1]:443?transport=tcp", // of a trace
	} {
		if err := read(ICEServer{URLs: []string{url}, Username: "u", Credential: "c"}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{
		"", "holdline.example", "http://holdline.example", "https:a", "javascript:alert(1)", "STUN:a", "stun:", "stun::3478", "stun://a", "stun:a:b", "stun:a:0", "stun:a:65536",
		"stun:a:", "stun:a b", "stun:a\n", "stun:a?transport=udp", "turn:a?transport=tls", "turn:a?", "turn:u@a", "stun:2001:db8::1", "stun:[2001:db8::1", "stun:[]:1", "stun:[2001:db8::1]x",
	} {
		wantField(t, url, read(ICEServer{URLs: []string{"stun:a", url}, Username: "u", Credential: "c"}), "urls", ICEURLLimit, quote(url))
	}
	wantField(t, "a relay without a username", read(ICEServer{URLs: []string{"turn:a"}, Credential: "c"}), "username", "one for turn", "none")
	wantField(t, "a relay without a credential", read(ICEServer{URLs: []string{"turns:a"}, Username: "u"}), "credential", "one for turns", "none")
	if err := read(ICEServer{URLs: []string{"stun:a"}}); err != nil {
		t.Errorf("STUN needs no credentials: %v", err)
	}
	wantField(t, "a long URL", read(ICEServer{URLs: []string{strings.Repeat("u", 513)}}), "servers", "at most 512 bytes of text", "513 bytes")
}
