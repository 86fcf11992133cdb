//go:build e2e && linux

package nets

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sleeper is a process on a host that nothing but the end of the Net ends.
func sleeper(t *testing.T, ns *namespace) (pid int) {
	t.Helper()
	cmd := ns.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go cmd.Wait()
	return cmd.Process.Pid
}

// ours are the namespaces there are with this beginning.
func ours(prefix string) []string {
	found, _ := filepath.Glob(folder + prefix + "*")
	return found
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestNothingIsLeftOfANet(t *testing.T) {
	Need(t)
	var prefix string
	var pid int
	t.Run("a net", func(t *testing.T) {
		n := New(t)
		host, _ := n.Home("ana", Cone)
		prefix, pid = n.prefix, sleeper(t, host.namespace)
		if len(ours(prefix)) != 2 || !alive(pid) {
			t.Fatalf("namespaces %v, process alive: %v", ours(prefix), alive(pid))
		}
	})
	if prefix == "" {
		t.Fatal("there was no net")
	}
	if left := ours(prefix); len(left) > 0 || alive(pid) {
		t.Errorf("left are %v; the process is alive: %v", left, alive(pid))
	}
}

func TestWhatKilledRunsLeftIsRemoved(t *testing.T) {
	n := New(t)
	living := n.Host("living")
	began, _ := startOf(os.Getpid())
	// As if this process had begun at another time, and so was another one.
	stale := &namespace{net: n, name: fmt.Sprintf("%s%d.%s0.1.stale", kind, os.Getpid(), began)}
	if err := run("", "ip", "netns", "add", stale.name); err != nil {
		t.Fatal(err)
	}
	pid := sleeper(t, stale)
	spared := sleeper(t, living.namespace)
	// The kernel has the process in its namespace from some moment on.
	for inside := []int(nil); !slices.Contains(inside, pid); inside, _ = processes(stale.name) {
		time.Sleep(time.Millisecond)
	}
	tidy()
	if len(ours(stale.name)) > 0 || alive(pid) {
		t.Error("a namespace of a process that is no more was left, or what ran in it")
	}
	if len(ours(living.name)) != 1 || !alive(spared) {
		t.Error("a namespace of a living process was removed, or what runs in it")
	}
}

// echo answers each packet with the address that it came from.
func echo(t *testing.T, h *Host, port uint16) netip.AddrPort {
	t.Helper()
	at := netip.AddrPortFrom(h.Address(), port)
	c, err := h.ListenPacket("udp4", at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			_, from, err := c.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = c.WriteTo([]byte(from.String()), from)
		}
	}()
	return at
}

func TestANATMapsAsItsKindDoes(t *testing.T) {
	n := New(t)
	server := n.Public.Host("server")
	servers := []netip.AddrPort{echo(t, server, 1000), echo(t, server, 1001)}
	host, home := n.Home("ana", Cone)
	mappings := func(port string) (seen []string) {
		c, err := host.ListenPacket("udp4", "0.0.0.0:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(patience))
		for _, server := range servers {
			if _, err := c.WriteTo([]byte("?"), net.UDPAddrFromAddrPort(server)); err != nil {
				t.Fatal(err)
			}
			answer := make([]byte, 100)
			length, _, err := c.ReadFrom(answer)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, string(answer[:length]))
		}
		return seen
	}
	if got := mappings("5000"); got[0] != got[1] || !strings.HasPrefix(got[0], home.Line.Address.String()+":") {
		t.Errorf("behind a cone NAT the servers see %v, want one port of %s", got, home.Line.Address)
	}
	home.Become(Symmetric)
	if got := mappings("5001"); got[0] == got[1] {
		t.Errorf("behind a symmetric NAT the servers see %v, want two ports", got)
	}
}

func TestNothingLeadsToTheMachinesOwnNetwork(t *testing.T) {
	n := New(t)
	host, home := n.Home("ana", Cone)
	out, err := host.Command("sh", "-c", `ls /sys/class/net; grep -h . /etc/resolv.conf /etc/hosts; getent hosts localhost; getent hosts example.org || echo unknown`).CombinedOutput()
	want := "eth0\nlo\n# no resolver\n127.0.0.1 localhost\n192.168.101.2 ana.test ana.test.\n127.0.0.1       localhost\nunknown\n"
	if err != nil || string(out) != want {
		t.Errorf("a host knows %q, %v, want %q", out, err, want)
	}
	out, err = home.Command("ls", "/sys/class/net").CombinedOutput()
	if err != nil || string(out) != "lan\nlo\nwan\n" {
		t.Errorf("a router has the devices %q, %v", out, err)
	}
}
