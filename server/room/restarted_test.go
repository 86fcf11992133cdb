package room

import (
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

// knows puts others into a hello's roster; those whose name ends in a bang are
// heard by it.
func knows(names ...string) func(*Hello) {
	return func(h *Hello) {
		for i, name := range names {
			id, heard := strings.CutSuffix(name, "!")
			h.Hello.Roster = append(h.Hello.Roster, signal.Presence{Participant: id, Name: id, Life: 1, Order: 10 + i, State: signal.PresencePresent, Heard: heard})
		}
	}
}

// A restarted server takes a page's word for the others, and its room is full of
// them: who returns takes the place of one whom nobody hears, as long as there
// is one.
func TestWhoReturnsToAFullRoomTakesThePlaceOfOneWhomNobodyHears(t *testing.T) {
	c := newConversation(t)
	for i, name := range []string{"bo", "cy", "di", "eva"} {
		c.hello(Conn(i+1), name, 1)
	}
	c.r = New("blue", testKey, DefaultPolicy(), 1000)
	c.r.policy.MaxParticipants = 3
	c.expect(c.hello(11, "bo", 1, c.with(1), knows("ana!", "ghost")),
		"11 away ana life 1 away ana server-shutdown #1 20s", "11 away ghost life 1 away ghost server-shutdown #1 20s",
		"11 welcome bo order 1 resumed, ana life 1 away ana server-shutdown #1 20s, ghost life 1 away ghost server-shutdown #1 20s")
	c.expect(c.hello(12, "cy", 1, c.with(2)),
		"11 left ghost page-vanished #2 final", "11 present cy life 1 present",
		"12 welcome cy order 2 resumed, bo life 1 present, ana life 1 away ana server-shutdown #1 20s, left ghost page-vanished #2 final")
	c.expect(c.hello(13, "di", 1, c.with(3)),
		"11 left ana page-vanished #2 final", "12 left ana page-vanished #2 final", "11 present di life 1 present", "12 present di life 1 present",
		"13 welcome di order 3 resumed, bo life 1 present, cy life 1 present, left ghost page-vanished #2 final, left ana page-vanished #2 final")
	c.expect(c.hello(14, "eva", 1, c.with(4)), "14 close 4002")
}

// While somebody hears who has no signaling the place is held by that word
// alone, and only for as long as it is kept up: a newcomer to a full room takes it.
func TestAPlaceThatOnlyAWordHoldsIsYielded(t *testing.T) {
	for _, newcomer := range []bool{false, true} {
		c := newConversation(t)
		c.r.policy.MaxParticipants = 2
		c.hello(1, "ana", 1)
		c.hello(2, "bo", 1)
		c.closed(1)
		c.after(19 * time.Second)
		c.expect(c.hello(3, "cy", 1), "3 close 4002")
		c.message(2, signal.Envelope{Type: signal.TypeVouch, To: "ana"})
		c.expect(c.after(2 * time.Second))
		if newcomer {
			c.expect(c.hello(4, "cy", 1), "2 left ana page-vanished #2 final", "2 present cy life 1 present",
				"4 welcome cy order 3, bo life 1 present, left ana page-vanished #2 final")
			continue
		}
		c.expect(c.after(c.r.policy.VouchFor-2*time.Second), "2 left ana page-vanished #2 final")
	}
}
