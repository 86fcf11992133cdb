//go:build linux

package nets

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
)

// Net is the network of one test: nothing of it reaches the machine's own.
type Net struct {
	// Public is the internet, 203.0.113.0/24 (RFC 5737): the servers are in it,
	// and the routers' outer sides. Nothing leads out of it.
	Public *Segment

	t      testing.TB
	prefix string
	etc    string // what hosts find in /etc

	mu         sync.Mutex
	namespaces []*namespace
	routers    int
}

// folder is where ip keeps its namespaces.
const folder = "/run/netns/"

// kind begins the names of all of our namespaces. Then come the process, when
// it was started (a process id is used again), which Net of it, and the host.
const kind = "holdline-nets."

var (
	last     atomic.Int64 // Net of this process
	tidyOnce sync.Once
)

// New makes a network that is removed when the test ends, with every process
// in it. Where namespaces cannot be made the test ends (Need).
func New(t testing.TB) *Net {
	t.Helper()
	Need(t)
	tidyOnce.Do(tidy)
	began, _ := startOf(os.Getpid())
	n := &Net{t: t, prefix: fmt.Sprintf("%s%d.%s.%d.", kind, os.Getpid(), began, last.Add(1)), etc: t.TempDir()}
	for name, text := range map[string]string{
		"resolv.conf":   "# no resolver\n",
		"hosts":         "127.0.0.1 localhost\n",
		"nsswitch.conf": "hosts: files dns\n",
	} {
		if err := os.WriteFile(filepath.Join(n.etc, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n.Public = newSegment(n, "203.0.113.0/24")
	// As in the internet, what has no way there is lost without a word. (coturn
	// 4.6.1 ends the allocation of who sends to an address without a route.)
	n.Public.gateway, n.Public.swallow = netip.MustParseAddr("203.0.113.254"), true
	t.Cleanup(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		for _, ns := range n.namespaces {
			if err := remove(ns.name); err != nil {
				t.Error(err)
			}
		}
	})
	return n
}

// Need skips a test that needs namespaces where none can be made, and says why;
// where CI is set it fails (kit.Lacks).
func Need(t testing.TB) {
	t.Helper()
	if reason := Lacks(); reason != "" {
		kit.Lacks(t, "network namespaces: "+reason)
	}
}

// Lacks says what is lacking for network namespaces; "" is nothing.
func Lacks() string {
	if os.Geteuid() != 0 {
		return "only root can make them"
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			return program + " is not installed (scripts/setup net)"
		}
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		return "this kernel or container has no TUN devices: " + err.Error()
	}
	return unshare()
}

// unshare tries to make a namespace; a container's root may not.
var unshare = sync.OnceValue(func() string {
	cmd := exec.Command("true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	if err := cmd.Run(); err != nil {
		return "this root may not make them: " + err.Error()
	}
	return ""
})

// newNamespace makes one for a host or a router.
func (n *Net) newNamespace(name string) *namespace {
	n.t.Helper()
	ns := &namespace{net: n, name: n.prefix + name}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := run("", "ip", "netns", "add", ns.name); err != nil {
		n.t.Fatal(err)
	}
	n.namespaces = append(n.namespaces, ns)
	if err := ns.set(settings); err != nil {
		n.t.Fatalf("%s: %v", name, err)
	}
	if err := ns.ip("link set lo up"); err != nil {
		n.t.Fatal(err)
	}
	return ns
}

// Resolver has what asks for names that no host has ask this address, from
// where it starts on: where nobody is there, it waits for an answer.
func (n *Net) Resolver(address netip.Addr) {
	n.t.Helper()
	if err := os.WriteFile(filepath.Join(n.etc, "resolv.conf"), []byte("nameserver "+address.String()+"\n"), 0o644); err != nil {
		n.t.Fatal(err)
	}
}

// know puts a name into what is the hosts file of all hosts.
func (n *Net) know(name string, address netip.Addr) {
	n.t.Helper()
	file, err := os.OpenFile(filepath.Join(n.etc, "hosts"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		n.t.Fatal(err)
	}
	defer file.Close()
	// Chromium 156 asks for STUN and TURN servers over UDP with a dot at the end.
	if _, err := fmt.Fprintln(file, address, name, name+"."); err != nil {
		n.t.Fatal(err)
	}
}

// tidy removes what runs that were killed left behind.
func tidy() {
	left, _ := filepath.Glob(folder + kind + "*")
	for _, path := range left {
		name := filepath.Base(path)
		pid, rest, _ := strings.Cut(strings.TrimPrefix(name, kind), ".")
		began, _, _ := strings.Cut(rest, ".")
		owner, err := strconv.Atoi(pid)
		if err != nil {
			continue // not ours
		}
		if now, alive := startOf(owner); !alive || now != began {
			_ = remove(name) // another process may be about it, too
		}
	}
}

// startOf is when a process was started, in ticks since the machine was.
func startOf(pid int) (ticks string, alive bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", false
	}
	// pid (comm) state …: the start is the 22nd field, and comm may hold anything.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	return fields[22-3], true
}

// remove ends the processes in one of our namespaces, and removes it. Its
// devices go with it.
func remove(name string) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		inside, err := processes(name)
		if err != nil {
			return err
		}
		if len(inside) == 0 {
			return run("", "ip", "netns", "delete", name)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: the processes %v do not end", name, inside)
		}
		for _, pid := range inside {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// processes are those in a namespace, without this one: its threads visit.
func processes(name string) (pids []int, err error) {
	out, err := exec.Command("ip", "netns", "pids", name).Output()
	if err != nil {
		return nil, fmt.Errorf("ip netns pids %s: %w", name, err)
	}
	for _, field := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(field); err == nil && pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
