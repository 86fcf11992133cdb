package nets

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

var (
	ana    = netip.MustParseAddr("203.0.113.2")
	ben    = netip.MustParseAddr("203.0.113.3")
	server = netip.MustParseAddr("203.0.113.1")
)

// frame is an Ethernet frame with the head of an IPv4 packet.
func frame(p Packet) []byte {
	f := make([]byte, 14+20+8)
	binary.BigEndian.PutUint16(f[12:], 0x0800)
	ip := f[14:]
	ip[0], ip[9] = 4<<4|5, p.Protocol
	copy(ip[12:], p.Source.AsSlice())
	copy(ip[16:], p.Destination.AsSlice())
	binary.BigEndian.PutUint16(ip[20:], p.SourcePort)
	binary.BigEndian.PutUint16(ip[22:], p.DestinationPort)
	return f
}

func TestAFrameIsReadAsItWasWritten(t *testing.T) {
	want := Packet{ana, ben, protocolUDP, 5000, 3478, false}
	if got, ok := packetOf(frame(want)); !ok || got != want {
		t.Errorf("packetOf = %v, %v, want %v", got, ok, want)
	}
}

func TestALaterFragmentHasNoPorts(t *testing.T) {
	f := frame(Packet{ana, ben, protocolUDP, 5000, 3478, false})
	binary.BigEndian.PutUint16(f[14+6:], 100)
	if got, ok := packetOf(f); !ok || got.SourcePort != 0 || got.DestinationPort != 0 {
		t.Errorf("packetOf = %v, %v, want no ports", got, ok)
	}
}

func TestWhatIsNotWholeIPv4IsNoPacket(t *testing.T) {
	whole := frame(Packet{ana, ben, protocolTCP, 1, 2, false})
	for length := range 14 + 20 {
		if got, ok := packetOf(whole[:length]); ok {
			t.Errorf("packetOf %d bytes = %v", length, got)
		}
	}
	binary.BigEndian.PutUint16(whole[12:], 0x0806) // ARP
	if got, ok := packetOf(whole); ok {
		t.Errorf("packetOf ARP = %v", got)
	}
}

func TestTrafficIsOfItsKindInBothDirections(t *testing.T) {
	web := Packet{ana, server, protocolTCP, 50000, 443, false}
	media := Packet{ana, ben, protocolUDP, 50000, 50001, false}
	name := Packet{ana, netip.MustParseAddr("224.0.0.251"), protocolUDP, 5353, 5353, false}
	for _, tt := range []struct {
		name    string
		traffic Traffic
		packet  Packet
		want    bool
	}{
		{"everything", Everything, media, true},
		{"UDP, media", UDP, media, true},
		{"UDP, web", UDP, web, false},
		{"multicast, a name", Multicast, name, true},
		{"multicast, media", Multicast, media, false},
		{"TCP(443), web", TCP(443), web, true},
		{"TCP(80), web", TCP(80), web, false},
		{"TCP(50001), media", TCP(50001), media, false},
		{"With(Ben), media", With(ben), media, true},
		{"With(Ben), web", With(ben), web, false},
		{"Not(TCP(443)), web", Not(TCP(443)), web, false},
		{"Not(TCP(443)), media", Not(TCP(443)), media, true},
		{"Both(UDP, With(Ben)), media", Both(UDP, With(ben)), media, true},
		{"Both(UDP, With(server)), web", Both(UDP, With(server)), web, false},
	} {
		back := Packet{tt.packet.Destination, tt.packet.Source, tt.packet.Protocol, tt.packet.DestinationPort, tt.packet.SourcePort, tt.packet.Cookie}
		if got := tt.traffic(tt.packet); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if got := tt.traffic(back); got != tt.want && !tt.packet.Destination.IsMulticast() {
			t.Errorf("%s, back: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestARuleDropsWhatItSaysUntilItIsRemoved(t *testing.T) {
	var r rules
	media, web := frame(Packet{ana, ben, protocolUDP, 1, 2, false}), frame(Packet{ana, server, protocolTCP, 1, 443, false})
	counts, drops := r.add(UDP, false), r.add(UDP, true)
	if r.pass(media) || !r.pass(web) {
		t.Error("a rule that drops UDP: want media dropped, and the web not")
	}
	drops.Remove()
	if !r.pass(media) {
		t.Error("a rule that was removed drops")
	}
	if counts.Packets() != 2 || drops.Packets() != 1 {
		t.Errorf("the rules met %d and %d packets, want 2 and 1", counts.Packets(), drops.Packets())
	}
	r.add(Everything, true)
	if arp := make([]byte, 60); !r.pass(arp) {
		t.Error("a rule drops what is not IPv4")
	}
}

func TestAFirewallKnowsSTUNInTheClear(t *testing.T) {
	// An Allocate request, and the beginning of a TLS record that is as long.
	allocate := []byte{0x00, 0x03, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4}
	record := []byte{0x16, 0x03, 0x01, 0x00, 0xf8, 0x01, 0x00, 0x00, 1, 2, 3, 4}
	over := func(protocol byte, payload []byte) []byte {
		f := frame(Packet{ana, server, protocol, 50000, 443, false})
		if protocol == protocolTCP { // its header has 20 bytes at least, of which frame has 8
			f = append(f, 0, 0, 0, 0, 8<<4, 0, 0, 0, 0, 0, 0, 0)
			f = append(f, make([]byte, 12)...) // options: 32 bytes in all
		}
		return append(f, payload...)
	}
	for _, tt := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"TURN over UDP", over(protocolUDP, allocate), true},
		{"TURN over TCP", over(protocolTCP, allocate), true},
		{"TLS", over(protocolTCP, record), false},
		{"an acknowledgement", over(protocolTCP, nil), false},
		{"less than a message", over(protocolTCP, allocate[:7]), false},
		{"a header that is cut off", over(protocolTCP, nil)[:14+20+8], false},
	} {
		if p, ok := packetOf(tt.frame); !ok || STUN(p) != tt.want {
			t.Errorf("%s: STUN(%v) = %v, want %v", tt.name, p, STUN(p), tt.want)
		}
	}
}
