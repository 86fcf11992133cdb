package session

import (
	"slices"
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

func TestLobbyWaitsForAName(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{})
	ana.expect(StateLobby, "", "", "")
	for _, name := range []string{"", "  ", "a\x00b", "\u202eanA", string(make([]rune, 65))} {
		ana.step(JoinPressed{name})
		ana.expect(StateLobby, "", "", "")
	}
	ana.step(JoinPressed{" Ana "})
	ana.expect(StateJoining, "", "", "")
	w.run(100 * time.Millisecond)
	ana.expect(StateWaiting, "", "", "")
	if v := ana.s.Snapshot(); v.Name != "Ana" || v.Participant != "p1" || v.Life != 1 || v.Signaling != SignalingStateOpen {
		t.Errorf("after the welcome: %+v", v)
	}
}

func TestLeaveTellsBothLanesAndClosesEverything(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ana.log = nil
	ana.step(LeavePressed{})
	bye := func(e signal.Envelope) bool {
		g, err := e.ReadGoodbye()
		return e.Type == signal.TypeBye && err == nil && g.Intent == signal.IntentHangup && g.Count == 1 && e.Life == 1
	}
	if n := count(ana, func(a SendControl) bool { return bye(a.Envelope) }); n != 1 {
		t.Errorf("%d byes on the control channel, want 1", n)
	}
	if n := count(ana, func(a SendSignaling) bool { return bye(a.Envelope) }); n != 1 {
		t.Errorf("%d byes on the socket, want 1", n)
	}
	first := slices.IndexFunc(ana.log, func(a Action) bool { _, ok := a.(ClosePeerConnection); return ok })
	if _, ok := ana.log[first-1].(SendSignaling); !ok {
		t.Errorf("before the connection closes: %T, want the last goodbye", ana.log[first-1])
	}
	for _, kind := range []string{"ClosePeerConnection", "CloseSignaling", "CloseDevices", "ClearRecord"} {
		if ana.kinds[kind] != 1 {
			t.Errorf("%s carried out %d times, want 1", kind, ana.kinds[kind])
		}
	}
	if ana.goodbyes.Armed {
		t.Error("the stub would still say goodbye")
	}
	ana.expect(StateEnded, "", "", "")
	ana.step(DeviceSwitched{Camera, true})
	if v := ana.s.Snapshot(); v.Microphone.State != DeviceOff || v.Camera.State != DeviceOff || ana.kinds["OpenDevices"] != 0 {
		t.Errorf("after Leave the microphone is %s, the camera %s", v.Microphone.State, v.Camera.State)
	}
	if v := ana.s.Snapshot(); v.Cause != signal.CauseHangup || v.End == nil || !v.End.Final || v.Signaling != SignalingStateClosed {
		t.Errorf("after Leave: %+v", v)
	}
	w.run(50 * time.Millisecond)
	ben.expect(StateWaiting, "Ana", PeerEnded, signal.CauseHangup)
	if v := ben.peer("Ana"); !v.End.Final || v.End.Revision < 1 {
		t.Errorf("Ben was told %+v, want the room's final word", v.End)
	}
	w.run(time.Minute)
	if n := len(ben.s.Snapshot().Peers); n != 0 {
		t.Errorf("a minute later Ben sees %d participants, want none", n)
	}
}

func TestReloadComesBackAsTheSameParticipantInItsNextLife(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.step(Said{"before"})
	w.run(50 * time.Millisecond)
	id := ana.s.Participant
	ana.step(DeviceSwitched{Camera, false})
	again := ana.reload()
	w.until(2*time.Second, "back in the call", func() bool { return again.s.Snapshot().State == StateConnected })
	v := again.s.Snapshot()
	if v.Participant != id || v.Life < 2 || v.Name != "Ana" {
		t.Errorf("after the reload: %s, life %d, %q, want %s, a later life, Ana", v.Participant, v.Life, v.Name, id)
	}
	if len(v.Messages) != 1 || v.Messages[0].Text != "before" {
		t.Errorf("after the reload the chat is %+v", v.Messages)
	}
	ben.expect(StateConnected, "Ana", PeerConnected, "")
	if n := len(ben.s.Snapshot().Peers); n != 1 {
		t.Errorf("Ben sees %d participants, want 1", n)
	}
}

func TestNoTwoPagesOfOneRecordComeToTheSameLife(t *testing.T) {
	start := func(wall int64, r *Record) int64 {
		s := New(DefaultPolicy())
		s.Step(Time{time.Second, wall}, Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Seed: 1, Record: r}})
		return s.Life
	}
	const first = 1_790_000_000_000
	if life := start(first, nil); life != 1 {
		t.Errorf("a newcomer's life is %d, want 1", life)
	}
	record := &Record{Room: "tea", Name: "Ana", Participant: "p1", Life: 1, Began: first, Token: "t"}
	reload, copied := start(first+2000, record), start(first+2500, record)
	if reload <= 1 || copied <= reload {
		t.Errorf("a reload has life %d and a copy of the tab, which came later, %d", reload, copied)
	}
	if life := start(first-3_600_000, record); life != 2 {
		t.Errorf("after the clock was set back by an hour the life is %d, want 2", life)
	}
}

func TestARecordOfAnotherRoomIsNotUsed(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", Record: &Record{Room: "coffee", Name: "Ann", Participant: "old", Life: 3, Token: "x"}})
	ana.expect(StateLobby, "", "", "")
	if ana.s.Participant != "" || ana.s.Life != 0 {
		t.Errorf("participant %q, life %d of another room", ana.s.Participant, ana.s.Life)
	}
}

func TestADuplicatedTabGoesOnAsSomebodyNew(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	twin := w.open(Config{Record: ana.record}) // no Web Locks here
	w.until(2*time.Second, "the twin is in", func() bool { return twin.s.Snapshot().State == StateConnected })
	if v := twin.s.Snapshot(); v.Participant == ana.s.Participant || v.Life != 1 || v.Name != "Ana" {
		t.Errorf("the twin is %s, life %d, %q", v.Participant, v.Life, v.Name)
	}
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if twin.kinds["ClearRecord"] != 1 {
		t.Error("the twin kept the record of the other page")
	}
}

func TestARefusalEndsTheSessionWithItsCause(t *testing.T) {
	for _, row := range signal.Closes {
		if !row.Final {
			continue
		}
		w := newWorld(t)
		ana := w.open(Config{Name: "Ana", JoinNow: true})
		w.run(100 * time.Millisecond)
		ana.step(SignalingClosed{Attempt: ana.attempt, Code: int(row.Code), Reason: "in its own words"})
		ana.expect(StateEnded, "", "", "")
		v := ana.s.Snapshot()
		if v.Cause != row.Cause || v.Signaling != SignalingStateRefused || !slices.Contains(v.End.Evidence, "in its own words") {
			t.Errorf("%d: %s, %s, %+v, want %s, refused", row.Code, v.Cause, v.Signaling, v.End, row.Cause)
		}
		if _, ok := ana.s.Deadline(); ok {
			t.Errorf("%d: the session still waits for something", row.Code)
		}
		ana.step(RejoinPressed{})
		w.run(100 * time.Millisecond)
		if v := ana.s.Snapshot(); v.State != StateWaiting || v.Participant != "p2" || v.Life != 1 {
			t.Errorf("%d: after Rejoin %s as %s, life %d, want waiting as somebody new", row.Code, v.State, v.Participant, v.Life)
		}
	}
}

func TestWhoIsRefusedInACallDoesNotSayFirstThatItsSignalingIsLost(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	said := ana.sent(signal.TypeLane)
	ana.step(SignalingClosed{Attempt: ana.attempt, Code: int(signal.CloseRemoved)})
	ana.expect(StateEnded, "", "", "")
	if n := ana.sent(signal.TypeLane) - said; n != 0 {
		t.Errorf("%d messages about a lane, want none", n)
	}
}

func TestACrashIsNotForgottenOverASleep(t *testing.T) {
	for _, after := range []signal.After{"", signal.AfterCrash, signal.AfterDiscard} {
		s := New(DefaultPolicy())
		s.Step(Time{1, 1}, Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Seed: 1, After: after}})
		s.Step(Time{2, time.Hour.Milliseconds()}, Tick{})
		want := after
		if after == "" {
			want = signal.AfterSleep
		}
		if s.After != want {
			t.Errorf("after %q the clock jumps: %q, want %q", after, s.After, want)
		}
	}
}

func TestARosterLeavesOutWhomTheRoomDoesNotKnow(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(1500 * time.Millisecond)
	welcome := signal.Welcome{Name: "Ana", Order: 1, Token: "t", ByeKey: "k", Resumed: true}
	ana.step(SignalingReceived{ana.attempt, signal.Envelope{Type: signal.TypeWelcome, To: ana.s.Participant, Life: 1, Payload: signal.Raw(welcome)}})
	if p := ana.s.peer(ben.s.Participant); !p.Left {
		t.Fatal("one whom neither room nor link know is still there")
	}
	if rows := ana.s.roster(); len(rows) != 0 {
		t.Errorf("reported: %+v", rows)
	}
}

func TestSignalingIsRetriedOnSchedule(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	w.down = true
	ana.socketEnds(1006)
	var lost time.Duration
	var waits []float64
	attempt := ana.attempt
	for w.now < 60*time.Second {
		w.run(time.Millisecond)
		if lost == 0 && ana.s.Signaling.State == SignalingStateLost {
			lost = w.now
		}
		if ana.attempt != attempt {
			waits = append(waits, (w.now - lost).Seconds())
			attempt, lost = ana.attempt, 0
			for ana.s.Signaling.RetryAt == 0 {
				w.run(time.Millisecond)
			}
			lost = w.now
		}
	}
	want := []float64{0, 0.3, 1.2, 2.7, 4.8, 7}
	for i, wait := range waits {
		mean := want[min(i, len(want)-1)]
		least, most := mean*0.8, mean*1.2
		if wait < least-0.01 || wait > most+0.02 {
			t.Errorf("try %d came after %.2f s, want %.1f to %.1f", i, wait, least, most)
		}
	}
	if len(waits) < 10 {
		t.Errorf("%d tries in a minute, want at least 10", len(waits))
	}
	if a, b := waits[len(waits)-1], waits[len(waits)-2]; a == b {
		t.Errorf("two tries in a row after %v s: no jitter", a)
	}
	ana.expect(StateRecovering, "", "", "")
	if v := ana.s.Snapshot(); v.Cause != signal.CauseSignalingLost {
		t.Errorf("cause %s, want signaling-lost", v.Cause)
	}
	w.down = false
	w.until(10*time.Second, "signaling is back", func() bool { return ana.s.Snapshot().State == StateWaiting })
}

func TestAServerThatWasNeverThereIsUnreachable(t *testing.T) {
	w := newWorld(t)
	w.down = true
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(time.Second)
	ana.expect(StateJoining, "", "", "")
	if v := ana.s.Snapshot(); v.Cause != signal.CauseServerUnreachable || v.Signaling != SignalingStateLost {
		t.Errorf("%s, %s, want server-unreachable, lost", v.Cause, v.Signaling)
	}
	ana.step(NetworkChanged{Online: true})
	tries := ana.kinds["OpenSignaling"]
	w.run(2 * time.Millisecond)
	if ana.kinds["OpenSignaling"] != tries+1 {
		t.Error("coming online did not try at once")
	}
}

func TestASocketThatIsSilentForTwelveSecondsIsGivenUp(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	beats := ana.sent(signal.TypeBeat)
	w.down = true // frames go nowhere, and no close comes
	heard := ana.s.Signaling.HeardAt
	w.run(heard + 11900*time.Millisecond - w.now)
	if v := ana.s.Snapshot(); v.Signaling != SignalingStateOpen {
		t.Errorf("signaling %s after 11.9 s, want open", v.Signaling)
	}
	if n := ana.sent(signal.TypeBeat) - beats; n != 2 {
		t.Errorf("%d beats in 11.9 s, want one every 5 s", n)
	}
	w.run(200 * time.Millisecond)
	if v := ana.s.Snapshot(); v.Signaling != SignalingStateLost || v.Cause != signal.CauseSignalingLost {
		t.Errorf("signaling %s, %s after 12.1 s, want lost, signaling-lost", v.Signaling, v.Cause)
	}
	w.until(15*time.Second, "Ben's is lost too", func() bool { return ben.s.Signaling.State == SignalingStateLost })
	w.run(50 * time.Millisecond) // the control channel tells
	ana.expect(StateRecovering, "Ben", PeerConnected, signal.CauseSignalingLost)
}

func TestGoawayWaitsAsLongAsTheServerAsks(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	tries := ana.kinds["OpenSignaling"]
	w.roomStep(room.Drain{})
	w.run(900 * time.Millisecond)
	if v := ana.s.Snapshot(); v.Cause != signal.CauseServerShutdown || v.State != StateRecovering {
		t.Errorf("%s, %s, want recovering, server-shutdown", v.State, v.Cause)
	}
	if n := ana.kinds["OpenSignaling"]; n != tries {
		t.Errorf("%d tries within the second that the server asked for", n-tries)
	}
	w.run(1300 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestAfterARestartOfTheServerTheCallGoesOn(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.restartServer()
	w.run(3 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	ben.expect(StateConnected, "Ana", PeerConnected, "")
}

func TestSomebodyWhomARestartedServerForgotIsTakenBackWhenHeComes(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(1100 * time.Millisecond) // the link is interrupted, so it does not prove that Ben is there
	ben.stopped = true
	w.restartServer()
	w.until(2*time.Second, "Ana is back first", func() bool { return ana.s.Snapshot().Signaling == SignalingStateOpen })
	w.run(100 * time.Millisecond)
	// What Ana reports of the room holds Ben's place in it.
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CauseServerShutdown)
	ben.stopped, w.blocked = false, false
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: 1006})
	w.until(20*time.Second, "together again", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
	if n := len(ana.s.Snapshot().Peers); n != 1 {
		t.Errorf("Ana sees %d participants, want Ben once", n)
	}
}

// A copy of Zoe's tab took her identity over and closed, and a restarted server
// knows of none but the page that she has left.
func TestALifeThatIsOverDoesNotHideThePageThatTheRoomHas(t *testing.T) {
	for _, left := range []bool{false, true} {
		w, ana := onewire(t)
		zoe := signal.Presence{Participant: "zoe", Name: "Zoe", Life: 4, Order: 9, State: signal.PresenceAway, Count: 2, Bye: true}
		ana.hear(signal.Envelope{Type: signal.TypeAway, Payload: signal.Raw(zoe)})
		if left {
			ana.hear(signal.Envelope{Type: signal.TypeLeft, Payload: signal.Raw(signal.Left{End: signal.NewEnd("zoe", signal.CausePageClosed)})})
		}
		zoe.Life, zoe.Bye, zoe.Count, zoe.State = 1, false, 0, signal.PresencePresent
		ana.hear(signal.Envelope{Type: signal.TypePresent, Payload: signal.Raw(zoe)})
		w.run(5100 * time.Millisecond)
		ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
		if p := ana.s.peer("zoe"); p.Life != 1 || offersSent(ana) != 1 {
			t.Errorf("left %v: life %d, %d offers, want life 1 and an offer", left, p.Life, offersSent(ana))
		}
	}
}

func TestWhoComesBackTooLateStartsAllLinksAnew(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	ana.stopped = true // its machine sleeps
	w.roomStep(room.Closed{Conn: ana.conn, Code: 1006, Silent: true})
	ana.conn = 0
	w.run(31 * time.Second)
	ben.expect(StateWaiting, "Ana", PeerEnded, signal.CauseNetworkLost)
	w.blocked, ana.stopped = false, false
	old := ana.s.Participant
	ana.step(SignalingClosed{Attempt: ana.attempt, Code: 1006})
	w.until(5*time.Second, "together again", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
	if ana.s.Participant == old {
		t.Error("Ana is still who had ended")
	}
}

func TestWhoIsBackFromTheBFCacheReportsTheRoomToARestartedServer(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.say(ana, signal.TypeBye, signal.Goodbye{Count: ana.goodbyes.Count + 2, Intent: signal.IntentNavigate})
	ana.step(PageHide{Intent: signal.IntentNavigate, Persisted: true})
	ana.socketEnds(1000)
	w.run(time.Second)
	ben.stopped = true // it comes back later than Ana
	w.restartServer()
	ana.step(PageShow{Persisted: true})
	w.until(2*time.Second, "Ana is back", func() bool { return ana.s.Snapshot().Signaling == SignalingStateOpen })
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CauseServerShutdown)
	ben.stopped = false
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: 1006})
	w.until(5*time.Second, "together again", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
}

func TestASocketThatHasNotOpenedIsTriedAnewOnceThereIsANetwork(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.socketEnds(1006)
	w.until(time.Second, "Ana dials", func() bool { return ana.kinds["OpenSignaling"] == 2 })
	ana.conn, ana.stopped = 0, true // into the void
	w.run(20 * time.Millisecond)
	ana.stopped = false
	attempt := ana.attempt
	ana.step(NetworkChanged{Online: true})
	if ana.attempt != attempt {
		t.Error("a socket that was dialed just now is given up")
	}
	w.run(time.Second)
	ana.step(NetworkChanged{Online: true})
	w.until(100*time.Millisecond, "Ana is back", func() bool { return ana.s.Snapshot().Signaling == SignalingStateOpen })
	ana.step(NetworkChanged{Online: true})
	if n := ana.kinds["OpenSignaling"]; n != 3 {
		t.Errorf("%d sockets, want 3: one that is open is kept", n)
	}
}

// Somebody who waits alone has no path whose silence would tell.
func TestAnOpenSocketThatWentWithItsNetworkIsGivenUpAfterTheHint(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.until(time.Second, "Ana waits", func() bool { return ana.s.Snapshot().State == StateWaiting })
	w.run(time.Second)
	ana.conn = 0 // what is sent on the socket gets nowhere, and nobody says so
	ana.step(NetworkChanged{Online: true})
	w.until(2*time.Second, "Ana dials", func() bool { return ana.kinds["OpenSignaling"] == 2 })
	w.until(time.Second, "Ana is back", func() bool { return ana.s.Snapshot().Signaling == SignalingStateOpen })
}

// outbox tests speak for the server by hand.
func TestWhatIsNotAcknowledgedIsSentAgainAfterAWelcomeAndNotTwice(t *testing.T) {
	w, ana := onewire(t)
	w.down = true
	ana.hearOffer(4, 1, 1, 1, "an offer")
	w.run(50 * time.Millisecond)
	kept := len(ana.s.Signaling.Outbox.Kept)
	if kept != 3 { // the answer and two candidates
		t.Fatalf("%d messages kept, want 3", kept)
	}
	first := ana.s.Signaling.Outbox.Kept[0].Seq
	reconnect := func(ack int64) {
		ana.log, ana.conn, w.down = nil, 0, false
		ana.step(SignalingClosed{Attempt: ana.attempt, Code: 1006})
		w.until(time.Second, "another socket", func() bool { return ana.conn != 0 })
		w.down = true
		w.run(20 * time.Millisecond)
		ana.conn = 0
		ana.hear(signal.Envelope{Type: signal.TypeWelcome, To: "p1", Ack: ack, Payload: signal.Raw(signal.Welcome{Order: 1, Token: "t",
			Roster: []signal.Presence{{Participant: "zoe", Name: "Zoe", Life: 4, Order: 9, State: signal.PresencePresent}}})})
	}
	again := func() (seqs []int64) { // what is newer is of the offer that is made anew
		for _, a := range ana.log {
			if a, ok := a.(SendSignaling); ok && a.Envelope.Seq != 0 && a.Envelope.Seq <= first+2 && a.Envelope.Type != signal.TypeHello {
				seqs = append(seqs, a.Envelope.Seq)
			}
		}
		return seqs
	}
	reconnect(first)
	if got, want := again(), []int64{first + 1, first + 2}; !slices.Equal(got, want) {
		t.Errorf("sent again %v, want %v", got, want)
	}
	hello := count(ana, func(a SendSignaling) bool { return a.Envelope.Type == signal.TypeHello && a.Envelope.Seq == first })
	if hello != 1 {
		t.Errorf("the hello does not say that it goes on with %d", first)
	}
	reconnect(first + 2)
	if got := again(); len(got) != 0 {
		t.Errorf("sent again %v, want nothing: all is acknowledged", got)
	}
}

func TestCopiesFromTheServerAreDropped(t *testing.T) {
	_, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "an offer")
	candidate := signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: 1, Seq: ana.s.Signaling.InSeq + 1, Payload: []byte(`{"candidate":""}`)}
	ana.hear(candidate)
	ana.hear(candidate)
	if n := count(ana, func(AddCandidate) bool { return true }); n != 1 {
		t.Errorf("%d candidates, want 1", n)
	}
}

func TestWhatComesOfAnOldSocketIsDropped(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.step(SignalingClosed{Attempt: ana.attempt - 1, Code: int(signal.CloseRoomFull)})
	ana.step(SignalingReceived{ana.attempt + 1, signal.Envelope{Type: signal.TypeLeft, Payload: signal.Raw(signal.Left{End: signal.NewEnd("p2", signal.CauseHangup)})}})
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestBackFromTheBFCacheANewLifeBegins(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	g := signal.Goodbye{Count: ana.goodbyes.Count + 2, Intent: signal.IntentNavigate}
	w.say(ana, signal.TypeBye, g)
	ana.step(PageHide{Intent: signal.IntentNavigate, Persisted: true})
	ana.socketEnds(1000)
	w.run(2 * time.Second)
	ben.expect(StateWaiting, "Ana", PeerAway, signal.CausePageNavigated)
	ana.step(Tick{})
	if _, ok := ana.s.Deadline(); ok {
		t.Error("a page that is gone waits for something")
	}
	ana.step(PageShow{Persisted: true})
	ana.expect(StateJoining, "", "", "")
	w.until(3*time.Second, "back", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
	if ana.s.Participant != "p1" || ana.s.Life < 2 {
		t.Errorf("%s, life %d, want p1, a later life", ana.s.Participant, ana.s.Life)
	}
}

func TestLeavingIsTakenBackByAPageThatIsStillHere(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.say(ana, signal.TypeLeaving, signal.Goodbye{Count: ana.goodbyes.Count + 1, Intent: signal.IntentNavigate})
	ana.step(BeforeUnload{Intent: signal.IntentNavigate})
	w.run(500 * time.Millisecond)
	ben.expect(StateConnected, "Ana", PeerAway, signal.CausePageNavigated)
	w.run(600 * time.Millisecond)
	ben.expect(StateConnected, "Ana", PeerConnected, "")
	if ana.goodbyes.Count != 2 {
		t.Errorf("the stub goes on counting from %d, want 2", ana.goodbyes.Count)
	}
}

func TestLeavingWhileJoiningDoesNotSpin(t *testing.T) {
	w := newWorld(t)
	w.down = true
	ana := w.open(Config{Record: &Record{Room: "tea", Name: "Ana", Participant: "p9", Life: 1, Token: "t"}})
	ana.step(BeforeUnload{Intent: signal.IntentNavigate})
	w.run(5 * time.Second) // the world fails when a deadline stays behind
	ana.expect(StateJoining, "", "", "")
}

func TestTheRecordIsKeptFreshAndOnlyOfASession(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	r := ana.record
	if r == nil || r.Participant != "p1" || r.Token == "" || r.Life != 1 || r.Name != "Ana" || r.Room != "tea" {
		t.Fatalf("record %+v", r)
	}
	ana.step(Said{"hello"})
	ana.step(DeviceSwitched{Microphone, false})
	if r := ana.record; len(r.Messages) != 1 || r.Microphone {
		t.Errorf("record after a message and a mute: %+v", r)
	}
	ana.step(LeavePressed{})
	w.run(time.Second)
	if ana.record != nil {
		t.Errorf("record after Leave: %+v", ana.record)
	}
}

// spread is when each of many pages whose server ended at once opens its next
// socket, as the n-th try.
func spread(t *testing.T, pages, n int, end func(s *Session, now Time) []Action) (at []time.Duration) {
	t.Helper()
	for seed := range uint64(pages) {
		s := New(DefaultPolicy())
		now := Time{Mono: time.Second, Wall: 1000}
		s.Step(now, Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Seed: seed*0x9e3779b97f4a7c15 + 1}})
		s.Step(now, SignalingOpened{1})
		welcome := signal.Envelope{Type: signal.TypeWelcome, To: "ana", Life: 1, Payload: signal.Raw(signal.Welcome{Name: "Ana", Order: 1, Token: "t", Roster: []signal.Presence{}})}
		s.Step(now, SignalingReceived{1, welcome})
		began, tries := now.Mono, 0
		actions := end(s, now)
		for {
			for _, a := range actions {
				if open, ok := a.(OpenSignaling); ok {
					if tries++; tries == n {
						at = append(at, now.Mono-began)
					}
					s.Step(now, SignalingClosed{Attempt: open.Attempt, Code: 1006})
				}
			}
			if tries >= n {
				break
			}
			deadline, ok := s.Deadline()
			if !ok || deadline-began > time.Minute {
				t.Fatalf("seed %d: %d tries, want %d", seed, tries, n)
			}
			now = Time{Mono: deadline, Wall: 1000 + (deadline - began).Milliseconds()}
			actions = s.Step(now, Tick{})
		}
	}
	slices.Sort(at)
	return at
}

// peak is how many of them come within one span at most.
func peak(at []time.Duration, span time.Duration) (most int) {
	for i, j := 0, 0; j < len(at); j++ {
		for at[j]-at[i] >= span {
			i++
		}
		most = max(most, j-i+1)
	}
	return most
}

func TestPagesThatADrainSentAwayComeBackOneByOne(t *testing.T) {
	at := spread(t, 1000, 1, func(s *Session, now Time) []Action {
		goaway := signal.Envelope{Type: signal.TypeGoaway, Payload: signal.Raw(signal.Goaway{Return: 2000})}
		s.Step(now, SignalingReceived{1, goaway})
		return s.Step(now, SignalingClosed{Attempt: 1, Code: int(signal.CloseGoaway), Clean: true})
	})
	if at[0] < 2*time.Second || at[len(at)-1] > 4*time.Second {
		t.Errorf("they come after %v to %v, want 2 to 4 s", at[0], at[len(at)-1])
	}
	// 50 of 1000 are due in each tenth of a second of the 2 s.
	if n := peak(at, 100*time.Millisecond); n > 90 {
		t.Errorf("%d come within 100 ms, want about 50", n)
	}
}

func TestPagesWhoseServerDiedDoNotComeAgainAllAtOnce(t *testing.T) {
	for n, most := range map[int]int{2: 1000, 3: 300, 4: 150, 5: 100, 6: 60} {
		at := spread(t, 1000, n, func(s *Session, now Time) []Action {
			return s.Step(now, SignalingClosed{Attempt: 1, Code: 1006})
		})
		if got := peak(at, 100*time.Millisecond); got > most {
			t.Errorf("try %d: %d of 1000 come within 100 ms, want at most %d", n, got, most)
		}
	}
}
