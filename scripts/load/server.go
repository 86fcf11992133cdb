package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// server is a running bin/holdline, always with the same state and addresses.
type server struct {
	cmd   *exec.Cmd
	debug string // URL of the debug pages
	ended chan error
}

// serverArgs raises every limit that is in the way of the load.
func (l *load) serverArgs() []string {
	return []string{
		"--addr", l.addr, "--state", l.state, "--debug-addr", l.debugAddr,
		"--max-connections", fmt.Sprint(2*l.clients + 100), "--max-rooms", fmt.Sprint(l.clients + 100),
		"--max-rate", "500", "--max-burst", "1000",
		// So that the level after the run can be read: a room is otherwise remembered for 10 min.
		"--keep-left", keepLeft.String(),
	}
}

const keepLeft = 20 * time.Second

func (l *load) startServer() (*server, error) {
	cmd := exec.Command(l.binary, l.serverArgs()...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, debug: "http://" + l.debugAddr, ended: make(chan error, 1)}
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server's first line: %w", errors.Join(err, cmd.Wait()))
	}
	l.url = strings.TrimSpace(first)
	go func() { io.Copy(io.Discard, lines); s.ended <- cmd.Wait() }()
	return s, nil
}

// stop ends the process by a signal and returns how long it took.
func (s *server) stop(signal syscall.Signal) (took time.Duration, err error) {
	began := time.Now()
	if err := s.cmd.Process.Signal(signal); err != nil {
		return 0, err
	}
	select {
	case err = <-s.ended:
	case <-time.After(30 * time.Second):
		return 0, fmt.Errorf("the server did not end within 30 s of %v", signal)
	}
	if signal == syscall.SIGKILL {
		err = nil
	}
	return time.Since(began), err
}

// vitals is what the server needs at one moment.
type vitals struct {
	RSS        int64 // bytes
	Heap       int64 // bytes that are in use, or would be collected next
	Goroutines int
	Sockets, Rooms, Participants,
	Descriptors int
	Welcomes int64
}

// vitals reads the debug pages; collected says after a garbage collection.
func (s *server) vitals(collected bool) (v vitals, err error) {
	if collected {
		for range 3 { // what pools hold goes with the second
			if err := fetch(s.debug+"/debug/pprof/heap?gc=1", nil); err != nil {
				return v, err
			}
		}
	}
	var vars struct {
		Memstats   struct{ HeapAlloc int64 }                              `json:"memstats"`
		Goroutines int                                                    `json:"goroutines"`
		Holdline   struct{ Sockets, Rooms, Participants, Welcomes int64 } `json:"holdline"`
	}
	if err := fetch(s.debug+"/debug/vars", &vars); err != nil {
		return v, err
	}
	h := vars.Holdline
	v = vitals{Heap: vars.Memstats.HeapAlloc, Goroutines: vars.Goroutines,
		Sockets: int(h.Sockets), Rooms: int(h.Rooms), Participants: int(h.Participants), Welcomes: h.Welcomes}
	v.RSS, v.Descriptors = s.system()
	return v, nil
}

// system reads what Linux knows of the process; 0 elsewhere.
func (s *server) system() (rss int64, descriptors int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	var size, resident int64
	fmt.Sscan(string(status), &size, &resident)
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0
	}
	return resident * int64(os.Getpagesize()), len(open)
}

// debugClient leaves no connection behind that would count as a goroutine.
var debugClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func fetch(url string, into any) error {
	response, err := debugClient.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	if into == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(into)
}
