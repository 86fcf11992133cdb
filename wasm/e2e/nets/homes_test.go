//go:build e2e && linux

package nets

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
)

// homes are two persons, each at home behind a router, and a server: a stage
// that is the same for many tests, since browsers take seconds.
type homes struct {
	server                 *Host
	coturn                 *Coturn
	anaHost, benHost       *Host
	anaHome, benHome       *Router
	url                    string
	anaBrowser, benBrowser *kit.Browser
}

func newHomes(t *testing.T, anaEngine kit.Engine) *homes {
	n := New(t)
	authority := NewAuthority(t)
	s := &homes{server: n.Public.Host("server")}
	s.coturn = s.server.Coturn(t, authority)
	s.url = serve(t, s.server)
	s.anaHost, s.anaHome = n.Home("ana", Cone)
	s.benHost, s.benHome = n.Home("ben", Cone)
	s.anaBrowser = s.anaHost.Browser(t, anaEngine, kit.WithAuthority(authority.File))
	s.benBrowser = s.benHost.Browser(t, kit.Chromium, kit.WithAuthority(authority.File))
	return s
}

// become sets both routers' kinds.
func (s *homes) become(ana, ben NAT) {
	s.anaHome.Become(ana)
	s.benHome.Become(ben)
}

func (s *homes) pages(t *testing.T) (ana, ben *kit.Page) {
	return open(t, s.anaHost, s.anaBrowser, s.url), open(t, s.benHost, s.benBrowser, s.url)
}

func (s *homes) stun() ICEServer { return s.coturn.ICEServer(time.Hour, s.coturn.STUN) }

func (s *homes) turn(urls ...string) ICEServer { return s.coturn.ICEServer(time.Hour, urls...) }

// drop drops traffic on a line for the rest of the test.
func drop(t *testing.T, l *Line, traffic Traffic) *Rule {
	r := l.Drop(traffic)
	t.Cleanup(r.Remove)
	return r
}

func TestHomes(t *testing.T) {
	s := newHomes(t, kit.Chromium)

	t.Run("two cones meet directly, by their outer addresses", func(t *testing.T) {
		s.become(Cone, Cone)
		ana, ben := s.pages(t)
		direct := s.anaHome.Line.Count(With(s.benHome.Line.Address))
		connect(t, ana, ben, servers(s.stun()))
		if got := pathOf(t, ana).Remote; got.Address != s.benHome.Line.Address.String() || got.Type == "relay" {
			t.Errorf("Ana's remote candidate is %+v, want Ben's router %s", got, s.benHome.Line.Address)
		}
		if direct.Packets() == 0 {
			t.Error("no packet of Ben's was seen on Ana's line")
		}
		var seen string
		if ana.Eval(`fetch('/address').then((r) => r.text())`, &seen); seen != s.anaHome.Line.Address.String() {
			t.Errorf("the server sees Ana at %s, want her router %s", seen, s.anaHome.Line.Address)
		}
	})

	t.Run("what a firewall drops stops, and goes on after it", func(t *testing.T) {
		s.become(Cone, Cone)
		ana, ben := s.pages(t)
		connect(t, ana, ben, servers(s.stun()))
		for _, firewall := range []struct {
			name   string
			drops  Traffic
			serves bool // the server is reached meanwhile
		}{
			{"the flow between the two", With(s.benHome.Line.Address), true},
			{"UDP", UDP, true},
			{"everything", Everything, false},
		} {
			rule := drop(t, s.anaHome.Line, firewall.drops)
			ana.Until(firewall.name+" is dropped: Ana hears nothing", `silent()`)
			ben.Until(firewall.name+" is dropped: Ben hears nothing", `silent()`)
			ana.Eval(`void fetch('/address').then(async (r) => window.seen = await r.text())`, nil)
			if firewall.serves {
				ana.Until("the server is reached", `window.seen`)
			} else {
				rule.Meets(t, 20)
				if got := ana.Text(`window.seen`); got != "undefined" {
					t.Errorf("everything is dropped, yet the server was reached: %q", got)
				}
			}
			ana.Eval(`window.seen = undefined`, nil)
			if rule.Packets() == 0 {
				t.Errorf("%s: the rule met nothing", firewall.name)
			}
			rule.Remove()
			hear(t, ana, ben)
		}
	})

	t.Run("a line is slow, lossy or narrow for as long as it is said to be", func(t *testing.T) {
		s.become(Cone, Cone)
		ana, ben := s.pages(t)
		connect(t, ana, ben, servers(s.stun()))
		t.Cleanup(func() { s.anaHome.Line.Shape(Shape{}) })
		roundTrip := func() (ms float64) { ana.Eval(`roundTrip()`, &ms); return ms }
		quick := roundTrip()
		s.anaHome.Line.Shape(Shape{Delay: 200 * time.Millisecond})
		if slow := roundTrip(); slow < 400 || slow < 2*quick {
			t.Errorf("the round trip is %.0f ms with 200 ms each way, %.0f ms without", slow, quick)
		}
		load := func() (ms float64) {
			ana.Eval(`(async () => { const began = performance.now(); await (await fetch('/bytes')).arrayBuffer(); return performance.now() - began })()`, &ms)
			return ms
		}
		s.anaHome.Line.Shape(Shape{})
		fast := load()
		s.anaHome.Line.Shape(Shape{Rate: 4_000_000})
		if narrow := load(); narrow < 2000 || narrow < 2*fast { // 8.4 Mbit
			t.Errorf("a megabyte takes %.0f ms at 4 Mbit/s, %.0f ms without a limit", narrow, fast)
		}
		s.anaHome.Line.Shape(Shape{Loss: 0.5})
		count := func() (heard, sent int) {
			ana.Eval(`heard`, &heard)
			ben.Eval(`connection.getStats().then((all) => [...all.values()].find((s) => s.type === 'data-channel').messagesSent)`, &sent)
			return heard, sent
		}
		heardBefore, sentBefore := count()
		ben.Until("he sent 100 more", fmt.Sprintf(`connection.getStats().then((all) => window.sent = [...all.values()].find((s) => s.type === 'data-channel').messagesSent), window.sent > %d`, sentBefore+100))
		heard, sent := count()
		if share := float64(heard-heardBefore) / float64(sent-sentBefore); share < 0.2 || share > 0.8 {
			t.Errorf("%.0f %% of the beats arrive when half of the packets are lost", 100*share)
		}
		s.anaHome.Line.Shape(Shape{})
		hear(t, ana, ben)
	})

	t.Run("two symmetric ones meet at a relay only", func(t *testing.T) {
		s.become(Symmetric, Symmetric)
		ana, ben := s.pages(t)
		begin(t, ana, ben, servers(s.stun()))
		signal(t, ana, ben, "failed")
		connect(t, ana, ben, servers(s.stun(), s.turn(s.coturn.UDP)))
		path := pathOf(t, ana)
		if path.Local.Type != "relay" && path.Remote.Type != "relay" {
			t.Errorf("the path of two symmetric NATs is %v", path)
		}
	})

	t.Run("where UDP is blocked STUN is silent, and TURN over TCP connects", func(t *testing.T) {
		s.become(Cone, Cone)
		ana, ben := s.pages(t)
		rule := drop(t, s.anaHome.Line, UDP)
		begin(t, ana, ben, servers(s.stun(), s.turn(s.coturn.TCP)))
		ana.Until("she has a relay", `types().some((type) => type === 'relay/tcp')`)
		if got := ana.Text(`types()`); strings.Contains(got, "srflx") || rule.Packets() == 0 {
			t.Errorf("Ana's candidates are %s, %d packets were dropped", got, rule.Packets())
		}
		signal(t, ana, ben, "connected")
		hear(t, ana, ben)
		if got := pathOf(t, ana).Local; got.RelayProtocol != "tcp" {
			t.Errorf("Ana's candidate is %+v, want a relay by TCP", got)
		}
	})

	t.Run("where only port 443 is open TURN over TLS connects", func(t *testing.T) {
		s.become(Cone, Cone)
		ana, ben := s.pages(t)
		rule := drop(t, s.anaHome.Line, Not(TCP(443)))
		begin(t, ana, ben, servers(s.stun(), s.turn(s.coturn.UDP, s.coturn.TCP, s.coturn.TLS)))
		ana.Until("she has a relay", `types().some((type) => type.startsWith('relay'))`)
		if got := ana.Text(`types()`); strings.Contains(got, "srflx") || strings.Contains(got, "relay/tcp") || strings.Contains(got, "relay/udp") {
			t.Errorf("only port 443 is open, and Ana's candidates are %s", got)
		}
		signal(t, ana, ben, "connected")
		hear(t, ana, ben)
		if got := pathOf(t, ana).Local; got.RelayProtocol != "tls" || rule.Packets() == 0 {
			t.Errorf("Ana's candidate is %+v, want a relay by TLS; %d packets were dropped", got, rule.Packets())
		}
	})
}

func TestFirefoxConnectsOverTLSWhereOnlyPort443IsOpen(t *testing.T) {
	s := newHomes(t, kit.Firefox)
	ana, ben := s.pages(t)
	drop(t, s.anaHome.Line, Not(TCP(443)))
	connect(t, ana, ben, servers(s.turn(s.coturn.TLS)))
	if got := pathOf(t, ana).Local; got.Type != "relay" || got.RelayProtocol != "tls" {
		t.Errorf("Ana's candidate is %+v, want a relay by TLS", got)
	}
}
