package session

import (
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// cut is the end of a page's socket that only the server sees.
func (p *page) cut(code int) {
	conn := p.conn
	p.conn = 0
	p.world.roomStep(room.Closed{Conn: conn, Code: code})
}

// callWith is a call in which Ben's page is hidden, or not.
func callWith(t *testing.T, hidden bool) (w *world, ana, ben *page) {
	t.Helper()
	w = newWorld(t)
	ana, ben = w.call()
	ben.step(VisibilityChanged{Hidden: hidden})
	w.run(2 * time.Second)
	return w, ana, ben
}

func TestWhoseProcessWasKilledIsAwayWithinAMoment(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		w, ana, ben := callWith(t, hidden)
		ben.stopped = true
		ben.cut(1006)
		w.run(signalTime + DefaultPolicy().AnswerWithin + 4*packetTime + time.Millisecond)
		ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageVanished)
		if n := ana.sent(signal.TypeVouch); n != 0 {
			t.Errorf("hidden %v: the server was told %d times that who is dead is heard", hidden, n)
		}
	}
}

func TestWhatWasUnderWayIsNoAnswer(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	link := ana.s.peer("p2").name()
	ben.stopped = true
	ben.cut(1006)
	w.run(signalTime + time.Millisecond)
	ana.step(ControlReceived{link, signal.Envelope{Type: signal.TypeBeat, Life: 1, Generation: 1, Payload: signal.Raw(signal.BeatCount{N: 1})}})
	w.run(DefaultPolicy().AnswerWithin + 4*packetTime)
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageVanished)
}

func TestAPageThatOnlyLostItsSocketIsNotAwayForAMoment(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		w, ana, ben := callWith(t, hidden)
		ben.cut(1006)
		w.run(signalTime)
		for range 40 {
			w.run(50 * time.Millisecond)
			ana.expect(StateConnected, "Ben", PeerConnected, signal.CauseSignalingLost)
		}
		if ana.sent(signal.TypeVouch) == 0 {
			t.Errorf("hidden %v: the server was not told that Ben is heard", hidden)
		}
	}
}

func TestAPageThatIsBusyIsAskedAgain(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	link := ana.s.peer("p2").name()
	ben.stopped = true
	ben.cut(1006)
	for range 8 { // frames come all the while
		w.run(50 * time.Millisecond)
		ana.pcs[link].packets += 5
		ana.step(StatsSampled{Link: link, Attempt: ana.s.peer("p2").Link.StatsAttempt, Packets: ana.pcs[link].packets})
	}
	ana.expect(StateConnected, "Ben", PeerConnected, signal.CauseSignalingLost)
	ben.stopped = false
	w.run(400 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, signal.CauseSignalingLost)
	if ana.sent(signal.TypeVouch) == 0 {
		t.Error("the server was not told that Ben is heard")
	}
}

func TestWhoIsHeardAgainWhileAwayIsVouchedForAgain(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.cutOff = true
	ben.cut(1006)
	w.run(3 * time.Second)
	w.blocked = true
	w.run(3 * time.Second) // a vouch would be due
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageVanished)
	before := ana.sent(signal.TypeVouch)
	w.blocked = false
	w.run(time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, signal.CauseSignalingLost)
	if n := ana.sent(signal.TypeVouch); n == before {
		t.Error("the server was not told that Ben is heard again")
	}
}
