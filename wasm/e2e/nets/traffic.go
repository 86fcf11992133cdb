package nets

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Packet is what rules look at of an IPv4 packet.
type Packet struct {
	Source, Destination         netip.Addr
	Protocol                    byte   // such as protocolUDP
	SourcePort, DestinationPort uint16 // 0 where the protocol has none
	Cookie                      bool   // a message of STUN or TURN begins here, in the clear
}

// The protocols that have ports (IANA, Protocol Numbers).
const (
	protocolTCP = 6
	protocolUDP = 17
)

// packetOf reads an Ethernet frame. ok is false for what is not IPv4, such as
// ARP.
func packetOf(frame []byte) (p Packet, ok bool) {
	const ethernet, fixed, ipv4 = 14, 20, 0x0800
	if len(frame) < ethernet+fixed || binary.BigEndian.Uint16(frame[12:]) != ipv4 {
		return p, false
	}
	ip := frame[ethernet:]
	p.Source, p.Destination = netip.AddrFrom4([4]byte(ip[12:16])), netip.AddrFrom4([4]byte(ip[16:20]))
	p.Protocol = ip[9]
	header := int(ip[0]&0x0f) * 4
	firstFragment := binary.BigEndian.Uint16(ip[6:])&0x1fff == 0
	if firstFragment && (p.Protocol == protocolTCP || p.Protocol == protocolUDP) && len(ip) >= header+4 {
		p.SourcePort, p.DestinationPort = binary.BigEndian.Uint16(ip[header:]), binary.BigEndian.Uint16(ip[header+2:])
		p.Cookie = hasCookie(p.Protocol, ip[header:])
	}
	return p, true
}

// hasCookie looks for the magic cookie (RFC 8489, section 5) behind a header of
// UDP or TCP.
func hasCookie(protocol byte, rest []byte) bool {
	const cookie = 0x2112a442
	header := 8
	if protocol == protocolTCP {
		if len(rest) < 13 {
			return false
		}
		header = int(rest[12]>>4) * 4
	}
	return len(rest) >= header+8 && binary.BigEndian.Uint32(rest[header+4:]) == cookie
}

// Traffic is a kind of packets, in either direction.
type Traffic func(Packet) bool

// Everything is all packets. (ARP goes on: a dead network looks alive.)
func Everything(Packet) bool { return true }

// UDP is all that ICE calls udp.
func UDP(p Packet) bool { return p.Protocol == protocolUDP }

// STUN is what a firewall knows to be STUN or TURN, at any port. TURN over TLS
// it takes for the web.
func STUN(p Packet) bool { return p.Cookie }

// Multicast is what mDNS needs.
func Multicast(p Packet) bool {
	return p.Destination.IsMulticast() || p.Destination == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// TCP is the traffic of connections whose server listens on a port.
func TCP(port uint16) Traffic {
	return func(p Packet) bool {
		return p.Protocol == protocolTCP && (p.SourcePort == port || p.DestinationPort == port)
	}
}

// With is what one of these addresses sends or receives.
func With(addresses ...netip.Addr) Traffic {
	return func(p Packet) bool {
		return slices.Contains(addresses, p.Source) || slices.Contains(addresses, p.Destination)
	}
}

// Not is all other traffic.
func Not(t Traffic) Traffic { return func(p Packet) bool { return !t(p) } }

// Both is what is of both kinds.
func Both(one, other Traffic) Traffic { return func(p Packet) bool { return one(p) && other(p) } }
