package session

import (
	"time"

	"holdline/server/signal"
)

// The way back in after the whole browser stopped: sessionStorage is gone with
// its tab, so the record is in localStorage too, and every goodbye takes it
// away from there. One that is left is of a page that could say none.

// Fresh says whether a record of a page that stopped is still worth an offer
// at a wall clock. One from a clock that was set back since counts by how far.
func (p Policy) Fresh(r Record, wall int64) bool {
	age := time.Duration(wall-r.At) * time.Millisecond
	return max(age, -age) <= p.OfferBackFor
}

// lastStopped chooses what the lobby offers: the latest record of this room that no
// tab lives by.
func (s *Session) lastStopped(all []Stopped) (latest *Record) {
	for i := range all {
		r := &all[i].Record
		if all[i].Alive || r.Room != s.Config.Room || r.Participant == "" || r.Token == "" || !s.policy.Fresh(*r, s.now.Wall) ||
			signal.CheckName(r.Name, signal.DefaultLimits.Name) != nil {
			continue
		}
		if latest == nil || r.At > latest.At {
			latest = r
		}
	}
	return latest
}

// claimStopped makes sure that no other tab has gone back in meanwhile.
func (s *Session) claimStopped() {
	if s.Offer != nil {
		s.emit(ClaimStopped{s.Offer.Participant})
	}
}

// goBack joins as who the record says, unless another tab did.
func (s *Session) goBack(ev StoppedClaimed) {
	r := s.Offer
	if r == nil || r.Participant != ev.Participant {
		return
	}
	s.Offer = nil
	s.Changes++
	if ev.Taken {
		return
	}
	s.resume(*r) // but for the devices: they are as the lobby shows them
	s.Config.Locked, s.After = ev.Locked, signal.AfterCrash
	s.join(s.Name)
}

// decline is Join under a name: the offer is of no use any more.
func (s *Session) decline() {
	if s.Offer != nil && s.Phase == phaseJoining {
		s.emit(ForgetStopped{s.Offer.Participant})
		s.Offer = nil
	}
}
