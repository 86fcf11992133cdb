package relay

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"github.com/pion/turn/v5"
)

// station is the relay at one address where clients come, over UDP or by
// streams. It makes the relayed addresses for them, beside its own.
type station struct {
	relay *Relay
	ip    netip.Addr
	inbox *inbox // of streams
}

// Listen serves STUN and TURN over UDP at each of the addresses, on one port.
func (r *Relay) Listen(addresses []netip.Addr, port uint16) error {
	r.opening.Lock()
	defer r.opening.Unlock()
	conns, err := r.listenAll(addresses, port)
	if err != nil {
		return err
	}
	for _, ip := range addresses {
		if conn := conns[ip]; conn != nil {
			if err := r.openUDP(ip, conn); err != nil {
				return err
			}
		}
	}
	return nil
}

// ListenSTUN serves STUN alone over UDP, on a port beside Listen's: what a
// client looks like at two ports tells how its NAT maps.
func (r *Relay) ListenSTUN(addresses []netip.Addr, port uint16) error {
	conns, err := r.listenAll(addresses, port)
	if err != nil {
		return err
	}
	var packets []turn.PacketConnConfig
	for _, conn := range conns {
		packets = append(packets, turn.PacketConnConfig{PacketConn: conn})
	}
	server, err := turn.NewServer(turn.ServerConfig{Realm: realm, LoggerFactory: quiet(), PacketConnConfigs: packets})
	if err != nil {
		return fmt.Errorf("start STUN: %w", err)
	}
	if !r.add(server) {
		return net.ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for ip := range conns {
		r.listensSTUN[ip] = true
	}
	return nil
}

// listenAll listens at all of the addresses, or at none. An address that the
// machine has lost meanwhile, or does not use yet (IPv6's duplicate address
// detection), is left out, unless it is the only one.
func (r *Relay) listenAll(addresses []netip.Addr, port uint16) (conns map[netip.Addr]*socket, err error) {
	conns = map[netip.Addr]*socket{}
	var left error
	for _, ip := range addresses {
		conn, err := r.listen(netip.AddrPortFrom(ip, port))
		switch {
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			left = err
		case err != nil:
			for _, c := range conns {
				c.Close()
			}
			return nil, err
		default:
			conns[ip] = conn
		}
	}
	if len(conns) == 0 {
		return nil, cmp.Or(left, errors.New("no address to listen on"))
	}
	return conns, nil
}

// listen keeps what is refused by the name of the transport: two programs may
// have one port number for TCP and for UDP.
func (r *Relay) listen(at netip.AddrPort) (*socket, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("listen on %s over UDP: %w", at, err)
	}
	_ = conn.SetReadBuffer(1 << 20) // a burst of video; the system may give less
	return &socket{PacketConn: conn, relay: r}, nil
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }

// openUDP makes the station of a socket. r.opening is held.
func (r *Relay) openUDP(ip netip.Addr, conn *socket) error {
	s := &station{relay: r, ip: ip}
	permit := func(client net.Addr, peer net.IP) bool {
		return r.permit(client, conn.LocalAddr(), &conn.handling, peer)
	}
	server, err := r.server([]turn.PacketConnConfig{{PacketConn: conn, RelayAddressGenerator: s, PermissionHandler: permit}}, nil)
	if err != nil {
		return fmt.Errorf("start TURN: %w", err)
	}
	if !r.add(server) {
		return net.ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listens[ip] = true
	r.sockets[unmapped(conn.LocalAddr().(*net.UDPAddr).AddrPort())] = conn
	return nil
}

// openStreams makes the station of an address where streams come in. r.opening
// is held.
func (r *Relay) openStreams(at netip.AddrPort) (*station, error) {
	s := &station{relay: r, ip: at.Addr(), inbox: newInbox(at)}
	permit := func(from net.Addr, peer net.IP) bool {
		w, _ := wayOf(from, s.inbox.Addr())
		r.mu.RLock()
		stream := r.streams[w]
		r.mu.RUnlock()
		return stream != nil && r.permit(from, s.inbox.Addr(), &stream.handling, peer)
	}
	server, err := r.server(nil, []turn.ListenerConfig{{Listener: s.inbox, RelayAddressGenerator: s, PermissionHandler: permit}})
	if err != nil {
		return nil, fmt.Errorf("start TURN: %w", err)
	}
	if !r.add(server) {
		return nil, net.ErrClosed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stations[at] = s
	return s, nil
}

// add keeps a server for Close; false when that was.
func (r *Relay) add(server *turn.Server) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		server.Close()
		return false
	}
	r.servers = append(r.servers, server)
	return true
}

// sources are where the sockets that face peers may be bound, best first. From
// a loopback address no packet leaves the machine.
func (s *station) sources() (all []netip.Addr) {
	if s.ip.IsLoopback() {
		s.relay.mu.RLock()
		for ip := range s.relay.listens {
			if ip.Is4() == s.ip.Is4() && !ip.IsLoopback() {
				all = append(all, ip)
			}
		}
		s.relay.mu.RUnlock()
		slices.SortFunc(all, netip.Addr.Compare)
	}
	return append(all, s.ip)
}

// public is what peers are told of a source.
func (r *Relay) public(source netip.Addr) netip.Addr {
	for _, p := range r.cfg.Public {
		if p.Is4() == source.Is4() {
			return p
		}
	}
	return source
}

// permit decides about a permission, which is made at once if it says so.
func (r *Relay) permit(from, to net.Addr, h *handling, peer net.IP) bool {
	a := r.of(from, to)
	if a == nil {
		return false // it has just ended
	}
	if !r.peers.permit(peer) {
		r.count.refuse(RefusedPeer)
		return false
	}
	ip, _ := netip.AddrFromSlice(peer)
	h.begin(permission{a, ip.Unmap()})
	return true
}

// at is the station where a stream has come in: an address that the machine
// got since Listen is served, too.
func (r *Relay) at(to netip.AddrPort) (*station, error) {
	r.opening.Lock()
	defer r.opening.Unlock()
	r.mu.RLock()
	s := r.stations[to]
	r.mu.RUnlock()
	if s != nil {
		return s, nil
	}
	return r.openStreams(to)
}

// relayedBuffer is what may wait of a peer's packets, in bytes: a key frame. The
// system may give less, and takes the memory only for what is there.
const relayedBuffer = 256 << 10

// Validate, AllocatePacketConn, AllocateListener and AllocateConn make a
// station a turn.RelayAddressGenerator. The ones of pion/turn serve TCP as well
// (RFC 6062), by which a participant would have a proxy into the network.

func (s *station) Validate() error { return nil }

// AllocatePacketConn makes an allocation for a user who was authenticated.
// pion/turn asks without a user, up to 128 times, to find an even port, which
// nobody needs who bundles RTP and RTCP; without one there are no reservations.
func (s *station) AllocatePacketConn(conf turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	id, expires, ok := readUsername(conf.UserID)
	if !ok || strings.HasSuffix(conf.Network, "4") != s.ip.Is4() {
		s.relay.count.refuse(RefusedRelay)
		return nil, nil, errRefused
	}
	err := errNoPort
	for _, source := range s.sources() {
		for port := range s.relay.ports(source) {
			var conn *net.UDPConn
			conn, err = net.ListenUDP(conf.Network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, port)))
			if errors.Is(err, syscall.EADDRINUSE) {
				continue // by another program
			}
			if err != nil {
				break // the machine has lost that address, or no descriptors are left
			}
			_ = conn.SetReadBuffer(relayedBuffer)
			local := unmapped(conn.LocalAddr().(*net.UDPAddr).AddrPort())
			public := netip.AddrPortFrom(s.relay.public(source), local.Port())
			a := &allocation{
				PacketConn: conn, conn: conn, relay: s.relay, id: id, expires: expires,
				local: local, public: public, told: net.UDPAddrFromAddrPort(public), permitted: map[netip.Addr]bool{},
			}
			if err = s.relay.hold(a); err == nil {
				return a, a.told, nil
			}
			conn.Close()
			if err != errTaken {
				return nil, nil, err
			}
		}
	}
	s.relay.count.refuse(RefusedSocket)
	s.relay.trouble.warn("no socket for an allocation", "error", err)
	return nil, nil, err
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
