package main

import (
	"cmp"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// lanAddress is an address of this machine, and what says whether other devices
// reach it.
type lanAddress struct {
	ip netip.Addr
	// running: its interface is up and has a carrier. A bridge has none once its
	// last container is gone.
	running bool
	// outward: its interface leads out of the machine, not into a tunnel, a
	// container or a virtual machine.
	outward bool
	// farthest: packets to the Internet, or whatever the router leads to, come
	// from it.
	farthest bool
}

// lanOrder puts first what most devices nearby reach. IPv4 before IPv6, for
// people type and scan it; but no dead or inner IPv4 before an IPv6 that is
// reached. farthest comes last: it tells two networks apart, of which the
// devices in the nearer one reach both, while a VPN that takes all there is has
// the default route, too, and in the LAN nobody reaches it there.
func lanOrder(addresses []lanAddress) []netip.Addr {
	slices.SortStableFunc(addresses, func(a, b lanAddress) int {
		return cmp.Or(
			trueFirst(a.running, b.running),
			trueFirst(a.outward, b.outward),
			cmp.Compare(a.ip.BitLen(), b.ip.BitLen()),
			trueFirst(a.farthest, b.farthest),
		)
	})
	var ips []netip.Addr
	for _, address := range addresses {
		ips = append(ips, address.ip)
	}
	return ips
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// lanAddresses returns the addresses by which other devices may reach this
// machine, in lanOrder.
func lanAddresses() []netip.Addr {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil // they are a convenience
	}
	far := []netip.Addr{farthest("udp4", "192.0.2.1:9"), farthest("udp6", "[2001:db8::1]:9")}
	return lanOrder(lanFacts(interfaces, (*net.Interface).Addrs, os.DirFS("/sys/class/net"), far))
}

// lanFacts are the addresses of interfaces that are of use to other devices;
// far are those that farthest found, and class is as in hasHardware.
func lanFacts(interfaces []net.Interface, addrs func(*net.Interface) ([]net.Addr, error), class fs.FS, far []netip.Addr) []lanAddress {
	var all []lanAddress
	for i := range interfaces {
		one := &interfaces[i]
		addresses, err := addrs(one)
		if err != nil {
			continue // it went away meanwhile
		}
		running := one.Flags&(net.FlagUp|net.FlagRunning) == net.FlagUp|net.FlagRunning
		outward := one.Flags&net.FlagPointToPoint == 0 && hasHardware(class, one.Name)
		for _, address := range addresses {
			prefix, err := netip.ParsePrefix(address.String())
			if ip := prefix.Addr().Unmap(); err == nil && ip.IsGlobalUnicast() {
				all = append(all, lanAddress{ip, running, outward, slices.Contains(far, ip)})
			}
		}
	}
	return all
}

// hasHardware reports whether an interface is a device, or stands above one, as
// a bridge to the LAN, a bond and a VLAN do. Linux says so in class, its
// /sys/class/net; where nothing does, it counts as one.
func hasHardware(class fs.FS, name string) bool {
	entries, err := fs.ReadDir(class, name)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(entries, func(entry fs.DirEntry) bool {
		lower, below := strings.CutPrefix(entry.Name(), "lower_")
		return entry.Name() == "device" || below && hasHardware(class, lower) // the kernel allows no loop
	})
}

// farthest is the address of this machine from which the other one would be
// reached; the zero Addr where none leads there. Nothing is sent. 192.0.2.1
// (RFC 5737) and 2001:db8::1 (RFC 3849) are nobody's, so they are beyond the
// default route; 9 is the discard port.
func farthest(network, other string) netip.Addr {
	conn, err := net.Dial(network, other)
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
}
