//go:build e2e && linux

package e2e

import (
	"path/filepath"
	"testing"

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
	s.relayed("symmetric")
	before, routes := map[*Page]string{}, map[*Page]string{}
	for p, other := range s.people() {
		p.gaps(other)
		before[p], routes[p] = p.identities(), p.route()
	}
	program.Kill()
	s.losesItsServer()
	s.play()
	program.Restart()
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
	s.play()
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
		p.Until("it is agreed on", nets.LastConnection+`.signalingState === 'stable' && `+nets.LastConnection+`.iceGatheringState === 'complete'`)
	}
}
