package session

import (
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

func TestNoAnswerForTwentySecondsIsANegotiationTimeout(t *testing.T) {
	w, ana := onewire(t)
	w.run(24900 * time.Millisecond)
	ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
	if n := offersSent(ana); n != 4 {
		t.Errorf("%d offers in 20 s, want 4: at 0, 5, 10 and 15 s", n)
	}
	w.run(300 * time.Millisecond)
	ana.expect(StateWaiting, "Zoe", PeerEnded, signal.CauseNegotiationTimeout)
	if end := ana.peer("Zoe").End; end == nil || end.Layer != signal.LayerSDP || end.Next != signal.NextRejoin {
		t.Errorf("end %+v, want layer sdp, next rejoin", end)
	}
}

func TestNoPathForFortySecondsIsICEFailed(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "an offer")
	w.run(39900 * time.Millisecond)
	ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
	w.run(200 * time.Millisecond)
	ana.expect(StateWaiting, "Zoe", PeerEnded, signal.CauseICEFailed)
	if n := ana.kinds["ClosePeerConnection"]; n != 1 {
		t.Errorf("%d connections closed, want 1", n)
	}
}

func TestADescriptionThatTheBrowserRefusesIsNegotiationFailed(t *testing.T) {
	w, ana := onewire(t)
	ana.refuse = "InvalidAccessError: m=video does not fit"
	ana.hearOffer(4, 1, 1, 1, "an offer")
	w.run(100 * time.Millisecond)
	ana.expect(StateWaiting, "Zoe", PeerEnded, signal.CauseNegotiationFailed)
	end := ana.peer("Zoe").End
	if end == nil || !strings.Contains(strings.Join(end.Evidence, "\n"), "m=video does not fit") {
		t.Errorf("end %+v, want the browser's words in its evidence", end)
	}
}

func TestNobodyIsJudgedWhileNoAnswerCanCome(t *testing.T) {
	for _, blocked := range []bool{false, true} {
		w := newWorld(t)
		w.blocked = blocked
		ana := w.open(Config{Name: "Ana", JoinNow: true})
		w.run(100 * time.Millisecond)
		ben := w.open(Config{Name: "Ben", JoinNow: true})
		negotiates := func() bool { l := ana.s.peer("p2"); return l != nil && l.Link.RemoteAt != 0 == blocked }
		w.until(time.Second, "an offer", negotiates)
		w.down = true
		ana.socketEnds(1006)
		ben.socketEnds(1006)
		w.run(45 * time.Second)
		ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
		ben.expect(StateRecovering, "Ana", PeerNegotiating, "")
		w.down = false
		w.run(DefaultPolicy().ConnectWithin - time.Second)
		if !blocked {
			ana.expect(StateConnected, "Ben", PeerConnected, "")
			continue
		}
		ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
		w.run(8 * time.Second)
		ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseICEFailed)
		ben.expect(StateWaiting, "Ana", PeerEnded, signal.CauseICEFailed)
	}
}
