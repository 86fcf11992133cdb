package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// pion/turn 5.1 panics when an allocation ends between two steps of making a
// permission for it: the permission is on the list before its timer is made,
// and the end stops all timers on the list (allocation.go, AddPermission and
// Close). Anybody with a credential could make an allocation run out at such a
// moment and end the process. So the end waits for the permission:
//
//   - pending, from Permit on, is the permission that a reader may be making,
//     of which allocation and for which peer;
//   - it is made when that reader does the next thing that comes here: it asks
//     for another permission, sends a response, or reads. It needs no lock for
//     that which the waiting end may hold;
//   - the end tells of each permission before it stops its timer, and waits
//     there. One that is older than pending has its timer and is not waited for:
//     that reader may be waiting for the list itself. It does not make pending
//     old, for it may run out before the reader looks, who then makes another.
type handling struct {
	mu      sync.Mutex
	pending permission
	listed  bool          // pending is on the list; its timer comes next
	made    chan struct{} // closed when pending is made
}

// permission names one.
type permission struct {
	of *allocation
	ip netip.Addr
}

// waitAtMost bounds the wait, should all of that ever be otherwise.
const waitAtMost = time.Second

func (h *handling) begin(p permission) {
	h.finish()
	h.mu.Lock()
	h.pending, h.listed, h.made = p, false, make(chan struct{})
	h.mu.Unlock()
}

// list notes that pion/turn has a new permission on its list.
func (h *handling) list(p permission) {
	h.mu.Lock()
	h.listed = h.listed || h.pending == p
	h.mu.Unlock()
}

func (h *handling) finish() {
	h.mu.Lock()
	if h.made != nil {
		close(h.made)
		h.pending, h.listed, h.made = permission{}, false, nil
	}
	h.mu.Unlock()
}

// wait returns when a permission that is to be dropped has its timer. known
// says that it was on the list.
func (h *handling) wait(p permission, known bool) {
	h.mu.Lock()
	made := h.made
	if h.pending != p || known && !h.listed {
		made = nil
	}
	h.mu.Unlock()
	if made == nil {
		return
	}
	timeout := time.NewTimer(waitAtMost)
	defer timeout.Stop()
	select {
	case <-made:
	case <-timeout.C:
	}
}

// isResponse: of all that is sent to a client only responses come from its
// reader (RFC 8489, section 5: the class bit C1).
func isResponse(p []byte) bool { return len(p) > 0 && p[0]&0xc1 == 1 }

// socket is a UDP socket that clients come to. Its errors do not end pion/turn's
// loop but for its close: some systems report there that a client's port is closed.
type socket struct {
	net.PacketConn
	relay    *Relay
	handling handling
}

// ReadFrom is called when the packet before has been handled.
func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	s.handling.finish()
	for {
		n, from, err := s.PacketConn.ReadFrom(p)
		if err == nil || isClosed(err) {
			return n, from, err
		}
		s.relay.trouble.warn("read from a client", "error", err)
	}
}

// WriteTo sends to a client.
func (s *socket) WriteTo(p []byte, to net.Addr) (int, error) {
	if isResponse(p) {
		s.handling.finish()
		if c, _ := clientOf(to, s.LocalAddr()); !s.relay.mayAnswer(c) {
			return len(p), nil
		}
		p = s.relay.realms.write(p, to)
	}
	return s.PacketConn.WriteTo(p, to)
}

// client is the five-tuple of an allocation (RFC 8656, section 2.2).
type client struct {
	from, to netip.AddrPort
	stream   bool
}

func clientOf(from, to net.Addr) (c client, ok bool) {
	if w, ok := wayOf(from, to); ok {
		return client{w.from, w.to, true}, true
	}
	f, ok := from.(*net.UDPAddr)
	t, ok2 := to.(*net.UDPAddr)
	if !ok || !ok2 {
		return c, false
	}
	return client{unmapped(f.AddrPort()), unmapped(t.AddrPort()), false}, true
}
