package main

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

// subject is something that makes calls, and is measured.
type subject struct {
	name string
	ours bool
	// serve starts what it needs of servers.
	serve func(t *measure.Trial) *service
}

// service is a subject's running servers.
type service struct {
	pages     string      // the URL of the pages
	signaling *kit.Server // what carries the signaling
	proxy     *kit.Proxy  // before it, to be cut
	// address is where a person is in a room, with signaling at a URL.
	address func(signaling, room, name string) string
}

// holdline is our name in the raw file and in the table.
const holdline = "Holdline"

func subjects() []subject {
	return []subject{
		{name: holdline, ours: true, serve: serveHoldline},
		{name: "plain page", serve: servePlain},
		{name: "PeerJS", serve: servePeerJS},
	}
}

// serveHoldline is bin/holdline with the defaults.
func serveHoldline(t *measure.Trial) *service {
	s := kit.StartServer(t, "bin/holdline", "--addr", "127.0.0.1:0", "--state", t.TempDir())
	return &service{
		pages: s.URL, signaling: s, proxy: kit.NewProxy(t, s.URL),
		address: func(signaling, room, name string) string {
			return signaling + "/r/" + room + "?" + url.Values{"join": {"now"}, "lang": {"en"}, "name": {name}}.Encode()
		},
	}
}

// pages starts this program as the server of the two pages.
func pages(t *measure.Trial) *kit.Server {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return kit.StartServer(t, self, "-serve", "127.0.0.1:0")
}

func servePlain(t *measure.Trial) *service {
	s := pages(t)
	return &service{
		pages: s.URL, signaling: s, proxy: kit.NewProxy(t, s.URL),
		address: func(signaling, room, name string) string {
			return signaling + "/plain.html?" + url.Values{"room": {room}, "name": {name}}.Encode()
		},
	}
}

func servePeerJS(t *measure.Trial) *service {
	s := pages(t)
	peers := kit.StartServer(t, "node", filepath.Join(benchFolder, "peerserver.mjs"), "127.0.0.1:0")
	return &service{
		pages: s.URL, signaling: peers, proxy: kit.NewProxy(t, peers.URL),
		address: func(signaling, room, name string) string {
			return s.URL + "/peerjs.html?" + url.Values{"room": {room}, "name": {name}, "server": {strings.TrimPrefix(signaling, "http://")}}.Encode()
		},
	}
}
