package relay

import (
	"container/list"
	"time"

	"golang.org/x/time/rate"
)

// holder is who has allocations. Without any it rests until its limit is full
// again: who ends one and makes another would else begin with a new burst.
type holder struct {
	id          string
	allocations map[*allocation]bool
	limit       *rate.Limiter // bytes of all its allocations, both ways
	resting     *list.Element // nil while it has allocations
}

// maxResting bounds who rests. Beyond it who has rested longest goes, whose
// limit is the fullest.
const maxResting = 1 << 12

// holders are locked by who has them.
type holders struct {
	byID    map[string]*holder
	resting *list.List // of *holder, longest first
}

func newHolders() holders { return holders{map[string]*holder{}, list.New()} }

// allocations counts those of an id.
func (s *holders) allocations(id string) int {
	if h := s.byID[id]; h != nil {
		return len(h.allocations)
	}
	return 0
}

// active counts who has allocations.
func (s *holders) active() int { return len(s.byID) - s.resting.Len() }

// add gives a its holders. most says what each may have.
func (s *holders) add(a *allocation, most func(account string) (allocations int, rate int64)) {
	for _, id := range accountsOf(a.id) {
		h := s.byID[id]
		if h == nil {
			_, bytesPerSecond := most(id)
			h = &holder{id: id, allocations: map[*allocation]bool{}, limit: limiter(bytesPerSecond)}
			s.byID[id] = h
		}
		if h.resting != nil {
			s.resting.Remove(h.resting)
			h.resting = nil
		}
		h.allocations[a] = true
		a.holders = append(a.holders, h)
	}
}

// ownedBy are the allocations that end with an id.
func (s *holders) ownedBy(id string) (all []*allocation) {
	for _, account := range []string{id, id + passedOnMark} {
		if h := s.byID[account]; h != nil {
			for a := range h.allocations {
				if ownerOf(a.id) == id {
					all = append(all, a)
				}
			}
		}
	}
	return all
}

// remove takes a from its holders, and forgets who has rested enough.
func (s *holders) remove(a *allocation, now time.Time) {
	for _, h := range a.holders {
		delete(h.allocations, a)
		if len(h.allocations) == 0 {
			h.resting = s.resting.PushBack(h)
		}
	}
	for e := s.resting.Front(); e != nil; e = s.resting.Front() {
		h := e.Value.(*holder)
		if s.resting.Len() <= maxResting && h.limit.TokensAt(now) < float64(h.limit.Burst()) {
			break
		}
		s.resting.Remove(e)
		delete(s.byID, h.id)
	}
}
