package main

import (
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"holdline/server/relay"
	"holdline/server/signal"
)

// iceServers are the STUN and TURN servers that pages are told of. The zero
// value has none.
type iceServers struct {
	urls   func(at arrival, all bool) (stun, turn []string) // all: also those that a call can do without
	key    []byte                                           // of this server, which makes the ids
	secret string                                           // that credentials are made with
	life   time.Duration
	before time.Time     // when the credentials are over that earlier servers have issued
	checks time.Duration // the life of the credentials of who only checks
	// revoke ends what somebody has at a relay of ours; a foreign one's
	// credentials run out.
	revoke func(relay.Revocation)
	counts func() relay.Counts // of the relay in this process
	// lan are this machine's addresses; nil where other devices do not reach the
	// server, and so need none.
	lan func() []netip.Addr
	// firewall says which ports the relay in this process has.
	firewall string
}

// arrival is how a page's request came here.
type arrival struct {
	from   string     // the same as remote, with its port, for what limits addresses
	remote netip.Addr // where from
	local  netip.Addr // where to
	host   string     // what the page calls the server; "" where that could not be a host
	port   uint16     // of it
	own    uint16     // where the server listens: another one where a proxy is between
}

// arrivalOf looks at the connection and at the Host header, which is what the
// page's address says.
func arrivalOf(r *http.Request) (a arrival) {
	a.from = r.RemoteAddr
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		a.remote = from.Addr().Unmap().WithZone("")
	}
	if to, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		a.local, a.own = to.AddrPort().Addr().Unmap().WithZone(""), to.AddrPort().Port()
		a.port = a.own
	}
	if !plainHost.MatchString(r.Host) {
		return a
	}
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		host, port = strings.Trim(r.Host, "[]"), "80"
		if r.TLS != nil {
			port = "443"
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
		a.host, a.port = host, uint16(n)
	}
	return a
}

// issue makes ice for a participant of a room who came so. asker is who has
// asked for it, where that is somebody else there.
func (s *iceServers) issue(at arrival, room, participant, asker string) signal.ICE {
	id := relay.ID(s.key, room, participant)
	if asker != participant {
		id = relay.PassedOnID(id, relay.ID(s.key, room, asker))
	}
	return s.ice(at, false, id, s.life)
}

// issueCheck makes ice for somebody in no room.
func (s *iceServers) issueCheck(at arrival, participant string) signal.ICE {
	return s.ice(at, true, relay.CheckID(s.key, participant), s.checks)
}

func (s *iceServers) ice(at arrival, all bool, id string, life time.Duration) signal.ICE {
	ice := signal.ICE{Servers: []signal.ICEServer{}, Address: s.seen(at)}
	if s.urls == nil {
		return ice
	}
	stun, turn := s.urls(at, all)
	if len(stun) > 0 {
		ice.Servers = append(ice.Servers, signal.ICEServer{URLs: stun})
	}
	if len(turn) > 0 {
		username, password := relay.Credential(s.secret, id, time.Now().Add(life))
		ice.Servers = append(ice.Servers, signal.ICEServer{URLs: turn, Username: username, Credential: password})
		ice.Lifetime = life.Milliseconds()
	}
	return ice
}

// seen is the address that others may find a page at, as it is told it: where
// it comes from. Of one that was opened at localhost that is this machine's
// first in the LAN: the loopback one helps nobody.
func (s *iceServers) seen(at arrival) string {
	ip := at.remote
	if ip.IsLoopback() && isLocalhost(at.host) && s.lan != nil {
		if lan := s.lan(); len(lan) > 0 {
			ip = lan[0]
		}
	}
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

// end revokes what a participant of a room has.
func (s *iceServers) end(room, participant string) {
	until := time.Now().Add(s.life)
	if s.before.After(until) {
		until = s.before
	}
	s.endID(relay.ID(s.key, room, participant), until)
}

// endCheck revokes what somebody has who only checked.
func (s *iceServers) endCheck(participant string) {
	s.endID(relay.CheckID(s.key, participant), time.Now().Add(s.checks))
}

func (s *iceServers) endID(id string, until time.Time) {
	if s.revoke != nil {
		s.revoke(relay.Revocation{ID: id, Until: until.Unix()})
	}
}

// ownURLs are those of a relay of ours: over UDP at its two ports, over TCP and
// TLS at streams(arrival). secure says for which hosts the certificate is one
// that browsers trust without being asked: at others TURN over TLS fails, in
// Firefox silently. Where there is TLS a call has no use for bare TCP, which
// goes to the same port and is what firewalls that look into packets drop;
// browsers would prefer it. Of a relay in a process of its own the server does
// not know whether it has a certificate, so TCP is offered as well.
func ownURLs(host func(arrival) string, udp, stun uint16, streams func(arrival) uint16, secure func(host string) bool, elsewhere bool) func(at arrival, all bool) (s, t []string) {
	return func(at arrival, all bool) (s, t []string) {
		host := host(at)
		if host == "" {
			return nil, nil
		}
		url := func(scheme string, port uint16, rest string) string {
			return scheme + ":" + net.JoinHostPort(host, strconv.Itoa(int(port))) + rest
		}
		s = append(s, url("stun", udp, ""))
		if stun != 0 {
			s = append(s, url("stun", stun, ""))
		}
		t = append(t, url("turn", udp, "?transport=udp"))
		if !secure(host) || all || elsewhere {
			t = append(t, url("turn", streams(at), "?transport=tcp"))
		}
		if secure(host) {
			t = append(t, url("turns", streams(at), "?transport=tcp"))
		}
		return s, t
	}
}

// pageHost is what the URLs call the server: what the page calls it, so that
// neither DNS nor a router is needed that the page did not need. localhost is
// replaced by an address of this machine that others reach, too, where the
// relay has one: browsers gather no candidates on the loopback interface.
func pageHost(listensOn func(netip.Addr) bool) func(arrival) string {
	return func(at arrival) string {
		if at.host != "" && !isLocalhost(at.host) {
			return at.host
		}
		for _, ip := range lanAddresses() {
			if listensOn(ip) {
				return ip.String()
			}
		}
		if at.local.IsValid() {
			return at.local.String()
		}
		return at.host
	}
}
