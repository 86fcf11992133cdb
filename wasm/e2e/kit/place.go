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

// WithPlace has the browser run there. Loopback carries no call there, as on
// machines that have a network.
func WithPlace(place Place) Option {
	return func(c *config) {
		c.place = place
		c.flags["allow-loopback-in-peer-connection"] = false
		c.prefs["media.peerconnection.ice.loopback"] = false
	}
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
