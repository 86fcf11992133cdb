package doctor

import (
	"slices"

	"holdline/server/signal"
)

// Snapshot is what the page renders and scripts read.
type Snapshot struct {
	Run        int            `json:"run"`     // which check-up, from 1; 0 before the first
	Running    bool           `json:"running"` // a verdict is still to come
	Asking     bool           `json:"asking,omitempty"`
	Began      float64        `json:"began"` // ms since 1970
	At         float64        `json:"at"`    // ms since 1970
	Browser    Browser        `json:"browser"`
	Verdict    Verdict        `json:"verdict,omitempty"` // "" while it runs
	Finding    signal.Finding `json:"finding,omitempty"`
	Asks       []Ask          `json:"asks,omitempty"`
	Checks     []Check        `json:"checks"`
	Candidates []Found        `json:"candidates,omitempty"`
}

// Snapshot shows the doctor as of the last step.
func (d *Doctor) Snapshot() Snapshot {
	s := Snapshot{
		Run: d.run, Running: d.run == 0 || d.running(), Asking: d.asking, Began: d.began, At: float64(d.now.Wall),
		Browser: d.browser, Candidates: slices.Clone(d.found),
	}
	for _, c := range d.checks {
		c.Details = slices.Clone(c.Details)
		s.Checks = append(s.Checks, c.Check)
	}
	if !s.Running {
		s.Verdict, s.Finding = Judge(d.evidence())
		s.Asks = d.asks(s.Verdict)
	}
	return s
}
