package session

import (
	"math/rand/v2"
	"testing"
	"time"

	"holdline/server/signal"
)

// ended is a call whose path was blocked for good, and is free again.
func (w *world) ended() (ana, ben *page) {
	w.Helper()
	ana, ben = w.call()
	w.blocked = true
	w.until(2*time.Minute, "ended on both sides", func() bool {
		return ana.peer("Ben").State == PeerEnded && ben.peer("Ana").State == PeerEnded
	})
	w.blocked = false
	return ana, ben
}

func TestRejoinConnectsAfterTheEndOfAPathWhoeverPressesIt(t *testing.T) {
	for name, press := range map[string]func(w *world, ana, ben *page){
		"the first who came":  func(_ *world, ana, _ *page) { ana.step(RejoinPressed{}) },
		"the second who came": func(_ *world, _, ben *page) { ben.step(RejoinPressed{}) },
		"both":                func(_ *world, ana, ben *page) { ana.step(RejoinPressed{}); ben.step(RejoinPressed{}) },
		"both, the second while the first one’s offer is on its way": func(w *world, ana, ben *page) {
			ben.step(RejoinPressed{})
			w.run(signalTime)
			ana.step(RejoinPressed{})
		},
		"both, the second while it answers": func(w *world, ana, ben *page) {
			ana.step(RejoinPressed{})
			w.run(packetTime + 2*signalTime + time.Millisecond)
			ben.step(RejoinPressed{})
		},
		"one of them twice": func(_ *world, ana, _ *page) { ana.step(RejoinPressed{}); ana.step(RejoinPressed{}) },
		"both, of whom one has tried in vain": func(w *world, ana, ben *page) {
			ben.s.peer("p1").Link.Generation++
			ana.step(RejoinPressed{})
			ben.step(RejoinPressed{})
		},
	} {
		for seed := range uint64(20) {
			w := newWorld(t)
			ana, ben := w.ended()
			w.jitter = rand.New(rand.NewPCG(seed, 1))
			press(w, ana, ben)
			w.run(3 * time.Second)
			for _, p := range w.pages {
				v := p.s.Snapshot().Peers[0]
				if v.State != PeerConnected || v.Rejoin || v.End != nil {
					t.Fatalf("%s, seed %d: %s sees %+v", name, seed, p.s.Name, v)
				}
			}
			if a, b := ana.peer("Ben").Generation, ben.peer("Ana").Generation; a != b || a < 2 {
				t.Errorf("%s, seed %d: generations %d and %d", name, seed, a, b)
			}
		}
	}
}

func TestWhoIsStillInTheRoomStaysOnThePageAfterTheEndOfItsLink(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.ended()
	w.run(time.Hour)
	for _, p := range []*page{ana, ben} {
		if v := p.s.Snapshot().Peers; len(v) != 1 || v[0].State != PeerEnded || !v[0].Rejoin {
			t.Errorf("%s an hour later: %+v, want one to rejoin", p.s.Name, v)
		}
	}
	ben.step(LeavePressed{})
	w.run(time.Second)
	if v := ana.peer("Ben"); v.State != PeerEnded || v.Cause != signal.CauseHangup || v.Rejoin {
		t.Errorf("Ben has left: %+v, want hangup and nobody to rejoin", v)
	}
	w.run(ana.s.policy.ShowEndedFor)
	if v := ana.s.Snapshot().Peers; len(v) != 0 {
		t.Errorf("Ben has left long ago: %+v", v)
	}
}

func TestNobodyIsToBeRejoinedWhoIsAway(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.ended()
	ben.vanishes()
	w.run(time.Second)
	if v := ana.peer("Ben"); v.State != PeerAway || v.Rejoin {
		t.Errorf("%+v, want away", v)
	}
}

func TestTheRecoveryThatFailedIsRememberedAfterRejoin(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.ended()
	failed := ana.path().Recovery
	ana.step(RejoinPressed{})
	w.run(3 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if got := ana.path().Recovery; len(got) != 1 || !got[0].Failed || got[0] != failed[0] {
		t.Errorf("recoveries %+v, want %+v", got, failed)
	}
}

func TestAHandshakeThatFailsAfterRejoinIsTheEndOfTheLink(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.ended()
	w.broken = true
	ana.step(RejoinPressed{})
	link := ana.s.Peers[0].name()
	ana.step(DTLSStateChanged{link, "connecting"})
	ana.step(DTLSStateChanged{link, "failed"})
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseDTLSFailed)
}

func TestWhoLeavesAfterTheEndOfItsLinkHasNoFinding(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.ended()
	if v := ana.peer("Ben"); v.Path.Finding == signal.FindingNone || v.Path.Finding != v.End.Finding {
		t.Fatalf("before: the path says %q, the end %q", v.Path.Finding, v.End.Finding)
	}
	ben.step(LeavePressed{})
	w.run(time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseHangup)
	if v := ana.peer("Ben"); v.Path.Finding != signal.FindingNone {
		t.Errorf("Ben has left, and his path says %q", v.Path.Finding)
	}
}
