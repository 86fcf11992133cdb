package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

func connections(p *page) int { return count(p, func(CreatePeerConnection) bool { return true }) }

func (w *world) pictures(send bool) {
	for _, p := range w.pages {
		for _, q := range p.s.Peers {
			q.Media = signal.Media{Microphone: true, Camera: send}
		}
	}
}

func TestAfterALongSilenceTheConnectionIsMadeAnew(t *testing.T) {
	for _, tt := range []struct {
		silence time.Duration
		picture bool
		made    int
	}{{2 * time.Second, true, 0}, {5 * time.Second, true, 1}, {15 * time.Second, true, 1}, {30 * time.Second, true, 1}} {
		w := newWorld(t)
		ana, ben := w.call()
		w.pictures(tt.picture)
		w.blocked, w.down = true, true
		ana.socketEnds(1006)
		ben.socketEnds(1006)
		w.run(tt.silence)
		before := connections(ana)
		w.blocked, w.down = false, false
		w.run(6 * time.Second)
		ana.expect(StateConnected, "Ben", PeerConnected, "")
		ben.expect(StateConnected, "Ana", PeerConnected, "")
		if n := connections(ana) - before; n != tt.made {
			t.Errorf("after %s of nothing Ana made %d connections, want %d", tt.silence, n, tt.made)
		}
	}
}

// What is heard of somebody whom no new connection can reach counts at once:
// others rely on it.
func TestWhoIsHeardAfterALongSilenceAndCannotBeReachedIsConnected(t *testing.T) {
	for _, picture := range []bool{false, true} {
		w := newWorld(t)
		ana, ben := w.call()
		w.pictures(picture)
		w.blocked, ben.cutOff = true, true
		ben.socketEnds(1006)
		w.run(17500 * time.Millisecond) // of the 20 s for which Ben's place is held
		w.blocked = false
		w.run(10 * time.Second)
		if n := ana.sent(signal.TypeVouch); n == 0 || ana.peer("Ben").State != PeerConnected {
			t.Errorf("picture %v: Ana sees Ben as %s by %s, and vouched %d times", picture, ana.peer("Ben").State, ana.peer("Ben").Cause, n)
		}
	}
}

func TestALinkThatFlowsIsNotGivenUp(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked, w.down = true, true
	ana.socketEnds(1006)
	ben.socketEnds(1006)
	w.run(DefaultPolicy().RecoverWithin - 1500*time.Millisecond)
	w.blocked = false
	w.run(10 * time.Second)
	for _, p := range []*page{ana, ben} {
		if st := p.s.Peers[0].Link.State; st != linkConnected {
			t.Errorf("%s's link is %s", p.s.Name, linkNames[st])
		}
	}
}

func TestABeatAfterALongSilenceIsACallUnlessAPictureIsFrozen(t *testing.T) {
	for _, media := range []signal.Media{{Microphone: true}, {Camera: true}, {Screen: true}} {
		w := newWorld(t)
		ana, _ := w.call()
		w.blocked = true
		w.run(4 * time.Second) // the restart is over, the new connection has not begun on the polite side
		p := ana.s.Peers[0]
		p.Media, p.Link = media, link{Generation: 1, State: linkRecovering, Ever: true, Control: true, Tells: true, HeardAt: w.now - 4*time.Second}
		before := connections(ana)
		ana.step(ControlReceived{p.name(), signal.Envelope{Type: signal.TypeBeat, Life: 1, Generation: 1}})
		w.run(DefaultPolicy().YieldFor + 10*time.Millisecond)
		if anew := connections(ana) > before; anew != (media.Camera || media.Screen) {
			t.Errorf("of somebody who sends %+v: made anew %v, the link is %s", media, anew, linkNames[p.Link.State])
		}
	}
}

func TestAPageThatWasFrozenIsNotMadeAnew(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.noMedia = true
	ben.step(PageFrozen{})
	w.run(100 * time.Millisecond)
	ben.stopped = true
	w.run(10 * time.Second)
	ben.stopped = false
	ben.step(PageResumed{})
	w.run(3 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if g := ana.s.Peers[0].Link.Generation; g != 1 {
		t.Errorf("generation %d after a freeze that was announced", g)
	}
}

func TestPacketsAfterASilenceDialUnlessTheServerSaidWhenToComeBack(t *testing.T) {
	for _, drained := range []bool{false, true} {
		w := newWorld(t)
		ana, _ := w.call()
		w.blocked, w.down = true, true
		ana.loses(drained)
		w.run(5 * time.Second)
		ana.s.Signaling.RetryAt = w.now + 20*time.Second
		dialed := func() int { return count(ana, func(OpenSignaling) bool { return true }) }
		before := dialed()
		w.blocked = false
		w.run(400 * time.Millisecond)
		if at := dialed() > before; at == drained {
			t.Errorf("drained %v: dialed %v", drained, at)
		}
	}
}

func TestHintsThatComeTogetherMakeOneConnection(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.blocked = true
	w.run(1200 * time.Millisecond)
	before := connections(ana)
	for range 6 {
		ana.step(NetworkChanged{Online: true})
		ben.step(NetworkChanged{Online: true})
		w.run(3 * time.Millisecond)
	}
	if n := connections(ana) - before; n != 1 {
		t.Errorf("6 hints made %d connections", n)
	}
	w.blocked = false
	w.until(5*time.Second, "connected", func() bool {
		return ana.s.Snapshot().State == StateConnected && ben.s.Snapshot().State == StateConnected
	})
}

func TestAPageThatHasMovedMakesASilentConnectionAnew(t *testing.T) {
	for _, moved := range []bool{false, true} {
		w := newWorld(t)
		ana, _ := w.call()
		ana.s.ICE.Address, ana.address = "198.51.100.7", "198.51.100.7"
		if moved {
			ana.address = "203.0.113.9"
		}
		w.blocked = true
		w.run(DefaultPolicy().InterruptedAfter + 100*time.Millisecond)
		ana.socketEnds(1006)
		w.run(200 * time.Millisecond)
		if anew := ana.s.Peers[0].Link.Generation > 1; anew != moved {
			t.Errorf("moved %v: a new connection %v", moved, anew)
		}
	}
}

// Firefox 153 counts no packets of a call without media, and restarts as long
// as it says connected. The other side does not leave its turn to it for ever.
func TestWhoRestartsOverAndOverDoesNotHoldTheOtherBack(t *testing.T) {
	w := newWorld(t)
	w.noMedia = true
	ana, ben := w.call()
	for _, p := range []*page{ana, ben} {
		p.s.Peers[0].Link.Tells = p.s.polite(p.s.Peers[0])
	}
	w.blocked = true
	w.until(10*time.Second, "a new connection", func() bool { return ana.s.Peers[0].Link.Generation > 1 })
}

// silent is a call whose link has been broken and silent for 10 s.
func silent(t *testing.T) (w *world, ana *page, p *peer) {
	t.Helper()
	w = newWorld(t)
	ana, _ = w.call()
	p = ana.s.Peers[0]
	w.blocked = true
	p.Link.State, p.Link.Tells, p.Link.HeardAt = linkRecovering, true, w.now-10*time.Second
	p.Link.Rung, p.Link.RungUntil = rungWait, w.now+time.Minute
	ana.s.now.Mono = w.now
	return w, ana, p
}

func TestWhatMakesAConnectionAnew(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(s *Session, p *peer)
		anew bool
	}{
		{"packets", func(s *Session, p *peer) { s.heard(p, false) }, true},
		{"a channel that opens", func(s *Session, p *peer) {
			p.Link.Control, p.Media.Camera = false, true
			s.controlOpened(p)
		}, false},
		{"packets of a page that was frozen", func(s *Session, p *peer) {
			end := signal.NewEnd(p.ID, signal.CausePageFrozen)
			p.Presence, p.End = signal.PresenceAway, &end
			s.heard(p, false)
			s.enterPresent(p)
			s.climbAnew(p)
		}, false},
		{"a page that was frozen and is there before its packets", func(s *Session, p *peer) {
			end := signal.NewEnd(p.ID, signal.CausePageFrozen)
			p.Presence, p.End = signal.PresenceAway, &end
			s.enterPresent(p)
			s.climbAnew(p)
		}, false},
		{"packets before signaling is back", func(s *Session, p *peer) {
			s.Signaling.State = SignalingStateLost
			s.heard(p, false)
			s.Signaling.State = SignalingStateOpen
			s.climbAgain()
		}, true},
		{"packets before the remote is back", func(s *Session, p *peer) {
			p.Presence = signal.PresenceAway
			s.heard(p, false)
			p.Presence = signal.PresencePresent
			s.climbAnew(p)
		}, true},
		{"packets long before", func(s *Session, p *peer) {
			p.Presence = signal.PresenceAway
			s.heard(p, false)
			s.now.Mono += s.policy.HaltingFor
			s.heard(p, false)
			p.Presence = signal.PresencePresent
			s.climbAnew(p)
		}, false},
		{"signaling that is back, with an offer in the void", func(s *Session, p *peer) {
			p.Link.Offered, p.Link.Rung, p.Link.RungUntil = true, rungRestartICE, s.now.Mono+time.Minute
			s.climbAgain()
		}, true},
		{"signaling that is back, with a new connection that the remote has not answered", func(s *Session, p *peer) {
			p.Link.Offered, p.Link.AgreedAt, p.Link.Rung, p.Link.HeardAt = true, 0, rungNewConnection, s.now.Mono
			s.climbAgain()
		}, true},
		{"signaling that is back, on another network, with a new connection that it has not answered", func(s *Session, p *peer) {
			p.Link.Offered, p.Link.AgreedAt, p.Link.Rung, p.Link.HeardAt, p.Link.Control = true, 0, rungNewConnection, s.now.Mono, false
			s.networkChanged(true)
			s.climbAgain()
		}, true},
		{"signaling that is back, with a new connection that is agreed", func(s *Session, p *peer) {
			p.Link.Offered, p.Link.AgreedAt, p.Link.Rung, p.Link.HeardAt = true, s.now.Mono, rungNewConnection, s.now.Mono
			s.climbAgain()
		}, false},
		{"another network, where the browser tells nothing", func(s *Session, p *peer) {
			p.Link.Tells, p.Link.Connection, p.Link.HeardAt = false, "connected", s.now.Mono-2*time.Second
			s.networkChanged(true)
		}, true},
		{"another network that a beat got through", func(s *Session, p *peer) {
			p.Link.HeardAt, p.Presence = s.now.Mono-2*time.Second, signal.PresenceAway
			s.networkChanged(true)
			s.heard(p, true)
			p.Presence = signal.PresencePresent
			s.interrupted(p, "nothing came")
		}, false},
	} {
		_, ana, p := silent(t)
		tt.do(ana.s, p)
		ana.s.now.Mono += DefaultPolicy().YieldFor
		ana.s.tickRecovery(p)
		if anew := p.Link.Generation > 1; anew != tt.anew {
			t.Errorf("%s: made anew %v, the link is %s on rung %d", tt.name, anew, linkNames[p.Link.State], p.Link.Rung)
		}
	}
}

func TestAPageIsNotCalledUnresponsiveForWhatSCTPHoldsBack(t *testing.T) {
	_, ana, p := silent(t)
	p.Presence = signal.PresenceAway
	sample := func(after time.Duration) bool {
		ana.s.now.Mono += after
		ana.s.statistics(p, StatsSampled{Link: p.name(), Packets: p.Link.Packets + 1})
		return p.Link.Unresponsive
	}
	if sample(0) || sample(2*time.Second) {
		t.Error("the page is called unresponsive 2 s after packets passed again")
	}
	if !sample(2 * time.Second) {
		t.Error("a page without a beat for 4 s is not called unresponsive")
	}
}

func TestWhatWasCountedOfAConnectionThatIsMadeAnewIsOfTheOld(t *testing.T) {
	_, ana, p := silent(t)
	ana.step(StatsSampled{Link: p.name(), Attempt: p.Link.StatsAttempt, Packets: p.Link.Packets + 1, Flow: Flow{Pair: &Pair{Local: Candidate{Type: "relay"}}}})
	if l := &p.Link; l.Generation != 2 || l.Flow.Pair != nil || l.HeardAt != ana.s.now.Mono {
		t.Errorf("connection %d has the pair %+v, heard at %v", l.Generation, l.Flow.Pair, l.HeardAt)
	}
}

// A restarted server may not know somebody who is heard.
func TestWhoTheRoomDoesNotKnowIsNotMadeAnew(t *testing.T) {
	_, ana, p := silent(t)
	p.Presence = signal.PresenceAway
	ana.s.heard(p, false)
	if p.Link.State != linkConnected || !ana.s.halting(&p.Link) {
		t.Fatal("packets pass again after a long silence: want connected, and to be made anew")
	}
	p.Presence = signal.PresencePresent
	l := &ana.s.Signaling
	l.State, l.Welcomed = SignalingStateLost, false
	ana.hear(signal.Envelope{Type: signal.TypeWelcome, To: ana.s.Participant, ToLife: ana.s.Life, Payload: signal.Raw(signal.Welcome{Resumed: true, Token: "t", ByeKey: "k"})})
	if p.Link.State != linkConnected || !p.Unknown || p.Left {
		t.Errorf("the link is %s, unknown %v, left %v", linkNames[p.Link.State], p.Unknown, p.Left)
	}
}
