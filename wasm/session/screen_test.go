package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

// sharing is a call whose Ana can share her screen.
func sharing(t *testing.T) (w *world, ana, ben *page) {
	t.Helper()
	w = newWorld(t)
	ana = w.open(Config{Name: "Ana", JoinNow: true, Screen: true})
	w.run(100 * time.Millisecond)
	ben = w.open(Config{Name: "Ben", JoinNow: true})
	w.until(3*time.Second, "connected", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
	w.run(time.Second)
	return w, ana, ben
}

func (p *page) screenIs(when string, want DeviceState) {
	p.world.Helper()
	if v := p.s.Snapshot().Screen; v.State != want || v.Cause != "" {
		p.world.Errorf("%s: the screen is %+v, want %s", when, v, want)
	}
}

func (p *page) closings() int { return count(p, func(CloseScreen) bool { return true }) }

func TestAScreenIsSharedAndNoMore(t *testing.T) {
	w, ana, ben := sharing(t)
	ana.screenIs("at first", DeviceOff)
	ana.step(DeviceSwitched{Screen, true})
	ana.screenIs("while the person picks", DeviceAsking)
	ana.step(DeviceSwitched{Screen, true}) // a second press
	if n := count(ana, func(OpenScreen) bool { return true }); n != 1 {
		t.Errorf("the picker was opened %d times, want once", n)
	}
	if ben.peer("Ana").Screen {
		t.Error("Ben is told of a screen that is not picked yet")
	}
	w.run(100 * time.Millisecond)
	ana.screenIs("picked", DeviceOn)
	if v := ben.peer("Ana"); !v.Screen {
		t.Errorf("Ben was not told: %+v", v)
	}
	ana.step(DeviceSwitched{Screen, false})
	w.run(50 * time.Millisecond)
	ana.screenIs("stopped", DeviceOff)
	if ben.peer("Ana").Screen || ana.closings() != 1 {
		t.Errorf("after the stop Ben sees a screen: %v; closed %d times, want once", ben.peer("Ana").Screen, ana.closings())
	}
}

func TestTheBrowsersOwnStopSharingIsAStop(t *testing.T) {
	w, ana, ben := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.step(DeviceEnded{Screen})
	w.run(50 * time.Millisecond)
	ana.screenIs("ended by the browser's bar", DeviceOff)
	if ben.peer("Ana").Screen {
		t.Error("Ben was not told")
	}
	ana.step(DeviceSwitched{Screen, true})
	ana.screenIs("asked again", DeviceAsking)
}

func TestAPickerThatThePersonClosesIsNoError(t *testing.T) {
	w, ana, _ := sharing(t)
	ana.picker = "NotAllowedError"
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.screenIs("declined", DeviceOff)
	ana.picker = "NotReadableError"
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	if v := ana.s.Snapshot().Screen; v != (Device{DeviceMissing, signal.CauseDeviceLost, "NotReadableError"}) {
		t.Errorf("a screen that cannot be captured: %+v", v)
	}
	ana.picker = ""
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.screenIs("another try", DeviceOn)
}

func TestWhoStopsWhileThePickerIsOpenSharesNothing(t *testing.T) {
	w, ana, ben := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	ana.step(DeviceSwitched{Screen, false})
	w.run(100 * time.Millisecond)
	ana.screenIs("picked too late", DeviceOff)
	if ben.peer("Ana").Screen || ana.closings() != 1 {
		t.Errorf("Ben sees a screen: %v; closed %d times, want once", ben.peer("Ana").Screen, ana.closings())
	}
}

func TestABrowserWithoutScreenCaptureIsNotAsked(t *testing.T) {
	w, _, ben := sharing(t)
	ben.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	if v := ben.s.Snapshot().Screen; v.State != DeviceMissing || v.Cause != signal.CauseUnsupportedBrowser {
		t.Errorf("a phone's screen: %+v", v)
	}
	if n := count(ben, func(OpenScreen) bool { return true }); n != 0 {
		t.Errorf("it was asked %d times", n)
	}
	ben.step(LeavePressed{})
	if v := ben.s.Snapshot().Screen; v.Cause != signal.CauseUnsupportedBrowser {
		t.Errorf("after the call: %+v", v)
	}
}

func TestNothingIsSharedFromTheLobby(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", Screen: true})
	ana.step(DeviceSwitched{Screen, true})
	ana.screenIs("in the lobby", DeviceOff)
}

// A browser wants a press of a button for each share.
func TestAReloadDoesNotShareAgain(t *testing.T) {
	w, ana, ben := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.goes(signal.IntentReload)
	w.run(300 * time.Millisecond)
	ana = w.open(Config{Name: "Ana", Record: ana.record, Locked: true, Screen: true, Navigation: "reload"})
	w.until(3*time.Second, "back", func() bool { return ben.peer("Ana").State != PeerAway })
	if v := ben.peer("Ana"); v.State != PeerNegotiating || v.Screen {
		t.Errorf("before the new page has said anything Ben sees %+v", v)
	}
	w.until(3*time.Second, "connected", func() bool { return ben.peer("Ana").State == PeerConnected })
	w.run(100 * time.Millisecond)
	ana.screenIs("after a reload", DeviceOff)
	if ben.peer("Ana").Screen {
		t.Error("Ben sees the screen of the last page")
	}
}

func TestTheEndOfTheCallStopsSharing(t *testing.T) {
	w, ana, _ := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.step(LeavePressed{})
	ana.screenIs("after Leave", DeviceOff)
	ana.step(RejoinPressed{})
	w.run(time.Second)
	ana.screenIs("after Rejoin", DeviceOff)
}

func TestWhoJoinsLaterIsToldOfTheScreen(t *testing.T) {
	w, ana, _ := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	cem := w.open(Config{Name: "Cem", JoinNow: true})
	w.until(3*time.Second, "told", func() bool {
		return len(cem.s.Snapshot().Peers) == 2 && cem.peer("Ana").Screen && !cem.peer("Ben").Screen
	})
}

// The track of a screen is negotiated in the band while the server is away.
func TestAScreenIsNegotiatedWithoutTheServer(t *testing.T) {
	w, ana, ben := sharing(t)
	w.down = true
	for _, p := range w.pages {
		p.socketEnds(1006)
	}
	w.run(3 * time.Second)
	link := ana.s.peer(ben.s.Participant).name()
	ana.step(DeviceSwitched{Screen, true})
	w.run(100 * time.Millisecond)
	ana.step(NegotiationNeeded{link}) // as the browser says of its new transceiver
	w.run(100 * time.Millisecond)
	if !ben.peer("Ana").Screen {
		t.Error("Ben was not told")
	}
	if got, want := ben.pcs[Link{ana.s.Participant, 1, link.Generation}].stable, "offer 1 of "+ana.s.Participant; got != want || ana.pcs[link].stable != want {
		t.Errorf("agreed on %q and %q, want %q", got, ana.pcs[link].stable, want)
	}
}

// What the browser said of the screen while the page was going was not heard.
func TestAPageFromTheBfcacheSharesNothing(t *testing.T) {
	w, ana, ben := sharing(t)
	ana.step(DeviceSwitched{Screen, true})
	ana.step(PageHide{Intent: signal.IntentNavigate, Persisted: true}) // with the picker open
	w.run(100 * time.Millisecond)
	ana.step(PageShow{Persisted: true})
	ana.screenIs("back", DeviceOff)
	if ana.closings() != 1 {
		t.Errorf("what was picked meanwhile was closed %d times, want once", ana.closings())
	}
	w.until(5*time.Second, "connected", func() bool { return ana.s.Snapshot().State == StateConnected })
	ana.step(DeviceSwitched{Screen, true})
	w.until(time.Second, "shared", func() bool { return ben.peer("Ana").Screen })
}
