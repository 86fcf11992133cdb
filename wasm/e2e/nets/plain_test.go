//go:build e2e && linux

package nets

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
)

// plain is a page with one connection, whose channel beats 20 times a second.
// Its signaling is carried by the test, outside of every Net.
const plain = `<!doctype html><title>plain</title><link rel="icon" href="data:,">
<script>
	var connection, channel, outbox = [], heard = 0, heardAt = 0, answered = () => {}
	const types = () => outbox.filter((m) => m.candidate).map((m) => m.candidate.type + '/' + (m.candidate.relayProtocol ?? ''))
	function start(configuration, offers) {
		connection?.close()
		outbox = []
		heard = heardAt = 0
		connection = new RTCPeerConnection(configuration)
		connection.onicecandidate = (e) => { if (e.candidate?.candidate) outbox.push({ candidate: e.candidate }) }
		channel = connection.createDataChannel('beats', { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 })
		channel.onmessage = ({ data }) => {
			if (data === 'beat') { heard++; heardAt = performance.now() }
			if (data === 'ask') channel.send('answer')
			if (data === 'answer') answered()
		}
		if (offers) return describe()
	}
	setInterval(() => channel?.readyState === 'open' && channel.send('beat'), 50)
	async function describe() {
		await connection.setLocalDescription()
		outbox.push({ description: connection.localDescription })
	}
	const take = () => outbox.splice(0)
	async function give(messages) {
		for (const { description, candidate } of messages) {
			if (candidate) await connection.addIceCandidate(candidate)
			else await connection.setRemoteDescription(description)
			if (description?.type === 'offer') await describe()
		}
	}
	const silent = () => performance.now() - heardAt > 1000
	async function roundTrip() {
		const began = performance.now()
		await new Promise((resolve) => { answered = resolve; channel.send('ask') })
		return performance.now() - began
	}
</script>`

// serve serves the plain page on a host, and at /address the address that a
// request came from and at /bytes a megabyte.
func serve(t *testing.T, h *Host) (url string) {
	t.Helper()
	l, err := h.Listen("tcp", net.JoinHostPort(h.Address().String(), "80"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch r.URL.Path {
		case "/address":
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			fmt.Fprint(w, host)
		case "/bytes":
			w.Write(make([]byte, 1<<20))
		default:
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, plain)
		}
	})}
	server.SetKeepAlivesEnabled(false) // each request takes the way that is there then
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String() + "/"
}

// open opens the plain page of a server in a host's browser.
func open(t *testing.T, h *Host, b *kit.Browser, url string) *kit.Page {
	t.Helper()
	return b.NewProfile(t).NewPage(t, h.Loopback(t, url).URL)
}

// servers is a page's configuration.
func servers(all ...ICEServer) string {
	text, _ := json.Marshal(map[string]any{"iceServers": append([]ICEServer{}, all...)})
	return string(text)
}

// begin has one page offer and the other one answer.
func begin(t *testing.T, one, other *kit.Page, configuration string) {
	t.Helper()
	other.Eval("start("+configuration+", false)", nil)
	one.Eval("start("+configuration+", true)", nil)
}

// signal carries what the pages have to say, until both are in this state.
func signal(t *testing.T, one, other *kit.Page, state string) {
	t.Helper()
	exchange(t, one, other, func() bool {
		there := 0
		for _, p := range []*kit.Page{one, other} {
			switch got := p.Text("connection.connectionState"); got {
			case state:
				there++
			case "failed", "connected":
				path, _ := PathOf(p, "connection")
				t.Fatalf("connectionState %s, want %s: %v", got, state, path)
			}
		}
		return there == 2
	})
}

// exchange carries what the pages have to say, until it is enough.
func exchange(t *testing.T, one, other *kit.Page, enough func() bool) {
	t.Helper()
	pages := [2]*kit.Page{one, other}
	for deadline := time.Now().Add(2 * patience); !enough(); {
		for i, from := range pages {
			var said []json.RawMessage
			from.Eval("take()", &said)
			if len(said) > 0 {
				text, _ := json.Marshal(said)
				pages[1-i].Eval("give("+string(text)+")", nil)
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("it was never enough: %s and %s", one.Text("connection.connectionState"), other.Text("connection.connectionState"))
		}
	}
}

// connect connects two pages and waits until both hear each other.
func connect(t *testing.T, one, other *kit.Page, configuration string) {
	t.Helper()
	begin(t, one, other, configuration)
	signal(t, one, other, "connected")
	hear(t, one, other)
}

// hear waits until all pages hear something new.
func hear(t *testing.T, pages ...*kit.Page) {
	t.Helper()
	for _, p := range pages {
		p.Until("it hears the other side", `window.heard > 0 && !silent()`)
		p.Until("it hears more", fmt.Sprintf(`window.heard > %s + 3`, p.Text("heard")))
	}
}

// pathOf is the path of a connected page.
func pathOf(t *testing.T, p *kit.Page) Path {
	t.Helper()
	path, ok := PathOf(p, "connection")
	if !ok {
		t.Fatal("no path is selected")
	}
	return path
}
