package session

// What those who look on read of a session: tests and the simulation.

// Faults counts the events that the matrix says cannot happen, and the ends
// that no row of Diagnose explains.
func (s *Session) Faults() (nevers, unknowns int) { return s.Nevers, s.Unknowns }

// Ended says whether the person's own session is over.
func (s *Session) Ended() bool { return s.Phase == phaseEnded }

// MayLeave says whether leaving was said, and neither bye nor stay since.
func (s *Session) MayLeave() bool { return s.LeavingAt != 0 }

// Load is how much the session keeps, for bounds.
type Load struct{ Peers, Unsent, Kept, KeptBytes, Messages int }

// Load counts what is kept.
func (s *Session) Load() Load {
	l := Load{Peers: len(s.Peers), Kept: len(s.Signaling.Outbox.Kept), KeptBytes: s.Signaling.Outbox.Bytes, Messages: len(s.Messages)}
	for _, p := range s.Peers {
		l.Unsent += len(p.Unsent)
	}
	return l
}

// Rungs are the highest rung of the ladder that each link stands on now.
func (s *Session) Rungs(yield func(rung int)) {
	for _, p := range s.Peers {
		yield(p.Link.Rung)
	}
}

// Cells is how many cells the matrix has: one per kind of event and state.
const Cells = int(kinds) * 5

// Cell is the cell that the event meets now, -1 when it is stale before it
// meets one.
func (s *Session) Cell(ev Event) int {
	k := ev.kind()
	if s.Gone && k != kindPageShow {
		return -1
	}
	if l, ok := linkOf(ev); ok {
		p := s.peer(l.Peer)
		if s.Phase == phaseEnded || p == nil || p.Link.State == linkEnded || p.name() != l || stale(ev, &p.Link) {
			return -1
		}
		return int(k)*5 + int(p.Link.State)
	}
	if a, ok := signalingAttempt(ev); ok && a != s.Signaling.Attempt {
		return -1
	}
	return int(k)*5 + int(s.Phase)
}

// CellName words a cell; wanted says whether the matrix handles it, so that
// some history should reach it.
func CellName(cell int) (name string, wanted bool) {
	k, state := kind(cell/5), cell%5
	if state > 3 {
		return "", false
	}
	if k < kindNegotiationNeeded {
		return k.String() + " while " + phaseNames[state], phaseMatrix[k][state] == handle
	}
	return k.String() + " while " + linkNames[state], linkMatrix[k][state] == handle
}
