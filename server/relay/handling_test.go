package relay

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// Without handling.go this panics in pion/turn, and takes the server with it.
func TestAnAllocationMayEndWhileAPermissionIsMade(t *testing.T) {
	cfg := generous()
	cfg.Allow = Allow{Loopback: true}
	b := start(t, cfg)
	for round := range 150 {
		for _, network := range []string{"udp", "tcp"} {
			id := fmt.Sprint(network, round)
			c, relayed := b.allocate(network, id)
			go func() {
				for i := range 100 {
					if c.CreatePermission(&net.UDPAddr{IP: net.IPv4(127, 1, 1, byte(i)), Port: 9}) != nil {
						return
					}
				}
			}()
			settle(t, "permissions are made", func() bool {
				b.mu.RLock()
				defer b.mu.RUnlock()
				for _, a := range b.published {
					a.mu.Lock()
					n := len(a.permitted)
					a.mu.Unlock()
					return n > round%20
				}
				return false
			})
			b.Revoke(Revocation{ID: id, Until: time.Now().Add(time.Minute).Unix()})
			settle(t, "it ends", func() bool { return b.Counts().Allocations == 0 })
			c.Close()
			b.conns[len(b.conns)-1].Close()
			_ = relayed
		}
	}
}

// What pion/turn does when a permission runs out at the moment in which its
// client asks for it again, and then the allocation ends: its end must wait for
// the timer of the new permission, or it panics.
func TestTheEndOfAnAllocationWaitsForAPermissionThatIsMade(t *testing.T) {
	peer, other := net.IPv4(192, 0, 2, 7), net.IPv4(192, 0, 2, 8)
	for _, tt := range []struct {
		name  string
		steps func(s *stage)
		waits bool
	}{
		{"it is new", func(s *stage) { s.asked(peer) }, true},
		{"it is new, and on the list", func(s *stage) { s.asked(peer); s.ana.permission(peer, true) }, true},
		{"it ran out just now", func(s *stage) { s.has(peer); s.asked(peer); s.ana.permission(peer, false) }, true},
		{"it ran out just now, and is on the list again", func(s *stage) {
			s.has(peer)
			s.asked(peer)
			s.ana.permission(peer, false)
			s.ana.permission(peer, true)
		}, true},
		// The reader may be waiting for the list.
		{"it is there, and asked for again", func(s *stage) { s.has(peer); s.asked(peer) }, false},
		{"it is of another peer", func(s *stage) { s.has(peer); s.asked(other) }, false},
		{"it is of another allocation", func(s *stage) { s.handling.begin(permission{s.bo, netip.MustParseAddr("192.0.2.7")}) }, false},
		{"it has its timer", func(s *stage) { s.asked(peer); s.ana.permission(peer, true); s.handling.finish() }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				tt.steps(s)
				ended := false
				go func() {
					s.ana.permission(peer, false)
					ended = true
				}()
				synctest.Wait()
				if ended == tt.waits {
					t.Errorf("the end has waited: %v, want %v", !ended, tt.waits)
				}
				s.handling.finish()
				synctest.Wait()
				if !ended {
					t.Error("it waits though the permission is made")
				}
			})
		})
	}
}

// stage has two allocations whose clients have one socket.
type stage struct {
	relay    *Relay
	handling *handling
	ana, bo  *allocation
}

func newStage(t *testing.T) *stage {
	s := &stage{relay: New(generous()), handling: &handling{}}
	s.relay.peers.allow = Allow{Prefixes: prefixes("192.0.2.0/24")}
	at := func(port uint16) *allocation {
		a := &allocation{
			relay: s.relay, handling: s.handling, id: "ana", expires: time.Now(), permitted: map[netip.Addr]bool{},
			public: netip.AddrPortFrom(loopback, port), local: netip.AddrPortFrom(loopback, port), told: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)},
		}
		if err := s.relay.hold(a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	s.ana, s.bo = at(1), at(2)
	s.relay.clients[client{netip.MustParseAddrPort("127.0.0.1:7"), netip.MustParseAddrPort("127.0.0.1:8"), false}] = s.ana
	return s
}

// asked is ana's request for a permission, up to where pion/turn makes it.
func (s *stage) asked(peer net.IP) {
	from, to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8}
	if !s.relay.permit(from, to, s.handling, peer) {
		panic("refused")
	}
}

// has is a permission that ana has had for a while.
func (s *stage) has(peer net.IP) {
	s.asked(peer)
	s.ana.permission(peer, true)
	s.handling.finish()
}

func TestWhatRunsOutLateIsNotOfTheNextAllocation(t *testing.T) {
	s := newStage(t)
	from, to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8}
	peer := net.IPv4(192, 0, 2, 7)
	ip := netip.MustParseAddr("192.0.2.7")
	events := s.relay.events()
	earlier := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} // of an allocation that had ana's port before
	events.OnPermissionCreated(from, to, "", "", "", earlier, peer)
	events.OnChannelCreated(from, to, "", "", "", earlier, nil, 0)
	if s.ana.permits(ip) || s.ana.channels != 0 {
		t.Errorf("ana has the permission or %d channels of an earlier allocation", s.ana.channels)
	}
	events.OnPermissionCreated(from, to, "", "", "", s.ana.told, peer)
	events.OnChannelCreated(from, to, "", "", "", s.ana.told, nil, 0)
	for _, other := range []*net.UDPAddr{earlier, s.bo.told} {
		events.OnPermissionDeleted(from, to, "", "", "", other, peer)
		events.OnChannelDeleted(from, to, "", "", "", other, nil, 0)
	}
	if !s.ana.permits(ip) || s.ana.channels != 1 {
		t.Errorf("ana has lost the permission, or the channel of %d, when an earlier allocation's ran out", s.ana.channels)
	}
	events.OnPermissionDeleted(from, to, "", "", "", s.ana.told, peer)
	events.OnChannelDeleted(from, to, "", "", "", s.ana.told, nil, 0)
	if s.ana.permits(ip) || s.ana.channels != 0 {
		t.Errorf("ana has the permission, or %d channels, when they have run out", s.ana.channels)
	}
	// Of a client that has no allocation any more.
	events.OnPermissionDeleted(to, from, "", "", "", s.ana.told, peer)
	events.OnChannelDeleted(to, from, "", "", "", s.ana.told, nil, 0)
}
