//go:build linux

package nets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace: all that is a network of one host.
type namespace struct {
	net  *Net
	name string // as ip netns knows it
}

// ip runs commands of ip in the namespace, one a line.
func (n *namespace) ip(commands ...string) error {
	return run(strings.Join(commands, "\n"), "ip", "-n", n.name, "-batch", "-")
}

// run runs a program that reads the input, and says with its error what it said.
func run(input, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s\n%s", program, strings.Join(args, " "), err, out, input)
	}
	return nil
}

// settings are sysctls of a host's network: whatever the machine's own are.
var settings = map[string]string{
	"net/ipv6/conf/all/disable_ipv6":     "1",
	"net/ipv6/conf/default/disable_ipv6": "1",
	"net/ipv4/ip_forward":                "0",
	"net/ipv4/conf/all/rp_filter":        "0",
	"net/ipv4/conf/default/rp_filter":    "0",
	// A line without a carrier leads nowhere: the next one is taken.
	"net/ipv4/conf/all/ignore_routes_with_linkdown":     "1",
	"net/ipv4/conf/default/ignore_routes_with_linkdown": "1",
	// Answers to pings and errors are not rationed among the tests.
	"net/ipv4/icmp_ratelimit": "0",
}

func (n *namespace) set(settings map[string]string) error {
	return n.do(func() error {
		for name, value := range settings {
			err := os.WriteFile("/proc/sys/"+name, []byte(value), 0)
			// The kernel may have no IPv6.
			if err != nil && !(errors.Is(err, os.ErrNotExist) && strings.Contains(name, "ipv6")) {
				return err
			}
		}
		return nil
	})
}

// do calls f on a thread that is in the namespace meanwhile. f must make its
// sockets itself, not in a goroutine.
func (n *namespace) do(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		defer home.Close()
		there, err := os.Open(folder + n.name)
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		defer there.Close()
		if err = unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err == nil {
			err = f()
		}
		// A thread that cannot return stays locked, and so ends with this goroutine.
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		result <- err
	}()
	return <-result
}

// Prefix is the command that runs another one inside. It keeps the process, so
// that a signal reaches the program, and takes from it what the machine knows
// of names: its resolver, its hosts file and where it looks them up.
func (n *namespace) Prefix() []string {
	return []string{"ip", "netns", "exec", n.name, "sh", "-c", `for file in "$0"/*; do
		[ ! -e "/etc/${file##*/}" ] || mount --bind "$file" "/etc/${file##*/}" || exit
	done; exec "$@"`, n.net.etc}
}

// Command is a command that runs inside.
func (n *namespace) Command(program string, args ...string) *exec.Cmd {
	prefix := n.Prefix()
	return exec.Command(prefix[0], append(append(prefix[1:], program), args...)...)
}

// Listen listens inside.
func (n *namespace) Listen(network, address string) (l net.Listener, err error) {
	err = n.do(func() (err error) { l, err = net.Listen(network, address); return err })
	return l, err
}

// ListenPacket listens inside.
func (n *namespace) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = n.do(func() (err error) { c, err = net.ListenPacket(network, address); return err })
	return c, err
}

// DialContext connects from inside. The host must be an address, since names
// are looked up in goroutines, which are outside.
func (n *namespace) DialContext(ctx context.Context, network, address string) (c net.Conn, err error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("dial %s: want IP:PORT: %w", address, err)
	}
	err = n.do(func() (err error) { c, err = new(net.Dialer).DialContext(ctx, network, address); return err })
	return c, err
}
