//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"holdline/server/relay"
)

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// program is a relay that is measured.
type program struct {
	name string
	ours bool
	// command is how it is started, on these ports, with files in a folder.
	command func(s site) []string
}

// site is what a server is given.
type site struct {
	folder           string // holds key (of Holdline), cert.pem and key.pem
	secret           string // that credentials are made with
	plain, secure    netip.AddrPort
	control          netip.AddrPort
	certificate, key string
}

// programs are what is put beside each other. Both may relay to loopback
// addresses, take more than is asked of them, and write no log of packets.
var programs = []program{
	{"Holdline", true, func(s site) []string {
		return []string{"bin/holdline", "relay", "--state", s.folder, "--relay-addr", s.plain.String(), "--stun-port", "off",
			"--relay-control", s.control.String(), "--relay-allow", "loopback", "--tls-cert", s.certificate, "--tls-key", s.key,
			"--relay-max", "100000", "--relay-max-each", "10000", "--relay-max-address", "100000", "--relay-rate", "1000000", "--relay-rate-each", "1000000"}
	}},
	{"coturn", false, func(s site) []string {
		ip, port := s.plain.Addr().String(), func(at netip.AddrPort) string { return strconv.Itoa(int(at.Port())) }
		return []string{"turnserver", "-n", "--use-auth-secret", "--static-auth-secret=" + s.secret, "--realm=bench",
			"--listening-ip=" + ip, "--relay-ip=" + ip, "--listening-port=" + port(s.plain), "--tls-listening-port=" + port(s.secure),
			"--cert=" + s.certificate, "--pkey=" + s.key, "--no-dtls", "--no-cli", "--no-rfc5780", "--allow-loopback-peers",
			"--relay-threads=" + coturnThreads, "--log-file=stdout", "--simple-log", "--pidfile=" + filepath.Join(s.folder, "pid")}
	}},
}

// coturnThreads relay on the one core: more only take it from each other.
const coturnThreads = "1"

// server is a relay that runs.
type server struct {
	site
	cmd   *exec.Cmd
	ended chan error
	said  bytes.Buffer // read when it has ended

	username, password string
	roots              *x509.CertPool
}

// start runs a program on a core, until stop.
func (p program) start(ctx context.Context, core int) (s *server, err error) {
	folder, err := os.MkdirTemp("", "holdline-bench")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(folder)
		}
	}()
	key := bytes.Repeat([]byte{1}, 32) // of the server; whose relay is of loopback only
	if err := os.WriteFile(filepath.Join(folder, "key"), key, 0o600); err != nil {
		return nil, err
	}
	s = &server{site: site{folder: folder, secret: relay.Secret(key)}, ended: make(chan error, 1)}
	if s.roots, err = s.certify(); err != nil {
		return nil, err
	}
	if err := s.choosePorts(p.ours); err != nil {
		return nil, err
	}
	s.username, s.password = relay.Credential(s.secret, "bench", time.Now().Add(time.Hour))
	s.cmd = exec.CommandContext(ctx, "taskset", append([]string{"-c", strconv.Itoa(core)}, p.command(s.site)...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.said, &s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	if err := s.ready(); err != nil {
		s.stop()
		return nil, fmt.Errorf("start %s: %w\n%s", p.name, err, s.said.String())
	}
	return s, nil
}

// choosePorts finds free ones. Holdline has one for all, coturn one for TLS.
func (s *server) choosePorts(one bool) error {
	for _, to := range []*netip.AddrPort{&s.plain, &s.secure, &s.control} {
		l, err := net.Listen("tcp", netip.AddrPortFrom(loopback, 0).String())
		if err != nil {
			return err
		}
		defer l.Close()
		*to = l.Addr().(*net.TCPAddr).AddrPort()
	}
	if one {
		s.secure = s.plain
	}
	return nil
}

// startWithin is how long a server may take until it serves.
const startWithin = 10 * time.Second

// ready waits until a client gets an allocation over each transport.
func (s *server) ready() error {
	for deadline := time.Now().Add(startWithin); ; {
		err := s.tryAll()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it does not serve within %v: %w", startWithin, err)
		}
		select {
		case ended := <-s.ended:
			s.ended <- ended
			return fmt.Errorf("it ended: %v", ended)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) tryAll() error {
	for _, transport := range []string{overTLS, overTCP, overUDP} { // what is refused is refused at once over TCP
		f, err := s.open(transport)
		if err != nil {
			return fmt.Errorf("over %s: %w", transport, err)
		}
		f.Close()
	}
	return nil
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	<-s.ended
	os.RemoveAll(s.folder)
}
