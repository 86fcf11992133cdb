package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

// duo is a call in which Ana's control channel is spoken to by hand.
type duo struct {
	*world
	ana, ben *page
	link     Link
}

func newDuo(t *testing.T) duo {
	w := newWorld(t)
	ana, ben := w.call()
	return duo{w, ana, ben, Link{ben.s.Participant, ben.s.Life, 1}}
}

func (d duo) control(t signal.Type, life int64, g signal.Goodbye) {
	d.ana.step(ControlReceived{d.link, signal.Envelope{Type: t, Life: life, Payload: signal.Raw(g)}})
}

func (d duo) presence(state signal.PresenceState, count int, end *signal.End, remaining int64) {
	typ := signal.TypePresent
	if state != signal.PresencePresent {
		typ = signal.TypeAway
	}
	d.ana.hear(signal.Envelope{Type: typ, Payload: signal.Raw(signal.Presence{Participant: d.link.Peer, Name: "Ben", Life: d.link.Life, Order: 2, State: state, Count: count, End: end, Remaining: remaining})})
}

func TestLeavingShowsAtOnceAndStayTakesItBack(t *testing.T) {
	d := newDuo(t)
	d.control(signal.TypeLeaving, 1, signal.Goodbye{Count: 1, Intent: signal.IntentReload})
	d.ana.expect(StateConnected, "Ben", PeerAway, signal.CausePageReloaded)
	d.control(signal.TypeStay, 1, signal.Goodbye{Count: 2})
	d.ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestByeShowsWhatItMeans(t *testing.T) {
	for _, tt := range []struct {
		intent signal.Intent
		state  PeerState
		cause  Cause
	}{
		{signal.IntentHangup, PeerEnded, signal.CauseHangup},
		{signal.IntentClose, PeerAway, signal.CausePageClosed},
		{signal.IntentUnknown, PeerAway, signal.CausePageClosed},
		{signal.IntentReload, PeerAway, signal.CausePageReloaded},
		{signal.IntentNavigate, PeerAway, signal.CausePageNavigated},
		{signal.IntentTraverse, PeerAway, signal.CausePageNavigated},
		{signal.IntentUnload, PeerAway, signal.CausePageNavigated},
		{signal.IntentFailed, PeerAway, signal.CauseClientFailed},
	} {
		d := newDuo(t)
		d.control(signal.TypeBye, 1, signal.Goodbye{Count: 1, Intent: tt.intent, Target: "/elsewhere"})
		d.ana.expect(StateWaiting, "Ben", tt.state, tt.cause)
		target := d.ana.peer("Ben").End.Target
		if want := tt.cause == signal.CausePageNavigated; (target == "/elsewhere") != want {
			t.Errorf("%s: target %q", tt.intent, target)
		}
		if d.ana.kinds["ClosePeerConnection"] != 1 {
			t.Errorf("%s: the connection was not closed", tt.intent)
		}
	}
}

func TestTheHighestCountWinsAndByeIsTheLastWord(t *testing.T) {
	d := newDuo(t)
	d.control(signal.TypeStay, 1, signal.Goodbye{Count: 4})
	d.control(signal.TypeLeaving, 1, signal.Goodbye{Count: 3, Intent: signal.IntentClose}) // late
	d.ana.expect(StateConnected, "Ben", PeerConnected, "")
	d.control(signal.TypeBye, 2, signal.Goodbye{Count: 9, Intent: signal.IntentClose}) // of another life
	d.ana.expect(StateConnected, "Ben", PeerConnected, "")
	d.control(signal.TypeBye, 1, signal.Goodbye{Count: 5, Intent: signal.IntentClose})
	d.presence(signal.PresencePresent, 4, nil, 0) // the room had not heard of it yet
	d.ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageClosed)
	d.control(signal.TypeStay, 1, signal.Goodbye{Count: 6})
	d.ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageClosed)
}

func TestABadGoodbyeChangesNothing(t *testing.T) {
	d := newDuo(t)
	d.control(signal.TypeBye, 1, signal.Goodbye{Count: 0, Intent: signal.IntentClose})
	d.control(signal.TypeBye, 1, signal.Goodbye{Count: 3, Intent: "explode"})
	d.ana.step(ControlReceived{d.link, signal.Envelope{Type: signal.TypeBye, Life: 1, Payload: []byte(`"bye"`)}})
	d.ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestTheRoomsFinalRevisionWins(t *testing.T) {
	d := newDuo(t)
	d.control(signal.TypeBye, 1, signal.Goodbye{Count: 1, Intent: signal.IntentHangup})
	if end := d.ana.peer("Ben").End; end.Final {
		t.Errorf("without the room's word the end is final: %+v", end)
	}
	end := signal.NewEnd(d.link.Peer, signal.CauseRemoved, "the room says so")
	end.Final, end.Revision = true, 3
	left := func() { d.ana.hear(signal.Envelope{Type: signal.TypeLeft, Payload: signal.Raw(signal.Left{End: end})}) }
	left()
	d.ana.expect(StateWaiting, "Ben", PeerEnded, signal.CauseRemoved)
	end.Cause, end.Revision = signal.CausePageCrashed, 4 // a crash report came in
	left()
	d.ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageCrashed)
	end.Cause, end.Revision = signal.CausePageClosed, 3
	left()
	d.ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageCrashed)
}

func TestOnlyTheRoomEndsWhoIsAwayWhileSignalingIsOpen(t *testing.T) {
	d := newDuo(t)
	d.ben.stopped = true
	d.control(signal.TypeBye, 1, signal.Goodbye{Count: 1, Intent: signal.IntentClose})
	end := signal.NewEnd(d.link.Peer, signal.CausePageClosed)
	d.presence(signal.PresenceAway, 1, &end, 5000)
	if until := d.ana.peer("Ben").Until; until != d.ana.s.epoch(d.now+5*time.Second) {
		t.Errorf("the place is held until %f, want the room's 5 s", until)
	}
	d.run(30 * time.Second) // the real room still takes Ben for present
	d.ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageClosed)
}

func TestWithoutSignalingWhoIsAwayExpiresHere(t *testing.T) {
	for _, tt := range []struct {
		intent signal.Intent
		window time.Duration
	}{{signal.IntentClose, 10 * time.Second}, {signal.IntentReload, 20 * time.Second}} {
		d := newDuo(t)
		d.down = true
		d.ana.socketEnds(1006)
		d.run(100 * time.Millisecond)
		d.ben.stopped = true
		d.control(signal.TypeBye, 1, signal.Goodbye{Count: 1, Intent: tt.intent})
		d.run(tt.window + 40*time.Second - 100*time.Millisecond) // it may be back without a word of it here
		d.ana.expect(StateRecovering, "Ben", PeerAway, tt.intent.Cause())
		d.run(200 * time.Millisecond)
		d.ana.expect(StateRecovering, "Ben", PeerEnded, tt.intent.Cause())
	}
}

func TestALinkThatIsHeardKeepsWhoTheRoomLastSawAway(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.down = true
	ben.socketEnds(1006) // the room still says that Ben is away, then Ana's socket goes silent too
	w.run(60 * time.Second)
	if v := ana.s.Snapshot(); v.Signaling != SignalingStateLost || ana.s.peer("p2").Presence != signal.PresenceAway {
		t.Fatalf("signaling %s, Ben %s, want lost and away", v.Signaling, ana.s.peer("p2").Presence)
	}
	ana.expect(StateRecovering, "Ben", PeerConnected, signal.CauseSignalingLost)
}

func TestAVouchIsRepeatedBeforeItRunsOut(t *testing.T) {
	for _, tt := range []struct {
		limit int64 // ms, as the server says
		most  time.Duration
		least int
	}{{0, 6 * time.Second, 3}, {10_000, 6 * time.Second, 3}, {2000, 1100 * time.Millisecond, 10}} {
		w := newWorld(t)
		ana, ben := w.call()
		welcome := signal.Welcome{Name: "Ana", Order: 1, Token: ana.s.Token, ByeKey: "k", Resumed: true, Limits: signal.RoomLimits{Vouch: tt.limit},
			Roster: []signal.Presence{{Participant: ben.s.Participant, Name: "Ben", Life: 1, Order: 2, State: signal.PresencePresent}}}
		ana.step(SignalingReceived{ana.attempt, signal.Envelope{Type: signal.TypeWelcome, To: ana.s.Participant, Life: 1, Payload: signal.Raw(welcome)}})
		before := ana.sent(signal.TypeVouch)
		end := signal.NewEnd(ben.s.Participant, signal.CauseNetworkLost)
		ana.step(SignalingReceived{ana.attempt, signal.Envelope{Type: signal.TypeAway, Payload: signal.Raw(signal.Presence{
			Participant: ben.s.Participant, Name: "Ben", Life: 1, Order: 2, State: signal.PresenceAway, End: &end, Remaining: 30_000})}})
		w.run(11 * time.Second)
		if n := ana.sent(signal.TypeVouch) - before; n < tt.least || time.Duration(n) > 11*time.Second/tt.most*2+1 {
			t.Errorf("a vouch counts for %d ms: %d in 11 s", tt.limit, n)
		}
	}
}

func TestEveryGoodbyeReachesTheOtherPage(t *testing.T) {
	for _, tt := range []struct {
		intent signal.Intent
		first  PeerState
		cause  Cause
		final  Cause
		within time.Duration
	}{
		{signal.IntentClose, PeerAway, signal.CausePageClosed, signal.CausePageClosed, 11 * time.Second},
		{signal.IntentNavigate, PeerAway, signal.CausePageNavigated, signal.CausePageNavigated, 11 * time.Second},
		{signal.IntentReload, PeerAway, signal.CausePageReloaded, signal.CausePageClosed, 21 * time.Second}, // never came back
	} {
		w := newWorld(t)
		ana, ben := w.call()
		ben.goes(tt.intent)
		w.run(packetTime + time.Millisecond)
		ana.expect(StateWaiting, "Ben", tt.first, tt.cause)
		w.run(tt.within)
		ana.expect(StateWaiting, "Ben", PeerEnded, tt.final)
	}
}

func TestAPageThatVanishesIsAwayThenEnded(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.stopped = true
	ben.vanishes()
	w.run(1500 * time.Millisecond)
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageVanished)
	w.run(20 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageVanished)
}

func TestAGoodbyeThatTheServerIsFirstToTellOutranksALinkThatIsStillUp(t *testing.T) {
	d := newDuo(t)
	end := signal.NewEnd(d.link.Peer, signal.CausePageClosed)
	d.presence(signal.PresenceAway, 2, &end, 10_000)
	d.ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageClosed)
}

// A server that was restarted does not know of one whose page went before it
// came back: nobody else will end it.
func TestAByeOfOneWhomTheRoomDoesNotKnowIsItsEnd(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	p := ana.s.peer("p2")
	p.Unknown = true
	ana.step(ControlReceived{p.name(), signal.Envelope{Type: signal.TypeBye, Life: p.Life, Payload: signal.Raw(signal.Goodbye{Count: 9, Intent: signal.IntentNavigate})}})
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageNavigated)
	ana.s.policy.ShowEndedFor = time.Hour
	w.run(11 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageNavigated)
}
