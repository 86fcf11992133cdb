//go:build linux

package nets

import (
	"fmt"
	"net/netip"
	"testing"

	"holdline/wasm/e2e/kit"
)

// Host is a machine of its own network: what runs there has its addresses,
// routes and ports, and no other way out.
type Host struct {
	*namespace // and so a kit.Place

	own   string // name
	lines []*Line
}

var _ kit.Place = (*Host)(nil)

// Host makes a host without a line.
func (n *Net) Host(name string) *Host {
	n.t.Helper()
	return &Host{namespace: n.newNamespace(name), own: name}
}

// Join joins the host to a segment by a device of this name, such as "wifi".
// Of several ways out it takes the one that was joined first.
func (h *Host) Join(s *Segment, device string) *Line {
	t := h.net.t
	t.Helper()
	l, err := h.join(s, device, 100*(1+len(h.lines)))
	if err != nil {
		t.Fatal(err)
	}
	h.lines = append(h.lines, l)
	if len(h.lines) == 1 {
		h.net.know(h.Name(), l.Address)
	}
	return l
}

// RouteBySource has what is sent from each of the host's addresses leave by its
// own line, while that has a carrier, as on macOS, Windows and phones. Linux by
// itself takes one way out for all.
func (h *Host) RouteBySource() {
	h.net.t.Helper()
	for i, l := range h.lines {
		table := 100 + i
		if err := h.ip(
			fmt.Sprintf("route add default via %s dev %s table %d", l.segment.gateway, l.name, table),
			fmt.Sprintf("rule add from %s table %d", l.Address, table),
		); err != nil {
			h.net.t.Fatal(err)
		}
	}
}

// Address is the host's on its first line.
func (h *Host) Address() netip.Addr { return h.lines[0].Address }

// Name is by what all hosts know the host's address.
func (h *Host) Name() string { return h.own + ".test" }

// Line is the host's first.
func (h *Host) Line() *Line { return h.lines[0] }

// Browser starts a browser on the host that ends with the test.
func (h *Host) Browser(t testing.TB, engine kit.Engine, options ...kit.Option) *kit.Browser {
	t.Helper()
	return kit.StartFor(t, engine, append([]kit.Option{kit.WithPlace(h)}, options...)...)
}

// Server runs a program on the host whose first line is its URL.
func (h *Host) Server(t testing.TB, command string, args ...string) *kit.Server {
	t.Helper()
	return kit.StartServerIn(t, h, command, args...)
}

// Loopback serves on the host's loopback what a URL anywhere in the Net serves,
// fetched over the host's network: a secure context, so that a page has a
// camera, yet one whose server is gone when the network is.
func (h *Host) Loopback(t testing.TB, url string) *kit.Proxy {
	t.Helper()
	return kit.NewProxyIn(t, h, url)
}
