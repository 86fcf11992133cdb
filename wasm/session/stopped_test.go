package session

import (
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// opened is the lobby of a page that finds these records in its browser.
func (w *world) opened(name string, all ...Stopped) *page {
	return w.open(Config{Name: name, Microphone: true, Camera: true, Stopped: all})
}

func (p *page) offers() string {
	if back := p.s.Snapshot().Back; back != nil {
		return back.Name
	}
	return ""
}

// goBack presses Go back in; the Web Lock is free.
func (p *page) goBack() {
	p.world.Helper()
	p.step(GoBackPressed{})
	claim, ok := p.log[len(p.log)-1].(ClaimStopped)
	if !ok {
		p.world.Fatalf("Go back in orders %+v, want ClaimStopped", p.log[len(p.log)-1])
	}
	p.step(StoppedClaimed{Participant: claim.Participant, Locked: true})
}

func TestAfterABrowserStoppedTheLobbyOffersToGoBackIn(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	id := ben.s.Participant
	ben.step(Said{"before"})
	ben.step(DeviceSwitched{Camera, true})
	w.run(time.Second)
	ben.vanishes()
	w.run(3 * time.Second)

	again := w.opened("Bea", Stopped{Record: w.kept[id]})
	if again.s.Snapshot().State != StateLobby || again.offers() != "Ben" {
		t.Fatalf("%s, offers %q, want the lobby to offer Ben's place", again.s.Snapshot().State, again.offers())
	}
	if at := again.s.Snapshot().Back.At; at < origin+1000 || at > origin+float64(w.now.Milliseconds())-3000 {
		t.Errorf("was there last at %v, now it is %v", at-origin, w.now)
	}
	again.goBack()
	w.until(3*time.Second, "back in the call", func() bool { return again.s.Snapshot().State == StateConnected })
	v := again.s.Snapshot()
	if v.Participant != id || v.Name != "Ben" || v.Back != nil || len(v.Messages) != 1 {
		t.Errorf("back as %s, %q, offer %v, %d messages; want %s, Ben, none, 1", v.Participant, v.Name, v.Back, len(v.Messages), id)
	}
	if v.Microphone.State != DeviceMuted || v.Camera.State != DeviceOn {
		t.Errorf("microphone %s, camera %s: who was muted is not any more", v.Microphone.State, v.Camera.State)
	}
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if w.kept[id].Life != v.Life {
		t.Errorf("the record is of life %d, want %d", w.kept[id].Life, v.Life)
	}
}

func TestWhoGoesBackTooLateIsSomebodyNewAndTheOthersLearnOfTheCrash(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	id := ben.s.Participant
	ben.vanishes()
	w.run(21 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageVanished)
	again := w.opened("Ben", Stopped{Record: w.kept[id]})
	again.goBack()
	w.until(3*time.Second, "in the call", func() bool { return again.s.Snapshot().State == StateConnected })
	v := again.s.Snapshot()
	if v.Participant == id || v.Former == nil || v.Former.Cause != signal.CausePageCrashed {
		t.Errorf("back as %s with former %+v", v.Participant, v.Former)
	}
	if p := ana.s.peer(id); p == nil || p.End.Cause != signal.CausePageCrashed || !p.End.Final {
		t.Errorf("the other side shows %+v, want page-crashed", p)
	}
	if _, there := w.kept[id]; there || len(w.kept) != 2 {
		t.Errorf("the browser keeps %v, want ana's and the new one's", w.kept)
	}
}

func TestTheLobbyOffersTheLatestThatNobodyLivesBy(t *testing.T) {
	const hour = 3_600_000
	record := func(id string, age int64, change ...func(*Stopped)) Stopped {
		r := Stopped{Record: Record{Room: "tea", Name: id, Participant: id, Life: 1, Token: "t", At: origin + 1000 - age}}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	for _, tt := range []struct {
		name string
		all  []Stopped
		want string
	}{
		{"nothing", nil, ""},
		{"one", []Stopped{record("ana", hour)}, "ana"},
		{"the latest", []Stopped{record("ana", hour), record("bo", 1000), record("cy", 2000)}, "bo"},
		{"not one that lives", []Stopped{record("ana", hour), record("bo", 0, func(s *Stopped) { s.Alive = true })}, "ana"},
		{"just fresh", []Stopped{record("ana", 12*hour)}, "ana"},
		{"too old", []Stopped{record("ana", 12*hour+1)}, ""},
		{"from a clock that was set back by an hour", []Stopped{record("ana", -hour)}, "ana"},
		{"from the far future", []Stopped{record("ana", -12*hour-1)}, ""},
		{"of another room", []Stopped{record("ana", 0, func(s *Stopped) { s.Record.Room = "coffee" })}, ""},
		{"without a token", []Stopped{record("ana", 0, func(s *Stopped) { s.Record.Token = "" })}, ""},
		{"without a participant", []Stopped{record("ana", 0, func(s *Stopped) { s.Record.Participant = "" })}, ""},
		{"with a name that cannot be", []Stopped{record("ana", 0, func(s *Stopped) { s.Record.Name = "\u202e" })}, ""},
	} {
		w := newWorld(t)
		if got := w.opened("Eve", tt.all...).offers(); got != tt.want {
			t.Errorf("%s: offers %q, want %q", tt.name, got, tt.want)
		}
	}
	w := newWorld(t)
	if p := w.open(Config{Name: "Eve", JoinNow: true, Stopped: []Stopped{record("ana", 0)}}); p.s.Snapshot().State != StateJoining || p.s.Participant != "" {
		t.Error("who wants no lobby is somebody new")
	}
	own := w.open(Config{Record: &Record{Room: "tea", Name: "Ben", Participant: "ben", Life: 1, Token: "t"}, Stopped: []Stopped{record("ana", 0)}})
	if own.s.Participant != "ben" || own.offers() != "" {
		t.Error("a tab with a record of its own goes on by that")
	}
}

func TestJoinUnderANameDeclinesTheOffer(t *testing.T) {
	w := newWorld(t)
	_, ben := w.call()
	id := ben.s.Participant
	ben.vanishes()
	again := w.opened("Eve", Stopped{Record: w.kept[id]})
	again.step(JoinPressed{" "}) // says nothing, changes nothing
	if again.offers() != "Ben" || w.kept[id].Token == "" {
		t.Fatal("the offer is gone though nobody has joined")
	}
	again.step(JoinPressed{"Eve"})
	again.step(StoppedClaimed{Participant: id, Locked: true}) // of a press before
	w.run(500 * time.Millisecond)
	if v := again.s.Snapshot(); v.Participant == id || v.Participant == "" || v.Name != "Eve" || v.Back != nil {
		t.Errorf("joined as %s, %q, offer %v; want somebody new", v.Participant, v.Name, v.Back)
	}
	if _, there := w.kept[id]; there {
		t.Error("the record that was declined is still there")
	}
}

func TestAnIdentityThatAnotherTabTookMeanwhileIsNotOffered(t *testing.T) {
	w := newWorld(t)
	_, ben := w.call()
	id := ben.s.Participant
	ben.vanishes()
	again := w.opened("Eve", Stopped{Record: w.kept[id]})
	again.step(GoBackPressed{})
	again.step(StoppedClaimed{Participant: "other", Locked: true}) // is of nobody here
	again.step(StoppedClaimed{Participant: id, Taken: true})
	if v := again.s.Snapshot(); v.State != StateLobby || v.Back != nil {
		t.Errorf("%s, offer %v; want the lobby without an offer", v.State, v.Back)
	}
	if w.kept[id].Token == "" {
		t.Error("the record of the other tab is gone")
	}
	again.step(GoBackPressed{})
	if n := again.kinds["ClaimStopped"]; n != 1 {
		t.Errorf("it claims %d times, also what is not offered any more", n)
	}
}

func TestTheRecordInTheBrowserIsOfWhoIsInTheCall(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	if len(w.kept) != 0 {
		t.Error("it is kept before the server has let the page in: another tab may live by it")
	}
	w.run(100 * time.Millisecond)
	first := w.kept[ana.s.Participant].At
	w.run(10 * time.Minute)
	if age := w.now.Milliseconds() + origin - w.kept[ana.s.Participant].At; first == 0 || age > 65_000 {
		t.Errorf("the record says %d ms ago after ten minutes in the call", age)
	}
	if n := ana.kinds["SaveStopped"]; n > 13 {
		t.Errorf("saved %d times in ten minutes", n)
	}
	ana.step(LeavePressed{})
	if len(w.kept) != 0 {
		t.Error("it is kept after Leave")
	}

	// A tab whose identity another one has taken leaves the record to it.
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	w.run(100 * time.Millisecond)
	ben.step(SignalingClosed{Attempt: ben.attempt, Code: int(signal.CloseReplaced)})
	if len(w.kept) != 1 || ben.s.Snapshot().State != StateEnded {
		t.Errorf("%s; %d records, want the other tab's", ben.s.Snapshot().State, len(w.kept))
	}
}

func TestACrashThatTheRoomKnowsOfIsShownAtOnce(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	id, life := ben.s.Participant, ben.s.Life
	ben.vanishes()
	w.run(100 * time.Millisecond)
	ana.expect(StateConnected, "Ben", PeerConnected, signal.CauseSignalingLost) // as far as is known, only that
	vouched := ana.sent(signal.TypeVouch)
	w.roomStep(room.Gone{Participant: id, Life: life})
	w.run(2 * signalTime)
	ana.expect(StateWaiting, "Ben", PeerAway, signal.CausePageCrashed)
	w.run(25 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePageCrashed)
	if n := ana.sent(signal.TypeVouch); n != vouched {
		t.Errorf("vouched %d times for a page that is dead", n-vouched)
	}
}
