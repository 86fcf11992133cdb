package session

import (
	"slices"
	"testing"
	"time"

	"holdline/server/signal"
)

// sampleOf is a sample whose chosen pair has such ends.
func (p *page) sampleOf(local, remote string) {
	q := p.s.Peers[0]
	p.step(StatsSampled{Link: q.name(), Attempt: q.Link.StatsAttempt, Packets: q.Link.Packets + 1,
		Flow: Flow{Pair: &Pair{Local: Candidate{Type: local, Protocol: "udp"}, Remote: Candidate{Type: remote, Protocol: "udp"}}, RTT: 7, Consent: 40, In: 1000}})
}

func (p *page) path() *Path { return p.s.Snapshot().Peers[0].Path }

func TestAPathThatWasDirectAndIsRelayedWasBlocked(t *testing.T) {
	_, ana, _ := relayed(t, time.Minute)
	ana.sampleOf("srflx", "srflx")
	if v := ana.path(); v.Relayed || v.Why != WhyNone {
		t.Fatalf("direct: %+v", v)
	}
	ana.sampleOf("relay", "srflx")
	if v := ana.path(); !v.Relayed || v.Why != WhyBlocked {
		t.Errorf("relayed after a direct path: relayed %v because of %q, want blocked", v.Relayed, v.Why)
	}
	ana.sampleOf("host", "host")
	ana.s.Peers[0].Link.WasDirect = false
	ana.sampleOf("relay", "srflx")
	if v := ana.path(); v.Why == WhyBlocked {
		t.Error("a path that was direct since is still called blocked")
	}
}

func TestThatAPathWasBlockedIsNewsOfItsOwn(t *testing.T) {
	_, ana, _ := relayed(t, time.Minute)
	ana.sampleOf("srflx", "srflx")
	l := &ana.s.Peers[0].Link
	l.State, l.Control = linkRecovering, false
	ana.sampleOf("relay", "srflx")
	l.State, l.Control = linkConnected, true
	before := ana.s.Changes
	ana.sampleOf("relay", "srflx")
	if ana.path().Why != WhyBlocked || ana.s.Changes == before {
		t.Errorf("why %q, and the page is not told", ana.path().Why)
	}
}

func TestWhyAPathIsRelayed(t *testing.T) {
	for _, tt := range []struct {
		name          string
		local, remote []string
		reach         reach
		want          Why
	}{
		{"this NAT is symmetric", []string{"candidate:1 1 udp 1 198.51.100.7 6000 typ srflx", "candidate:1 1 udp 1 198.51.100.7 6001 typ srflx"}, nil, reach{STUN: true}, WhySymmetric},
		{"the other NAT is", nil, []string{"candidate:1 1 udp 1 198.51.100.7 6000 typ srflx", "candidate:1 1 udp 1 198.51.100.7 6001 typ srflx"}, reach{STUN: true}, WhySymmetric},
		{"UDP is silent", nil, nil, reach{Stream: true}, WhyUDPBlocked},
		{"UDP is silent, and Firefox does not say how it reaches the relay", nil, nil, reach{Relay: true}, WhyUDPBlocked},
		{"STUN answers, and Firefox does not say", nil, nil, reach{Relay: true, STUN: true}, WhyFiltered},
		{"the other side has nothing else", nil, []string{"candidate:1 1 udp 1 203.0.113.5 7000 typ relay"}, reach{STUN: true}, WhyRemote},
		{"nothing of that", nil, nil, reach{STUN: true}, WhyFiltered},
	} {
		_, ana, _ := relayed(t, time.Minute)
		p := ana.s.Peers[0]
		p.Link.All, p.Link.WasDirect = search{}, false
		for _, line := range tt.local {
			ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf(line)})
		}
		for _, line := range tt.remote {
			ana.s.heardOf(p, candidateOf(line))
		}
		p.Link.Reach = tt.reach
		ana.sampleOf("relay", "relay")
		if got := ana.path().Why; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestARecoveryIsToldWithItsRungAndItsTime(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	ana.sampleOf("host", "host")
	w.blocked = true
	w.until(5*time.Second, "the second rung", func() bool { return ana.s.Peers[0].Link.Rung == rungNewConnection })
	if v := ana.path(); v.State != PathBroken || len(v.Recovery) != 1 || v.Recovery[0].Took != 0 || v.Recovery[0].Failed {
		t.Errorf("while it lasts: %+v", v)
	}
	w.blocked = false
	for _, p := range w.pages {
		for _, c := range p.pcs {
			p.connect(c)
		}
	}
	w.until(10*time.Second, "it is repaired", func() bool { return ana.s.Peers[0].Link.State == linkConnected })
	v := ana.path()
	if len(v.Recovery) != 1 || v.Recovery[0].Rung != rungNewConnection || v.Recovery[0].Took < 1000 || v.State != PathConnected {
		t.Errorf("after it: %+v", v)
	}
}

func TestTheRemotesNewConnectionIsARecoveryHereToo(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	l := &ana.s.Peers[0].Link
	first, before := l.Generation, restarts(ana)
	w.broken = true
	ben.step(ControlClosed{ben.s.Peers[0].name()}) // on his side alone
	w.until(time.Second, "his offer", func() bool { return l.Generation > first })
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	w.run(3 * time.Second)
	ana.expect(StateRecovering, "Ben", PeerRecovering, signal.CauseNetworkLost)
	if n := restarts(ana) - before; n != 0 {
		t.Errorf("Ana restarts ICE %d times while his connection is tried", n)
	}
	w.broken = false
	for _, p := range w.pages {
		for _, c := range p.pcs {
			p.connect(c)
		}
	}
	w.until(time.Second, "it is repaired", func() bool { return l.State == linkConnected })
	if v := ana.path(); len(v.Recovery) != 1 || v.Recovery[0].Rung != rungNewConnection || v.Recovery[0].Took < 3000 {
		t.Errorf("the recovery is told as %+v", v.Recovery)
	}
}

func TestTheRemotesNewConnectionThatComesToNothingEndsTheLink(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	w.broken = true
	ben.step(ControlClosed{ben.s.Peers[0].name()})
	w.run(45 * time.Second)
	ana.expect(StateWaiting, "Ben", PeerEnded, signal.CausePathBlocked)
}

// A restart that comes while the new connection is left to the remote is the
// rung before, on its clock.
func TestALateRestartIsNotTakenForTheNewConnection(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	l := &ben.s.Peers[0].Link
	w.blocked, ana.stopped = true, true
	w.until(6*time.Second, "Ben leaves the second rung to Ana", func() bool { return l.Rung == rungNewConnection && l.YieldUntil != 0 })
	generation := l.Generation
	ben.hear(signal.Envelope{Type: signal.TypeDescription, From: "p1", Life: ana.s.Life, ToLife: ben.s.Life, Generation: generation, Negotiation: l.Negotiation + 1,
		Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0\r\na=ice-ufrag:late\r\n"})})
	if v := ben.path(); v.Recovery[0].Rung != rungRestartICE {
		t.Errorf("the restart is told as rung %d", v.Recovery[0].Rung)
	}
	w.run(DefaultPolicy().RestartICEForMost + DefaultPolicy().YieldFor + 100*time.Millisecond)
	if l.Generation == generation {
		t.Error("the new connection is not made where the restart does not help")
	}
}

func TestInARungOnlyOneSideOffers(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	restarts := func(p *page) int { return count(p, func(a SetLocalDescription) bool { return a.Restart }) }
	w.blocked = true
	w.until(3*time.Second, "a restart", func() bool { return restarts(ana)+restarts(ben) > 0 })
	w.run(DefaultPolicy().YieldFor + 100*time.Millisecond)
	if a, b := restarts(ana), restarts(ben); a+b != 1 {
		t.Errorf("Ana offers %d times and Ben %d, want one of them once", a, b)
	}
}

func TestWhoOpenedTheConnectionGivesWay(t *testing.T) {
	_, ana, ben := relayed(t, time.Minute)
	if !ben.s.polite(ben.s.Peers[0]) || ana.s.polite(ana.s.Peers[0]) {
		t.Fatal("Ben came last and offered, so he is the one to give way")
	}
	ben.s.Participant, ana.s.Participant = ana.s.Participant, ben.s.Participant
	if !ben.s.polite(ben.s.Peers[0]) || ana.s.polite(ana.s.Peers[0]) {
		t.Error("the ids decide")
	}
}

// Firefox 153 counts no packets of a call without media.
func TestWhereStatisticsTellNothingThePathIsOnlyRestarted(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	l := &ana.s.Peers[0].Link
	for _, p := range []*page{ana, ben} {
		p.s.Peers[0].Link.Tells = false
		for _, c := range p.pcs {
			c.media = 0
		}
	}
	w.blocked, w.noMedia = true, true
	var rungs []int
	for range 100 {
		w.run(100 * time.Millisecond)
		if n := len(rungs); n == 0 || rungs[n-1] != l.Rung {
			rungs = append(rungs, l.Rung)
		}
	}
	if slices.Contains(rungs, rungNewConnection) {
		t.Errorf("rungs %v while the browser says connected", rungs)
	}
	ana.step(ConnectionStateChanged{ana.s.Peers[0].name(), "disconnected"})
	w.until(5*time.Second, "a new connection", func() bool { return ana.s.Peers[0].Link.Rung == rungNewConnection })
}

func TestWhatIsDialedIntoTheVoidIsDialedAnew(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	w.blocked = true
	ana.socketEnds(1006)
	ana.void = true // from now on no socket opens, and none fails
	w.run(2 * time.Second)
	dialed := func() int { return count(ana, func(OpenSignaling) bool { return true }) }
	before := dialed()
	w.run(10 * time.Second)
	if n := dialed() - before; n < 4 || n > 5 {
		t.Errorf("%d sockets were dialed within 10 s, want one every two seconds", n)
	}
}

func TestAnOfferRightAfterAnAgreementWaitsInFirefox(t *testing.T) {
	for _, firefox := range []bool{false, true} {
		w, ana := onewire(t)
		ana.s.Config.ChecksWait = firefox
		ana.hearOffer(4, 1, 1, 1, "v=0\r\na=ice-ufrag:one\r\n")
		w.run(100 * time.Millisecond)
		ana.s.peer("zoe").Link.Ever = true
		ana.hearOffer(4, 1, 1, 2, "v=0\r\na=ice-ufrag:two\r\n")
		ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: 2,
			Payload: candidateOf("candidate:1 1 udp 1 10.0.0.1 5000 typ host")})
		w.run(100 * time.Millisecond)
		applied := func() int { return ana.s.peer("zoe").Link.Applied }
		if want := map[bool]int{false: 2, true: 1}[firefox]; applied() != want {
			t.Errorf("Firefox %v: offer %d is applied at once, want %d", firefox, applied(), want)
		}
		w.run(2 * time.Second)
		if applied() != 2 || count(ana, func(AddCandidate) bool { return true }) != 1 {
			t.Errorf("Firefox %v: offer %d in the end, and %d candidates, want 2 and 1", firefox, applied(), count(ana, func(AddCandidate) bool { return true }))
		}
	}
}
