package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

func TestDevicesOpenAndAreSwitched(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true, Microphone: true, Camera: true})
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	states := func() [2]DeviceState {
		v := ana.s.Snapshot()
		return [2]DeviceState{v.Microphone.State, v.Camera.State}
	}
	expect := func(when string, microphone, camera DeviceState) {
		t.Helper()
		if got, want := states(), [2]DeviceState{microphone, camera}; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	expect("at first", DeviceAsking, DeviceAsking)
	ana.step(DeviceSwitched{Camera, false}) // before the person has answered the browser's question
	w.run(2 * time.Second)
	expect("opened", DeviceOn, DeviceMuted)
	if n := count(ana, func(a SwitchDevice) bool { return a.Device == Camera && !a.On }); n != 1 {
		t.Errorf("the camera was switched off %d times, want once it was open", n)
	}
	if v := ben.peer("Ana"); !v.Microphone || v.Camera {
		t.Errorf("Ben sees Ana's microphone %v, camera %v, want true, false", v.Microphone, v.Camera)
	}
	if v := ana.peer("Ben"); v.Microphone || v.Camera {
		t.Errorf("Ana sees devices that Ben has not: %+v", v)
	}
	ana.step(DeviceSwitched{Microphone, false})
	w.run(50 * time.Millisecond)
	expect("muted", DeviceMuted, DeviceMuted)
	if v := ben.peer("Ana"); v.Microphone {
		t.Error("Ben was not told of the mute")
	}
	ana.step(DeviceEnded{Microphone})
	if v := ana.s.Snapshot().Microphone; v.State != DeviceMissing || v.Cause != signal.CauseDeviceLost {
		t.Errorf("a microphone that was pulled out: %+v", v)
	}
	ana.step(DeviceSwitched{Microphone, true})
	expect("asked again", DeviceAsking, DeviceMuted)
	w.run(50 * time.Millisecond)
	expect("opened again", DeviceOn, DeviceMuted)
	w.run(50 * time.Millisecond)
	if v := ben.peer("Ana"); !v.Microphone {
		t.Error("Ben was not told that the microphone is back")
	}
}

func TestDeviceErrorsAreCauses(t *testing.T) {
	for name, cause := range map[string]Cause{
		"NotAllowedError": signal.CauseDeviceDenied, "SecurityError": signal.CauseDeviceDenied,
		"NotFoundError": signal.CauseDeviceMissing, "OverconstrainedError": signal.CauseDeviceMissing, "": signal.CauseDeviceMissing,
		"NotReadableError": signal.CauseDeviceLost, "AbortError": signal.CauseDeviceLost,
		"SecurityContext": signal.CauseUnsupportedBrowser,
	} {
		s := New(DefaultPolicy())
		s.Step(Time{1, 1}, Started{Config{Room: "tea", Camera: true}})
		s.Step(Time{1, 1}, DeviceFailed{Camera, name})
		if v := s.Snapshot().Camera; v.State != DeviceMissing || v.Cause != cause || v.Error != name {
			t.Errorf("%q: %+v, want missing, %s", name, v, cause)
		}
	}
}

func TestChatGoesBothWays(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ana.step(Said{" hello "})
	ben.step(Said{"hi"})
	w.run(50 * time.Millisecond)
	for _, p := range []*page{ana, ben} {
		v := p.s.Snapshot().Messages
		if len(v) != 2 {
			t.Fatalf("%s sees %+v", p.s.Name, v)
		}
		for _, m := range v {
			if m.Mine != (m.Name == p.s.Name) || m.Sent != m.Mine || m.Text != map[string]string{"Ana": "hello", "Ben": "hi"}[m.Name] {
				t.Errorf("%s sees %+v", p.s.Name, m)
			}
		}
	}
}

func TestChatWaitsForWhoCannotBeReached(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	w.broken = true
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	w.run(time.Second)
	ana.step(Said{"one"})
	ana.step(Said{"two"})
	if m := ana.s.Snapshot().Messages[0]; m.Sent {
		t.Error("a message counts as sent to somebody who has no channel")
	}
	w.broken = false
	for _, c := range ana.pcs {
		ana.connect(c)
	}
	w.run(time.Second)
	if m := ben.s.Snapshot().Messages; len(m) != 2 || m[0].Text != "one" || m[1].Text != "two" {
		t.Errorf("Ben sees %+v", m)
	}
	if m := ana.s.Snapshot().Messages[1]; !m.Sent {
		t.Error("a message that was handed over does not count as sent")
	}
}

func TestChatTakesNoCopiesNoBadIdsAndNothingTooLong(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	l := Link{"p2", 1, 1}
	for _, c := range []signal.Chat{
		{ID: "p2-1-1", Text: "good"},
		{ID: "p2-1-1", Text: "a copy"},
		{ID: "p1-1-1", Text: "as Ana herself"},
		{ID: "p2", Text: "without a count"},
		{ID: "P2-1-1", Text: "by no participant"},
		{ID: "p2-" + strings.Repeat("1", 96), Text: "with an id too long"},
		{ID: "", Text: "as nobody"},
		{ID: "p2-1-2", Text: ""},
		{ID: "p2-1-3", Text: strings.Repeat("ä", signal.MaxChat+1)},
		{ID: "p2-1-4", Text: strings.Repeat("ä", signal.MaxChat)},
	} {
		ana.step(ChatReceived{Link: l, Chat: c})
	}
	if v := ana.s.Snapshot().Messages; len(v) != 2 || v[0].Text != "good" || v[1].ID != "p2-1-4" {
		t.Errorf("%d messages: %.100v", len(v), v)
	}
}

func TestChatOfOneWhoCameBackAsSomebodyNewIsACopyByItsId(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	cem := w.open(Config{Name: "Cem", JoinNow: true})
	w.until(3*time.Second, "three are connected", func() bool {
		return cem.s.Snapshot().State == StateConnected && len(ana.s.Peers) == 2 && ana.s.Peers[1].Link.Chat
	})
	ben, p3 := Link{"p2", 1, 1}, ana.s.Peers[1].name()
	ana.step(ChatReceived{Link: ben, Chat: signal.Chat{ID: "p2-1-1", Text: "of Ben"}})
	ana.step(ChatReceived{Link: p3, Chat: signal.Chat{ID: "p2-1-1", Text: "of Ben"}})  // who is Cem now
	ana.step(ChatReceived{Link: p3, Chat: signal.Chat{ID: "p2-1-2", Text: "by Cem"}})  // as if Ben had said it
	ana.step(ChatReceived{Link: p3, Chat: signal.Chat{ID: "p2-1-2", Text: "by Cem"}})  // again
	ana.step(ChatReceived{Link: ben, Chat: signal.Chat{ID: "p2-1-2", Text: "of Ben"}}) // what Ben says is shown nevertheless
	ana.step(ChatReceived{Link: ben, Chat: signal.Chat{ID: "p2-1-2", Text: "of Ben"}})
	var got []string
	ids := map[string]bool{}
	for _, m := range ana.s.Snapshot().Messages {
		got = append(got, m.Name+": "+m.Text)
		ids[m.ID] = true
	}
	if want := []string{"Ben: of Ben", "Cem: by Cem", "Ben: of Ben"}; !slices.Equal(got, want) || len(ids) != 3 {
		t.Errorf("Ana sees %q under %d ids, want %q", got, len(ids), want)
	}
}

// Without Web Locks a copy of a tab sends what the tab has not delivered yet,
// each as somebody new, and neither under the id of who wrote it.
func TestChatOfACopyOfATabIsACopyByItsNameAndWords(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.open(Config{Name: "Ben", JoinNow: true})
	w.until(3*time.Second, "three are connected", func() bool { return len(ana.s.Peers) == 2 && ana.s.Peers[1].Link.Chat })
	for _, from := range []Link{ana.s.Peers[0].name(), ana.s.Peers[1].name()} {
		ana.step(ChatReceived{Link: from, Chat: signal.Chat{ID: "p9-1-1", Text: "hello"}})
		ana.step(ChatReceived{Link: from, Chat: signal.Chat{ID: "p9-1-2", Text: "of " + from.Peer}})
	}
	var got []string
	for _, m := range ana.s.Snapshot().Messages {
		got = append(got, m.Text)
	}
	if want := []string{"hello", "of p2", "of p3"}; !slices.Equal(got, want) {
		t.Errorf("Ana sees %q, want %q", got, want)
	}
}

func TestChatThatIsEmptyOrTooLongIsNotSaid(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	for _, text := range []string{"", " \n", strings.Repeat("x", signal.MaxChat+1)} {
		ana.step(Said{text})
	}
	w.run(50 * time.Millisecond)
	if n := len(ben.s.Snapshot().Messages) + len(ana.s.Snapshot().Messages); n != 0 {
		t.Errorf("%d messages, want none", n)
	}
}

func TestWhatIsKeptOfTheChatIsBounded(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	w.broken, w.blocked = true, true
	ana.step(ControlClosed{Link{"p2", 1, 1}}) // a new connection, without channels yet
	for range keptMessages + 100 {
		ana.step(Said{"again"})
	}
	if n := len(ana.s.Snapshot().Messages); n != keptMessages {
		t.Errorf("%d messages kept, want %d", n, keptMessages)
	}
	if n := len(ana.record.Messages); n != recordMessages {
		t.Errorf("%d messages in the record, want %d", n, recordMessages)
	}
	if n := len(ana.s.peer("p2").Unsent); n != unsentMessages {
		t.Errorf("%d messages wait, want %d", n, unsentMessages)
	}
}

func TestASnapshotIsACopy(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.step(Said{"hello"})
	w.run(50 * time.Millisecond)
	v := ana.s.Snapshot()
	ben.step(LeavePressed{})
	ana.step(Said{"bye"})
	w.run(100 * time.Millisecond)
	if v.State != StateConnected || len(v.Messages) != 1 || v.Peers[0].State != PeerConnected || v.Peers[0].End != nil {
		t.Errorf("later steps reached an older snapshot: %+v", v)
	}
	v.Messages[0].Text, v.Peers[0].Name = "other", "other"
	if got := ana.s.Snapshot(); got.Messages[0].Text != "hello" || got.Peers[0].Name != "Ben" {
		t.Error("writing to a snapshot reached the session")
	}
}

func TestTimesOfASnapshotAreThePagesClock(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.step(Said{"hello"})
	now := float64(origin) + w.now.Seconds()*1000
	if v := ana.s.Snapshot(); v.At != now || v.Messages[0].At != now {
		t.Errorf("at %f, the message at %f, want %f", v.At, v.Messages[0].At, now)
	}
}

// saidInVain is a call in which no packet passes, so that Ben lacks what Ana
// has said.
func saidInVain(t *testing.T) (w *world, ana, ben *page) {
	t.Helper()
	w = newWorld(t)
	ana, ben = w.call()
	w.blocked = true
	ana.step(Said{"hello"})
	w.run(20 * time.Millisecond)
	return w, ana, ben
}

func TestWhatNobodyHasYetOutlivesTheReloadOfItsSpeaker(t *testing.T) {
	w, ana, ben := saidInVain(t)
	again := ana.reload()
	if m := again.s.Snapshot().Messages; len(m) != 1 || m[0].Sent {
		t.Errorf("after the reload: %+v, want one message that is not sent yet", m)
	}
	w.blocked = false
	arrived := func() bool { return len(ben.s.Snapshot().Messages) == 1 && len(again.record.Undelivered) == 0 }
	w.until(20*time.Second, "the message arrives, and is not kept any more", arrived)
	if m := again.s.Snapshot().Messages; len(m) != 1 || !m[0].Sent {
		t.Errorf("in the end: %+v, want one message that is sent", m)
	}
}

func TestWhatArrivedBeforeAReloadDoesNotArriveAgain(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ana.step(Said{"hello"})
	w.run(packetTime + time.Millisecond) // it is there, its acknowledgement is not
	if len(ana.record.Undelivered) != 1 || len(ben.s.Snapshot().Messages) != 1 {
		t.Fatalf("%d undelivered, %d arrived", len(ana.record.Undelivered), len(ben.s.Snapshot().Messages))
	}
	again := ana.reload()
	w.until(time.Second, "welcome back", func() bool { return again.s.Signaling.Welcomed })
	again.step(Said{"and again"})
	w.until(20*time.Second, "all is acknowledged", func() bool { return len(again.record.Undelivered) == 0 })
	if m := ben.s.Snapshot().Messages; len(m) != 2 || m[0].Text != "hello" || m[1].Text != "and again" {
		t.Errorf("%+v", m)
	}
}

func TestACopyOfATabDoesNotSayAgainWhatTheTabSaid(t *testing.T) {
	w, ana, ben := saidInVain(t)
	copied := *ana.record
	w.blocked = false
	again := w.open(Config{Name: "Ana", Record: &copied, Navigation: "back_forward"}) // without Web Locks
	w.until(20*time.Second, "the copy is connected", func() bool {
		return again.s.Participant != "p1" && again.s.peer("p2") != nil && again.s.peer("p2").Link.State == linkConnected
	})
	w.run(2 * time.Second)
	if m := ben.s.Snapshot().Messages; len(m) != 0 {
		t.Errorf("%+v, want nothing of the copy", m)
	}
}

func TestWhatWaitsForSomebodyWaitsOverTwoReloads(t *testing.T) {
	w, ana, ben := saidInVain(t)
	again := ana.reload()
	w.run(20 * time.Millisecond) // not welcome yet
	again.reload()
	w.blocked = false
	w.until(20*time.Second, "the message arrives", func() bool { return len(ben.s.Snapshot().Messages) == 1 })
}
