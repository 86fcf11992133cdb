package relay

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Allow is which special addresses may be relayed to. Nothing is needed for a
// call on a local network: both ends have a relayed address there, and from one
// relayed address to another is always allowed.
type Allow struct {
	Private   bool // RFC 1918, RFC 4193, RFC 6598
	Loopback  bool
	LinkLocal bool
	Own       bool // every port of the server's own addresses, not only those of its relay
	Prefixes  []netip.Prefix
}

// ParseAllow reads a list such as "private,loopback,192.0.2.0/24".
func ParseAllow(list string) (a Allow, err error) {
	for item := range strings.SplitSeq(list, ",") {
		switch item = strings.TrimSpace(item); item {
		case "":
		case "private":
			a.Private = true
		case "loopback":
			a.Loopback = true
		case "link-local":
			a.LinkLocal = true
		case "own":
			a.Own = true
		default:
			prefix, err := netip.ParsePrefix(item)
			if err != nil {
				return a, errors.New("private, loopback, link-local, own or prefixes such as 192.0.2.0/24, separated by commas")
			}
			a.Prefixes = append(a.Prefixes, prefix.Masked())
		}
	}
	return a, nil
}

// Special addresses are no peers on the Internet (IANA's special-purpose
// registries, RFC 6890). Some of the IPv6 ones would lead to an IPv4 address
// that is not looked at: NAT64 (RFC 6052, RFC 8215), Teredo, 6to4.
var (
	private   = prefixes("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7")
	linkLocal = prefixes("169.254.0.0/16 fe80::/10")
	special   = prefixes("0.0.0.0/8 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
		"64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20")
	globalIPv6 = netip.MustParsePrefix("2000::/3") // all that IANA has given out
)

func prefixes(list string) (all []netip.Prefix) {
	for p := range strings.FieldsSeq(list) {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func in(all []netip.Prefix, ip netip.Addr) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// peers decides to which addresses is relayed.
type peers struct {
	allow  Allow
	public []netip.Addr // by which the server is known outside
	list   func() ([]net.Addr, error)
	now    func() time.Time
	failed func(error) // of list

	own     atomic.Pointer[ownAddresses]
	looking sync.Mutex
}

// ownAddresses are this server's, as of a time. They do not change.
type ownAddresses struct {
	all map[netip.Addr]bool // nil when they were never known: then any may be one
	at  time.Time
}

func newPeers(allow Allow, public []netip.Addr, list func() ([]net.Addr, error), now func() time.Time, failed func(error)) *peers {
	p := &peers{allow: allow, public: public, list: list, now: now, failed: failed}
	p.own.Store(&ownAddresses{})
	p.look()
	return p
}

// ownFor is how long the machine's addresses are taken to stay as they are.
const ownFor = 10 * time.Second

// isOwn reports whether ip is an address of this server. Who finds that it is
// time looks; packets that come meanwhile go by what was seen last.
func (p *peers) isOwn(ip netip.Addr) bool {
	own := p.own.Load()
	if p.now().Sub(own.at) > ownFor && p.looking.TryLock() {
		own = p.look()
		p.looking.Unlock()
	}
	return own.all == nil || own.all[ip]
}

func (p *peers) look() *ownAddresses {
	own := &ownAddresses{all: p.own.Load().all, at: p.now()}
	if addresses, err := p.list(); err != nil {
		p.failed(err)
	} else {
		own.all = map[netip.Addr]bool{}
		for _, a := range addresses {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				own.all[prefix.Addr().Unmap()] = true
			}
		}
		for _, a := range p.public {
			own.all[a] = true
		}
	}
	p.own.Store(own)
	return own
}

// open reports whether every port of ip may be relayed to.
func (p *peers) open(ip netip.Addr) bool {
	switch {
	case !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return false
	case in(p.allow.Prefixes, ip):
		return true
	case ip.IsLoopback():
		return p.allow.Loopback
	case p.isOwn(ip) && (!p.allow.Own || p.own.Load().all != nil): // while any may be, what it is besides decides
		return p.allow.Own
	case in(private, ip):
		return p.allow.Private
	case in(linkLocal, ip):
		return p.allow.LinkLocal
	}
	return !in(special, ip) && (ip.Is4() || globalIPv6.Contains(ip))
}

// permit is asked for an address, without a port: the server's own ones are
// permitted for what is relayed at both ends, and relayed filters the ports.
func (p *peers) permit(address net.IP) bool {
	ip, _ := netip.AddrFromSlice(address)
	ip = ip.Unmap()
	return p.open(ip) || p.isOwn(ip)
}
