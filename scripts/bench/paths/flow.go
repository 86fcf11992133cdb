package main

import "slices"

// Messages come at least every 250 ms, frames every 33 ms.
const (
	// silence is when a flow has stopped: 500 ms without anything.
	silence = 500.0
	// steady is for how long it must go on without one to flow again: 2 s.
	steady = 2000.0
)

// again is when a flow went on for good after a moment: the end of the last
// silence that was not over by then, or, where there was none, of the longest
// pause. ok is false until it has been steady.
//
// at are the times of what came, in order; until is the time of the last look.
func again(at []float64, since, until float64) (back float64, ok bool) {
	first, _ := slices.BinarySearch(at, since)
	before := since
	if first > 0 {
		before = at[first-1]
	}
	longest := -1.0
	for _, next := range at[first:] {
		if pause := next - before; pause > longest {
			back, longest = next, min(pause, silence) // of silences the last counts, however long it is
		}
		before = next
	}
	return back, back > 0 && until-before <= silence && until-back >= steady
}

// longestPause is the longest time without anything between two moments.
func longestPause(at []float64, from, until float64) float64 {
	longest, before := 0.0, from
	for _, next := range at {
		if next > from && next < until {
			longest, before = max(longest, next-before), next
		}
	}
	return max(longest, until-before)
}
