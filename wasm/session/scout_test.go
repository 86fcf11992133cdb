package session

import (
	"testing"
	"time"

	"holdline/server/room"
)

func TestOneOfACallTriesEverySecondAndTheOthersComeWithIt(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	cem := w.open(Config{Name: "Cem", JoinNow: true})
	all := []*page{ana, ben, cem}
	connected := func() bool {
		for _, p := range all {
			if len(p.s.Peers) != 2 {
				return false
			}
			for _, q := range p.s.Peers {
				if q.Link.State != linkConnected || !q.Link.Control {
					return false
				}
			}
		}
		return true
	}
	w.until(5*time.Second, "three are connected", connected)
	w.down = true
	for _, p := range all {
		p.socketEnds(1006)
	}
	w.run(20 * time.Second)
	var tries [3]int
	for i, p := range all {
		tries[i] = -p.attempt
	}
	w.run(21 * time.Second)
	for i, p := range all {
		tries[i] += p.attempt
	}
	if tries[0] < 17 || tries[0] > 26 {
		t.Errorf("the scout tried %d times in 21 s, want one a second", tries[0])
	}
	for i := range 2 {
		if n := tries[i+1]; n < 2 || n > 4 {
			t.Errorf("%s tried %d times in 21 s, want one in 7 s", all[i+1].s.Name, n)
		}
	}
	w.down = false
	w.until(1500*time.Millisecond, "all are back", func() bool {
		return ana.s.Signaling.Welcomed && ben.s.Signaling.Welcomed && cem.s.Signaling.Welcomed
	})
	if !connected() {
		t.Error("a link suffered")
	}
}

func TestWhoAloneHasLostTheServerIsItsOwnScout(t *testing.T) {
	w := newWorld(t)
	_, ben := w.call()
	w.down = true // Ana will notice after 12 s
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: 1006})
	w.run(4 * time.Second)
	tries := -ben.attempt
	w.run(6 * time.Second)
	if tries += ben.attempt; tries < 4 || tries > 8 {
		t.Errorf("%d tries in 6 s, want one a second", tries)
	}
}

func TestWhoIsInNoCallIsNoScout(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.blocked, w.broken, w.noMedia = true, true, true
	w.down = true
	ana.step(SignalingClosed{Attempt: ana.attempt, Code: 1006})
	w.run(60 * time.Second) // until the ladder has given up
	tries := -ana.attempt
	w.run(21 * time.Second)
	if tries += ana.attempt; tries > 4 {
		t.Errorf("%d tries in 21 s, want one in 7 s", tries)
	}
}

func TestWhoWasSentAwayComesAtItsOwnTime(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.roomStep(room.Drain{Return: 20 * time.Second})
	w.run(time.Second)
	first, second := ana, ben
	if first.s.Signaling.RetryAt > second.s.Signaling.RetryAt {
		first, second = second, first
	}
	due := second.s.Signaling.RetryAt
	if due-first.s.Signaling.RetryAt < time.Second {
		t.Fatal("the two come too close to each other for this test: choose other seeds")
	}
	w.until(40*time.Second, "the first is back", func() bool { return first.s.Signaling.Welcomed })
	w.run(500 * time.Millisecond) // the control channel has told
	if got := second.s.Signaling.RetryAt; got != due {
		t.Errorf("the second comes at %v, want %v as the server asked", got, due)
	}
	w.until(40*time.Second, "both are back", func() bool { return second.s.Signaling.Welcomed })
}
