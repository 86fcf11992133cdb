//go:build linux

package nets

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Line joins a host or a router to a segment. It is a TAP device there, whose
// other end is the test's process: that can count, drop, delay and lose what
// goes along it, which the kernel may be unable to (netem is often missing).
type Line struct {
	Address netip.Addr // of the host's or router's end

	at      *namespace
	name    string // of the device there
	segment *Segment
	device  *os.File
	rules   rules
	away    pipe // from the host to the segment
	home    pipe // from the segment to the host
	cut     atomic.Bool
}

// join makes a line between a namespace's device of this name and the segment,
// and takes its gateway, if it has one, for a way out. The lower the metric,
// the sooner that is taken.
func (n *namespace) join(s *Segment, name string, metric int) (*Line, error) {
	l := &Line{at: n, name: name, segment: s}
	if err := n.do(func() (err error) { l.device, err = openTAP(name); return err }); err != nil {
		return nil, fmt.Errorf("line %s: %w", name, err)
	}
	l.away.out = func(frame []byte) { s.switchOn(l, frame) }
	// What a device that is down does not take is lost, as with a cable.
	l.home.out = func(frame []byte) { _, _ = l.device.Write(frame) }
	s.plug(l)
	n.net.t.Cleanup(func() {
		l.away.close()
		l.home.close()
		l.device.Close()
	})
	go l.read()
	commands := []string{
		fmt.Sprintf("addr add %s/%d dev %s", l.Address, s.prefix.Bits(), name),
		"link set " + name + " up",
	}
	if s.gateway.IsValid() {
		commands = append(commands, fmt.Sprintf("route add default via %s dev %s metric %d", s.gateway, name, metric))
	}
	if s.swallow {
		commands = append(commands, fmt.Sprintf("neigh add %s lladdr 02:00:00:00:00:00 dev %s nud permanent", s.gateway, name))
	}
	return l, n.ip(commands...)
}

// openTAP makes a device in the namespace that the thread is in.
func openTAP(name string) (*os.File, error) {
	// Only what is attached and does not block can wait in Go's poller.
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// read takes what the host sends, until the device is closed.
func (l *Line) read() {
	frame := make([]byte, 64<<10)
	for {
		n, err := l.device.Read(frame)
		if err != nil {
			return
		}
		if !l.cut.Load() && l.rules.pass(frame[:n]) {
			l.away.send(frame[:n])
		}
	}
}

// arrive takes what the segment has for the host.
func (l *Line) arrive(frame []byte) {
	if !l.cut.Load() && l.rules.pass(frame) {
		l.home.send(frame)
	}
}

// Drop has a firewall on the line drop this traffic, both ways, until the rule
// is removed. Only firewalls that are on the way drop so: one that filters what
// leaves the browser's own machine has sending fail instead.
func (l *Line) Drop(t Traffic) *Rule { return l.rules.add(t, true) }

// Count counts this traffic on the line.
func (l *Line) Count(t Traffic) *Rule { return l.rules.add(t, false) }

// Shape slows the line from here on; the zero Shape makes it a cable again.
func (l *Line) Shape(s Shape) {
	l.away.setShape(s)
	l.home.setShape(s)
}

// Cut takes the carrier away, as who pulls the cable or leaves the wifi: the
// host notices within a second, and Cut returns once it has: it takes its next
// way out, if it has one.
func (l *Line) Cut() { l.carrier(false) }

// Mend gives the carrier back after Cut.
func (l *Line) Mend() { l.carrier(true) }

func (l *Line) carrier(on bool) {
	t := l.at.net.t
	t.Helper()
	l.cut.Store(!on)
	value := 0
	if on {
		value = 1
	}
	raw, err := l.device.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.IoctlSetPointerInt(int(fd), unix.TUNSETCARRIER, value) })
	if err := errors.Join(err, failed); err != nil {
		t.Fatalf("set the carrier of %s: %v", l.name, err)
	}
	// The kernel looks after carriers once a second. What begins before it has
	// would go the dead way for good.
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		routes, err := exec.Command("ip", "-n", l.at.name, "route", "show", "dev", l.name).Output()
		if err != nil {
			t.Fatalf("routes of %s: %v", l.name, err)
		}
		if strings.Contains(string(routes), "linkdown") != on {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the kernel takes no notice of the carrier of %s: %s", l.name, routes)
		}
	}
}
