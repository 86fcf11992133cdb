//go:build e2e && linux

package nets

import (
	"strings"
	"testing"

	"holdline/wasm/e2e/kit"
)

func TestALANWithoutInternetConnects(t *testing.T) {
	lan := New(t).LAN()
	anaHost, benHost := lan.Host("ana"), lan.Host("ben")
	url := serve(t, lan.Host("server"))
	out, err := anaHost.Command("ip", "route", "show", "default").CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Fatalf("Ana's default route: %s %v, want none", out, err)
	}
	ana := open(t, anaHost, anaHost.Browser(t, kit.Chromium), url)
	ben := open(t, benHost, benHost.Browser(t, kit.Firefox), url)
	direct := anaHost.Line().Count(Both(UDP, With(benHost.Address())))
	connect(t, ana, ben, servers())
	if got := pathOf(t, ana).Remote; got.Address != benHost.Address().String() || direct.Packets() == 0 {
		t.Errorf("Ana's remote candidate is %+v, want Ben's host %s; %d packets went between them", got, benHost.Address(), direct.Packets())
	}
	for name, p := range map[string]*kit.Page{"Ana": ana, "Ben": ben} {
		if got := p.Text(`isSecureContext`); got != "true" {
			t.Errorf("%s's page is no secure context", name)
		}
		var tracks int
		if p.Eval(`navigator.mediaDevices.getUserMedia({ audio: true, video: true }).then((s) => s.getTracks().length)`, &tracks); tracks != 2 {
			t.Errorf("%s has %d tracks, want camera and microphone", name, tracks)
		}
	}
}

func TestHiddenAddressesAreResolvedByMulticastOnly(t *testing.T) {
	home := New(t).Router("home", Cone)
	anaHost, benHost := home.LAN.Host("ana"), home.LAN.Host("ben")
	url := serve(t, home.net.Public.Host("server"))
	ana := open(t, anaHost, anaHost.Browser(t, kit.Chromium, kit.WithHiddenAddresses()), url)
	ben := open(t, benHost, benHost.Browser(t, kit.Chromium, kit.WithHiddenAddresses()), url)
	candidates := `outbox.filter((m) => m.candidate).map((m) => m.candidate.address)`

	dead := home.LAN.Drop(Multicast)
	ana.Eval(`start({}, true)`, nil)
	ana.Until("she has a candidate", candidates+`.length`)
	if got := ana.Text(candidates); !strings.HasSuffix(got, ".local") {
		t.Errorf("hidden, Ana's candidates are %s", got)
	}
	begin(t, ana, ben, servers())
	exchange(t, ana, ben, func() bool { return dead.Packets() >= 6 }) // each name was asked for thrice
	for _, p := range []*kit.Page{ana, ben} {
		if got := p.Text(`connection.connectionState`); got == "connected" {
			t.Error("without multicast, the two hidden ones are connected")
		}
	}
	dead.Remove()
	connect(t, ana, ben, servers())

	ana.Profile.AllowMedia(t, ana.Text(`location.origin`))
	home.LAN.Drop(Multicast)
	connect(t, ana, ben, servers()) // one who is not hidden is enough
	ana.Eval(`navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 0)`, nil)
}
