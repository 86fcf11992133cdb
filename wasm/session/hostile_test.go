package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

// What one participant may do to another's page, or make it do to others.

func TestWhoAsksForCredentialsAllTheTimeIsPassedOnNowAndThen(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	before := ana.sent(signal.TypeRefresh)
	ask := func() {
		ana.step(ControlReceived{ana.s.Peers[0].name(), signal.Envelope{Type: signal.TypeRefresh, Life: ben.s.Life, Generation: 1}})
	}
	for range 1000 {
		ask()
	}
	if n := ana.sent(signal.TypeRefresh) - before; n != 0 {
		t.Fatalf("the server was asked %d times for one whose signaling is open", n)
	}
	ana.s.Peers[0].Lane = string(SignalingStateLost)
	for range 100 {
		for range 10 {
			ask()
		}
		w.run(100 * time.Millisecond)
	}
	if n := ana.sent(signal.TypeRefresh) - before; n < 2 || n > 3 {
		t.Errorf("the server was asked %d times within 10 s, want once each 5 s", n)
	}
}

// The server may never answer for one of them: its socket ended meanwhile.
func TestWhoWasPassedOnInVainIsPassedOnAgain(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	ben.cutOff = true
	ben.socketEnds(1006)
	w.until(2*time.Minute, "Ben asks Ana", func() bool { return ana.s.Peers[0].WantsICE })
	ana.socketEnds(1006)
	w.run(2 * time.Minute)
	if ben.s.expired() {
		t.Error("Ben's credentials have expired")
	}
}

func TestCredentialsAreTakenFromWhomWasAsked(t *testing.T) {
	_, ana, ben := relayed(t, time.Minute)
	ana.s.ICE.AskedAt, ana.s.ICE.AskedOf = 1, "zoe"
	bad := signal.Raw(signal.ICE{Servers: []signal.ICEServer{{URLs: []string{"turn:bad.test"}, Username: "u", Credential: "c"}}})
	answer := ControlReceived{ana.s.Peers[0].name(), signal.Envelope{Type: signal.TypeICE, Life: ben.s.Life, Generation: 1, Payload: bad}}
	ana.step(answer)
	if ana.s.iceServers()[0].URLs[0] != "stun:relay.test" {
		t.Error("the answer of one who was not asked is taken")
	}
	ana.s.ICE.AskedOf = "p2"
	ana.step(answer)
	if ana.s.iceServers()[0].URLs[0] != "turn:bad.test" {
		t.Error("the answer of one who was asked is not taken")
	}
	ana.s.ICE.Servers = relayServers
	ana.step(answer)
	if ana.s.iceServers()[0].URLs[0] != "stun:relay.test" {
		t.Error("a second answer is taken")
	}
}

func TestCredentialsThatLastAMomentAreNotAskedForAllTheTime(t *testing.T) {
	w, ana, _ := relayed(t, time.Millisecond)
	before := ana.sent(signal.TypeRefresh)
	w.run(10 * time.Second)
	if n := ana.sent(signal.TypeRefresh) - before; n > 3 {
		t.Errorf("%d refreshes in 10 s, want one each 5 s", n)
	}
}

func TestWhoWaitsAloneKeepsItsCredentialsFresh(t *testing.T) {
	w := newWorld(t)
	w.ice, w.lifetime = relayServers, time.Minute
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(5 * time.Minute)
	if ana.s.expired() {
		t.Error("who comes now is met with credentials that no relay takes")
	}
}

// A restart opens new sockets, which any NAT maps to new ports.
func TestTwoSearchesBehindOneNATAreNotSymmetric(t *testing.T) {
	_, ana, _ := relayed(t, time.Minute)
	p := ana.s.Peers[0]
	ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("candidate:1 1 udp 1 198.51.100.7 6000 typ srflx")})
	ana.s.search(p)
	ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("candidate:1 1 udp 1 198.51.100.7 6001 typ srflx")})
	if p.Link.Symmetric {
		t.Error("the NAT passes for symmetric after a restart")
	}
	ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("candidate:1 1 udp 1 198.51.100.7 6002 typ srflx")})
	ana.s.search(p)
	if !p.Link.Symmetric {
		t.Error("what one search has shown is forgotten with the next")
	}
}

// What the other side finds is about its own network.
func TestAnEndThatIsToldHasOnesOwnFinding(t *testing.T) {
	_, ana, ben := relayed(t, time.Minute)
	p := ana.s.Peers[0]
	end := signal.NewEnd("p1", signal.CausePathBlocked)
	end.Finding = signal.FindingNoCandidates
	ana.hear(signal.Envelope{Type: signal.TypeGaveUp, From: "p2", To: "p1", Life: ben.s.Life, ToLife: ana.s.Life, Generation: p.Link.Generation, Negotiation: 1, Payload: signal.Raw(signal.GaveUp{End: end})})
	if v := ana.peer("Ben"); v.State != PeerEnded || v.End.Finding == signal.FindingNoCandidates || v.End.Finding == signal.FindingNone {
		t.Errorf("Ben's finding stands on Ana's page: %+v", v.End)
	}
}

func TestALoopbackAddressIsToldNobody(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	p := ana.s.peer("p2")
	for _, address := range []string{"127.0.0.1", "::1"} {
		p.LAN, ana.s.ICE.Address = true, address
		before := ana.sent(signal.TypeCandidate)
		ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("candidate:77 1 udp 2122260223 0a1b.local 5000 typ host")})
		if n := ana.sent(signal.TypeCandidate) - before; n != 1 {
			t.Errorf("%s: %d candidates were sent, want 1", address, n)
		}
	}
}

func TestEndlessCandidatesDoNotGetToTheBrowser(t *testing.T) {
	w, ana := onewire(t)
	send := func(negotiation, n int) (taken int) {
		before := count(ana, func(AddCandidate) bool { return true })
		for range n {
			ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: negotiation,
				Payload: candidateOf("candidate:1 1 udp 1 10.0.0.1 5000 typ host")})
		}
		return count(ana, func(AddCandidate) bool { return true }) - before
	}
	ana.hearOffer(4, 1, 1, 1, "v=0\r\na=ice-ufrag:one\r\n")
	w.run(100 * time.Millisecond)
	p := ana.s.peer("zoe")
	if n := send(1, 5000); n != mostCandidates || p.Link.All.Remote.Host != mostCandidates {
		t.Errorf("the browser is given %d candidates, and %d are counted; want %d", n, p.Link.All.Remote.Host, mostCandidates)
	}
	told := 0
	for _, fact := range p.Link.Evidence {
		if fact == "more than 256 remote candidates for one description: the others are left out" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the report says so %d times, want once: %q", told, p.Link.Evidence)
	}
	ana.hearOffer(4, 1, 1, 2, "v=0\r\na=ice-ufrag:two\r\n")
	w.run(100 * time.Millisecond)
	if n := send(2, 20); n != 20 {
		t.Errorf("of 20 candidates for the next description the browser is given %d", n)
	}
}

func TestWhatARemotePageMayOfferIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name  string
		offer func(n int) (generation, negotiation int)
	}{
		{"new connections", func(n int) (int, int) { return 2 + n, 1 }},
		{"new offers", func(n int) (int, int) { return 1, 2 + n }},
		{"one offer over and over", func(n int) (int, int) { return 1, 2 }},
	} {
		w := newWorld(t)
		ana, ben := w.call()
		said := func() int {
			return count(ana, func(CreatePeerConnection) bool { return true }) + ana.sent(signal.TypeDescription) + ana.sent(signal.TypeCandidate)
		}
		was := said()
		for n := range 500 {
			generation, negotiation := tt.offer(n)
			ana.offeredBy(ben, generation, negotiation)
			w.run(10 * time.Millisecond)
		}
		if got := said() - was; got > 5*(mostOffers+10) {
			t.Errorf("%s: 500 offers in 5 s had Ana make and say %d things", tt.name, got)
		}
		// One that is meant is taken a moment later.
		w.run(time.Duration(mostOffers) * offerEvery)
		ana.offeredBy(ben, ana.s.Peers[0].Link.Generation+1, 1)
		w.run(20 * time.Millisecond)
		if l := &ana.s.Peers[0].Link; !l.Applying && l.Applied == 0 {
			t.Errorf("%s: nothing of the remote is taken any more", tt.name)
		}
	}
}

func TestNumbersThatNoneCouldFollowAreNotTaken(t *testing.T) {
	for _, numbers := range [][2]int{{1<<53 - 1, 1}, {1, 1<<53 - 1}, {2, 1<<53 - 1}} {
		w := newWorld(t)
		ana, ben := w.call()
		was := ana.s.Peers[0].Link
		ana.offeredBy(ben, numbers[0], numbers[1])
		if is := ana.s.Peers[0].Link; is.Generation != was.Generation || is.Negotiation != was.Negotiation {
			t.Errorf("an offer of generation %d, negotiation %d is taken", numbers[0], numbers[1])
		}
	}
}

func (p *page) offeredBy(from *page, generation, negotiation int) {
	p.hear(signal.Envelope{Type: signal.TypeDescription, From: from.s.Participant, To: p.s.Participant, Life: from.s.Life, ToLife: p.s.Life,
		Generation: generation, Negotiation: negotiation, Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0\r\na=ice-ufrag:x" + itoa(negotiation) + "\r\n"})})
}
