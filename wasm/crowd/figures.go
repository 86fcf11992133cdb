package crowd

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Figures are counted while the crowd lives.
type Figures struct {
	Joins, Resumes atomic.Int64 // welcomes
	Sent, Received atomic.Int64 // signaling messages
	Control, Chat  atomic.Int64 // messages that one page gave to another
	Said           atomic.Int64 // chat messages that were written
	Links          atomic.Int64 // RTCPeerConnections that were made
	began          time.Time
	mu             sync.Mutex
	welcomes       []time.Time
	notes          map[string]int
	faults         map[string][]string
}

func (c *Crowd) welcome(resumed bool) {
	f := &c.Figures
	if resumed {
		f.Resumes.Add(1)
	} else {
		f.Joins.Add(1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.welcomes = append(f.welcomes, time.Now())
}

// note counts what may happen.
func (c *Crowd) note(kind string) {
	f := &c.Figures
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notes[kind]++
}

// fault notes what must not happen.
func (c *Crowd) fault(kind, detail string) { c.Figures.Fault(kind, detail) }

// Fault notes what must not happen, with its time from the crowd's beginning.
func (f *Figures) Fault(kind, detail string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults[kind] = append(f.faults[kind], fmt.Sprintf("at %.1f s: %s", time.Since(f.began).Seconds(), detail))
}

// Notes are what may happen and did, by kind.
func (f *Figures) Notes() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.notes)
}

// Faults are what must not happen and did, by kind.
func (f *Figures) Faults() map[string][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.faults)
}

// Welcomes are the times of all joins and resumes from one time to another.
func (f *Figures) Welcomes(from, to time.Time) (times []time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.welcomes {
		if !t.Before(from) && t.Before(to) {
			times = append(times, t)
		}
	}
	return times
}

// Peak is the most of times within one span. It sorts them.
func Peak(times []time.Time, span time.Duration) (most int) {
	slices.SortFunc(times, time.Time.Compare)
	for i, j := 0, 0; j < len(times); j++ {
		for times[j].Sub(times[i]) >= span {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}
