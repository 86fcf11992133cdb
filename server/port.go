package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// sniffTimeout is how long a client may take until its first byte, its TLS
// handshake included. Browsers open connections ahead of time that say nothing.
const sniffTimeout = 5 * time.Second

// A port is one listener whose connections go different ways: each to the first
// route that takes the byte which it begins with, so that HTTP, HTTPS and what
// else there may be share one number. Over a TLS listener the byte is the first
// decrypted one, so ports can stand behind each other. Routes are made before
// serve.
type port struct {
	listener net.Listener
	log      *slog.Logger
	routes   []*route
	timeout  time.Duration // sniffTimeout, but for tests

	done     chan struct{} // closed by stop
	err      error         // why, before done is closed
	mu       sync.Mutex
	stopped  bool
	sniffed  map[net.Conn]bool // that have not said anything yet
	sniffing sync.WaitGroup
}

func newPort(listener net.Listener, log *slog.Logger) *port {
	return &port{listener: listener, log: log, timeout: sniffTimeout, done: make(chan struct{}), sniffed: map[net.Conn]bool{}}
}

// A route is one way: the listener of a server that speaks one protocol.
type route struct {
	name      string
	takes     func(first byte) bool
	protocols []string // the same by TLS's ALPN
	port      *port
	conns     chan net.Conn
	closed    chan struct{}
	once      sync.Once
}

// beginsTLS: a TLS connection begins with a record of the type handshake (RFC
// 8446, section 5.1), and no method of HTTP with that byte.
func beginsTLS(first byte) bool { return first == 0x16 }

// beginsAnything is for the last route.
func beginsAnything(byte) bool { return true }

// route adds a way for what no route before it takes. After a TLS handshake
// that agreed on one of the protocols (RFC 7301) the first byte does not matter.
func (p *port) route(name string, takes func(first byte) bool, protocols ...string) net.Listener {
	r := &route{name: name, takes: takes, protocols: protocols, port: p, conns: make(chan net.Conn), closed: make(chan struct{})}
	p.routes = append(p.routes, r)
	return r
}

// serve accepts until the listener is closed or broken; then every route ends
// with the same error.
func (p *port) serve() {
	var wait time.Duration
	for {
		conn, err := p.listener.Accept()
		if err == nil {
			wait = 0
			p.sniff(conn)
			continue
		}
		var passing interface{ Temporary() bool }
		if !errors.As(err, &passing) || !passing.Temporary() {
			p.stop(err)
			return
		}
		// No descriptors are left, or the client was gone already. As net/http waits.
		wait = min(max(2*wait, 5*time.Millisecond), time.Second)
		p.log.Error("accept", "error", err, "again_in", wait)
		select {
		case <-time.After(wait):
		case <-p.done:
		}
	}
}

// Close ends the port, its routes and the connections that have no route yet.
// Those that have one belong to its server. It returns when nothing runs here.
func (p *port) Close() { p.stop(net.ErrClosed) }

func (p *port) stop(err error) {
	p.mu.Lock()
	if !p.stopped {
		p.stopped, p.err = true, err
		close(p.done)
		p.listener.Close()
		for conn := range p.sniffed {
			conn.Close()
		}
	}
	p.mu.Unlock()
	p.sniffing.Wait()
}

func (p *port) sniff(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		conn.Close()
		return
	}
	p.sniffed[conn] = true
	p.sniffing.Go(func() {
		to, conn := p.choose(conn)
		if to != nil {
			to.give(conn)
		}
	})
}

// choose waits for the first byte. It returns nil where there was none.
func (p *port) choose(conn net.Conn) (*route, net.Conn) {
	defer func() {
		p.mu.Lock()
		delete(p.sniffed, conn)
		p.mu.Unlock()
	}()
	_ = conn.SetDeadline(time.Now().Add(p.timeout)) // what is closed shows in Read
	to, begun, err := p.read(conn)
	if to == nil {
		p.log.Debug("no way for a connection", "error", err)
		conn.Close()
		return nil, nil
	}
	_ = conn.SetDeadline(time.Time{})
	p.log.Debug("connection", "route", to.name)
	return to, begun
}

func (p *port) read(conn net.Conn) (*route, net.Conn, error) {
	secure, isTLS := conn.(*tls.Conn)
	if isTLS {
		if err := secure.Handshake(); err != nil {
			return nil, nil, err
		}
		// It goes on as it is: what a *tls.Conn has given cannot be put back, and
		// net/http speaks HTTP/2 with nothing else.
		if protocol := secure.ConnectionState().NegotiatedProtocol; protocol != "" {
			return p.find(func(r *route) bool { return slices.Contains(r.protocols, protocol) }), conn, nil
		}
	}
	var first [1]byte
	for {
		n, err := conn.Read(first[:])
		if n == 1 {
			break
		}
		if err != nil {
			return nil, nil, err
		}
	}
	begun := &begunConn{Conn: conn, first: first[:]}
	to := p.find(func(r *route) bool { return r.takes(first[0]) })
	if isTLS {
		return to, begunTLS{begun, secure}, nil
	}
	return to, begun, nil
}

func (p *port) find(fits func(*route) bool) *route {
	for _, r := range p.routes {
		if fits(r) {
			return r
		}
	}
	return nil
}

// give waits for the route's server, which accepts at once while it runs.
func (r *route) give(conn net.Conn) {
	select {
	case r.conns <- conn:
	case <-r.closed:
		conn.Close()
	case <-r.port.done:
		conn.Close()
	}
}

// Accept implements net.Listener.
func (r *route) Accept() (net.Conn, error) {
	select {
	case conn := <-r.conns:
		return conn, nil
	case <-r.closed:
		return nil, net.ErrClosed
	case <-r.port.done:
		return nil, r.port.err
	}
}

// Close implements net.Listener; the port's other routes go on.
func (r *route) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Addr implements net.Listener.
func (r *route) Addr() net.Addr { return r.port.listener.Addr() }

// begunConn is a connection whose first byte was read to choose its route.
type begunConn struct {
	net.Conn
	first []byte // what Read gives before anything else
}

func (c *begunConn) Read(b []byte) (int, error) {
	if len(c.first) == 0 || len(b) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n, nil
}

// CloseWrite lets net/http end an answer to a client that is still sending.
func (c *begunConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// begunTLS lets net/http see that a begun connection is a TLS one.
type begunTLS struct {
	*begunConn
	secure *tls.Conn
}

// ConnectionState is what net/http asks what is no *tls.Conn for (Go 1.26).
func (c begunTLS) ConnectionState() tls.ConnectionState { return c.secure.ConnectionState() }
