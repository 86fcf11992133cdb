package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

// finds is a candidate that a server answered with, to the newest connection to
// the first of the others.
func (p *page) finds(typ, relayProtocol string) {
	found := CandidateFound{Link: p.s.Peers[0].name(), Candidate: candidateOf("candidate:1 1 udp 1 198.51.100.7 6000 typ " + typ), RelayProtocol: relayProtocol, URL: "stun:relay.test"}
	if typ == "relay" {
		found.URL = "turn:relay.test"
	}
	p.step(found)
}

// What answered before the path broke says nothing of what passes now.
func TestAPathThatIsBlockedForGoodHasTheFindingOfWhatAnswersSinceItBroke(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  func(*page)
		want signal.Finding
	}{
		{"both answer as before", func(p *page) { p.finds("srflx", ""); p.finds("relay", "udp") }, signal.FindingPathLost},
		{"neither does any more", func(*page) {}, signal.FindingNothingAnswers},
		{"the relay over TLS alone", func(p *page) { p.finds("relay", "tls") }, signal.FindingUDPBlocked},
		{"STUN alone", func(p *page) { p.finds("srflx", "") }, signal.FindingRelaySilent},
		{"the relay refuses", func(p *page) {
			p.finds("srflx", "")
			p.step(CandidateFailed{Link: p.s.Peers[0].name(), Code: 486, URL: "turn:relay.test", Text: "quota"})
		}, signal.FindingRelayRefused},
	} {
		for i := range 2 { // who opened the connection restarts it in the step in which it breaks, the other one later
			w, _, _ := relayed(t, time.Minute)
			p := w.pages[i]
			p.finds("srflx", "")
			p.finds("relay", "udp")
			w.blocked, w.broken = true, true
			l := &p.s.Peers[0].Link
			w.until(10*time.Second, "it gathers anew", func() bool { return l.BrokenAt != 0 && l.Reach.AskedAt >= l.BrokenAt })
			tt.now(p)
			w.run(45 * time.Second)
			v := p.s.Snapshot().Peers[0]
			if v.Cause != signal.CausePathBlocked || v.End.Finding != tt.want || v.Path.Finding != tt.want || v.Path.State != PathFailed || !v.Path.Recovery[0].Failed {
				t.Errorf("%s: %s says %+v, %+v: want %s", tt.name, p.s.Name, v.End, v.Path, tt.want)
			}
		}
	}
}

func TestRejoinAsksTheServersAnew(t *testing.T) {
	w := newWorld(t)
	w.ice, w.lifetime = relayServers, time.Minute
	ana, ben := w.ended()
	p := ana.s.Peers[0]
	p.Link.Reach.UDP, p.Link.Reach.STUN = true, true
	w.blocked, ben.stopped = true, true
	ana.step(RejoinPressed{})
	w.run(DefaultPolicy().UnansweredAfter + time.Second)
	if got := Find(ana.s.pathEvidence(p)); got != signal.FindingNothingAnswers {
		t.Errorf("of servers that answered before: %s", got)
	}
}

// Ana's firewall began to block UDP after she had met Ben: of the path to who
// comes then, what answered for Ben's says nothing, and what answers for the new
// one says nothing of Ben's.
func TestOnePathsServersTellNothingOfAnother(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	ana.finds("srflx", "")
	ana.finds("relay", "udp")
	w.open(Config{Name: "Cy", JoinNow: true})
	w.until(5*time.Second, "Cy is there", func() bool { return len(ana.s.Peers) == 2 && ana.s.Peers[1].Link.State == linkConnected })
	cy := ana.s.Peers[1]
	ana.step(CandidateFailed{Link: cy.name(), Code: 486, URL: "turn:relay.test", Text: "quota"})
	w.run(DefaultPolicy().UnansweredAfter)
	if got := Find(ana.s.pathEvidence(cy)); got != signal.FindingRelayRefused {
		t.Errorf("of a relay that refuses Cy's path: %s", got)
	}
	ana.step(CandidateFound{Link: cy.name(), Candidate: candidateOf("candidate:1 1 udp 1 203.0.113.5 7000 typ relay"), URL: "turns:relay.test", RelayProtocol: "tls"})
	for i, want := range []Why{WhyFiltered, WhyUDPBlocked} {
		if got := ana.s.whyRelayed(ana.s.Peers[i]); got != want {
			t.Errorf("the path to %s is relayed as %q, want %q", ana.s.Peers[i].Name, got, want)
		}
	}
	if got := Find(ana.s.pathEvidence(cy)); got != signal.FindingUDPBlocked {
		t.Errorf("of a relay that answers Cy's path over TLS alone: %s", got)
	}
}

// Where packets come again by themselves, nothing was asked: what is known stays.
func TestASilenceThatEndsByItselfLeavesTheReasonForTheRelay(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	ana.finds("relay", "tls")
	l := &ana.s.Peers[0].Link
	ana.cutOff = true // so no restart is tried
	ana.socketEnds(1006)
	w.blocked = true
	w.until(5*time.Second, "the path is silent", func() bool { return l.State == linkInterrupted })
	w.blocked = false
	w.until(5*time.Second, "it is there again", func() bool { return l.State == linkConnected })
	l.WasDirect = false // it always was relayed
	ana.sampleOf("relay", "relay")
	if got := ana.path().Why; got != WhyUDPBlocked {
		t.Errorf("relayed as %q, want %q", got, WhyUDPBlocked)
	}
}

func TestAServerThatDoesNotAnswerHasNotRefused(t *testing.T) {
	_, ana, _ := relayed(t, time.Minute)
	l, r := ana.s.Peers[0].name(), &ana.s.Peers[0].Link.Reach
	ana.finds("srflx", "")
	ana.step(CandidateFailed{Link: l, Code: 701, URL: "turn:relay.test", Text: "timed out"})
	if r.Refused != "" {
		t.Errorf("701 is taken for a refusal: %q", r.Refused)
	}
	ana.step(CandidateFailed{Link: l, Code: 486, URL: "turn:relay.test", Text: "quota"})
	if r.Refused != "486 quota" {
		t.Errorf("486 is taken for %q", r.Refused)
	}
	ana.step(NetworkChanged{Online: true})
	if r.Refused != "" || r.STUN {
		t.Error("what another network's servers said still counts")
	}
}

// Chromium 156 names the protocol to a relay over TCP and TLS only.
func TestARelaysURLTellsHowItIsReached(t *testing.T) {
	for _, tt := range []struct {
		url, protocol string
		want          reach
	}{
		{"turn:relay.test:3478?transport=udp", "", reach{UDP: true}},
		{"turn:relay.test:3478", "", reach{UDP: true}},
		{"turn:relay.test:3478?transport=tcp", "tcp", reach{Stream: true}},
		{"turn:relay.test:3478?transport=tcp", "", reach{Stream: true}},
		{"turns:relay.test:443?transport=tcp", "tls", reach{Stream: true}},
		{"turns:relay.test:443", "", reach{Stream: true}},
		{"", "udp", reach{UDP: true}},
		{"", "", reach{Relay: true}},
	} {
		var r reach
		r.answers(CandidateFound{URL: tt.url, RelayProtocol: tt.protocol}, iceCandidate{Protocol: "udp", Type: "relay"})
		if r != tt.want {
			t.Errorf("%s, %q: %+v, want %+v", tt.url, tt.protocol, r, tt.want)
		}
	}
}
