package sim

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seedFlag  = flag.Int64("seed", -1, "play this seed only, and tell its story")
	seedsFlag = flag.Int("seeds", 0, "play as many seeds (0: as many as fit into a minute; with -race or -short 100)")
	fromFlag  = flag.Uint64("from", 1, "the first seed")
	detail    = flag.Bool("detail", false, "with -seed: tell every fact and order")
	goOnFlag  = flag.Bool("goon", false, "go on after a failing seed, and list what went wrong")
	noShrink  = flag.Bool("noshrink", false, "do not look for the smallest list of faults")
	soakFlag  = flag.Bool("soak", false, "count what is reached; fail where a row of the tables of causes is not")
)

// tally is what came of many seeds.
type tally struct {
	seeds, steps int
	virtual      time.Duration
	slowest      time.Duration
	slowestSeed  uint64
	failed       []failed
	coverage     *Coverage
}

type failed struct {
	plan Plan
	err  error
}

func (t *tally) add(o *tally) {
	t.seeds += o.seeds
	t.steps += o.steps
	t.virtual += o.virtual
	if o.slowest > t.slowest {
		t.slowest, t.slowestSeed = o.slowest, o.slowestSeed
	}
	t.failed = append(t.failed, o.failed...)
	if t.coverage != nil {
		t.coverage.Add(o.coverage)
	}
}

// playMany plays seeds on as many cores as there are, until there were enough.
func playMany(from uint64, most int, until time.Time, cover, goOn bool) *tally {
	var next, stop atomic.Int64
	var mu sync.Mutex
	var wait sync.WaitGroup
	all := &tally{}
	if cover {
		all.coverage = NewCoverage()
	}
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			t := &tally{}
			if cover {
				t.coverage = NewCoverage()
			}
			for stop.Load() == 0 && time.Now().Before(until) {
				n := next.Add(1) - 1
				if n >= int64(most) {
					break
				}
				p := NewPlan(from + uint64(n))
				r, err := p.Play(Options{Coverage: t.coverage})
				t.seeds++
				t.steps += r.Steps
				t.virtual += r.Now
				if r.Converged > t.slowest {
					t.slowest, t.slowestSeed = r.Converged, p.Seed
				}
				if err != nil {
					t.failed = append(t.failed, failed{p, err})
					if goOn {
						fmt.Printf("seed %d: %v\n", p.Seed, err) // now: a long soak may be stopped
					} else {
						stop.Store(1)
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all.add(t)
		})
	}
	wait.Wait()
	slices.SortFunc(all.failed, func(a, b failed) int { return int(a.plan.Seed) - int(b.plan.Seed) })
	return all
}

// TestSwarm plays histories and looks whether the oracle agrees.
func TestSwarm(t *testing.T) {
	if *seedFlag >= 0 {
		p := NewPlan(uint64(*seedFlag))
		fmt.Print(p)
		if _, err := p.Play(Options{Tell: func(line string) { fmt.Println(line) }, Detail: *detail}); err != nil {
			t.Fatal(story(p, err))
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
	began := time.Now()
	all := playMany(*fromFlag, most, until, *soakFlag, *goOnFlag)
	took := time.Since(began)
	line := fmt.Sprintf("%d seeds in %v, %d failed, %d steps (%.0f a second), %v of virtual time, slowest to converge %v (seed %d)", all.seeds, took.Round(time.Second),
		len(all.failed), all.steps, float64(all.steps)/took.Seconds(), all.virtual.Round(time.Minute), all.slowest, all.slowestSeed)
	if *soakFlag {
		fmt.Println(line)
	} else {
		t.Log(line)
	}
	if len(all.failed) > 0 {
		t.Error(story(all.failed[0].plan, all.failed[0].err))
	}
	if *soakFlag {
		text, missing := all.coverage.Report()
		fmt.Print(text)
		if len(missing) > 0 {
			t.Errorf("no seed reached these rows: %s", strings.Join(missing, "; "))
		}
	}
}

// story is what a person needs of a failing seed.
func story(p Plan, err error) string {
	small := p
	if !*noShrink {
		small = p.Shrink(300)
	}
	return fmt.Sprintf("seed %d: %v\nof its %d faults these are enough:\n%v\nreplay: go test ./wasm/sim -run TestSwarm -seed=%d", p.Seed, err, len(p.Faults), small, p.Seed)
}

func TestASeedDecidesEverything(t *testing.T) {
	for seed := range uint64(30) {
		var stories [2]strings.Builder
		var results [2]Result
		for i := range stories {
			results[i], _ = NewPlan(seed).Play(Options{Tell: func(line string) { stories[i].WriteString(line + "\n") }})
		}
		if results[0] != results[1] || stories[0].String() != stories[1].String() {
			t.Fatalf("seed %d has two histories: %+v and %+v", seed, results[0], results[1])
		}
	}
}

// BenchmarkSteps counts steps of sessions and rooms on one core.
func BenchmarkSteps(b *testing.B) {
	b.ReportAllocs()
	steps, seed := 0, uint64(0)
	for b.Loop() {
		r, _ := NewPlan(seed).Play(Options{})
		steps += r.Steps
		seed++
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "steps/s")
}
