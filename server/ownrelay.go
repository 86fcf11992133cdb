package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/server/relay"
	"holdline/server/signal"
)

// mbit is a megabit per second in bytes per second.
const mbit = 1_000_000 / 8

// newRelay makes the relay that the flags describe; it does not listen yet.
func newRelay(cfg relayConfig, key []byte, log *slog.Logger) *relay.Relay {
	return relay.New(relay.Config{
		Secret: relay.Secret(key), Public: cfg.Public, Ports: cfg.Ports, Allow: cfg.Allow, Max: cfg.max(), MaxEach: cfg.maxEach(), MaxAddress: cfg.maxAddress(),
		Rate: int64(cfg.Rate) * mbit, RateEach: int64(cfg.RateEach) * mbit, Keep: cfg.Keep, Lifetime: cfg.Lifetime, AllocateWithin: relay.AllocateWithin, Log: log,
	})
}

// openICE starts what the server needs to offer STUN and TURN. The relay is nil
// where none runs in this process; stop ends what it started.
func openICE(cfg config, key []byte, listener net.Listener, cert *certificate, log *slog.Logger) (ice *iceServers, own *relay.Relay, stop func(), err error) {
	r := cfg.Relay
	ice = &iceServers{key: key, secret: relay.Secret(key), life: r.Credentials, checks: min(r.CheckCredentials, r.Credentials)}
	if !onlyLoopback(cfg.Addr) {
		ice.lan = lanAddresses
	}
	if len(r.TURN) == 0 && r.Addr != off {
		if ice.before, err = issuedBefore(cfg.State, r.Credentials, time.Now()); err != nil {
			log.Warn("credentials that lived longer than --relay-credentials outlive who leaves", "error", err)
		}
	}
	stop = func() {}
	secure := func(host string) bool { return cert != nil && !cert.Own && cert.leaf().VerifyHostname(host) == nil }
	switch {
	case len(r.TURN) > 0:
		stunURLs, turnURLs := sortURLs(r.TURN)
		if !slices.ContainsFunc(stunURLs, func(u string) bool { return strings.HasPrefix(u, "stun:") }) {
			log.Warn("--turn has no stun: URL: no call can say that UDP is blocked, and /check tells everybody that STUN is silent and cannot see how a NAT maps; list two")
		}
		ice.secret = r.TURNSecret
		ice.urls = func(arrival, bool) (s, t []string) { return stunURLs, turnURLs }
	case r.Addr == off:
	case r.Control != "":
		port, stunPort := relayPorts(r)
		ice.urls = ownURLs(relayHost(r), port, stunPort, func(arrival) uint16 { return port }, secure, true)
		remote := relay.NewRemote(r.Control, ice.secret, log)
		ice.revoke = remote.Revoke
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { remote.Run(ctx); close(ended) }()
		stop = func() { cancel(); <-ended }
	default:
		own, listensAt, port, stunPort, err := openRelay(cfg, key, listener.Addr().(*net.TCPAddr), log)
		if err != nil {
			return nil, nil, nil, err
		}
		host := relayHost(r)
		if r.Host == "" {
			host = pageHost(own.ListensOn)
		}
		ice.urls = ownURLs(host, port, stunPort, streamPort(r), secure, false)
		ice.revoke, ice.counts = own.Revoke, own.Counts
		ice.firewall = firewall(listener.Addr().(*net.TCPAddr).Port, port, stunPort, r.Ports)
		return ice, own, followAddresses(own, listensAt, port, stunPort), nil
	}
	return ice, nil, stop, nil
}

// firewall words what must be let in for calls from elsewhere.
func firewall(tcp int, udp, stun uint16, relayed relay.Ports) string {
	line := fmt.Sprintf("A firewall must let in TCP port %d and UDP port %d", tcp, udp)
	if stun != 0 {
		line = fmt.Sprintf("A firewall must let in TCP port %d and UDP ports %d and %d", tcp, udp, stun)
	}
	if relayed == (relay.Ports{}) {
		return line + "; relayed addresses have any UDP port (--relay-ports MIN-MAX for fewer)"
	}
	return line + ", and UDP ports " + relayed.String() + " for relayed addresses"
}

// sortURLs tells the servers that need a credential from those that do not.
func sortURLs(urls []string) (s, t []string) {
	for _, u := range urls {
		if scheme, _ := signal.ICEURL(u); strings.HasPrefix(scheme, "stun") {
			s = append(s, u)
		} else {
			t = append(t, u)
		}
	}
	return s, t
}

// streamPort is where the relay takes TCP and TLS: the port by which the page
// came. Where a flag says by which host others reach this machine, it is this
// machine that they reach, not what may stand before it.
func streamPort(r relayConfig) func(arrival) uint16 {
	if r.Host != "" {
		return func(at arrival) uint16 { return at.own }
	}
	return func(at arrival) uint16 { return at.port }
}

// relayHost is what the URLs call a relay of ours by its flags.
func relayHost(r relayConfig) func(arrival) string {
	host, _, _ := net.SplitHostPort(r.Addr) // the flag was checked; "" has none
	ip, err := netip.ParseAddr(host)
	switch {
	case r.Host != "":
		return func(arrival) string { return r.Host }
	case err == nil && !ip.IsUnspecified():
		return func(arrival) string { return host }
	}
	return pageHost(func(netip.Addr) bool { return false })
}

// relayPorts are the ports that the flags give to a relay with an address.
func relayPorts(r relayConfig) (port, stunPort uint16) {
	_, text, _ := net.SplitHostPort(r.Addr)
	return flagPort(text), secondPort(r, flagPort(text))
}

// secondPort is that of STUN alone; 0 is none.
func secondPort(r relayConfig, port uint16) uint16 {
	switch r.STUNPort {
	case off:
		return 0
	case "":
		return port + 1 // after the last one there is none
	}
	return flagPort(r.STUNPort)
}

func flagPort(text string) uint16 {
	n, _ := strconv.ParseUint(text, 10, 16) // the flag was checked
	return uint16(n)
}

// openRelay listens where the flags say, else beside the server's own address.
// Where that has taken a free port, the relay takes the same one if it can.
func openRelay(cfg config, key []byte, server *net.TCPAddr, log *slog.Logger) (own *relay.Relay, host string, port, stunPort uint16, err error) {
	r := cfg.Relay
	flagName, address := "--relay-addr", r.Addr
	if address == "" {
		flagName, address = "--relay-addr, by default as --addr", server.String()
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, "", 0, 0, err
	}
	port = flagPort(text)
	_, asked, _ := net.SplitHostPort(cfg.Addr)
	free := r.Addr == "" && flagPort(asked) == 0
	for attempt := 0; ; attempt++ {
		own, stunPort, err = listenRelay(cfg, key, host, port, flagName, log)
		if err == nil || !free || attempt == 20 {
			return own, host, port, stunPort, err
		}
		if port, err = freeUDPPort(relayAddresses(host)[0]); err != nil {
			return nil, "", 0, 0, err
		}
	}
}

func listenRelay(cfg config, key []byte, host string, port uint16, flagName string, log *slog.Logger) (*relay.Relay, uint16, error) {
	own, addresses := newRelay(cfg.Relay, key, log), relayAddresses(host)
	if err := own.KeepRevocations(filepath.Join(cfg.State, "revocations")); err != nil {
		// A state folder that only has the key, such as a read-only one, is no
		// reason not to serve: what is lost are minutes.
		log.Warn("after a restart of the relay who has left may use it until the credentials expire", "error", err)
	}
	if err := own.Listen(addresses, port); err != nil {
		own.Close()
		return nil, 0, fmt.Errorf("%w (%s)", err, flagName)
	}
	stunPort := secondPort(cfg.Relay, port)
	if stunPort == 0 {
		return own, 0, nil
	}
	if err := own.ListenSTUN(addresses, stunPort); err != nil {
		own.Close()
		return nil, 0, fmt.Errorf("%w (--stun-port, by default the one after --relay-addr's)", err)
	}
	return own, stunPort, nil
}

// followEvery is how soon an address that the machine gets is served.
const followEvery = 10 * time.Second

// followAddresses keeps to the addresses that a host of --relay-addr stands
// for, where they may change, until stop, which ends the relay.
func followAddresses(own *relay.Relay, host string, port, stunPort uint16) (stop func()) {
	if ip, err := netip.ParseAddr(host); host == "localhost" || err == nil && !ip.IsUnspecified() {
		return own.Close
	}
	ctx, cancel := context.WithCancel(context.Background())
	go own.Follow(ctx, followEvery, func() []netip.Addr { return relayAddresses(host) }, port, stunPort)
	return func() { cancel(); own.Close() }
}

// freeUDPPort asks the system for one.
func freeUDPPort(ip netip.Addr) (uint16, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		return 0, fmt.Errorf("find a free port over UDP: %w", err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port(), nil
}

// relayAddresses are those of this machine that a host of --relay-addr stands
// for. Each gets a socket of its own, so that answers come from where the
// question went, and relayed addresses are ones that the client can reach.
func relayAddresses(host string) []netip.Addr {
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "localhost":
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	case err == nil && !ip.IsUnspecified():
		return []netip.Addr{ip.Unmap()}
	}
	all := lanAddresses()
	interfaces, _ := net.InterfaceAddrs() // lanAddresses has none either, then
	for _, a := range interfaces {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().IsLoopback() {
			all = append(all, prefix.Addr().Unmap())
		}
	}
	if err == nil && ip.Is4() {
		all = onlyIPv4(all)
	}
	return all
}

func onlyIPv4(all []netip.Addr) (some []netip.Addr) {
	for _, ip := range all {
		if ip.Is4() {
			some = append(some, ip)
		}
	}
	return some
}

// beginsSTUN: STUN's first two bits are zero, and its methods are small (RFC
// 8489, section 5; RFC 7983, section 7). No method of HTTP begins so.
func beginsSTUN(first byte) bool { return first < 4 }
