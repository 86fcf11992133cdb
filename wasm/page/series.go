package page

import (
	"math"

	"holdline/wasm/session"
)

const (
	// plotSpan is how far back the plots reach, in ms: long enough to see a
	// recovery in its surroundings, short enough that a second can be told.
	plotSpan = 2 * minute
	// plotGap is how far two samples may lie apart, in ms, before they are no
	// longer joined: samples come every second, so more than one is missing.
	plotGap = 2500.0
	// maxSamples bounds what is kept where samples come faster than that.
	maxSamples = 240
)

// Sample is what was measured of a path at one time. NaN stands for what was
// not known then.
type Sample struct {
	At      float64 // ms since 1970
	RTT     float64 // ms
	Loss    float64 // 0 to 1
	In, Out float64 // bit/s
	Consent float64 // ms since it was last confirmed
}

// Series is the samples of one participant's paths over the last two minutes,
// oldest first.
type Series []Sample

// note adds the sample that path carries, where it is a new one.
func (s Series) note(path *session.Path) Series {
	if path == nil || len(s) > 0 && path.Sampled <= s[len(s)-1].At || path.Sampled <= 0 {
		return s
	}
	nan := math.NaN()
	sample := Sample{At: path.Sampled, RTT: nan, Loss: nan, In: path.In, Out: path.Out, Consent: nan}
	if path.State == session.PathConnected {
		sample.Loss = path.Loss
		// Firefox knows none before the first consent, and has 0 for less than a millisecond.
		if path.RTT > 0 || path.Consent > 0 {
			sample.RTT = path.RTT
		}
	}
	if path.Consent > 0 {
		sample.Consent = max(0, path.Sampled-path.Consent)
	}
	s = append(s, sample)
	first := max(0, len(s)-maxSamples)
	for s[first].At < path.Sampled-plotSpan {
		first++
	}
	return s[first:]
}

// Histories is the series of every remote participant.
type Histories map[string]Series

// Note adds the samples of a snapshot, and forgets who is not in it.
func (h Histories) Note(peers []session.PeerSnapshot) {
	there := make(map[string]bool, len(peers))
	for _, p := range peers {
		there[p.Participant] = true
		if series := h[p.Participant].note(p.Path); len(series) > 0 {
			h[p.Participant] = series
		}
	}
	for participant := range h {
		if !there[participant] {
			delete(h, participant)
		}
	}
}
