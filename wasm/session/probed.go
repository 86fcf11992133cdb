package session

import "time"

// Probed is what a trace keeps where an answer to a beat begins to be waited
// for, comes, or is not waited for any more. In a replay the events of a run are
// not where they were, so beats are sent at other times and under other numbers.
type Probed struct {
	Beats  int64         `json:"beats"`  // how many had been sent
	SentAt time.Duration `json:"sentAt"` // the newest of them
	NextAt time.Duration `json:"nextAt"` // when the next was due
	Links  []ProbedLink  `json:"links,omitempty"`
}

// ProbedLink is a participant whose answer was waited for.
type ProbedLink struct {
	Peer string        `json:"peer"`
	N    int64         `json:"n"`    // of the first beat whose answer counted
	At   time.Duration `json:"at"`   // since when
	Echo time.Duration `json:"echo"` // how long the answer before took
}

// probed is how it stands now.
func (s *Session) probed() Probed {
	now := Probed{Beats: s.Beats, SentAt: s.BeatSentAt, NextAt: s.BeatAt}
	for _, p := range s.Peers {
		if l := &p.Link; l.AskedAt != 0 {
			now.Links = append(now.Links, ProbedLink{p.ID, l.Asked, l.AskedAt, l.Echo})
		}
	}
	return now
}

// probedAs puts a replay where the page was.
func (s *Session) probedAs(page Probed) {
	s.Beats, s.BeatSentAt, s.BeatAt = page.Beats, page.SentAt, page.NextAt
	for _, p := range s.Peers {
		l := &p.Link
		l.AskedAt = 0
		for _, was := range page.Links {
			if was.Peer == p.ID {
				l.Asked, l.AskedAt, l.Echo = was.N, was.At, was.Echo
			}
		}
	}
}
