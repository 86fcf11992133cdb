//go:build e2e && linux

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
	"holdline/wasm/session"
)

// The paths between browsers, in real topologies: each test asserts what pair
// is chosen, that pictures move, what the page says, and what the policy
// promises. make bench-paths has the times.

// town is a network with the server in its public segment, and two persons at
// home behind their routers.
type town struct {
	t       *testing.T
	net     *nets.Net
	server  *nets.Host
	trusted *nets.Authority
	url     string
	query   string // of both pages, such as "&media=none"
	ana     resident
	ben     resident
}

// resident is a person's machine, the router that it is behind, and the page.
type resident struct {
	host    *nets.Host
	home    *nets.Router
	options []kit.Option
	*Page
}

// newTown has both persons behind such NATs; the server is started by serve.
func newTown(t *testing.T, ana, ben nets.NAT) *town {
	n := nets.New(t)
	s := &town{t: t, net: n, server: n.Public.Host("server"), trusted: nets.NewAuthority(t)}
	s.ana.host, s.ana.home = n.Home("ana", ana)
	s.ben.host, s.ben.home = n.Home("ben", ben)
	return s
}

// serve runs the server on a host by plain HTTP, reached through each host's
// loopback.
func (s *town) serve(args ...string) *town {
	s.t.Helper()
	s.url = holdlineOn(s.t, s.server, append([]string{"--addr", s.server.Address().String() + ":8080", "--own-certificate=false",
		"--relay-host", s.server.Address().String()}, args...)...).URL
	return s
}

func holdlineOn(t *testing.T, host *nets.Host, args ...string) *kit.Server {
	t.Helper()
	binary, err := filepath.Abs("../../bin/holdline")
	if err != nil {
		t.Fatal(err)
	}
	return host.Server(t, binary, append([]string{"--state", t.TempDir()}, args...)...)
}

// enter opens the room in a browser of the person's own, on the person's host.
func (s *town) enter(name string, r *resident, url string) {
	s.t.Helper()
	browser := r.host.Browser(s.t, engineOf(name), append([]kit.Option{kit.WithAuthority(s.trusted.File)}, r.options...)...)
	r.Page = NewPage(s.t, browser.NewProfile(s.t), "about:blank")
	nets.ObserveConnections(r.Page.Page)
	r.BeforeDocuments(noteStates)
	r.Open(url + "/r/tea?join=now&lang=en&name=" + name + s.query)
}

// call has both in the call, connected.
func (s *town) call() *town {
	s.t.Helper()
	s.enter("Ana", &s.ana, s.ana.host.Loopback(s.t, s.url).URL)
	s.ana.Is("waiting")
	s.enter("Ben", &s.ben, s.ben.host.Loopback(s.t, s.url).URL)
	return s.connected()
}

func (s *town) connected() *town {
	s.t.Helper()
	s.ana.Sees("Ben", "connected")
	s.ben.Sees("Ana", "connected")
	return s
}

// play waits until pictures and sound come on both sides.
func (s *town) play() *town {
	s.t.Helper()
	s.ana.plays(1)
	s.ben.plays(1)
	return s
}

// move waits until pictures come, on both sides.
func (s *town) move() {
	s.t.Helper()
	s.ana.moves()
	s.ben.moves()
}

// goes waits until the page says that its path to the other goes so.
func (p *Page) goes(name, path string) {
	p.t.Helper()
	p.Until("the path to "+name+" is "+path, fmt.Sprintf(`%s.dataset.path === %q`, tile(name), path))
}

// because waits until the page says why it is relayed.
func (p *Page) because(name, why string) {
	p.t.Helper()
	p.Until("the path to "+name+" is relayed because of "+why, fmt.Sprintf(`%s.dataset.why === %q`, tile(name), why))
}

// pair waits until the page says of the chosen pair what the browser does, and
// compares that with what it should be.
func (p *Page) pair(name string, local, remote []string) nets.Path {
	p.t.Helper()
	for deadline := time.Now().Add(checked + looking); ; time.Sleep(50 * time.Millisecond) {
		path, ok := nets.PathOf(p.Page, nets.LastConnection) // Firefox 153 has none for a moment when ICE restarts
		said := p.Text(tile(name) + `.dataset.local + ' ' + ` + tile(name) + `.dataset.remote`)
		if ok && said == path.Local.Type+" "+path.Remote.Type {
			if !oneOf(path.Local.Type, local) || !oneOf(path.Remote.Type, remote) {
				p.t.Errorf("the pair to %s is %s, want %v and %v", name, path, local, remote)
			}
			return path
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("of the pair to %s the page says %q, and the browser %t, %s", name, said, ok, path)
		}
	}
}

func oneOf(one string, all []string) bool {
	for _, o := range all {
		if o == one {
			return true
		}
	}
	return false
}

// The kinds of both ends of a pair.
var (
	directly  = []string{"host", "srflx", "prflx"}
	throughIt = []string{"relay", "srflx", "prflx", "host"} // one end of it is a relay's
)

// tells waits until the page's panel begins its sentence on the path so.
func (p *Page) tells(name, sentence string) {
	p.t.Helper()
	if p.Text(`document.getElementById('connection').checkVisibility()`) == "false" {
		p.Press("Connection to " + name)
		defer p.Press("Connection to " + name)
	}
	p.verdict(name, sentence)
}

// goesOn waits until both pages say that nothing is wrong.
func (s *town) goesOn() {
	s.t.Helper()
	for p, other := range s.people() {
		p.says("In the call with " + other)
	}
}

// direct waits until both pages say that their path is direct, in words, too,
// and that the browsers' own statistics say so as well.
func (s *town) direct() {
	s.t.Helper()
	for p, other := range s.people() {
		p.goes(other, "direct")
		p.pair(other, directly, directly)
		p.tells(other, "Direct: ")
	}
}

// relayed waits until both pages say that their path is relayed, each for its
// reason, in words, too, and that the browsers' own statistics say so as well.
func (s *town) relayed(ana, ben string) {
	s.t.Helper()
	s.ana.goes("Ben", "relayed")
	s.ben.goes("Ana", "relayed")
	s.ana.because("Ben", ana)
	s.ben.because("Ana", ben)
	for name, p := range map[string]*Page{"Ben": s.ana.Page, "Ana": s.ben.Page} {
		if path := p.pair(name, throughIt, throughIt); path.Local.Type != "relay" && path.Remote.Type != "relay" {
			s.t.Errorf("the path to %s is %s, want one through a relay", name, path)
		}
	}
	s.ana.tells("Ben", strings.ReplaceAll(words(s.t, "path.relayed."+ana), "{name}", "Ben"))
	s.ben.tells("Ana", strings.ReplaceAll(words(s.t, "path.relayed."+ben), "{name}", "Ana"))
}

// throughRelayOf fails where a pair of one of the pages has a relayed end with
// another address than this host's, or none.
func (s *town) throughRelayOf(h *nets.Host) {
	s.t.Helper()
	for p, other := range s.people() {
		var ends []session.Candidate
		p.Until("the page knows the pair", `holdline.snapshot().peers[0].path.pair`)
		p.Eval(`((pair) => [pair.local, pair.remote].filter((end) => end.type === 'relay'))(holdline.snapshot().peers[0].path.pair)`, &ends)
		if len(ends) == 0 {
			s.t.Errorf("no end of the path to %s is a relay's", other)
		}
		for _, end := range ends {
			if end.Address != h.Address().String() {
				s.t.Errorf("the path to %s is relayed at %s, want %s", other, end.Address, h.Address())
			}
		}
	}
}
