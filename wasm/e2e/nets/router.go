//go:build linux

package nets

import "fmt"

// NAT is how a router gives its hosts outer addresses.
type NAT string

const (
	// Cone maps an inner address and port to one outer port for all remotes
	// (endpoint-independent mapping, RFC 4787), and lets in only who was sent
	// to (address- and port-dependent filtering).
	Cone NAT = "masquerade"
	// Symmetric maps to another outer port for each remote.
	Symmetric NAT = "masquerade random,fully-random"
)

// Router is the way of a LAN to the public segment.
type Router struct {
	LAN  *Segment
	Line *Line // its outer side: with the address that the servers see

	*namespace
}

// Router makes a router and a LAN behind it without a host. Its firewall lets
// out everything, and in what answers; further rules are those of its Line.
func (n *Net) Router(name string, nat NAT) *Router {
	n.t.Helper()
	n.mu.Lock()
	n.routers++
	lan := newSegment(n, fmt.Sprintf("192.168.%d.0/24", 100+n.routers))
	n.mu.Unlock()
	r := &Router{LAN: lan, namespace: n.newNamespace(name + "-router")}
	inner, err := r.join(lan, "lan", 0)
	if err != nil {
		n.t.Fatal(err)
	}
	lan.gateway = inner.Address
	if r.Line, err = r.join(n.Public, "wan", 0); err != nil {
		n.t.Fatal(err)
	}
	if err := r.set(map[string]string{"net/ipv4/ip_forward": "1"}); err != nil {
		n.t.Fatal(err)
	}
	r.Become(nat)
	return r
}

// Home makes a host behind a router of its own.
func (n *Net) Home(name string, nat NAT) (*Host, *Router) {
	n.t.Helper()
	r := n.Router(name, nat)
	return r.LAN.Host(name), r
}

// Become makes the router one of another kind, for all connections that begin
// from here on.
func (r *Router) Become(nat NAT) {
	t := r.net.t
	t.Helper()
	// Without the drop on input, what comes early would be taken for the
	// router's own, and keep the outer port from the one inside who is to have it.
	err := run(fmt.Sprintf(`flush ruleset
		table ip nat {
			chain leaving { type nat hook postrouting priority srcnat; oifname wan %s; }
		}
		table ip filter {
			chain input { type filter hook input priority filter; iifname wan drop; }
			chain forward {
				type filter hook forward priority filter
				iifname wan ct state established,related accept
				iifname wan drop
			}
		}`, nat), "ip", "netns", "exec", r.name, "nft", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
}
