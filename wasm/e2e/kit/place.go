package kit

import (
	"context"
	"net"
	"os/exec"
	"syscall"
	"testing"
)

// Place is a network other than the test's own, such as a network namespace.
// Package nets makes some.
type Place interface {
	// Prefix is the command that runs another one there, whose program and
	// arguments follow it. The process must stay the same one.
	Prefix() []string
	Listen(network, address string) (net.Listener, error)
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// here is the test's own network.
type here struct{ net.Dialer }

func (*here) Prefix() []string { return nil }

func (*here) Listen(network, address string) (net.Listener, error) {
	return net.Listen(network, address)
}

// WithPlace has the browser run there, and show every page the addresses of
// the place, as it shows them to one that may use camera and microphone.
// Loopback carries no call there, as on machines that have a network.
func WithPlace(place Place) Option {
	return func(c *config) {
		c.place = place
		c.flags["allow-loopback-in-peer-connection"] = false
		c.prefs["media.peerconnection.ice.loopback"] = false
		c.mayCapture(true)
	}
}

// WithHiddenAddresses has the browser show pages mDNS names instead of the
// machine's addresses, and of these only that of the default route, as it does
// for a person who has granted neither camera nor microphone. In Chromium they
// are refused until Profile.AllowMedia.
func WithHiddenAddresses() Option {
	return func(c *config) { c.mayCapture(false) }
}

// mayCapture grants all pages camera and microphone, or none.
func (c *config) mayCapture(may bool) {
	c.flags["use-fake-ui-for-media-stream"] = may
	c.prefs["media.peerconnection.ice.obfuscate_host_addresses"] = !may
	// 0 is to ask, 1 is granted. Firefox grants its fake devices without that,
	// but does not count them where it decides what to hide.
	permission := 0
	if may {
		permission = 1
	}
	c.prefs["permissions.default.camera"] = permission
	c.prefs["permissions.default.microphone"] = permission
}

// move makes a command one that runs in a place.
func move(place Place, cmd *exec.Cmd) {
	prefix := place.Prefix()
	if len(prefix) == 0 {
		return
	}
	at := exec.Command(prefix[0])
	cmd.Args = append(append(prefix, cmd.Path), cmd.Args[1:]...)
	cmd.Path, cmd.Err = at.Path, at.Err
}

// dieWithTheTest has a process go when the test's does, however that ends.
func dieWithTheTest(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: killSignal} }

// StartServerIn is StartServer in a place.
func StartServerIn(t testing.TB, place Place, command string, args ...string) *Server {
	t.Helper()
	return startServer(t, place, command, args)
}

// NewProxyIn makes a proxy on the loopback of a place, to which the target is
// reached from there: pages that a browser in the place opens through it are
// a secure context, and are cut off with the place.
func NewProxyIn(t testing.TB, place Place, target string) *Proxy {
	t.Helper()
	return newProxy(t, place, "127.0.0.1", target)
}
