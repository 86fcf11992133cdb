package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/pion/turn/v5"
)

// station is the relay at one address where clients come. It makes the relayed
// addresses for them, beside its own.
type station struct {
	relay  *Relay
	source netip.Addr // where the sockets that face peers are bound
	public netip.Addr // what peers are told
	inbox  *inbox     // of streams
}

// Listen serves STUN and TURN over UDP at each of the addresses, on one port.
// stunPort, if it is not 0, serves STUN alone: two ports tell how a NAT maps.
func (r *Relay) Listen(addresses []netip.Addr, port, stunPort uint16) (err error) {
	var turnConns, stunConns []net.PacketConn
	defer func() {
		if err != nil {
			for _, c := range append(turnConns, stunConns...) {
				c.Close()
			}
		}
	}()
	r.opening.Lock()
	defer r.opening.Unlock()
	for _, ip := range addresses {
		conn, err := listen(netip.AddrPortFrom(ip, port))
		if err != nil {
			return err
		}
		turnConns = append(turnConns, conn)
		if stunPort == 0 {
			continue
		}
		if conn, err = listen(netip.AddrPortFrom(ip, stunPort)); err != nil {
			return err
		}
		stunConns = append(stunConns, conn)
	}
	var stunOnly []turn.PacketConnConfig
	for _, c := range stunConns {
		stunOnly = append(stunOnly, turn.PacketConnConfig{PacketConn: c})
	}
	if len(stunOnly) > 0 {
		server, err := turn.NewServer(turn.ServerConfig{Realm: realm, LoggerFactory: quiet(), PacketConnConfigs: stunOnly})
		if err != nil {
			return fmt.Errorf("start STUN: %w", err)
		}
		r.servers = append(r.servers, server)
	}
	for i, ip := range addresses {
		if _, err := r.open(ip, turnConns[i], addresses); err != nil {
			return err
		}
	}
	return nil
}

// listen keeps what is refused by the name of the transport: two programs may
// have one port number for TCP and for UDP.
func listen(at netip.AddrPort) (net.PacketConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("listen on %s over UDP: %w", at, err)
	}
	_ = conn.SetReadBuffer(1 << 20) // a burst of video; the system may give less
	return steady{conn}, nil
}

// steady is a socket whose errors do not end pion/turn's loop but for its
// close: some systems report there that a client's port is closed.
type steady struct{ net.PacketConn }

func (s steady) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := s.PacketConn.ReadFrom(p)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return n, from, err
		}
	}
}

// open makes the station of an address. all are the addresses where the relay
// listens.
func (r *Relay) open(ip netip.Addr, conn net.PacketConn, all []netip.Addr) (*station, error) {
	s := &station{relay: r, source: ip, inbox: newInbox(ip)}
	if ip.IsLoopback() {
		// From a loopback address no packet leaves the machine.
		for _, other := range all {
			if other.Is4() == ip.Is4() && !other.IsLoopback() {
				s.source = other
				break
			}
		}
	}
	s.public = s.source
	for _, p := range r.cfg.Public {
		if p.Is4() == ip.Is4() {
			s.public = p
		}
	}
	var packets []turn.PacketConnConfig
	if conn != nil {
		packets = append(packets, turn.PacketConnConfig{PacketConn: conn, RelayAddressGenerator: s, PermissionHandler: r.permit})
	}
	server, err := r.server(packets, []turn.ListenerConfig{{Listener: s.inbox, RelayAddressGenerator: s, PermissionHandler: r.permit}})
	if err != nil {
		return nil, fmt.Errorf("start TURN: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stations[ip] = s
	r.servers = append(r.servers, server)
	return s, nil
}

func (r *Relay) permit(client net.Addr, peer net.IP) bool {
	if r.peers.permit(client, peer) {
		return true
	}
	r.count.refuse(RefusedPeer)
	return false
}

// at is the station where a stream has come in: an address that the machine
// got since Listen is served, too.
func (r *Relay) at(ip netip.Addr) (*station, error) {
	r.opening.Lock()
	defer r.opening.Unlock()
	r.mu.RLock()
	s, closed := r.stations[ip], r.closed
	var all []netip.Addr
	for ip := range r.stations {
		all = append(all, ip)
	}
	r.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	if closed {
		return nil, net.ErrClosed
	}
	return r.open(ip, nil, all)
}

// Validate, AllocatePacketConn, AllocateListener and AllocateConn make a
// station a turn.RelayAddressGenerator. The ones of pion/turn serve TCP as well
// (RFC 6062), by which a participant would have a proxy into the network.

func (s *station) Validate() error { return nil }

// AllocatePacketConn makes an allocation for a user who was authenticated.
// pion/turn asks without a user for an even port, which nobody needs who
// bundles RTP and RTCP.
func (s *station) AllocatePacketConn(conf turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	id, expires, ok := readUsername(conf.UserID)
	if !ok || conf.RequestedPort != 0 || strings.HasSuffix(conf.Network, "4") != s.source.Is4() {
		s.relay.count.refuse(RefusedRelay)
		return nil, nil, errRefused
	}
	for range 8 { // another station may have told peers of the same port
		var lc net.ListenConfig
		conn, err := lc.ListenPacket(context.Background(), conf.Network, netip.AddrPortFrom(s.source, 0).String())
		if err != nil {
			return nil, nil, err
		}
		local := unmapped(conn.LocalAddr().(*net.UDPAddr).AddrPort())
		a := &allocation{
			PacketConn: conn, conn: conn.(*net.UDPConn), relay: s.relay, id: id, expires: expires,
			local: local, public: netip.AddrPortFrom(s.public, local.Port()), permitted: map[netip.Addr]bool{},
		}
		if err = s.relay.hold(a); err == nil {
			return a, net.UDPAddrFromAddrPort(a.public), nil
		}
		conn.Close()
		if err != errTaken {
			return nil, nil, err
		}
	}
	return nil, nil, errTaken
}

// AllocateListener refuses.
func (s *station) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	s.relay.count.refuse(RefusedRelay)
	return nil, nil, errRefused
}

// AllocateConn refuses.
func (s *station) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	s.relay.count.refuse(RefusedRelay)
	return nil, errRefused
}
