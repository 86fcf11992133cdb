package session

import "time"

// Time is one reading of the page's two clocks.
type Time struct {
	Mono time.Duration `json:"mono"` // since the page's time origin (performance.now)
	Wall int64         `json:"wall"` // ms since the Unix epoch (Date.now)
}

// drift is how far the wall clock is ahead of the monotonic one: it changes
// when the machine slept or somebody set the clock.
func (t Time) drift() time.Duration {
	return time.Duration(t.Wall)*time.Millisecond - t.Mono
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
