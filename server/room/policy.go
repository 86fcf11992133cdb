package room

import (
	"time"

	"holdline/server/signal"
)

// Policy is what an operator may set, as promises.
type Policy struct {
	MaxParticipants int // places in a room, held ones included
	Limits          signal.Limits
	KeptMessages    int // for one who is away
	KeptBytes       int

	// ReturnWindow is how long a place is held after a bye of unknown intent,
	// a close or a navigation: 10 s. A page is back 1 to 3 s after a reload.
	ReturnWindow time.Duration
	// ReturnWindowReload is the same after a bye that says reload: 20 s.
	ReturnWindowReload time.Duration
	// GraceClosed is the same after the end of the stream without a goodbye: 20 s.
	GraceClosed time.Duration
	// GraceSilent is the same after pings that nobody answered: 30 s, as
	// consent to send lasts (RFC 7675, section 5.1).
	GraceSilent time.Duration
	// GraceFrozen is the same after a page said that the browser freezes it:
	// 10 min. Chromium keeps a frozen page's connections.
	GraceFrozen time.Duration
	// VouchFor is how long a peer's word that media still flows counts: 10 s.
	VouchFor time.Duration
	// RebuildFor is how long after the server's start returning pages may say
	// who else was in the room: 30 s.
	RebuildFor time.Duration
	// KeepLeft is how long a room remembers how somebody ended, for the one
	// who comes back too late: 10 min.
	KeepLeft time.Duration
	// GoawayReturn is when pages should come again after a drain: 1 s.
	GoawayReturn time.Duration

	// PingEvery and DeadAfter are for the sockets: a ping each 5 s, dead
	// after 12 s without an answer (LiveKit 5/15, PairDrop 1/5).
	PingEvery time.Duration
	DeadAfter time.Duration
}

// maxLeft bounds how many ends a room remembers.
const maxLeft = 64

// DefaultPolicy is what holds unless flags say otherwise.
func DefaultPolicy() Policy {
	return Policy{
		MaxParticipants:    8,
		Limits:             signal.DefaultLimits,
		KeptMessages:       signal.KeptMessages,
		KeptBytes:          signal.KeptBytes,
		ReturnWindow:       10 * time.Second,
		ReturnWindowReload: 20 * time.Second,
		GraceClosed:        20 * time.Second,
		GraceSilent:        30 * time.Second,
		GraceFrozen:        10 * time.Minute,
		VouchFor:           10 * time.Second,
		RebuildFor:         30 * time.Second,
		KeepLeft:           10 * time.Minute,
		GoawayReturn:       time.Second,
		PingEvery:          5 * time.Second,
		DeadAfter:          12 * time.Second,
	}
}

// Scale multiplies every duration by f, so that tests can wait less. The
// ratios, which the decisions depend on, stay.
func (p Policy) Scale(f float64) Policy {
	for _, d := range []*time.Duration{
		&p.ReturnWindow, &p.ReturnWindowReload, &p.GraceClosed, &p.GraceSilent, &p.GraceFrozen, &p.VouchFor, &p.RebuildFor,
		&p.KeepLeft, &p.GoawayReturn, &p.PingEvery, &p.DeadAfter,
	} {
		*d = time.Duration(float64(*d) * f)
	}
	return p
}
