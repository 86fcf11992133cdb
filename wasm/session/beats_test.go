package session

import (
	"slices"
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

func TestSilenceIsNoticedAfterASecondAndRepairedByAnICERestart(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.blocked = true
	w.run(700 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	w.run(400*time.Millisecond + 2*packetTime)
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	if n := restarts(ana); n != 1 {
		t.Errorf("%d ICE restarts, want 1 at once", n)
	}
	w.run(time.Second)
	w.blocked = false
	for range 60 { // statistics come before the next beat does
		w.run(5 * time.Millisecond)
		if v := ana.peer("Ben"); v.Cause == signal.CausePageUnresponsive {
			t.Fatal("Ben, who was cut off, is called unresponsive")
		}
	}
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if l := ana.s.peer("p2").Link; l.Rung != 0 || l.GiveUpAt != 0 {
		t.Errorf("after recovery the ladder stands at rung %d, until %v", l.Rung, l.GiveUpAt)
	}
}

func restarts(p *page) int {
	return count(p, func(a SetLocalDescription) bool { return a.Restart })
}

func TestHiddenPagesMayBeSilentForLonger(t *testing.T) {
	for _, who := range []string{"own", "remote"} {
		w := newWorld(t)
		ana, ben := w.call()
		hidden := ana
		if who == "remote" {
			hidden = ben
		}
		hidden.step(VisibilityChanged{Hidden: true})
		w.run(2 * time.Second)
		if !ana.s.Hidden && !ana.s.peer("p2").Hidden {
			t.Errorf("%s page hidden: nobody told Ana", who)
		}
		w.blocked = true
		w.run(1100 * time.Millisecond) // the statistics still tell of the last packets
		heard := ana.s.peer("p2").Link.HeardAt
		w.run(heard + 2400*time.Millisecond - w.now)
		ana.expect(StateConnected, "Ben", PeerConnected, "")
		w.run(200 * time.Millisecond)
		ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	}
}

func TestAPageThatIsVisibleAgainJudgesNobodyByTheSlowerBeat(t *testing.T) {
	for _, who := range []string{"own", "both"} {
		w := newWorld(t)
		ana, ben := w.call()
		w.noMedia = true
		ana.step(VisibilityChanged{Hidden: true})
		if who == "both" {
			ben.step(VisibilityChanged{Hidden: true})
		}
		w.run(2 * time.Second)
		w.blocked = true
		heard := ana.s.peer("p2").Link.HeardAt
		w.run(heard + 1900*time.Millisecond - w.now)
		w.blocked = false
		beats := ana.s.Beats
		ana.step(VisibilityChanged{Hidden: false})
		ben.step(VisibilityChanged{Hidden: false})
		w.run(100 * time.Millisecond)
		ana.expect(StateConnected, "Ben", PeerConnected, "")
		if ana.s.Beats == beats {
			t.Errorf("%s: no beat at once", who)
		}
		w.run(time.Second)
		ana.expect(StateConnected, "Ben", PeerConnected, "")
		ben.expect(StateConnected, "Ana", PeerConnected, "")
		if n := restarts(ana) + restarts(ben); n != 0 {
			t.Errorf("%s: %d ICE restarts of a path that works", who, n)
		}
	}
}

func TestAPageThatHangsWhileItsPacketsFlowIsUnresponsive(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.stopped = true // its RTP flows on
	w.run(3 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, signal.CausePageUnresponsive)
	if n := restarts(ana); n != 0 {
		t.Errorf("%d ICE restarts of a path that works", n)
	}
	ben.stopped = false
	w.run(time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestOwnTimersThatAreLateJudgeNobody(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(500 * time.Millisecond)
	w.blocked = false
	w.noMedia = true
	ana.busyUntil = w.now + 3*time.Second // a dialog is open; what comes waits in the queue
	ben.busyUntil = ana.busyUntil
	w.run(3*time.Second + time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	w.run(time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestAClockThatJumpsJudgesNobodyBeforeTheyAreHeard(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.noMedia = true
	ana.stopped, ben.stopped = true, true // both machines sleep: time passes for the wall clock only
	w.run(2 * time.Second)
	ana.stopped, ben.stopped = false, false
	ana.slept, ben.slept = time.Hour, time.Hour
	beats := ana.sent(signal.TypeBeat)
	ana.step(VisibilityChanged{Hidden: false})
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	w.run(time.Millisecond)
	if n := ana.sent(signal.TypeBeat) - beats; n != 1 {
		t.Errorf("%d beats to the server at once, want 1", n)
	}
	w.run(2 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestAClockThatJumpsGivesTheSilentAMoment(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.noMedia, w.blocked = true, true
	w.run(100 * time.Millisecond)
	heard := ana.s.peer("p2").Link.HeardAt
	w.run(heard + 900*time.Millisecond - w.now)
	ana.slept = time.Hour // the machine slept, and its monotonic clock with it
	ana.step(VisibilityChanged{Hidden: false})
	w.run(200 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	w.run(400 * time.Millisecond)
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
}

func TestWhoLooksAtThePageAgainIsNotKeptWaiting(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.blocked, w.broken = true, true
	p := ana.s.peer("p2")
	w.until(20*time.Second, "waiting for a change", func() bool { return p.Link.Rung == rungWait })
	ana.step(VisibilityChanged{Hidden: true})
	if p.Link.Rung != rungWait {
		t.Error("a page that is hidden tries again")
	}
	ana.step(VisibilityChanged{Hidden: false})
	if p.Link.Rung == rungWait {
		t.Error("a page that is looked at again waits for its time")
	}
	ana.step(LeavePressed{})
	before := ana.kinds["OpenSignaling"]
	ana.step(VisibilityChanged{Hidden: false})
	if ana.kinds["OpenSignaling"] != before {
		t.Error("a page that has left comes back when it is looked at")
	}
	w = newWorld(t)
	ana = w.open(Config{Name: "Ana", JoinNow: true})
	ana.void = true
	w.run(time.Second)
	if ana.step(VisibilityChanged{Hidden: false}); ana.kinds["OpenSignaling"] != 1 {
		t.Error("a socket that is being dialed is dialed anew because somebody looks")
	}
	for _, told := range []bool{false, true} {
		w := newWorld(t)
		ana, _ := w.call()
		w.down = true
		ana.loses(told)
		w.run(200 * time.Millisecond)
		at := ana.s.Signaling.RetryAt
		ana.step(VisibilityChanged{Hidden: false})
		if now := ana.s.Signaling.RetryAt == w.now; at == w.now || now == told {
			t.Errorf("told when to come back %v: the next try is at %v, was at %v, now is %v", told, ana.s.Signaling.RetryAt, at, w.now)
		}
	}
}

func TestTheLadderIsClimbedInOrder(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.blocked, w.broken = true, true
	var rungs []int
	var times []float64
	start := w.now
	for w.now-start < 45*time.Second {
		w.run(50 * time.Millisecond)
		if l := ana.s.peer("p2").Link; len(rungs) == 0 || rungs[len(rungs)-1] != l.Rung {
			rungs, times = append(rungs, l.Rung), append(times, (w.now-start).Seconds())
		}
	}
	if want := []int{0, rungRestartICE, rungNewConnection, rungWait}; !slices.Equal(rungs, want) {
		t.Fatalf("rungs %v at %v, want %v", rungs, times, want)
	}
	for i, want := range []float64{0, 1, 2.5, 12.5} {
		if times[i] < want-0.3 || times[i] > want+0.3 {
			t.Errorf("rung %d at %.1f s, want %.0f", rungs[i], times[i], want)
		}
	}
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePathBlocked)
	if at := ana.s.peer("p2").EndedAt - start; at < 40*time.Second || at > 42*time.Second {
		t.Errorf("given up after %v, want 40 s after the first of silence", at)
	}
}

func TestWithoutSignalingASilentLinkIsNetworkLost(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.blocked, w.down = true, true
	w.run(60 * time.Second)
	ana.expect(StateRecovering, "Ben", PeerEnded, signal.CauseNetworkLost)
}

func TestAControlChannelThatClosesLeadsToANewConnectionAtOnce(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	old := Link{"p2", 1, 1}
	ana.pcs[old].open = false
	ana.step(ControlClosed{old})
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	w.until(time.Second, "connected again", func() bool { return ana.s.Snapshot().State == StateConnected })
	w.run(100 * time.Millisecond)
	ben.expect(StateConnected, "Ana", PeerConnected, "")
	for _, p := range []*page{ana, ben} {
		if v := p.s.peer(p.s.Peers[0].ID); v.Link.Generation != 2 || v.Link.Old != 0 {
			t.Errorf("%s: generation %d, old %d, want 2 and none", p.s.Name, v.Link.Generation, v.Link.Old)
		}
	}
	if !ana.pcs[old].closed {
		t.Error("the old connection stays open")
	}
}

func TestAChannelThatClosedWhileTheRemoteWasAwayLeadsToANewConnectionOnItsReturn(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(1100 * time.Millisecond)
	conn := ben.conn
	ben.conn, ben.stopped = 0, true
	w.roomStep(room.Closed{Conn: conn, Code: 1006, Silent: true})
	w.run(100 * time.Millisecond)
	ana.step(ControlClosed{Link{"p2", 1, 1}})
	if g := ana.s.peer("p2").Link.Generation; g != 1 {
		t.Fatalf("generation %d while nobody is there", g)
	}
	w.blocked, ben.stopped = false, false
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: 1006})
	w.until(2*time.Second, "a new connection", func() bool { return ana.s.peer("p2").Link.Generation == 2 })
	w.until(2*time.Second, "connected again", func() bool { return ana.s.Snapshot().State == StateConnected })
}

func TestAControlChannelThatClosesBeforeItOpensStartsNoLadder(t *testing.T) {
	w := newWorld(t)
	w.broken = true
	relay := []signal.ICEServer{{URLs: []string{"turn:relay.test"}}}
	ana := w.open(Config{Name: "Ana", JoinNow: true, ICEServers: relay})
	w.run(time.Second)
	w.open(Config{Name: "Ben", JoinNow: true, ICEServers: relay})
	w.run(time.Second)
	l := ana.s.peer("p2").name()
	ana.step(ControlClosed{l}) // the remote has closed its connection; its next offer is on the way
	ana.step(NegotiationNeeded{l})
	if count(ana, func(a SetLocalDescription) bool { return a.Relay }) != 0 {
		t.Error("a first connection is offered over the relay only")
	}
	if p := ana.s.peer("p2"); p.Link.State != linkNegotiating || p.Link.Rung != 0 {
		t.Errorf("the link is %s on rung %d, want negotiating on none", linkNames[p.Link.State], p.Link.Rung)
	}
}

func TestARemoteThatIsBackStartsTheLadderAnew(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(2 * time.Second)
	conn := ben.conn
	ben.conn, ben.stopped = 0, true
	w.roomStep(room.Closed{Conn: conn, Code: 1006, Silent: true}) // held for 30 s
	w.run(29 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CauseNetworkLost)
	ana.s.peer("p2").Link.GiveUpAt = w.now // what the ladder had left is used up
	ben.stopped = false
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: 1006})
	w.run(500 * time.Millisecond)
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	w.blocked = false
	w.until(30*time.Second, "connected again", func() bool { return ana.s.Snapshot().State == StateConnected })
}

func TestDisconnectedIsNoNewsWhileBeatsCome(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	// Firefox 153 says disconnected after it is well again.
	ana.step(ConnectionStateChanged{Link{"p2", 1, 1}, "disconnected"})
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	w.blocked = true
	w.run(800 * time.Millisecond)
	ana.step(ConnectionStateChanged{Link{"p2", 1, 1}, "disconnected"})
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
}

func TestWebRTCPC_4_3_3_FailedIsNotFinalOnceConnected(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.step(ConnectionStateChanged{Link{"p2", 1, 1}, "failed"})
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	w.run(500 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

// pathless is Ana in a call of two that agree and find no path.
func pathless(t *testing.T) (w *world, ana *page) {
	t.Helper()
	w = newWorld(t)
	w.broken = true
	ana = w.open(Config{Name: "Ana", JoinNow: true})
	w.run(time.Second)
	w.open(Config{Name: "Ben", JoinNow: true})
	w.run(time.Second)
	return w, ana
}

func TestAHandshakeThatFailsIsTheEndOfTheLink(t *testing.T) {
	_, ana := pathless(t)
	ana.step(DTLSStateChanged{Link{"p2", 1, 1}, "connecting"})
	ana.step(DTLSStateChanged{Link{"p2", 1, 1}, "failed"})
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseDTLSFailed)
}

// Firefox 153 says so of a connection that found no path
// (TestPathWithoutARelayIsNotFound).
func TestAHandshakeThatNeverBeganHasNotFailed(t *testing.T) {
	w, ana := pathless(t)
	ana.step(DTLSStateChanged{Link{"p2", 1, 1}, "failed"})
	ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
	w.run(time.Minute)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseICEFailed)
}

func TestDTLSThatFailsLaterIsMendedByANewConnection(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.run(2 * time.Second)
	ana.step(DTLSStateChanged{Link{"p2", 1, 1}, "connected"})
	ana.step(DTLSStateChanged{Link{"p2", 1, 1}, "failed"})
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	w.until(2*time.Second, "a new connection is there", func() bool { return ana.peer("Ben").State == PeerConnected })
	if got := ana.peer("Ben").Generation; got != 2 {
		t.Errorf("connected by generation %d, want 2", got)
	}
	// Its own handshake is the ladder's matter.
	w.blocked = true
	w.until(3*time.Second, "it breaks", func() bool { return ana.peer("Ben").State == PeerRecovering })
	ana.s.peer("p2").Link.DTLS = "connecting"
	ana.step(DTLSStateChanged{Link{"p2", 1, 2}, "failed"})
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
}

func TestARestartLetsTheAgreementBeforeItSettle(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.run(2 * time.Second)
	restarts := func(p *page) int { return count(p, func(a SetLocalDescription) bool { return a.Restart }) }
	ana.step(NetworkChanged{Online: true})
	w.run(200 * time.Millisecond)
	if restarts(ana) != 1 {
		t.Fatalf("%d restarts at once, want 1", restarts(ana))
	}
	ben.step(NetworkChanged{Online: true})
	w.run(500 * time.Millisecond)
	if a, b := restarts(ana), restarts(ben); a != 1 || b != 0 {
		t.Errorf("%d and %d restarts before the first has settled, want 1 and 0", a, b)
	}
	w.run(3 * time.Second)
	if a, b := restarts(ana), restarts(ben); a != 1 || b != 1 {
		t.Errorf("%d and %d restarts after it, want one each", a, b)
	}
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}
