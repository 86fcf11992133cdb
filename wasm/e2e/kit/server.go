package kit

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a running program that serves the pages.
type Server struct {
	URL string // as its first line of output says

	t       testing.TB
	place   Place
	command string
	args    []string
	cmd     *exec.Cmd
	ended   chan error
}

// StartServer runs a program whose first line on stdout is the URL that it
// serves at, and kills it when the test ends. Give it port 0, as in
// "127.0.0.1:0", and it takes a free one; Restart then asks for that one.
func StartServer(t testing.TB, command string, args ...string) *Server {
	t.Helper()
	return startServer(t, &here{}, command, args)
}

func startServer(t testing.TB, place Place, command string, args []string) *Server {
	t.Helper()
	s := &Server{t: t, place: place, command: command, args: args}
	t.Cleanup(func() {
		if s.cmd != nil && s.cmd.Process != nil {
			s.Kill()
		}
	})
	s.start()
	return s
}

func (s *Server) start() {
	s.t.Helper()
	cmd := exec.Command(s.command, s.args...)
	cmd.Stderr = os.Stderr
	move(s.place, cmd)
	dieWithTheTest(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.cmd, s.ended = cmd, make(chan error, 1)
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	s.URL = strings.TrimSpace(first)
	go func(ended chan error) { io.Copy(io.Discard, lines); ended <- cmd.Wait() }(s.ended)
	if err != nil {
		s.t.Fatalf("the first line of %s: %v", s.command, err)
	}
}

// Kill ends the program at once (SIGKILL).
func (s *Server) Kill() { s.cmd.Process.Kill() }

// Stop stops the program (SIGSTOP): it neither answers nor hangs up.
func (s *Server) Stop() { s.cmd.Process.Signal(stopSignal) }

// Continue has it go on after Stop (SIGCONT).
func (s *Server) Continue() { s.cmd.Process.Signal(continueSignal) }

// Terminate sends SIGTERM and returns how the program ended.
func (s *Server) Terminate() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.wait("SIGTERM")
}

func (s *Server) wait(since string) error {
	select {
	case err := <-s.ended:
		s.ended <- err // for who asks again
		return err
	case <-time.After(commandPatience):
		return fmt.Errorf("%s did not end within %v of %s", s.command, commandPatience, since)
	}
}

// Restart kills the program if it still runs, and starts it again at the same
// address: an argument that ended in ":0" becomes the address it has.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.wait("SIGKILL")
	u, err := url.Parse(s.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.args = slices.Clone(s.args)
	for i, arg := range s.args {
		if strings.HasSuffix(arg, ":0") {
			s.args[i] = strings.TrimSuffix(arg, "0") + u.Port()
		}
	}
	s.start()
}
