package relay

import (
	"container/list"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"golang.org/x/time/rate"
)

// Config is what an operator decides.
type Config struct {
	Secret string       // that credentials are made with
	Public []netip.Addr // at most one of each family: what peers are told instead of the local address
	Allow  Allow

	Max, MaxEach   int   // allocations, in all and of one participant
	MaxAddress     int   // and from one Prefix, whoever comes from there
	Rate, RateEach int64 // bytes a second, in all and of one participant

	Ports Ports // of relayed addresses

	// Keep is how long after its credential has expired an allocation may be
	// refreshed. Who has left is revoked; this ends what nobody revokes because
	// the server was restarted and was never told who had been there.
	Keep time.Duration

	// Lifetime is RFC 8656's time-to-expiry: how long an allocation is open after
	// it was made or last refreshed, unless its client asks for another time of
	// less than an hour. 0 is the RFC's 10 min.
	Lifetime time.Duration

	AllocateWithin time.Duration // how long a TCP connection may be without an allocation
	Now            func() time.Time
	Log            *slog.Logger // nil keeps silent
}

// AllocateWithin is what Config.AllocateWithin should be: 15 s. Browsers
// allocate at once, and Chromium closes what it has tried in vain.
const AllocateWithin = 15 * time.Second

// Relay is one relay, on any number of addresses.
type Relay struct {
	cfg     Config
	peers   *peers
	revoked revocations
	count   *counters
	trouble *trouble
	answers *answers
	realms  realms
	limit   *rate.Limiter // bytes of all

	opening sync.Mutex // of stations

	mu          sync.RWMutex
	stations    map[netip.AddrPort]*station    // of streams, by where they come in
	sockets     map[netip.AddrPort]*socket     // of UDP
	clients     map[client]*allocation         // until pion/turn has ended them
	published   map[netip.AddrPort]*allocation // by what peers are told
	bound       map[netip.AddrPort]*allocation // by where its socket is
	holders     holders
	listens     map[netip.Addr]bool // over UDP
	listensSTUN map[netip.Addr]bool // with STUN alone, over UDP
	streams     map[way]*stream
	from        map[netip.Prefix]int // allocations, by who they are from
	waiting     *list.List           // of *stream without an allocation, longest first
	waitingFrom map[netip.Prefix]int // how many, by who they are from
	servers     []*turn.Server
	closed      bool
}

// New makes a relay that does not listen yet.
func New(cfg Config) *Relay {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	trouble := newTrouble(cfg.Log)
	return &Relay{
		cfg: cfg, trouble: trouble, answers: newAnswers(), realms: newRealms(), count: newCounters(), limit: limiter(cfg.Rate),
		peers: newPeers(cfg.Allow, cfg.Public, net.InterfaceAddrs, cfg.Now, func(err error) {
			trouble.warn("the addresses of this machine are not known, so what is not relayed at both ends may be refused", "error", err)
		}),
		stations: map[netip.AddrPort]*station{}, sockets: map[netip.AddrPort]*socket{}, clients: map[client]*allocation{}, published: map[netip.AddrPort]*allocation{}, bound: map[netip.AddrPort]*allocation{},
		holders: newHolders(), listens: map[netip.Addr]bool{}, listensSTUN: map[netip.Addr]bool{}, streams: map[way]*stream{}, from: map[netip.Prefix]int{}, waiting: list.New(), waitingFrom: map[netip.Prefix]int{},
	}
}

// server makes a TURN server of ours.
func (r *Relay) server(packets []turn.PacketConnConfig, streams []turn.ListenerConfig) (*turn.Server, error) {
	return turn.NewServer(turn.ServerConfig{
		Realm: realm, LoggerFactory: quiet(), InboundMTU: packetBuffer,
		AuthHandler: r.authenticate, QuotaHandler: r.withinQuota, AllocationLifetime: r.cfg.Lifetime,
		PacketConnConfigs: packets, ListenerConfigs: streams,
		EventHandler: r.events(),
	})
}

// events are what pion/turn tells of allocations. What concerns one that has
// ended may come when its client has another.
func (r *Relay) events() turn.EventHandler {
	return turn.EventHandler{
		OnAuth: func(_, _ net.Addr, _, _, _, _ string, verdict bool) {
			if !verdict {
				r.count.refuse(RefusedForged)
			}
		},
		OnAllocationCreated: func(src, dst net.Addr, _, _, _ string, relayed net.Addr, _ int) {
			r.begun(src, dst, relayed)
		},
		OnAllocationDeleted: func(src, dst net.Addr, _, _, _ string) {
			r.ended(src, dst)
		},
		OnPermissionCreated: func(src, dst net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) {
			if a := r.of(src, dst); a.is(relayed) {
				a.permission(peer, true)
			}
		},
		OnPermissionDeleted: func(src, dst net.Addr, _, _, _ string, relayed net.Addr, peer net.IP) {
			if a := r.of(src, dst); a.is(relayed) {
				a.permission(peer, false)
			}
		},
		OnChannelCreated: func(src, dst net.Addr, _, _, _ string, relayed, _ net.Addr, _ uint16) {
			if a := r.of(src, dst); a.is(relayed) {
				a.channel(1)
			}
		},
		OnChannelDeleted: func(src, dst net.Addr, _, _, _ string, relayed, _ net.Addr, _ uint16) {
			if a := r.of(src, dst); a.is(relayed) {
				a.channel(-1)
			}
		},
	}
}

// quiet keeps pion/turn from logging: what matters is counted.
func quiet() logging.LoggerFactory {
	f := logging.NewDefaultLoggerFactory()
	f.DefaultLogLevel = logging.LogLevelDisabled
	return f
}

// authenticate finds the key of a username. A credential that has expired makes
// no allocation; what was made with it goes on, or long calls would die
// (pion/turn's own handler looks at the expiry of every request). It goes on for
// Keep at most: then its last refresh runs out, and the page looks for another
// path with a fresh credential.
func (r *Relay) authenticate(request *turn.RequestAttributes) (user string, key []byte, ok bool) {
	id, expires, ok := readUsername(request.Username)
	switch {
	case request.Method == stun.MethodConnect || request.Method == stun.MethodConnectionBind: // RFC 6062
		r.count.refuse(RefusedRelay)
		return "", nil, false
	case !ok:
		r.count.refuse(RefusedMalformed)
		return "", nil, false
	case request.Realm != r.realms.of(request.SrcAddr):
		r.count.refuse(RefusedForged)
		return "", nil, false
	case request.Method == stun.MethodAllocate && expires.Before(r.cfg.Now()), expires.Add(r.cfg.Keep).Before(r.cfg.Now()):
		r.count.refuse(RefusedExpired)
		return "", nil, false
	case r.revoked.covers(id, expires):
		r.count.refuse(RefusedRevoked)
		return "", nil, false
	}
	// The whole username is whose an allocation is (RFC 8656, section 7.1: the
	// username of later requests must be the one of the allocation).
	return request.Username, turn.GenerateAuthKey(request.Username, request.Realm, passwordOf(r.cfg.Secret, request.Username)), true
}

// begun notes whose an allocation is that AllocatePacketConn has made. It ends
// one that came through withinQuota beside others from its address.
func (r *Relay) begun(from, to, relayed net.Addr) {
	c, ok := clientOf(from, to)
	udp, ok2 := relayed.(*net.UDPAddr)
	if !ok || !ok2 {
		return
	}
	r.mu.Lock()
	r.settle(c, true)
	over, a := r.note(c, udp)
	r.mu.Unlock()
	if over {
		r.refuse(RefusedQuotaAddress)
		a.Close()
	}
}

// note reports whether there is one too many from the client's address. r.mu
// is held.
func (r *Relay) note(c client, udp *net.UDPAddr) (over bool, a *allocation) {
	a = r.published[unmapped(udp.AddrPort())]
	if !a.is(udp) {
		return false, nil // it has been revoked since: it has no permissions, and gets none
	}
	if c.stream {
		if s := r.streams[way{c.from, c.to}]; s != nil {
			a.handling = &s.handling
		}
	} else if s := r.sockets[c.to]; s != nil {
		a.handling = &s.handling
	}
	if a.handling != nil {
		r.clients[c] = a
	}
	a.prefix = Prefix(c.from.Addr())
	r.from[a.prefix]++
	return r.from[a.prefix] > r.cfg.MaxAddress, a
}

// ended notes that pion/turn is done with a client's allocation; it may have
// made another one already.
func (r *Relay) ended(from, to net.Addr) {
	c, _ := clientOf(from, to)
	r.mu.Lock()
	defer r.mu.Unlock()
	if a := r.clients[c]; a != nil && r.published[a.public] == a {
		return
	}
	delete(r.clients, c)
	r.settle(c, false)
}

// of is a client's allocation; nil where there is none.
func (r *Relay) of(from, to net.Addr) *allocation {
	c, _ := clientOf(from, to)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.clients[c]
}

// Revoke ends the allocations that were made with the credentials that it
// names, and refuses these from now on.
func (r *Relay) Revoke(rev Revocation) {
	r.revoked.add(rev, r.cfg.Now())
	var ended []*allocation
	r.mu.RLock()
	for _, a := range r.holders.ownedBy(rev.ID) {
		if a.expires.Unix() <= rev.Until {
			ended = append(ended, a)
		}
	}
	r.mu.RUnlock()
	for _, a := range ended {
		a.Close()
	}
}

// reach is where a packet for peer is sent. What peers are told of the
// server's own relayed addresses may be true outside only, and no other port
// of this machine may be reached through the relay.
func (r *Relay) reach(peer netip.AddrPort) (netip.AddrPort, bool) {
	if !r.peers.isOwn(peer.Addr()) {
		return peer, true // its permission was asked for
	}
	r.mu.RLock()
	a := r.published[peer]
	r.mu.RUnlock()
	if a != nil {
		return a.local, true
	}
	return peer, r.peers.open(peer.Addr())
}

// name is the inverse of reach.
func (r *Relay) name(from netip.AddrPort) (netip.AddrPort, bool) {
	if !r.peers.isOwn(from.Addr()) {
		return from, true
	}
	r.mu.RLock()
	a := r.bound[from]
	r.mu.RUnlock()
	if a != nil {
		return a.public, true
	}
	return from, r.peers.open(from.Addr())
}

// Close ends everything that the relay has.
func (r *Relay) Close() {
	r.mu.Lock()
	r.closed = true
	servers := r.servers
	var streams []*stream
	for _, s := range r.streams {
		streams = append(streams, s)
	}
	var allocations []*allocation
	for _, a := range r.published {
		allocations = append(allocations, a)
	}
	r.mu.Unlock()
	for _, s := range servers {
		s.Close()
	}
	for _, s := range streams {
		s.Close()
	}
	for _, a := range allocations {
		a.Close()
	}
	r.revoked.close()
}
