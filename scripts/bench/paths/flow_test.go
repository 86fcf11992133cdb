package main

import "testing"

// beats come every 250 ms from a moment on, before another.
func beats(from, until float64) (at []float64) {
	for ; from < until; from += 250 {
		at = append(at, from)
	}
	return at
}

func TestAFlowIsBackAfterItsLastSilence(t *testing.T) {
	for _, tt := range []struct {
		name         string
		at           []float64
		since, until float64
		want         float64 // 0 is not yet
	}{
		{"cut and back", append(beats(0, 5000), beats(6500, 9000)...), 5000, 9000, 6500},
		{"what was on its way does not count", append(beats(0, 5100), beats(6500, 9000)...), 5000, 9000, 6500},
		{"it stumbles once more", append(append(beats(0, 5000), beats(6500, 7500)...), beats(9000, 12000)...), 5000, 12000, 9000},
		{"a silence that began before, back after", append(beats(0, 1000), beats(6100, 9000)...), 6000, 9000, 6100},
		{"not steady yet", append(beats(0, 5000), beats(6500, 8000)...), 5000, 8000, 0},
		{"silent again", append(beats(0, 5000), beats(6500, 9000)...), 5000, 9600, 0},
		{"never back", beats(0, 5000), 5000, 45_000, 0},
		{"nothing ever", nil, 5000, 45_000, 0},
		{"hardly noticed: the longest pause", append(beats(0, 5000), beats(5150, 9000)...), 4900, 9000, 5150},
		{"a silence outranks what came sooner", append(beats(0, 1000), 3000, 3600, 3850, 4100, 4350, 4600, 4850, 5100, 5350, 5600, 5850), 1000, 6000, 3600},
	} {
		got, ok := again(tt.at, tt.since, tt.until)
		if !ok {
			got = 0
		}
		if got != tt.want {
			t.Errorf("%s: back at %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestTheLongestPauseCountsItsEnds(t *testing.T) {
	for _, tt := range []struct {
		at          []float64
		from, until float64
		want        float64
	}{
		{[]float64{100, 200, 500, 600}, 100, 700, 300},
		{[]float64{100, 200}, 150, 900, 700},
		{[]float64{800}, 0, 900, 800},
		{nil, 0, 900, 900},
	} {
		if got := longestPause(tt.at, tt.from, tt.until); got != tt.want {
			t.Errorf("longestPause(%v, %v, %v) = %v, want %v", tt.at, tt.from, tt.until, got, tt.want)
		}
	}
}
