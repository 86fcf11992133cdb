package session

import (
	"encoding/json"
	"testing"
	"time"

	"holdline/server/signal"
)

func offersSent(p *page) int { return descriptionsSent(p, "offer") }

func descriptionsSent(p *page, kind string) int {
	return count(p, func(a SendSignaling) bool {
		d, err := a.Envelope.ReadDescription()
		return a.Envelope.Type == signal.TypeDescription && err == nil && d.Type == kind
	})
}

func TestWhoComesLastOffersAndTheOtherAnswers(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	if a, b := offersSent(ana), offersSent(ben); a != 0 || b != 1 {
		t.Errorf("offers: Ana, who was there, %d, Ben, who came, %d, want 0 and 1", a, b)
	}
	if a, b := descriptionsSent(ana, "answer"), descriptionsSent(ben, "answer"); a != 1 || b != 0 {
		t.Errorf("answers: %d and %d, want 1 and 0", a, b)
	}
}

func TestCandidatesTrickleUpToTheirEnd(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	for _, p := range []*page{ana, ben} {
		last := ""
		n := count(p, func(a AddCandidate) bool { last = string(a.Candidate); return true })
		if n != 2 || last != `{"candidate":""}` {
			t.Errorf("%s was given %d candidates, the last %s, want 2 and the end of candidates", p.s.Name, n, last)
		}
	}
}

// glare is a call whose two sides make their first offer at the same time.
func glare(t *testing.T) (w *world, impolite, polite *page) {
	w = newWorld(t)
	w.broken = true
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	for ana.s.peer("p2") == nil {
		w.run(time.Millisecond)
	}
	// Ana does not wait for the offer that is on its way.
	ana.s.peer("p2").Link.OfferAt = w.now
	w.run(2 * time.Second)
	w.broken = false
	if p := ben.s.peer("p1"); p.Link.Opened || !ana.s.peer("p2").Link.Opened {
		t.Fatal("Ben has the higher id and did not give way")
	}
	return w, ana, ben
}

func TestWebRTCPC_10_7_InGlareThePoliteSideGivesWay(t *testing.T) {
	w, ana, ben := glare(t)
	if a, b := offersSent(ana), offersSent(ben); a != 1 || b != 1 {
		t.Fatalf("offers: %d and %d, want one of each", a, b)
	}
	for _, p := range []*page{ana, ben} {
		for l, c := range p.pcs {
			if c.stable != "offer 1 of p1" || c.local != "" || c.remote != "" {
				t.Errorf("%s: %v agreed on %q (local %q, remote %q), want the impolite side's offer", p.s.Name, l, c.stable, c.local, c.remote)
			}
		}
	}
	if a, b := descriptionsSent(ana, "answer"), descriptionsSent(ben, "answer"); a != 0 || b != 1 {
		t.Errorf("answers: %d and %d, want the polite side's only", a, b)
	}
	for _, p := range []*page{ana, ben} {
		for _, c := range p.pcs {
			p.connect(c)
		}
	}
	w.run(time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
	if a, b := offersSent(ana), offersSent(ben); a != 1 || b != 1 {
		t.Errorf("after the glare offers went on: %d and %d", a, b)
	}
}

func TestCandidatesOfAnIgnoredOfferAreDroppedAndThoseOfTheAnswerTaken(t *testing.T) {
	_, ana, ben := glare(t)
	// Ben has sent two for his void offer and two with his answer, under the same number.
	if n := ben.sent(signal.TypeCandidate); n != 4 {
		t.Fatalf("Ben sent %d candidates, want 4", n)
	}
	if n := count(ana, func(AddCandidate) bool { return true }); n != 2 {
		t.Errorf("Ana took %d candidates, want the 2 that came with the answer", n)
	}
}

// An offer without an ICE restart has the credentials of the description before
// it: what was found for that one may come under the number of this one.
func TestCandidatesOfALaterIgnoredOfferAreTaken(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "offer 1 of zoe")
	w.run(100 * time.Millisecond)
	ana.step(NegotiationNeeded{Link{"zoe", 4, 1}})
	w.run(100 * time.Millisecond)
	if l := &ana.s.peer("zoe").Link; !l.Offered || ana.s.polite(ana.s.peer("zoe")) {
		t.Fatal("Ana does not wait for an answer, or is the polite side")
	}
	ana.hearOffer(4, 1, 1, 2, "offer 2 of zoe")
	if l := &ana.s.peer("zoe").Link; l.Ignored != 2 {
		t.Fatalf("ignored is offer %d, want 2", l.Ignored)
	}
	ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: 2, Payload: json.RawMessage(`{"candidate":"one"}`)})
	if n := count(ana, func(a AddCandidate) bool { return string(a.Candidate) == `{"candidate":"one"}` }); n != 1 {
		t.Errorf("the candidate was added %d times, want once", n)
	}
}

func TestAnOfferWithoutAnAnswerIsSentAgainAndAnsweredAgain(t *testing.T) {
	w := newWorld(t)
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	w.broken = true
	w.until(time.Second, "Ana has answered", func() bool { return descriptionsSent(ana, "answer") == 1 })
	// The answer is lost with the room's memory of it.
	l := &ben.s.peer("p1").Link
	ben.s.Signaling.InSeq += 10
	w.run(100 * time.Millisecond)
	ben.s.Signaling.InSeq -= 10
	if !l.Offered {
		t.Fatal("the answer came all the same")
	}
	offers := offersSent(ben)
	w.run(5*time.Second + 100*time.Millisecond)
	if got := offersSent(ben); got != offers+1 {
		t.Errorf("offers after 5 s: %d, want one more than %d", got, offers)
	}
	if got := descriptionsSent(ana, "answer"); got != 2 {
		t.Errorf("answers: %d, want 2", got)
	}
	if l.Offered {
		t.Error("the second answer was not taken")
	}
}

// onewire is Ana in a room with Ben, whose page is played by hand.
func onewire(t *testing.T) (w *world, ana *page) {
	w = newWorld(t)
	ana = w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	ana.hear(signal.Envelope{Type: signal.TypePresent, Payload: signal.Raw(signal.Presence{Participant: "zoe", Name: "Zoe", Life: 4, Order: 9, State: signal.PresencePresent})})
	return w, ana
}

func (p *page) hear(e signal.Envelope) { p.step(SignalingReceived{p.attempt, e}) }

func (p *page) hearOffer(life, toLife int64, generation, negotiation int, sdp string) {
	p.hear(signal.Envelope{Type: signal.TypeDescription, From: "zoe", Life: life, ToLife: toLife, Generation: generation, Negotiation: negotiation,
		Payload: signal.Raw(signal.Description{Type: "offer", SDP: sdp})})
}

func (p *page) hearAnswer() {
	l := &p.s.peer("zoe").Link
	p.hear(signal.Envelope{Type: signal.TypeDescription, From: "zoe", Life: 4, ToLife: 1, Generation: l.Generation, Negotiation: l.Negotiation,
		Payload: signal.Raw(signal.Description{Type: "answer", SDP: "answer to " + l.Offer.SDP})})
}

func TestAFirstConnectionOverANetworkThatWentIsOfferedAnew(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "offer of zoe")
	w.run(100 * time.Millisecond)
	ana.step(NetworkChanged{Online: true}) // what was gathered is of the network before
	if n := count(ana, func(a SetLocalDescription) bool { return a.Restart }); n != 1 {
		t.Errorf("%d ICE restarts, want one at once", n)
	}
}

func TestAFirstConnectionIsOfferedAnewWhenSignalingIsBack(t *testing.T) {
	w := newWorld(t)
	w.broken = true
	ana := w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	w.open(Config{Name: "Ben", JoinNow: true})
	w.run(time.Second)
	ana.expect(StateRecovering, "Ben", PeerNegotiating, "")
	before := restarts(ana)
	ana.socketEnds(1006) // the network went, perhaps, and nothing else says so
	w.run(time.Second)
	if n := restarts(ana) - before; n != 1 {
		t.Errorf("%d ICE restarts, want one", n)
	}
}

func TestAnOfferThatWasGivenUpIsLateAlsoWhileAnotherIsPending(t *testing.T) {
	w, ana := onewire(t)
	w.run(5100 * time.Millisecond)
	ana.hear(signal.Envelope{Type: signal.TypeDescription, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: 1,
		Payload: signal.Raw(signal.Description{Type: "answer", SDP: "answer of zoe"})})
	ana.step(NegotiationNeeded{Link{"zoe", 4, 1}}) // before the browser says that the answer is set
	w.run(100 * time.Millisecond)
	l := &ana.s.peer("zoe").Link
	if !l.Offered || l.Negotiation != 2 {
		t.Fatalf("offer %d, pending %v, want the second one pending", l.Negotiation, l.Offered)
	}
	ana.hearOffer(4, 1, 1, 1, "what zoe gave up for the answer")
	taken := ana.kinds["AddCandidate"]
	ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: 1, Payload: json.RawMessage(`{"candidate":"x"}`)})
	if l.Ignored != 0 || ana.kinds["AddCandidate"] != taken+1 {
		t.Errorf("offer %d is taken for a glare, and the answer's candidate is not added", l.Ignored)
	}
}

func TestTheSideThatWaitsOffersAfterFiveSeconds(t *testing.T) {
	w, ana := onewire(t)
	w.run(4900 * time.Millisecond)
	if n := ana.kinds["CreatePeerConnection"]; n != 0 {
		t.Fatalf("%d connections after 4.9 s, want none yet", n)
	}
	w.run(200 * time.Millisecond)
	if n := ana.kinds["CreatePeerConnection"]; n != 1 || offersSent(ana) != 1 {
		t.Errorf("%d connections and %d offers after 5.1 s, want 1 and 1", n, offersSent(ana))
	}
}

func TestALinkThatEndedComesBackWithRejoin(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "an offer")
	w.run(41 * time.Second)
	ana.expect(StateWaiting, "Zoe", PeerEnded, signal.CauseICEFailed)
	ana.step(RejoinPressed{})
	ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
	if v := ana.peer("Zoe"); v.End != nil || v.Generation != 2 {
		t.Errorf("after Rejoin %+v, want no end and generation 2", v)
	}
}

func TestANewConnectionAfterAnEndBeginsBelowTheLadder(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.s.Config.ICEServers = []signal.ICEServer{{URLs: []string{"turn:relay.test"}}}
	w.blocked = true
	w.until(15*time.Second, "the relay alone is tried", func() bool { return ana.s.peer("p2").Link.Rung == rungRelayOnly })
	ana.s.enterGivenUp(ana.s.peer("p2"), signal.NewEnd("p2", signal.CausePathBlocked))
	tried := count(ana, func(a SetLocalDescription) bool { return a.Relay })
	ana.step(RejoinPressed{})
	if n := count(ana, func(a SetLocalDescription) bool { return a.Relay }); n != tried {
		t.Error("the new connection is offered over the relay only")
	}
}

func TestWhatIsOfAnotherLifeOrGenerationIsDropped(t *testing.T) {
	for _, tt := range []struct {
		name                    string
		life, toLife            int64
		generation, negotiation int
		taken                   bool
	}{
		{"for this page", 4, 1, 2, 2, true},
		{"to no life in particular", 4, 0, 2, 2, true},
		{"for this participant's next life", 4, 2, 2, 2, false},
		{"of the remote's last life", 3, 1, 2, 2, false},
		{"of the remote's next life, which the room has not told of", 5, 1, 2, 2, false},
		{"of the generation before", 4, 1, 1, 2, false},
		{"of a newer generation", 4, 1, 3, 1, true},
		{"of the negotiation before", 4, 1, 2, 0, false},
	} {
		w, ana := onewire(t)
		ana.hearOffer(4, 1, 2, 1, "the first offer")
		w.run(100 * time.Millisecond)
		before := count(ana, func(SetRemoteDescription) bool { return true })
		ana.hearOffer(tt.life, tt.toLife, tt.generation, tt.negotiation, "an offer")
		if got := count(ana, func(SetRemoteDescription) bool { return true }) != before; got != tt.taken {
			t.Errorf("an offer %s: taken %v, want %v", tt.name, got, tt.taken)
		}
		ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: tt.life, ToLife: tt.toLife, Generation: tt.generation, Negotiation: max(1, tt.negotiation), Payload: json.RawMessage(`{"candidate":""}`)})
		if got := count(ana, func(AddCandidate) bool { return true }) == 1; got != (tt.taken || tt.negotiation == 0) {
			t.Errorf("a candidate %s: taken %v", tt.name, got)
		}
	}
}

func TestStaleAnswersToOrdersAreDropped(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "an offer")
	l := Link{"zoe", 4, 1}
	ana.step(RemoteDescriptionSet{l, 0, "InvalidStateError"})
	ana.step(LocalDescriptionSet{l, 99, "answer", "v=0", "InvalidStateError"})
	ana.step(RemoteDescriptionSet{Link{"zoe", 4, 2}, 1, "InvalidStateError"})
	ana.step(ConnectionStateChanged{Link{"zoe", 3, 1}, "failed"})
	ana.expect(StateRecovering, "Zoe", PeerNegotiating, "")
	w.run(100 * time.Millisecond)
	if n := descriptionsSent(ana, "answer"); n != 1 {
		t.Errorf("%d answers, want 1", n)
	}
}

func TestNegotiationNeededOffersOnceTheLineIsFree(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	l := Link{ben.s.Participant, ben.s.Life, 1}
	ana.step(NegotiationNeeded{l})
	ana.step(NegotiationNeeded{l}) // while the offer is being made: once more afterwards
	w.run(time.Second)
	if a, b := offersSent(ana), descriptionsSent(ben, "answer"); a != 2 || b != 2 {
		t.Errorf("%d offers and %d answers, want 2 and 2", a, b)
	}
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

// An offer that is numbered after one's own is of somebody who has answered that,
// and does not give way any more, though the answer was not heard.
func TestWhoWasAnsweredUnheardGivesWay(t *testing.T) {
	for _, tt := range []struct {
		name   string
		number int
		polite bool
	}{
		{"both have made their first offers", 1, false},
		{"the first offer was answered unheard", 2, true},
	} {
		w, ana := onewire(t)
		ana.hear(signal.Envelope{Type: signal.TypePresent, Payload: signal.Raw(signal.Presence{Participant: "abe", Name: "Abe", Life: 4, Order: 9, State: signal.PresencePresent})})
		p := ana.s.peer("abe")
		w.until(10*time.Second, "Ana offers", func() bool { return p.Link.Offered })
		if !ana.s.polite(p) {
			t.Fatal("Ana is not the polite side")
		}
		ana.hear(signal.Envelope{Type: signal.TypeDescription, From: "abe", Life: 4, ToLife: 1, Generation: 1, Negotiation: tt.number,
			Payload: signal.Raw(signal.Description{Type: "offer", SDP: "offer of abe"})})
		w.run(time.Second)
		if p.Link.AgreedAt == 0 || ana.s.polite(p) != tt.polite {
			t.Errorf("%s: agreed at %v, polite %v, want %v", tt.name, p.Link.AgreedAt, ana.s.polite(p), tt.polite)
		}
	}
}

func TestAConnectionThatTookAnAnswerIsNotStartedOver(t *testing.T) {
	w := newWorld(t)
	w.open(Config{Name: "Ana", JoinNow: true})
	w.run(100 * time.Millisecond)
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	answered := func() bool {
		p := ben.s.peer("p1")
		return p != nil && p.Link.Negotiation == 1 && !p.Link.Making && !p.Link.Offered
	}
	for !answered() {
		w.run(time.Millisecond)
	}
	p := ben.s.peer("p1")
	if p.Link.RemoteAt != 0 || !ben.s.polite(p) {
		t.Fatal("the browser has said already that the answer is set, or Ben is not polite")
	}
	// The browser is setting the answer, and may be connected by it; both sides
	// have something to renegotiate meanwhile.
	closed := ben.kinds["ClosePeerConnection"]
	ben.step(NegotiationNeeded{p.name()})
	ben.step(SignalingReceived{Attempt: ben.attempt, Envelope: signal.Envelope{
		Type: signal.TypeDescription, From: "p1", To: "p2", Life: p.Life, ToLife: ben.s.Life, Generation: 1, Negotiation: 2,
		Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0\r\n"}),
	}})
	if !p.Link.Applying {
		t.Fatal("Ben does not apply the offer")
	}
	if n := ben.kinds["ClosePeerConnection"] - closed; n != 0 {
		t.Error("the connection was thrown away: the other side's DTLS would meet another certificate")
	}
}

func TestOnAPathThatWorksTheAnswerGoesAheadOfTheChecks(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ana.s.Config.ChecksWait = true
	w.run(2 * time.Second)
	given := func() int { return count(ana, func(AddCandidate) bool { return true }) }
	before := given()
	ben.step(NetworkChanged{Online: true})
	w.until(time.Second, "Ana has answered", func() bool { return descriptionsSent(ana, "answer") == 2 })
	w.run(400 * time.Millisecond)
	if n := given() - before; n != 0 {
		t.Errorf("%d candidates were handed to ICE 400 ms after the answer, want none before 500 ms", n)
	}
	w.run(200 * time.Millisecond)
	if n := given() - before; n != 2 {
		t.Errorf("%d candidates were handed to ICE after 500 ms, want both", n)
	}
	// Where nothing comes any more they are needed at once.
	before = given()
	w.run(2 * time.Second)
	ben.step(NetworkChanged{Online: true})
	w.until(time.Second, "Ana has answered", func() bool { return descriptionsSent(ana, "answer") == 3 })
	w.run(50 * time.Millisecond)
	ana.step(ConnectionStateChanged{Link{"p2", 1, 1}, "failed"})
	w.run(10 * time.Millisecond)
	if n := given() - before; n != 2 {
		t.Errorf("%d candidates were handed to ICE on a path that broke, want both", n)
	}
	// In another browser nothing waits.
	ana.s.Config.ChecksWait = false
	w.run(10 * time.Second)
	before = given()
	ben.step(NetworkChanged{Online: true})
	w.until(time.Second, "Ana has answered", func() bool { return descriptionsSent(ana, "answer") == 4 })
	w.run(20 * time.Millisecond)
	if n := given() - before; n != 2 {
		t.Errorf("%d candidates were handed to ICE at once, want both", n)
	}
}
