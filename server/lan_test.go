package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheAddressThatOtherDevicesReachComesFirst(t *testing.T) {
	at := func(ip string, facts ...string) lanAddress {
		is := func(fact string) bool { return slices.Contains(facts, fact) }
		return lanAddress{ip: netip.MustParseAddr(ip), running: is("running"), outward: is("outward"), farthest: is("farthest")}
	}
	var many []lanAddress
	var up, down []string
	for i := range 40 {
		one, other := fmt.Sprintf("10.0.0.%d", 99-i), fmt.Sprintf("10.0.1.%d", 99-i)
		many = append(many, at(other), at(one, "running"))
		up, down = append(up, one), append(down, other)
	}
	for _, tt := range []struct {
		name string
		have []lanAddress
		want string
	}{
		{"nothing", nil, ""},
		{"Docker without containers, and a hotspot", []lanAddress{
			at("172.17.0.1"), at("10.42.0.1", "running", "outward")}, "10.42.0.1 172.17.0.1"},
		{"Docker with containers, and a hotspot", []lanAddress{
			at("172.17.0.1", "running"), at("10.42.0.1", "running", "outward")}, "10.42.0.1 172.17.0.1"},
		{"a cable, a hotspot", []lanAddress{
			at("10.42.0.1", "running", "outward"), at("192.168.1.20", "running", "outward", "farthest")}, "192.168.1.20 10.42.0.1"},
		{"a cable that is not plugged in", []lanAddress{
			at("192.168.1.20", "outward"), at("172.17.0.1", "running"), at("192.168.2.20", "running", "outward")}, "192.168.2.20 172.17.0.1 192.168.1.20"},
		{"a VPN that takes all there is", []lanAddress{
			at("10.8.0.2", "running", "farthest"), at("192.168.1.20", "running", "outward")}, "192.168.1.20 10.8.0.2"},
		{"a VPN alone", []lanAddress{
			at("172.17.0.1", "running"), at("10.8.0.2", "running", "farthest")}, "10.8.0.2 172.17.0.1"},
		{"IPv6, too", []lanAddress{
			at("172.17.0.1", "running"),
			at("2001:db8::20", "running", "outward"), at("2001:db8::21", "running", "outward", "farthest"),
			at("192.168.1.20", "running", "outward")}, "192.168.1.20 2001:db8::21 2001:db8::20 172.17.0.1"},
		{"a LAN with IPv6 alone", []lanAddress{
			at("172.17.0.1", "running"), at("2001:db8::20", "running", "outward", "farthest")}, "2001:db8::20 172.17.0.1"},
		{"nothing else tells them apart", many, strings.Join(append(up, down...), " ")},
	} {
		var got []string
		for _, ip := range lanOrder(tt.have) {
			got = append(got, ip.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, strings.Join(got, " "), tt.want)
		}
	}
}

func TestHardwareIsADeviceOrBelow(t *testing.T) {
	class := fstest.MapFS{}
	for _, path := range []string{
		"eth0/device", "wlan0/device", "docker0/bridge", "docker0/lower_veth1", "veth1/upper_docker0", "tun0/tun_flags",
		"br0/lower_veth2", "br0/lower_bond0.7", "veth2/address", "bond0.7/lower_bond0", "bond0/lower_eth0", "eth0/upper_bond0",
	} {
		class[path] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	for name, want := range map[string]bool{
		"eth0": true, "wlan0": true, "bond0": true, "bond0.7": true, "br0": true,
		"docker0": false, "veth1": false, "tun0": false,
		"Ethernet": true, // a system that does not say
	} {
		if got := hasHardware(class, name); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}

func TestAnInterfaceSaysWhetherItsAddressesAreReached(t *testing.T) {
	const up, running = net.FlagUp, net.FlagRunning
	interfaces := []net.Interface{
		{Name: "lo", Flags: up | running | net.FlagLoopback}, {Name: "docker0", Flags: up | running}, {Name: "eth0", Flags: up | running}, {Name: "eth1", Flags: up},
		{Name: "eth2", Flags: running}, {Name: "ppp0", Flags: up | running | net.FlagPointToPoint}, {Name: "gone", Flags: up | running},
	}
	addrs := func(one *net.Interface) ([]net.Addr, error) {
		at, ok := map[string]string{"lo": "127.0.0.1/8 ::1/128", "docker0": "172.17.0.1/16", "eth0": "192.168.1.20/24 fe80::20/64 2001:db8::20/64", "eth1": "192.168.2.20/24",
			"eth2": "192.168.3.20/24", "ppp0": "10.8.0.2/32"}[one.Name]
		if !ok {
			return nil, errors.New("no such device")
		}
		var all []net.Addr
		for text := range strings.FieldsSeq(at) {
			ip, network, _ := net.ParseCIDR(text)
			all = append(all, &net.IPNet{IP: ip, Mask: network.Mask})
		}
		return all, nil
	}
	class := fstest.MapFS{}
	for _, path := range []string{"lo/mtu", "docker0/bridge", "eth0/device", "eth1/device", "eth2/device", "ppp0/device"} {
		class[path] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	ip := netip.MustParseAddr
	want := []lanAddress{
		{ip: ip("172.17.0.1"), running: true},
		{ip: ip("192.168.1.20"), running: true, outward: true, farthest: true},
		{ip: ip("2001:db8::20"), running: true, outward: true},
		{ip: ip("192.168.2.20"), outward: true},
		{ip: ip("192.168.3.20"), outward: true},
		{ip: ip("10.8.0.2"), running: true},
	}
	if got := lanFacts(interfaces, addrs, class, []netip.Addr{ip("192.168.1.20"), {}}); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestLANAddressesAreOfUseToOthers(t *testing.T) {
	all := lanAddresses()
	for _, ip := range all {
		if ip.IsLoopback() || ip.IsLinkLocalUnicast() {
			t.Errorf("%v is of no use to another device", ip)
		}
	}
	far := farthest("udp4", "192.0.2.1:9")
	if far.IsValid() && !slices.Contains(all, far) {
		t.Errorf("%v leads farthest and is not among %v", far, all)
	}
}
