package session

import "time"

// Probed is what a trace keeps of the beats that ask for an answer. In a replay
// the events of a run are not where they were, so beats are sent at other times
// and under other numbers; who has answered is seen by these.
type Probed struct {
	Beats  int64         `json:"beats"`  // how many were sent
	SentAt time.Duration `json:"sentAt"` // the newest of them
	NextAt time.Duration `json:"nextAt"` // when the next is due
	Links  []ProbedLink  `json:"links"`
}

// ProbedLink is a participant whose answer is waited for.
type ProbedLink struct {
	Peer string        `json:"peer"`
	N    int64         `json:"n"` // the number of the beat that asked
	At   time.Duration `json:"at"`
	Echo time.Duration `json:"echo"` // how long the answer before took
}

// probedLinks are all whose answer is waited for.
func (s *Session) probedLinks() (all []ProbedLink) {
	for _, p := range s.Peers {
		if l := &p.Link; l.AskedAt != 0 {
			all = append(all, ProbedLink{p.ID, l.Asked, l.AskedAt, l.Echo})
		}
	}
	return all
}

func (s *Session) probed() *Probed {
	return &Probed{s.Beats, s.BeatSentAt, s.BeatAt, s.probedLinks()}
}

// probeAs makes a step of a replay ask whom the page asked in it: nobody, where
// page is nil. Before are those whom the replay had asked by then.
func (s *Session) probeAs(page *Probed, before []ProbedLink) {
	links := before
	if page != nil {
		s.Beats, s.BeatSentAt, s.BeatAt = page.Beats, page.SentAt, page.NextAt
		links = page.Links
	}
	for _, p := range s.Peers {
		l := &p.Link
		answered := page == nil && l.AskedAt == 0
		l.AskedAt = 0
		for _, was := range links {
			if was.Peer == p.ID && !answered {
				l.Asked, l.AskedAt, l.Echo = was.N, was.At, was.Echo
			}
		}
	}
}
