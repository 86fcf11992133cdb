package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/server/relay"
	"holdline/server/signal"
)

// relayConfig is what the operator decided about STUN and TURN. Durations are
// scaled already.
type relayConfig struct {
	Addr     string // "" is that of --addr, "off" is none
	STUNPort string // "" is the one after Addr's, "off" is none
	Host     string // in the URLs; "" is that by which the page came
	Public   []netip.Addr
	Ports    relay.Ports
	Allow    relay.Allow

	Credentials time.Duration // how long one opens allocations
	Keep        time.Duration // how long after that it keeps them open
	Lifetime    time.Duration // of allocations; not scaled: browsers refresh them
	Max         int
	MaxEach     int // 0 is not set
	MaxAddress  int // 0 is not set
	Rate        int // Mbit/s
	RateEach    int

	Control string // of a relay in another process

	TURN       []string // URLs of a foreign server
	TURNSecret string

	// Of pages that only check the network.
	CheckCredentials time.Duration
	CheckFor         time.Duration // how long they may have a socket
}

// off is what is not to be, as an address or a port.
const off = "off"

// settings are those of the relay. One that is its own process has most of them.
func (c *relayConfig) settings() group {
	return group{"STUN and TURN, for calls that NATs and firewalls would keep apart", []setting{
		{"relay-addr", "HOST:PORT", "", "address over UDP, or off (default: that of --addr, where TCP and, with --tls-cert, TLS come in, too)", relayAddress(&c.Addr)},
		{"stun-port", "PORT", "", "second port over UDP, by which pages see how a NAT maps them, or off (default: the one after --relay-addr's)", stunPort(&c.STUNPort)},
		{"relay-host", "HOST", "", "name or address in the URLs that pages get (default: that by which the page came)", urlHost(&c.Host)},
		{"relay-public-address", "LIST", "", "addresses, one IPv4 and one IPv6 at most, by which others reach this machine behind its NAT; its UDP ports must be forwarded", publicAddresses(&c.Public)},
		{"relay-ports", "MIN-MAX", "", "UDP ports of relayed addresses, which a firewall must let in; there are no more allocations than ports (default: those that the system gives)", ports(&c.Ports)},
		{"relay-allow", "LIST", "", "where to relay beside the Internet: private, link-local, loopback, own, 192.0.2.0/24, separated by commas; calls within a LAN need none of it, for from one relayed address to another is always allowed", allowed(&c.Allow)},
		{"relay-credentials", "TIME", "10m", "how long a page's credentials open new allocations; the open ones end with the participant", duration(&c.Credentials, 10*time.Second, longestCredentials)},
		{"relay-keep", "TIME", "12h", "how long after their expiry credentials keep open what they have opened; then the page takes fresh ones", duration(&c.Keep, time.Minute, 7*24*time.Hour)},
		{"relay-lifetime", "TIME", "10m", "how long an allocation stays open without a refresh, which browsers send in time: what one leaves behind without a word ends then", duration(&c.Lifetime, shortestLifetime, time.Hour)},
		{"relay-max", "N", "2000", "allocations at the same time; each needs a file descriptor, over TCP two", number(&c.Max, 0, 1_000_000)},
		{"relay-max-each", "N", "", "the same for one participant, who needs up to three for each other one and network (default: 100, but no more than a quarter of all)", number(&c.MaxEach, 1, 10_000)},
		{"relay-max-address", "N", "", "the same from one IPv4 address or IPv6 /64, whoever comes from there: from an office, or from a proxy before TCP and TLS, for which it should be as high as --relay-max (default: half of all)", number(&c.MaxAddress, 1, 1_000_000)},
		{"relay-rate", "MBIT", "1000", "Mbit/s through the relay, both ways added up; what is more is dropped", number(&c.Rate, 1, 1_000_000)},
		{"relay-rate-each", "MBIT", "50", "the same for one participant", number(&c.RateEach, 1, 1_000_000)},
		{"relay-control", "HOST:PORT", "", "where holdline relay is told who has left (its default 127.0.0.1:3480); given to the server, that process relays, at --relay-addr, and calls through it outlive the server's restarts", loopback(&c.Control)},
		{"turn", "LIST", "", "URLs of other servers for STUN and TURN instead, separated by commas: two of STUN, to see how a NAT maps, such as stun:turn.example.org:3478 and stun:stun.example.org:3478, and those of TURN, such as turn:turn.example.org:3478?transport=udp", turnURLs(&c.TURN)},
		{"turn-secret", "SECRET", "", "what the TURN server makes credentials with (coturn: static-auth-secret); best given as HOLDLINE_TURN_SECRET, which others on the machine do not see", text(&c.TURNSecret)},
	}}
}

// shortestLifetime of an allocation is 20 s: Firefox 153 refreshes 10 s before
// the end, and takes none whose end is nearer than that.
const shortestLifetime = 20 * time.Second

// check returns what is wrong with the settings together.
func (c *relayConfig) check() error {
	switch {
	case len(c.TURN) > 0 && (c.Addr != "" || c.Control != ""):
		return errors.New("--turn is instead of --relay-addr and --relay-control, got both")
	case len(c.TURN) == 0 && c.TURNSecret != "":
		return errors.New("--turn-secret needs --turn")
	case c.TURNSecret == "" && slices.ContainsFunc(c.TURN, func(u string) bool { return strings.HasPrefix(u, "turn") }):
		return errors.New("--turn with a turn: or turns: URL needs --turn-secret: without it no server takes what pages get")
	case c.Control != "" && c.Addr == "":
		return errors.New("--relay-control needs --relay-addr, where that process relays")
	case c.Control != "" && c.Addr == off:
		return errors.New("--relay-control needs an address in --relay-addr, got off")
	}
	return nil
}

// max is how many allocations there may be. One relayed address has no more
// than there are ports; where the relay has several, of both address families
// or networks, most come to one of them, and what others may take is counted
// by it.
func (c *relayConfig) max() int {
	if n := c.Ports.Count(); n > 0 {
		return min(c.Max, n)
	}
	return c.Max
}

// maxEach leaves the others most where nothing is set.
func (c *relayConfig) maxEach() int {
	return cmp.Or(c.MaxEach, min(100, max(c.max()/4, 1)))
}

// maxAddress leaves the others half where nothing is set, and of --relay-max's
// default enough for an office of 60 people in rooms of eight: seven others
// each, twice.
func (c *relayConfig) maxAddress() int {
	return cmp.Or(c.MaxAddress, max(c.max()/2, 1))
}

func (c *relayConfig) scale(f float64) {
	for _, d := range []*time.Duration{&c.Credentials, &c.Keep, &c.CheckCredentials, &c.CheckFor} {
		*d = time.Duration(float64(*d) * f)
	}
}

func relayAddress(to *string) func(string) error {
	return func(value string) error {
		host, port, err := net.SplitHostPort(value)
		n, portErr := strconv.ParseUint(port, 10, 16)
		_, hostErr := netip.ParseAddr(host)
		switch {
		case value == off:
		case err != nil || portErr != nil || n == 0 || host != "" && host != "localhost" && hostErr != nil:
			return errors.New("off, or an address as IP:PORT, localhost:PORT or :PORT, with a port from 1 to 65535")
		}
		*to = value
		return nil
	}
}

func stunPort(to *string) func(string) error {
	return func(value string) error {
		if n, err := strconv.ParseUint(value, 10, 16); value != off && (err != nil || n == 0) {
			return errors.New("off, or a port from 1 to 65535")
		}
		*to = value
		return nil
	}
}

func urlHost(to *string) func(string) error {
	return func(value string) error {
		if _, err := netip.ParseAddr(value); err != nil && (!plainHost.MatchString(value) || strings.Contains(value, ":")) {
			return errors.New("a host name or an IP address, without a port")
		}
		*to = value
		return nil
	}
}

func publicAddresses(to *[]netip.Addr) func(string) error {
	return func(value string) error {
		var list []netip.Addr
		families := map[bool]bool{}
		for item := range strings.SplitSeq(value, ",") {
			ip, err := netip.ParseAddr(strings.TrimSpace(item))
			if err != nil || ip.Zone() != "" || ip.IsUnspecified() || families[ip.Unmap().Is4()] {
				return errors.New("one IPv4 address, one IPv6 address, or both, separated by a comma")
			}
			families[ip.Unmap().Is4()] = true
			list = append(list, ip.Unmap())
		}
		*to = list
		return nil
	}
}

func ports(to *relay.Ports) func(string) error {
	return func(value string) (err error) {
		*to, err = relay.ParsePorts(value)
		return err
	}
}

func allowed(to *relay.Allow) func(string) error {
	return func(value string) (err error) {
		*to, err = relay.ParseAllow(value)
		return err
	}
}

// turnURLs takes what pages take: one that they refuse would leave them with
// none, and there would be no call.
func turnURLs(to *[]string) func(string) error {
	return func(value string) error {
		var list []string
		refused := false
		for item := range strings.SplitSeq(value, ",") {
			item = strings.TrimSpace(item)
			_, ok := signal.ICEURL(item)
			refused = refused || !ok
			list = append(list, item)
		}
		if refused || len(list) > maxTURNURLs {
			return fmt.Errorf("up to %d URLs, separated by commas, each %s", maxTURNURLs, signal.ICEURLLimit)
		}
		*to = list
		return nil
	}
}

// maxTURNURLs is how many URLs are passed on: browsers try all at once.
const maxTURNURLs = 16
