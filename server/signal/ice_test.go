package signal

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestICEIsReadAsTheServerSaysIt(t *testing.T) {
	want := ICE{
		For: "bo", Lifetime: 600_000, Address: "192.0.2.7",
		Servers: []ICEServer{
			{URLs: []string{"stun:holdline.example:443"}},
			{URLs: []string{"turn:holdline.example:443?transport=udp"}, Username: "1790000600:x", Credential: "secret"},
		},
	}
	got, err := envelope(TypeICE, string(Raw(want))).ReadICE()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadICE = %+v, %v; want %+v", got, err, want)
	}
	atMost := ICE{Servers: make([]ICEServer, 16)}
	atMost.Servers[0].URLs = slices.Repeat([]string{"stun:a"}, 16)
	atMost.Servers[15].Credential = strings.Repeat("c", 512)
	if _, err := envelope(TypeICE, string(Raw(atMost))).ReadICE(); err != nil {
		t.Errorf("as much as it may say: %v", err)
	}
}

func TestICEThatSaysTooMuchIsRefused(t *testing.T) {
	read := func(payload string) error {
		_, err := envelope(TypeICE, payload).ReadICE()
		return err
	}
	one := func(server ICEServer) error { return read(string(Raw(ICE{Servers: []ICEServer{server}}))) }
	long := strings.Repeat("u", 513)
	for _, tt := range []struct {
		name              string
		err               error
		field, limit, got string
	}{
		{"17 servers", read(string(Raw(ICE{Servers: make([]ICEServer, 17)}))), "servers", "at most 16", "17"},
		{"17 URLs", one(ICEServer{URLs: make([]string, 17)}), "urls", "at most 16", "17"},
		{"a long URL", one(ICEServer{URLs: []string{"stun:a", long}}), "servers", "at most 512 bytes of text", "513 bytes"},
		{"a long username", one(ICEServer{Username: long}), "servers", "at most 512 bytes of text", "513 bytes"},
		{"a long credential", one(ICEServer{Credential: long}), "servers", "at most 512 bytes of text", "513 bytes"},
		{"for nobody", read(`{"for":"B o","servers":[]}`), "for", participantLimit, `"B o"`},
		{"a negative lifetime", read(`{"servers":[],"lifetime":-1}`), "lifetime", "0 or more", "-1"},
		{"servers that are one", read(`{"servers":{}}`), "servers", "an array", "object"},
		{"no payload", read(``), "payload", "the payload of ice", ""},
	} {
		wantField(t, tt.name, tt.err, tt.field, tt.limit, tt.got)
	}
}

func TestRefreshIsForThePageItselfOrSomebodyElse(t *testing.T) {
	for payload, want := range map[string]string{``: "", `{}`: "", `{"for":"bo"}`: "bo"} {
		if r, err := envelope(TypeRefresh, payload).ReadRefresh(); err != nil || r.For != want {
			t.Errorf("%s: for %q, %v; want %q", payload, r.For, err, want)
		}
	}
	_, err := envelope(TypeRefresh, `{"for":"Bo"}`).ReadRefresh()
	wantField(t, "a name", err, "for", participantLimit, `"Bo"`)
	_, err = envelope(TypeRefresh, `{"for":7}`).ReadRefresh()
	wantField(t, "a number", err, "for", "a string", "number")
}

func TestEachFindingIsListedOnce(t *testing.T) {
	seen := map[Finding]bool{FindingNone: true}
	for _, f := range Findings() {
		if seen[f] {
			t.Errorf("%q is listed twice, or is none", f)
		}
		seen[f] = true
	}
}
