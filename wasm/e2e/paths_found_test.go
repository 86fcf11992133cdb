//go:build e2e && linux

package e2e

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"

	"holdline/static"
	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
)

func TestPathInALANWithoutInternet(t *testing.T) {
	lan := nets.New(t).LAN()
	s := &town{t: t, trusted: nets.NewAuthority(t)}
	s.ana.host, s.ben.host = lan.Host("ana"), lan.Host("ben")
	s.ana.options = []kit.Option{kit.WithAnyCertificate()} // the person says once that it is all right
	program := holdlineOn(t, s.ben.host, "--addr", ":8080")
	s.enter("Ben", &s.ben, program.URL) // http://localhost, on the machine that serves
	s.ben.Is("waiting")
	s.enter("Ana", &s.ana, "https://"+s.ben.host.Address().String()+":8080")
	s.connected().play()
	s.direct()
	s.cameIn("connected", connects)
}

// nobody is an address that is nowhere (RFC 5737), and noServers are ICE servers
// there, or by a name that nobody knows.
const (
	nobody    = "198.51.100.250"
	noServers = "stun:nowhere.example:3478,turn:nowhere.example:3478?transport=udp,turn:" + nobody + ":3478?transport=udp,turn:" + nobody + ":3478?transport=tcp"
)

// TestPathInALANIsNotHeldUpByServersOutOfReach: of two LANs without internet one
// says at once that nothing else is there. The other one, as a phone's hotspot
// without a network of its own, takes what is sent to servers and for names,
// and loses it.
func TestPathInALANIsNotHeldUpByServersOutOfReach(t *testing.T) {
	for name, lay := range map[string]func(n *nets.Net) (lan *nets.Segment, tried *nets.Rule){
		"no route": func(n *nets.Net) (*nets.Segment, *nets.Rule) { return n.LAN(), nil },
		"all is lost": func(n *nets.Net) (*nets.Segment, *nets.Rule) {
			n.Resolver(netip.MustParseAddr(nobody))
			hotspot := n.Router("hotspot", nets.Cone)
			return hotspot.LAN, hotspot.Line.Drop(nets.With(netip.MustParseAddr(nobody)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			lan, tried := lay(nets.New(t))
			s := &town{t: t, trusted: nets.NewAuthority(t), server: lan.Host("server")}
			s.ana.host, s.ben.host = lan.Host("ana"), lan.Host("ben")
			s.serve("--turn", noServers, "--turn-secret", "a secret").call().play()
			s.cameIn("connected", connects)
			s.direct()
			for p := range s.people() {
				if got := p.Text(nets.LastConnection + `.getConfiguration().iceServers.flatMap((s) => s.urls).join()`); got != noServers {
					t.Errorf("the browser was given the servers %s, want %s", got, noServers)
				}
			}
			if tried != nil && tried.Packets() == 0 {
				t.Error("no server was tried")
			}
		})
	}
}

// Browsers hide their addresses behind mDNS names from pages without a camera;
// where multicast does not pass, the server has seen them.
func TestPathInALANThatDropsMulticast(t *testing.T) {
	lan := nets.New(t).Router("home", nets.Cone).LAN // with a default route: without one Chromium finds no address at all
	lan.Drop(nets.Multicast)
	s := &town{t: t, trusted: nets.NewAuthority(t), server: lan.Host("server"), query: "&media=none"}
	s.ana.host, s.ben.host = lan.Host("ana"), lan.Host("ben")
	for _, r := range []*resident{&s.ana, &s.ben} {
		r.options = []kit.Option{kit.WithHiddenAddresses()}
	}
	s.serve("--relay-addr", "off").call()
	s.direct()
	s.cameIn("connected", connects)
}

func TestPathBetweenCones(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve().call().play()
	for name, p := range map[string]*Page{"Ben": s.ana.Page, "Ana": s.ben.Page} {
		p.goes(name, "direct")
		p.pair(name, []string{"srflx", "prflx", "host"}, []string{"srflx", "prflx"})
		p.tells(name, "Direct: ")
	}
	s.cameIn("connected", connects)
}

func TestPathBetweenSymmetricNATs(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric).serve().call().play()
	s.relayed("symmetric", "symmetric")
	s.cameIn("connected", connects)
}

func TestPathWhereUDPIsBlocked(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve()
	s.ana.home.Line.Drop(nets.UDP)
	s.call().play()
	s.relayed("udp-blocked", "filtered")
	s.cameIn("connected", connects)
	if path, _ := nets.PathOf(s.ana.Page.Page, nets.LastConnection); engineOf("Ana") == kit.Chromium && path.Local.RelayProtocol != "tcp" {
		t.Errorf("Ana reaches the relay by %q, want tcp", path.Local.RelayProtocol)
	}
}

// Of all that Ana's network lets out there is TCP to port 443.
func TestPathWhereOnlyHTTPSPasses(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone)
	certificate, key := s.trusted.Certificate(s.server.Name())
	holdlineOn(t, s.server, "--addr", s.server.Address().String()+":443", "--tls-cert", certificate, "--tls-key", key)
	s.ana.home.Line.Drop(func(p nets.Packet) bool { return !onHTTPS(p) })
	url := "https://" + s.server.Name()
	s.enter("Ana", &s.ana, url)
	s.ana.Is("waiting")
	s.enter("Ben", &s.ben, url)
	s.connected().play()
	s.relayed("udp-blocked", "filtered")
	s.cameIn("connected", connects)
	if path, _ := nets.PathOf(s.ana.Page.Page, nets.LastConnection); engineOf("Ana") == kit.Chromium && path.Local.RelayProtocol != "tls" {
		t.Errorf("Ana reaches the relay by %q, want tls", path.Local.RelayProtocol)
	}
}

// onHTTPS is TCP from or to port 443.
func onHTTPS(p nets.Packet) bool {
	const tcp = 6
	return p.Protocol == tcp && (p.SourcePort == 443 || p.DestinationPort == 443)
}

func TestPathOverAForeignRelay(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric)
	relay := s.net.Public.Host("coturn")
	coturn := relay.Coturn(t, s.trusted)
	s.serve("--turn", coturn.STUN+","+coturn.UDP+","+coturn.TCP, "--turn-secret", coturn.Secret)
	s.call().play()
	s.cameIn("connected", connects)
	s.relayed("filtered", "filtered") // of what kind the NATs are takes a second STUN server to see
	s.throughRelayOf(relay)
}

// Two such NATs cannot meet, and nobody relays: the page says so.
func TestPathWithoutARelayIsNotFound(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric)
	s.serve("--turn", "stun:"+s.net.Public.Host("stun").Address().String()+":3478")
	s.enter("Ana", &s.ana, s.ana.host.Loopback(t, s.url).URL)
	s.ana.Is("waiting")
	s.enter("Ben", &s.ben, s.ben.host.Loopback(t, s.url).URL)
	for name, p := range map[string]*Page{"Ben": s.ana.Page, "Ana": s.ben.Page} {
		p.SeesCause(name, "ended", "ice-failed")
		p.finds(name, "nothing-answers")
	}
	s.cameIn("ended", notFound)
}

// finds waits until the page says what the evidence shows of the networks, by
// its id and in the panel in words.
func (p *Page) finds(name, finding string) {
	p.t.Helper()
	p.Until("the page says what it found", tile(name)+`.dataset.finding !== ''`)
	if got := p.Text(tile(name) + `.dataset.finding`); got != finding {
		p.t.Fatalf("of the way to %s the page says %q, want %s", name, got, finding)
	}
	p.Press("Connection to " + name)
	p.Until("the panel words it", panelOf(name, fmt.Sprintf(`p.querySelector('.verdict-more').checkVisibility() && p.querySelector('.verdict-more').textContent === %q`, words(p.t, "finding."+finding))))
}

// words are what the page says in English.
func words(t testing.TB, id string) string {
	t.Helper()
	text, err := static.Files.ReadFile("text.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(text, &all); err != nil || all["en"][id] == "" {
		t.Fatalf("text.json has no words for %s: %v", id, err)
	}
	return all["en"][id]
}

// The same where STUN answers: that is how the page knows of what kind the two
// are.
func TestPathBetweenSymmetricNATsWithoutARelayIsExplained(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric)
	one, other := s.net.Public.Host("one").Coturn(t, s.trusted), s.net.Public.Host("other").Coturn(t, s.trusted)
	s.serve("--turn", one.STUN+","+other.STUN)
	s.enter("Ana", &s.ana, s.ana.host.Loopback(t, s.url).URL)
	s.ana.Is("waiting")
	s.enter("Ben", &s.ben, s.ben.host.Loopback(t, s.url).URL)
	for name, p := range map[string]*Page{"Ben": s.ana.Page, "Ana": s.ben.Page} {
		p.SeesCause(name, "ended", "ice-failed")
		p.finds(name, "no-relay")
	}
	s.cameIn("ended", notFound)
}

// Chromium without a default route and without a camera gathers nothing and
// says nothing of it; Firefox does as well as it can.
func TestPathWithoutARouteIsNoCandidates(t *testing.T) {
	if engineOf("Ana") != kit.Chromium {
		return // Firefox gathers: TestPathInALANWithoutInternet
	}
	lan := nets.New(t).LAN()
	s := &town{t: t, trusted: nets.NewAuthority(t), server: lan.Host("server"), query: "&media=none"}
	s.ana.host, s.ben.host = lan.Host("ana"), s.server
	s.ana.options = []kit.Option{kit.WithHiddenAddresses()}
	s.serve("--relay-addr", "off")
	s.enter("Ana", &s.ana, s.ana.host.Loopback(t, s.url).URL)
	s.ana.Is("waiting")
	s.ben.options = []kit.Option{kit.WithHiddenAddresses()}
	s.enter("Ben", &s.ben, s.ben.host.Loopback(t, s.url).URL)
	s.ana.SeesCause("Ben", "ended", "ice-failed")
	s.ana.finds("Ben", "no-candidates")
}
