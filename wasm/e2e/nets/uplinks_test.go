//go:build e2e && linux

package nets

import (
	"context"
	"io"
	"net"
	"net/http"
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

func TestWhatIsRoutedBySourceLeavesByTheLineOfItsAddress(t *testing.T) {
	n := New(t)
	url := serve(t, n.Public.Host("server"))
	home, carrier := n.Router("home", Cone), n.Router("carrier", Cone)
	host := n.Host("ana")
	wifi, mobile := host.Join(home.LAN, "wifi"), host.Join(carrier.LAN, "mobile")
	leaves := func(from *Line, router *Router) {
		t.Helper()
		dial := func(ctx context.Context, network, address string) (c net.Conn, err error) {
			err = host.do(func() (err error) {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.Address.AsSlice()}}
				c, err = d.DialContext(ctx, network, address)
				return err
			})
			return c, err
		}
		client := http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
		answer, err := client.Get(url + "address")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if seen, err := io.ReadAll(answer.Body); err != nil || string(seen) != router.Line.Address.String() {
			t.Errorf("the server sees %s at %s, %v, want %s", from.Address, seen, err, router.Line.Address)
		}
	}
	host.RouteBySource()
	leaves(wifi, home)
	leaves(mobile, carrier)
}
