package relay

import (
	"net"
	"testing"
	"time"

	"github.com/pion/turn/v5"
)

// A key frame of 150 KB from a peer, which comes while the process is at
// something else. Linux's default receive buffer, 208 KiB with what the system
// adds to each packet, has room for some 90 packets.
func TestABurstFromAPeerWaitsForTheRelay(t *testing.T) {
	const packets = 125
	s := &station{relay: New(generous()), ip: loopback}
	t.Cleanup(s.relay.Close)
	username, _ := Credential(testSecret, "ana", time.Now().Add(time.Minute))
	relayed, at, err := s.AllocatePacketConn(turn.AllocateListenerConfig{Network: "udp4", UserID: username})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.Dial("udp4", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for range packets {
		if _, err := peer.Write(make([]byte, 1200)); err != nil {
			t.Fatal(err)
		}
	}
	conn := relayed.(*allocation).conn
	conn.SetReadDeadline(time.Now().Add(time.Second)) // over loopback all are there when Write returns
	for n := range packets {
		if _, err := conn.Read(make([]byte, 1200)); err != nil {
			t.Fatalf("%d of %d packets were there: %v", n, packets, err)
		}
	}
}
