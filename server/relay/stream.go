package relay

import (
	"bufio"
	"container/list"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// MaxWaiting is the most streams that may be without an allocation, in all. Of
// one address there may be the share that it may have of the allocations, which
// is all where everybody comes from one proxy: an office behind one address
// joins at once, and each page may open a few. Beyond that the one goes that has
// waited longest: who means it allocates at once.
const (
	MaxWaiting     = 1024
	minWaitingEach = 32
)

// waitingEach is how many streams of one address may be without an allocation.
func (c Config) waitingEach() int {
	if c.MaxAddress >= c.Max {
		return MaxWaiting
	}
	return max(MaxWaiting*c.MaxAddress/c.Max, minWaitingEach)
}

// writeWithin is how long a client may take to read before its stream is cut.
const writeWithin = 10 * time.Second

// way names a stream by its two ends.
type way struct{ from, to netip.AddrPort }

func wayOf(from, to net.Addr) (w way, ok bool) {
	f, ok := from.(*net.TCPAddr)
	t, ok2 := to.(*net.TCPAddr)
	if !ok || !ok2 {
		return w, false
	}
	return way{unmapped(f.AddrPort()), unmapped(t.AddrPort())}, true
}

// stream is a client's TCP or TLS connection. It hands whole frames up, waits
// for an allocation for a bounded time only, and never waits for the client.
type stream struct {
	net.Conn
	relay  *Relay
	way    way
	prefix netip.Prefix // who it is from
	reader *bufio.Reader
	close  sync.Once
	err    error

	handling handling

	// Under relay.mu:
	idle    *time.Timer   // runs while it has no allocation
	waiting *list.Element // nil while it has one
}

// Serve takes the connections of a listener, and returns why that ends.
func (r *Relay) Serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		var passing interface{ Temporary() bool }
		switch {
		case err == nil:
			r.Take(conn)
		case errors.As(err, &passing) && passing.Temporary():
			r.trouble.warn("accept", "error", err)
			time.Sleep(50 * time.Millisecond) // no descriptors are left: some will be soon
		default:
			return err
		}
	}
}

// Take serves TURN on a connection; its first bytes may have been looked at,
// and its TLS handshake is done.
func (r *Relay) Take(conn net.Conn) {
	w, ok := wayOf(conn.RemoteAddr(), conn.LocalAddr())
	if !ok {
		conn.Close()
		return
	}
	at, err := r.at(w.to)
	if err != nil {
		r.trouble.warn("a connection finds no TURN where it came in", "error", err)
		conn.Close()
		return
	}
	s := &stream{Conn: conn, relay: r, way: w, prefix: Prefix(w.from.Addr()), reader: bufio.NewReaderSize(conn, 2<<10)}
	oldest, ok := r.admit(s)
	if !ok {
		conn.Close()
		return
	}
	if oldest != nil {
		r.count.refuse(RefusedStreams)
		oldest.Close()
	}
	at.inbox.put(s)
}

// Prefix is what one user has: an IPv4 address, or the /64 of an IPv6 one.
func Prefix(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap().WithZone("")
	p, _ := ip.Prefix(min(64, ip.BitLen()))
	return p
}

// admit counts a stream in; it waits for its allocation now. oldest is the one
// that is to go for it, if any.
func (r *Relay) admit(s *stream) (oldest *stream, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.streams[s.way] != nil {
		return nil, false
	}
	r.streams[s.way] = s
	s.idle = time.AfterFunc(r.cfg.AllocateWithin, s.giveUp)
	switch {
	case r.waitingFrom[s.prefix] >= r.cfg.waitingEach():
		oldest = r.oldest(func(other *stream) bool { return other.prefix == s.prefix })
	case r.waiting.Len() >= MaxWaiting:
		oldest = r.oldest(func(*stream) bool { return true })
	}
	r.wait(s)
	return oldest, true
}

// oldest has waited longest of those that may go. r.mu is held.
func (r *Relay) oldest(mayGo func(*stream) bool) *stream {
	for e := r.waiting.Front(); e != nil; e = e.Next() {
		if s := e.Value.(*stream); mayGo(s) {
			return s
		}
	}
	return nil
}

// wait notes that a stream waits. r.mu is held, here and in stopWaiting.
func (r *Relay) wait(s *stream) {
	s.waiting = r.waiting.PushBack(s)
	r.waitingFrom[s.prefix]++
}

func (r *Relay) stopWaiting(s *stream) {
	r.waiting.Remove(s.waiting)
	s.waiting = nil
	if r.waitingFrom[s.prefix]--; r.waitingFrom[s.prefix] == 0 {
		delete(r.waitingFrom, s.prefix)
	}
}

// settle notes that a client has got or lost its allocation. r.mu is held.
func (r *Relay) settle(c client, allocated bool) {
	s := r.streams[way{c.from, c.to}]
	switch {
	case !c.stream || s == nil || allocated == (s.waiting == nil):
	case allocated:
		s.idle.Stop()
		r.stopWaiting(s)
	default:
		s.idle.Reset(r.cfg.AllocateWithin)
		r.wait(s)
	}
}

func (s *stream) giveUp() {
	s.relay.mu.RLock()
	waits := s.waiting != nil
	s.relay.mu.RUnlock()
	if waits {
		s.relay.count.refuse(RefusedIdle)
		s.Close()
	}
}

// Close takes the stream out of the count, once.
func (s *stream) Close() error {
	s.close.Do(func() {
		r := s.relay
		r.mu.Lock()
		delete(r.streams, s.way)
		s.idle.Stop()
		if s.waiting != nil {
			r.stopWaiting(s)
		}
		r.mu.Unlock()
		s.err = s.Conn.Close()
	})
	return s.err
}

// Write cuts off a client that does not read: what waits for it would
// otherwise hold its allocation's goroutine.
func (s *stream) Write(p []byte) (int, error) {
	if isResponse(p) {
		s.handling.finish()
	}
	_ = s.SetWriteDeadline(time.Now().Add(writeWithin))
	n, err := s.Conn.Write(p)
	if err != nil {
		s.Close() // half a frame may have gone out
	}
	return n, err
}

var errFraming = errors.New("relay: neither STUN nor ChannelData")

// Read returns exactly one frame (RFC 8656, section 12.5; RFC 8489, section
// 6.2.2). pion/turn 5.1 does its own framing behind it, which spins for ever on
// a length of 0xFFEC, and keeps what never becomes whole.
func (s *stream) Read(p []byte) (int, error) {
	s.handling.finish()
	head, err := s.reader.Peek(4)
	if err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	switch head[0] >> 6 {
	case 0: // STUN
		size += 20
	case 1: // ChannelData, padded to four bytes
		size = (4 + size + 3) &^ 3
	default:
		size = packetBuffer
	}
	if size >= packetBuffer || size > len(p) {
		s.relay.count.refuse(RefusedFraming)
		return 0, errFraming
	}
	return io.ReadFull(s.reader, p[:size])
}

// inbox is the listener from which pion/turn accepts what Take was given.
type inbox struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	close sync.Once
}

func newInbox(at netip.AddrPort) *inbox {
	return &inbox{addr: net.TCPAddrFromAddrPort(at), conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *inbox) put(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		c.Close()
	}
}

// Accept waits for the next.
func (l *inbox) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *inbox) Close() error {
	l.close.Do(func() { close(l.done) })
	return nil
}

// Addr is where the clients come.
func (l *inbox) Addr() net.Addr { return l.addr }
