//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// wire is a connected socket, read and written without Go's poller: one thread
// does all that the client does, and costs it little beside the system's calls.
type wire struct {
	net.Conn // nil: crypto/tls calls nothing else

	fd     int
	stream bool
	waits  bool   // Read waits; else it says EAGAIN, which crypto/tls takes for passing
	held   []byte // what Write has gathered since hold
	holds  bool
}

// answerWithin is how long a server may take to answer, or to read.
const answerWithin = 5 * time.Second

// dial connects a socket. It waits, to begin with.
func dial(stream bool, to netip.AddrPort) (*wire, error) {
	kind := unix.SOCK_DGRAM
	if stream {
		kind = unix.SOCK_STREAM
	}
	w, err := open(kind)
	if err != nil {
		return nil, err
	}
	w.stream = stream
	if err := w.connect(to); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func open(kind int) (*wire, error) {
	fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket: %w", err)
	}
	// All that may be under way, even where the system gives less.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<20)
	return &wire{fd: fd, waits: true}, nil
}

// connect waits until it is connected; from then on the socket never blocks.
func (w *wire) connect(to netip.AddrPort) error {
	if err := unix.Connect(w.fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		return fmt.Errorf("connect to %s: %w", to, err)
	}
	if w.stream { // every packet at once, as browsers send them
		if err := unix.SetsockoptInt(w.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return fmt.Errorf("set TCP_NODELAY: %w", err)
		}
	}
	return unix.SetNonblock(w.fd, true)
}

// listenUDP binds a socket to a free port, which has yet to be connected.
func listenUDP(ip netip.Addr) (w *wire, at netip.AddrPort, err error) {
	if w, err = open(unix.SOCK_DGRAM); err != nil {
		return nil, at, err
	}
	if err = unix.Bind(w.fd, &unix.SockaddrInet4{Addr: ip.As4()}); err == nil {
		var name unix.Sockaddr
		if name, err = unix.Getsockname(w.fd); err == nil {
			return w, netip.AddrPortFrom(ip, uint16(name.(*unix.SockaddrInet4).Port)), nil
		}
	}
	w.Close()
	return nil, at, fmt.Errorf("bind a socket to %s: %w", ip, err)
}

// segment makes each Write one of many datagrams of this size (UDP_SEGMENT,
// Linux 4.18): to send them one by one would cost the client more than to relay
// them costs the server. 0 ends it.
func (w *wire) segment(size int) error {
	if err := unix.SetsockoptInt(w.fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT, size); err != nil {
		return fmt.Errorf("set UDP_SEGMENT to %d: %w", size, err)
	}
	return nil
}

func (w *wire) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(w.fd, p)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN && w.waits:
			if err := w.wait(unix.POLLIN); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (w *wire) Write(p []byte) (int, error) {
	if w.holds {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	for done := 0; done < len(p); {
		n, err := unix.Write(w.fd, p[done:])
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := w.wait(unix.POLLOUT); err != nil {
				return done, err
			}
		case err != nil:
			return done, err
		default:
			done += n
		}
	}
	return len(p), nil
}

// gather lets write make many writes, which go out in one.
func (w *wire) gather(write func() error) error {
	w.holds = true
	err := write()
	w.holds = false
	if err == nil {
		_, err = w.Write(w.held)
	}
	w.held = w.held[:0]
	return err
}

func (w *wire) wait(events int16) error {
	n, err := poll(answerWithin, events, w)
	if err == nil && n == 0 {
		return fmt.Errorf("nothing came of the server for %v", answerWithin)
	}
	return err
}

// poll waits until there is something on one of the wires.
func poll(atMost time.Duration, events int16, wires ...*wire) (n int, err error) {
	var space [8]unix.PollFd
	fds := space[:0]
	for _, w := range wires {
		fds = append(fds, unix.PollFd{Fd: int32(w.fd), Events: events})
	}
	timeout := unix.NsecToTimespec(int64(max(atMost, 0)))
	if n, err = unix.Ppoll(fds, &timeout, nil); err == unix.EINTR {
		return 1, nil // who asked looks again
	}
	return n, err
}

func (w *wire) Close() error { return unix.Close(w.fd) }
