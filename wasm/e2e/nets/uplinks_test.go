//go:build e2e && linux

package nets

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

func TestAHostTakesItsOtherUplinkWhenOneIsCut(t *testing.T) {
	n := New(t)
	server := n.Public.Host("server")
	url := serve(t, server)
	home, carrier := n.Router("home", Cone), n.Router("carrier", Symmetric)
	host := n.Host("ana")
	wifi := host.Join(home.LAN, "wifi")
	mobile := host.Join(carrier.LAN, "mobile")
	ana := open(t, host, host.Browser(t, kit.Chromium), url)
	ana.Eval(`void (window.events = [], addEventListener('online', () => events.push('online')), addEventListener('offline', () => events.push('offline')))`, nil)
	is := func(router *Router) {
		t.Helper()
		var seen string
		if ana.Eval(`fetch('/address').then((r) => r.text())`, &seen); seen != router.Line.Address.String() {
			t.Errorf("the server sees Ana at %s, want %s", seen, router.Line.Address)
		}
	}
	is(home)
	wifi.Cut()
	is(carrier)
	wifi.Mend()
	is(home)
	wifi.Cut()
	mobile.Cut()
	ana.Until("she is offline", `!navigator.onLine`)
	mobile.Mend()
	ana.Until("she is online", `navigator.onLine`)
	is(carrier)
}
