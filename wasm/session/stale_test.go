package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

// dark is a call on which nothing has passed for so long, signaling included.
func dark(t *testing.T, long time.Duration) (w *world, ana, ben *page) {
	t.Helper()
	w = newWorld(t)
	ana, ben = w.call()
	w.blocked, w.down = true, true
	w.run(long)
	w.blocked, w.down = false, false
	return w, ana, ben
}

func TestAfterALongSilenceTheConnectionIsMadeAnew(t *testing.T) {
	for _, tt := range []struct {
		silence    time.Duration
		generation int
	}{{2 * time.Second, 1}, {5 * time.Second, 2}, {15 * time.Second, 2}} {
		w, ana, ben := dark(t, tt.silence)
		w.noMedia = true
		for _, p := range []*page{ana, ben} {
			p.pcs[p.s.Peers[0].name()].open = false // SCTP waits until it repeats what was lost
		}
		w.until(6*time.Second, "connected again", func() bool { return ana.s.Snapshot().State == StateConnected })
		if g := ana.s.Peers[0].Link.Generation; tt.generation > 1 && g != tt.generation {
			t.Errorf("after %s of nothing the connection is of generation %d, want %d", tt.silence, g, tt.generation)
		}
	}
}

func TestPacketsAloneAreNotYetACallAfterALongSilence(t *testing.T) {
	for _, tt := range []struct {
		silence time.Duration
		state   PeerState
	}{{2 * time.Second, PeerConnected}, {10 * time.Second, PeerRecovering}} {
		w := newWorld(t)
		ana, _ := w.call()
		w.blocked, w.down = true, true
		w.run(tt.silence)
		p := ana.s.Peers[0]
		more := func() {
			ana.step(StatsSampled{Link: p.name(), Attempt: p.Link.StatsAttempt, Packets: p.Link.Packets + 1})
		}
		more()
		ana.expect(StateRecovering, "Ben", tt.state, p.Link.Cause)
		for range 12 {
			w.run(500 * time.Millisecond)
			more()
		}
		ana.expect(StateRecovering, "Ben", PeerConnected, signal.CausePageUnresponsive)
	}
}

func TestABeatAfterALongSilenceIsACall(t *testing.T) {
	for _, picture := range []bool{false, true} { // a picture is frozen until its next key frame
		_, ana, _ := dark(t, 10*time.Second)
		p := ana.s.Peers[0]
		p.Media = signal.Media{Microphone: true, Screen: picture}
		ana.step(ControlReceived{p.name(), signal.Envelope{Type: signal.TypeBeat, Life: 1, Generation: 1}})
		if connected := p.Link.State == linkConnected; connected == picture || p.Link.Stale != picture {
			t.Errorf("picture %v: the link is %s, stale %v", picture, linkNames[p.Link.State], p.Link.Stale)
		}
	}
}

func TestAPageThatHasMovedMakesASilentConnectionAnew(t *testing.T) {
	for _, moved := range []bool{false, true} {
		w := newWorld(t)
		ana, _ := w.call()
		ana.s.ICE.Address, ana.address = "198.51.100.7", "198.51.100.7"
		if moved {
			ana.address = "203.0.113.9"
		}
		w.blocked = true
		w.run(DefaultPolicy().InterruptedAfter + 100*time.Millisecond)
		ana.socketEnds(1006)
		w.run(200 * time.Millisecond)
		if anew := ana.s.Peers[0].Link.Generation > 1; anew != moved {
			t.Errorf("moved %v: a new connection %v", moved, anew)
		}
	}
}
