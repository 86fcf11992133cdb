package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a running bin/holdline.
type Server struct {
	URL   string // as its first line of output says
	cmd   *exec.Cmd
	ended chan error
}

// StartServer starts the program on a free port and stops it when the test
// ends. args are further flags.
func StartServer(t testing.TB, args ...string) *Server {
	t.Helper()
	state := t.TempDir()
	return startServer(t, append([]string{"--addr", "127.0.0.1:0", "--state", state}, args...))
}

func startServer(t testing.TB, args []string) *Server {
	t.Helper()
	binary, err := filepath.Abs("../../bin/holdline")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Server{cmd: cmd, ended: make(chan error, 1)}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	s.URL = strings.TrimSpace(first)
	go func() { io.Copy(io.Discard, lines); s.ended <- cmd.Wait() }()
	if err != nil {
		t.Fatalf("the server's first line: %v", err)
	}
	t.Cleanup(s.kill)
	return s
}

func (s *Server) kill() { s.cmd.Process.Kill() }

// Terminate sends SIGTERM and returns how the program ended.
func (s *Server) Terminate() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		return err
	case <-time.After(30 * time.Second):
		return fmt.Errorf("the server did not end within 30 s of SIGTERM")
	}
}
