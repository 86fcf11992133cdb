package kit

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between one person's browser and the server, to be broken. Its
// pages are of an origin of their own.
type Proxy struct {
	URL string

	t        testing.TB
	place    Place
	upstream string
	ctx      context.Context // until the test ends

	mu       sync.Mutex
	changed  *sync.Cond
	listener net.Listener
	stalled  bool
	ended    bool
	conns    map[net.Conn]bool
}

// NewProxy forwards a free port to the server at target, until the test ends.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	host, _, err := net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatalf("proxy: the target's host: want HOST:PORT: %v", err)
	}
	return newProxy(t, &here{}, host, target)
}

// newProxy listens on a host's address in a place.
func newProxy(t testing.TB, place Place, host, target string) *Proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(context.Background())
	p := &Proxy{t: t, place: place, ctx: ctx, upstream: u.Host, conns: map[net.Conn]bool{}}
	p.changed = sync.NewCond(&p.mu)
	p.listen(net.JoinHostPort(host, "0"))
	u.Host = p.listener.Addr().String()
	p.URL = u.String()
	t.Cleanup(func() {
		giveUp()
		p.mu.Lock()
		p.ended = true
		p.changed.Broadcast()
		p.mu.Unlock()
		p.Cut()
	})
	return p
}

func (p *Proxy) listen(address string) {
	p.t.Helper()
	l, err := p.place.Listen("tcp", address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = l
	p.mu.Unlock()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
}

func (p *Proxy) serve(c net.Conn) {
	defer p.hangUp(c)
	if !p.keep(c) {
		return
	}
	p.wait()
	up, err := p.place.DialContext(p.ctx, "tcp", p.upstream)
	if err != nil {
		return // and so the page is refused as the server itself would
	}
	defer p.hangUp(up)
	if !p.keep(up) {
		return
	}
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{up, c}, {c, up}} {
		go func() {
			p.forward(way[0], way[1])
			done <- struct{}{}
		}()
	}
	<-done
	p.wait() // the end of a stalled connection is not told either
}

// forward passes on what comes, unless the proxy is stalled.
func (p *Proxy) forward(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// keep notes a connection to be cut; false when all were cut just now.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil {
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) hangUp(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	c.Close()
}

// wait blocks while the proxy is stalled.
func (p *Proxy) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.stalled && !p.ended {
		p.changed.Wait()
	}
}

// Reset ends all connections with a reset; new ones are forwarded.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
		c.Close()
	}
	clear(p.conns)
}

// Cut ends all connections and refuses new ones until Mend.
func (p *Proxy) Cut() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.Reset()
}

// Stall makes all connections half-open until Mend: nothing is forwarded any
// more, no end either, and new ones are taken but not answered.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = true
}

// Mend forwards again. What was held back while stalled is forwarded, too.
func (p *Proxy) Mend() {
	p.t.Helper()
	u, err := url.Parse(p.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.stalled = false
	p.changed.Broadcast()
	cut := p.listener == nil
	p.mu.Unlock()
	if cut {
		p.listen(u.Host)
	}
}
