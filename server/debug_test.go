package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdline/server/signal"
)

func TestTheDebugPagesCountWhatTheSignalingHas(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	p.ana.goodbye(signal.TypeBye, 1, signal.IntentClose)
	p.bo.wantAway(p.ana.id, signal.CausePageClosed)
	p.ana.ws.CloseNow()
	settle(t, "Ana's socket is gone", func() bool { return s.lobby.open.Load() == 1 })
	pages := httptest.NewServer(newDebug(s.lobby.counts, true))
	defer pages.Close()

	response, err := http.Get(pages.URL + "/debug/vars")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var vars struct {
		Memstats   struct{ HeapAlloc int64 }
		Goroutines int
		Holdline   counts
	}
	if err := json.NewDecoder(response.Body).Decode(&vars); err != nil {
		t.Fatal(err)
	}
	if want := (counts{Sockets: 1, Rooms: 1, Participants: 2, Welcomes: 2}); vars.Holdline != want {
		t.Errorf("holdline = %+v, want %+v", vars.Holdline, want)
	}
	if vars.Memstats.HeapAlloc < 1<<10 || vars.Goroutines < 2 {
		t.Errorf("heap %d, goroutines %d: not of a program that runs", vars.Memstats.HeapAlloc, vars.Goroutines)
	}
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=1", "/debug/pprof/cmdline"} {
		if got := status(t, pages.URL+path); got != http.StatusOK {
			t.Errorf("GET %s = %d, want 200", path, got)
		}
	}
}

func TestADebugAddressOfThisMachineRefusesForeignNames(t *testing.T) {
	for host, want := range map[string]int{"localhost:6060": 200, "127.0.0.1:6060": 200, "[::1]:6060": 200, "rebound.example:6060": 403, "192.0.2.7:6060": 403} {
		for _, own := range []bool{true, false} {
			r := httptest.NewRequest("GET", "http://"+host+"/debug/vars", nil)
			w := httptest.NewRecorder()
			newDebug(func() counts { return counts{} }, own).ServeHTTP(w, r)
			if !own {
				want = 200 // the operator gave a host: others may ask by any name
			}
			if w.Code != want {
				t.Errorf("Host %s, own %t: %d, want %d", host, own, w.Code, want)
			}
		}
	}
}

func TestTheDebugPagesAreOffUnlessAskedFor(t *testing.T) {
	p := startProgram(t)
	for _, path := range []string{"/debug/vars", "/debug/pprof/"} {
		if got := status(t, p.url+path); got != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, got)
		}
	}
}

func TestADebugAddressWithoutHostIsThisMachines(t *testing.T) {
	without(t)
	for given, want := range map[string]string{":6060": "127.0.0.1:6060", "0.0.0.0:6060": "0.0.0.0:6060", "[::1]:0": "[::1]:0"} {
		if c, err := parseConfig([]string{"--debug-addr", given}); err != nil || c.Debug != want {
			t.Errorf("--debug-addr %s is %q, %v, want %q", given, c.Debug, err, want)
		}
	}
}

func TestTheProgramServesItsDebugPagesAndSaysWhere(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"--addr", "127.0.0.1:0", "--state", t.TempDir(), "--debug-addr", ":0"}, writer, io.Discard, pageFS(), newFakeSignaling)
	}()
	where := ""
	for lines := bufio.NewScanner(reader); where == "" && lines.Scan(); {
		if _, tail, ok := strings.Cut(lines.Text(), "Debug: "); ok {
			where, _, _ = strings.Cut(tail, " ")
		}
	}
	response, err := http.Get(where)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `"welcomes":42`) {
		t.Errorf("%s answers %s, %v, want the signaling's counts", where, text, err)
	}
	cancel()
	<-ended
	if _, err := http.Get(where); err == nil {
		t.Error("the debug pages outlive the server")
	}
}

func TestADebugAddressThatIsTakenEndsTheProgram(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, _, stderr := runOnce(t, "--addr", "127.0.0.1:0", "--state", t.TempDir(), "--debug-addr", taken.Addr().String())
	if code != exitFailed || !strings.Contains(stderr, taken.Addr().String()) || !strings.Contains(stderr, "--debug-addr") {
		t.Errorf("run = %d, %q, want %d and the address", code, stderr, exitFailed)
	}
}
