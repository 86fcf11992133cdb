package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"holdline/wasm/crowd"
)

// withSignaling in the environment makes the test binary be the whole program,
// signaling included.
const withSignaling = "HOLDLINE_TEST_WITH_SIGNALING"

// SIGTERM under load: 200 sessions of the product in 100 rooms, on real
// sockets, leave a process that ends and come back to the next.
func TestADrainOf200SessionsLosesNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as the pages are asked to wait")
	}
	const sessions = 200
	t.Setenv(withSignaling, "1")
	state := t.TempDir()
	// The pages are asked to wait for 200/50 = 4 s, and come within 4 s more.
	const returns = 50
	first := startProgram(t, "--state", state, "--max-returns", fmt.Sprint(returns), "--log-level", "error")
	c := crowd.New(first.url)
	people := make([]*crowd.Person, sessions)
	for i := range people {
		people[i] = c.Newcomer(fmt.Sprintf("room-%d", i/2), fmt.Sprintf("seat-%d", i), uint64(i)+1)
	}
	whole := func() (why string) {
		for i := 0; i < sessions && why == ""; i += 2 {
			why = crowd.Apart(people[i], people[i+1])
		}
		return why
	}
	settle(t, "all pairs are connected", func() bool { return whole() == "" })
	links := c.Figures.Links.Load()

	back := c.Restarting()
	first.signal(t, syscall.SIGTERM)
	if err := first.Wait(); err != nil {
		t.Fatalf("the first process: %v, want exit 0", err)
	}
	next := startProgram(t, "--state", state, "--addr", first.address(), "--log-level", "error")
	began := time.Now()
	settle(t, "everybody is back", func() bool { return c.Missing(back) == 0 })
	settle(t, "all pairs are connected again", func() bool { return whole() == "" })

	// So 50 are due in each second; twice as many would be a stampede.
	joins := c.Figures.Welcomes(began, time.Now())
	peak := crowd.Peak(joins, time.Second)
	t.Logf("%d joins, the last %v after the return; peak %d in 1 s, %d in 100 ms",
		len(joins), back.Attached.Sub(began).Round(time.Millisecond), peak, crowd.Peak(joins, 100*time.Millisecond))
	if len(joins) != sessions || peak > 2*returns {
		t.Errorf("%d joins, at most %d within a second; want %d, and at most %d", len(joins), peak, sessions, 2*returns)
	}
	if n := c.Figures.Links.Load(); n != links {
		t.Errorf("%d links were made anew: media did not go on", n-links)
	}
	for kind, all := range c.Figures.Faults() {
		t.Errorf("%s: %d, such as %s", kind, len(all), all[0])
	}
	for kind, n := range c.Figures.Notes() {
		if strings.HasPrefix(kind, "link ") {
			t.Errorf("%s: %d: media did not go on", kind, n)
		}
	}

	var leaving sync.WaitGroup
	for _, p := range people {
		leaving.Go(p.Leave)
	}
	leaving.Wait()
	c.Wait()
	next.signal(t, os.Interrupt)
	if err := next.Wait(); err != nil {
		t.Errorf("the next process: %v, want exit 0", err)
	}
}
