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
		w.until(time.Second, "an offer", func() bool { p := ana.s.peer("p2"); return p != nil && p.Link.RemoteAt != 0 == blocked })
		ben.hangs = !blocked
		for range 3 { // for less than a place is held each time
			w.down = true
			ana.socketEnds(1006)
			ben.socketEnds(1006)
			w.run(15 * time.Second)
			ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
			w.down = false
			w.run(1500 * time.Millisecond)
		}
		ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
		w.run(DefaultPolicy().ConnectWithin + 5*time.Second) // Ben may come back later
		ana.expect(StateWaiting, "Ben", PeerEnded, map[bool]Cause{true: signal.CauseICEFailed, false: signal.CauseNegotiationTimeout}[blocked])
	}
}

func TestANetworkThatCutsEverySocketIsNotWaitedForWithoutEnd(t *testing.T) {
	for _, every := range []time.Duration{4 * time.Second, 8 * time.Second, 30 * time.Second} {
		w, ana := pathless(t)
		p := ana.s.peer("p2")
		for end := w.now + 3*time.Minute; p.Link.State != linkEnded && w.now < end; {
			w.run(every)
			ana.socketEnds(1006)
		}
		w.run(2 * time.Second)
		ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseICEFailed)
	}
}

// The timers of a hidden page fire a second late at most (Chromium 156, Firefox
// 153): that is no reason to wait longer, again and again.
func TestAHiddenPageEndsWhatIsOver(t *testing.T) {
	w, ana, p := silent(t)
	ana.step(VisibilityChanged{Hidden: true})
	p.Link.GiveUpAt = w.now + 9300*time.Millisecond
	for end := w.now + 12*time.Second; w.now < end && p.Link.State != linkEnded; {
		at, _ := ana.s.Deadline()
		ana.stopped = true
		w.run(max(at-w.now, time.Second) + 2*time.Millisecond)
		ana.stopped = false
		ana.tick()
	}
	if p.Link.State != linkEnded {
		t.Errorf("it still goes on %v after its time", w.now-p.Link.GiveUpAt)
	}
}

// What came while nothing ran lies in the queue behind the tick.
func TestAPageThatStoodStillReadsBeforeItJudges(t *testing.T) {
	within := DefaultPolicy().LookAfter
	for _, tt := range []struct {
		name  string
		begin func() (w *world, ana *page)
		came  func(ana *page)
	}{
		{"an answer", func() (*world, *page) { w, ana := onewire(t); w.run(6 * time.Second); return w, ana }, func(ana *page) {
			ana.hearAnswer()
		}},
		{"a path", func() (*world, *page) {
			w, ana := onewire(t)
			ana.hearOffer(4, 1, 1, 1, "v=0")
			w.run(time.Second)
			return w, ana
		}, func(ana *page) {
			ana.step(ControlOpened{ana.s.peer("zoe").name()})
		}},
		{"packets", func() (*world, *page) {
			w, ana, p := silent(t)
			p.Link.GiveUpAt = w.now + 30*time.Second
			return w, ana
		}, func(ana *page) {
			ana.step(ControlReceived{ana.s.Peers[0].name(), signal.Envelope{Type: signal.TypeBeat}})
		}},
	} {
		w, ana := tt.begin()
		ana.stopped = true
		w.run(50 * time.Second)
		ana.stopped = false
		ana.tick()
		p := ana.s.Peers[len(ana.s.Peers)-1]
		if p.Link.State == linkEnded {
			t.Errorf("%s: ended before it was read: %v", tt.name, p.Link.End)
			continue
		}
		tt.came(ana)
		w.run(within + time.Millisecond)
		if p.Link.State == linkEnded {
			t.Errorf("%s: ended although it came: %v", tt.name, p.Link.End)
		}
	}
}

func TestABrowserThatTakesNoDescriptionIsNegotiationFailed(t *testing.T) {
	for name, begin := range map[string]func(w *world, ana *page){
		"its own":      func(w *world, ana *page) { ana.hangs = true; w.run(DefaultPolicy().OfferAfter) },
		"the remote's": func(w *world, ana *page) { ana.hangs = true; ana.hearOffer(4, 1, 1, 1, "v=0") },
		"the remote's answer, which came late": func(w *world, ana *page) {
			w.run(DefaultPolicy().OfferAfter + DefaultPolicy().NegotiateWithin - 20*time.Millisecond)
			ana.hangs = true
			ana.hearAnswer()
		},
	} {
		w, ana := onewire(t)
		begin(w, ana)
		w.run(DefaultPolicy().NegotiateWithin - time.Millisecond)
		ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
		w.run(2 * time.Millisecond)
		ana.expect(StateWaiting, "Zoe", PeerEnded, signal.CauseNegotiationFailed)
		if end := ana.peer("Zoe").End; end != nil && strings.Count(strings.Join(end.Evidence, "\n"), "within 20s") != 1 {
			t.Errorf("the evidence is %q, want it once", end.Evidence)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
