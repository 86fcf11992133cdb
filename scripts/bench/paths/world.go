package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/server/relay"
	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
)

// world is the network of one row, with the servers and the browsers in it.
type world struct {
	*measure.Trial
	net        *nets.Net
	holdline   *nets.Host // where our server and its relay are
	anaHost    *nets.Host
	benHost    *nets.Host
	anaHome    *nets.Router // nil on a LAN
	benHome    *nets.Router
	wifi       *nets.Line // Ana's first uplink, where she has two
	ana, ben   *kit.Browser
	version    string // of the browser
	state      string // our server's folder
	ours, mine string // where our pages are, and the bench's plain ones
	relayHost  string // in the relay's URLs
	tls        bool   // the relay is offered over TLS, too
	lifetime   time.Duration
	rooms      int
}

// open makes the network that a row is about.
func open(r row) *world {
	w := &world{Trial: &measure.Trial{}, tls: true, lifetime: 10 * time.Minute}
	w.Try(func() {
		w.net = nets.New(w)
		servers := r.lay(w)
		w.holdline = servers.Host("holdline")
		w.relayHost = w.holdline.Name()
		authority := nets.NewAuthority(w)
		w.serveHoldline(authority, r.flags(w))
		w.servePlain(servers.Host("plain"), authority)
		w.ana = w.anaHost.Browser(w, kit.Chromium, kit.WithAuthority(authority.File))
		w.ben = w.benHost.Browser(w, kit.Chromium, kit.WithAuthority(authority.File))
		var err error
		if w.version, err = w.ana.Version(); err != nil {
			w.Fatal(err)
		}
		if r.firewall != nil {
			r.firewall(w)
		}
	})
	return w
}

// homes puts both persons at home, behind a router each.
func (w *world) homes(ana, ben nets.NAT) *nets.Segment {
	w.anaHost, w.anaHome = w.net.Home("ana", ana)
	w.benHost, w.benHome = w.net.Home("ben", ben)
	return w.net.Public
}

// uplinks gives Ana a wifi, and a carrier's network beside it.
func (w *world) uplinks() *nets.Segment {
	w.anaHome = w.net.Router("ana", nets.Cone)
	w.anaHost = w.net.Host("ana")
	w.wifi = w.anaHost.Join(w.anaHome.LAN, "wifi")
	w.anaHost.Join(w.net.Router("carrier", nets.Cone).LAN, "mobile")
	w.benHost, w.benHome = w.net.Home("ben", nets.Cone)
	return w.net.Public
}

// lan puts all on one that leads nowhere.
func (w *world) lan() *nets.Segment {
	lan := w.net.LAN()
	w.anaHost, w.benHost = lan.Host("ana"), lan.Host("ben")
	return lan
}

// serveHoldline runs bin/holdline with the defaults and these flags.
func (w *world) serveHoldline(authority *nets.Authority, flags []string) {
	h := w.holdline
	w.state = w.TempDir()
	certificate, key := authority.Certificate(h.Name())
	h.Server(w, "bin/holdline", append([]string{"--addr", h.Address().String() + ":443", "--state", w.state,
		"--tls-cert", certificate, "--tls-key", key}, flags...)...)
	w.ours = "https://" + h.Name()
}

func (w *world) servePlain(h *nets.Host, authority *nets.Authority) {
	certificate, key := authority.Certificate(h.Name())
	l, err := h.Listen("tcp", h.Address().String()+":443")
	if err != nil {
		w.Fatal(err)
	}
	newMailboxes(w.iceServers).serve(w.Trial, l, certificate, key)
	w.mine = "https://" + h.Name()
}

// iceServers are those that our server tells its pages, with credentials of
// the same secret that live as long.
func (w *world) iceServers() []nets.ICEServer {
	key, err := os.ReadFile(filepath.Join(w.state, "key"))
	if err != nil {
		return nil // the plain page finds no relay, and the row says so
	}
	username, password := relay.Credential(relay.Secret(key), relay.ID(key, "bench", "plain"), time.Now().Add(w.lifetime))
	turn := nets.ICEServer{Username: username, Credential: password, URLs: []string{
		fmt.Sprintf("turn:%s:443?transport=udp", w.relayHost), fmt.Sprintf("turn:%s:443?transport=tcp", w.relayHost),
	}}
	if w.tls {
		turn.URLs = append(turn.URLs, fmt.Sprintf("turns:%s:443?transport=tcp", w.relayHost))
	}
	return []nets.ICEServer{
		{URLs: []string{fmt.Sprintf("stun:%s:443", w.relayHost), fmt.Sprintf("stun:%s:444", w.relayHost)}},
		turn,
	}
}
