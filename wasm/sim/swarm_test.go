package sim

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Int64("seed", -1, "play this seed only, and tell its story")
	seedsFlag = flag.Int("seeds", 0, "play as many seeds (0: as many as fit into a minute; with -race 100)")
	fromFlag  = flag.Uint64("from", 1, "the first seed")
	goOnFlag  = flag.Bool("goon", false, "go on after a failing seed, and count what went wrong")
)

// TestSwarm plays histories and looks whether the oracle agrees.
func TestSwarm(t *testing.T) {
	if *seedFlag >= 0 {
		p := NewPlan(uint64(*seedFlag))
		fmt.Print(p)
		if _, err := p.Play(Options{Tell: func(line string) { fmt.Println(line) }}); err != nil {
			t.Fatal(err)
		}
		return
	}
	most, until := math.MaxInt, time.Now().Add(time.Minute)
	switch {
	case *seedsFlag > 0:
		most, until = *seedsFlag, time.Now().Add(100*time.Hour)
	case raced || testing.Short():
		most = 100
	}
	began, steps, n, failed := time.Now(), 0, 0, 0
	var virtual, slowest time.Duration
	for ; n < most && time.Now().Before(until); n++ {
		p := NewPlan(*fromFlag + uint64(n))
		r, err := p.Play(Options{})
		steps += r.Steps
		virtual += r.Now
		slowest = max(slowest, r.Converged)
		if err == nil {
			continue
		}
		failed++
		if *goOnFlag {
			fmt.Printf("seed %d: %v\n", p.Seed, err)
			continue
		}
		t.Fatal(story(p, err))
	}
	took := time.Since(began)
	t.Logf("%d seeds, %d failed, %d steps (%.0f a second), %v of virtual time, slowest to converge %v", n, failed, steps, float64(steps)/took.Seconds(), virtual.Round(time.Minute), slowest)
}

// story is what a person needs of a failing seed.
func story(p Plan, err error) string {
	small := p.Shrink(200)
	return fmt.Sprintf("seed %d: %v\nof its %d faults these are enough:\n%v\nreplay: go test ./wasm/sim -run TestSwarm -seed=%d", p.Seed, err, len(p.Faults), small, p.Seed)
}
