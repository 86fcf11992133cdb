package room

import (
	"time"

	"holdline/server/signal"
)

// Seat is one participant's place, for those who look on: tests and the
// simulation.
type Seat struct {
	Participant string
	Life        int64
	State       signal.PresenceState
	Until       time.Duration
	Conn        Conn
	Kept        int // messages in its outbox
	KeptBytes   int
}

// Seats are the places of the room, in order.
func (r *Room) Seats() []Seat {
	seats := make([]Seat, 0, len(r.people))
	for _, p := range r.people {
		seats = append(seats, Seat{p.id, p.life, p.state, p.until, p.conn, len(p.outbox.Kept), p.outbox.Bytes})
	}
	return seats
}

// Left is how many ends the room remembers, and LeftEnd one of them, oldest
// first.
func (r *Room) Left() int { return len(r.left) }

// LeftRevisions adds up the revisions of the ends that the room remembers: it
// changes whenever one of them does.
func (r *Room) LeftRevisions() (sum int) {
	for i := range r.left {
		sum += r.left[i].end.Revision
	}
	return sum
}

// LeftEnd is the i-th end that the room remembers.
func (r *Room) LeftEnd(i int) signal.End { return r.left[i].end }

// Rows names the room's part of the table of causes, in order.
func Rows() []string {
	names := make([]string, 0, len(Verdicts))
	for _, v := range Verdicts {
		names = append(names, v.Name)
	}
	return names
}
