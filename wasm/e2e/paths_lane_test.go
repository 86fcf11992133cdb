//go:build e2e && linux

package e2e

import (
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
)

// While the server is away the relay in a process of its own still relays, and
// what a repair needs goes over the control channel.

// serveBesideItsRelay is serve with holdline relay, which is at port 3478 alone.
func (s *town) serveBesideItsRelay() *kit.Server {
	s.t.Helper()
	binary, err := filepath.Abs("../../bin/holdline")
	if err != nil {
		s.t.Fatal(err)
	}
	at := s.server.Address().String()
	both := []string{"--state", s.t.TempDir(), "--relay-addr", at + ":3478", "--relay-control", "127.0.0.1:3480"}
	s.server.Server(s.t, binary, append([]string{"relay"}, both...)...)
	program := holdlineOn(s.t, s.server, append(both, "--addr", at+":8080", "--own-certificate=false", "--relay-host", at)...)
	s.url = program.URL
	return program
}

// people are both pages, and whom each of them sees.
func (s *town) people() map[*Page]string {
	return map[*Page]string{s.ana.Page: "Ben", s.ben.Page: "Ana"}
}

// losesItsServer waits until both pages have, and say that the call goes on.
func (s *town) losesItsServer() {
	s.t.Helper()
	for p, other := range s.people() {
		p.lane("lost")
		p.SeesCause(other, "connected", "signaling-lost")
	}
}

// route is the pair that the browser has chosen, without its counts.
func (p *Page) route() string {
	p.t.Helper()
	path, ok := nets.PathOf(p.Page, nets.LastConnection)
	if !ok {
		p.t.Fatal("there is no path")
	}
	path.Sent, path.Got = 0, 0
	return path.String()
}

func TestPathOverARelayThatOutlivesItsServer(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric)
	program := s.serveBesideItsRelay()
	s.call().play()
	s.relayed("symmetric", "symmetric")
	before, routes := map[*Page]string{}, map[*Page]string{}
	for p, other := range s.people() {
		p.gaps(other)
		before[p], routes[p] = p.identities(), p.route()
	}
	program.Kill()
	s.losesItsServer()
	s.play()
	program.Restart()
	since := time.Now()
	for p, other := range s.people() {
		p.lane("open")
		p.SeesCause(other, "connected", "")
		p.noGap("over the server's restart")
		if after := p.identities(); after != before[p] {
			t.Errorf("before the restart %s, after it %s", before[p], after)
		}
		if route := p.route(); route != routes[p] {
			t.Errorf("before the restart %s, after it %s", routes[p], route)
		}
	}
	within(t, "the return to the server", since, scouted)
	s.play()
}

// TestPathThatIsMovedWithoutItsServer: the wifi of somebody who walks away is
// bad, and another network is there. What is agreed on over the bad path, while
// there is one, keeps the call when that is gone.
func TestPathThatIsMovedWithoutItsServer(t *testing.T) {
	n := nets.New(t)
	s := &town{t: t, net: n, server: n.Public.Host("server"), trusted: nets.NewAuthority(t)}
	wifi, mobile := n.Router("wifi", nets.Cone), n.Router("mobile", nets.Cone)
	s.ana.host = n.Host("ana")
	near := s.ana.host.Join(wifi.LAN, "wifi")
	s.ben.host, s.ben.home = n.Home("ben", nets.Cone)
	program := s.serveBesideItsRelay()
	s.call().play()
	before := map[*Page]string{}
	for p := range s.people() {
		before[p] = p.identities()
	}
	program.Kill()
	s.losesItsServer()
	near.Shape(nets.Shape{Delay: 50 * time.Millisecond, Loss: 0.05})
	far := s.ana.host.Join(mobile.LAN, "mobile")
	s.ana.host.RouteBySource()
	s.ana.knows(far.Address)
	s.agreesAnew(func() { s.ana.Eval(`dispatchEvent(new Event('online'))`, nil) })
	s.gathered()
	since := time.Now()
	near.Cut()
	s.ben.Until("Ana comes from her other network", `holdline.snapshot().peers[0].path.pair?.remote.address === '`+mobile.Line.Address.String()+`'`)
	s.connected().move()
	within(t, "the way over the other uplink", since, kernel+checked) // on which all is agreed
	s.direct()
	s.losesItsServer() // it is away all the time
	for p := range s.people() {
		if after := p.identities(); after != before[p] {
			t.Errorf("before the server went %s, after it %s", before[p], after)
		}
		if n := p.Text(`__connections.length`); n != "1" {
			t.Errorf("%s connections were made, want one", n)
		}
	}
}

// knows waits until the browser has taken notice of an address of its host: it
// looks after them from time to time.
func (p *Page) knows(address netip.Addr) {
	p.t.Helper()
	p.Eval(`void (async () => {
		const Own = Object.getPrototypeOf(RTCPeerConnection) // of which no notes are kept
		while (!window.knows) {
			const pc = new Own()
			pc.createDataChannel('')
			const all = new Promise((done) => {
				pc.onicecandidate = (ev) => {
					window.knows ||= ev.candidate?.address === '`+address.String()+`'
					if (!ev.candidate) done()
				}
			})
			await pc.setLocalDescription()
			await all
			pc.close()
		}
	})()`, nil)
	p.Until("the browser knows "+address.String(), `window.knows`)
}

// agreesAnew waits until both sides have restarted ICE, which what begins has
// caused, and agree on it.
func (s *town) agreesAnew(begins func()) {
	s.t.Helper()
	const ufrag = `/a=ice-ufrag:(\S+)/.exec(` + nets.LastConnection + `.currentLocalDescription.sdp)[1]`
	before := map[*Page]string{}
	for p := range s.people() {
		before[p] = p.Text(ufrag)
	}
	begins()
	for p := range s.people() {
		p.Until("ICE is restarted", ufrag+` !== '`+before[p]+`'`)
		p.Until("it is agreed on", nets.LastConnection+`.signalingState === 'stable'`)
	}
}

// gathered waits until nobody has a candidate to tell any more.
func (s *town) gathered() {
	s.t.Helper()
	for p := range s.people() {
		p.Until("all is gathered", nets.LastConnection+`.iceGatheringState === 'complete'`)
	}
}
