package session

import (
	"encoding/json"
	"testing"
	"time"

	"holdline/server/signal"
)

func TestRFC4787_4_1_OneSocketWithTwoMappingsIsSymmetric(t *testing.T) {
	srflx := func(network, address, port string) iceCandidate {
		return iceCandidate{"1", "udp", address, port, "srflx", network}
	}
	host := func(address string) iceCandidate { return iceCandidate{"1", "udp", address, "5000", "host", ""} }
	two := []iceCandidate{srflx("", "198.51.100.7", "6000"), srflx("", "198.51.100.7", "6001")}
	three := append(two[:2:2], srflx("", "198.51.100.7", "6002"))
	for _, tt := range []struct {
		name string
		all  []iceCandidate
		want bool
	}{
		{"one mapping", []iceCandidate{srflx("1", "198.51.100.7", "6000")}, false},
		{"two ports of one address", []iceCandidate{srflx("1", "198.51.100.7", "6000"), srflx("1", "198.51.100.7", "6001")}, true},
		{"two networks behind one NAT", []iceCandidate{srflx("1", "198.51.100.7", "6000"), srflx("2", "198.51.100.7", "6001")}, false},
		{"two addresses", []iceCandidate{srflx("", "198.51.100.7", "6000"), srflx("", "203.0.113.9", "6001")}, false},
		{"RTP and RTCP", []iceCandidate{srflx("", "198.51.100.7", "6000"), {"2", "udp", "198.51.100.7", "6001", "srflx", ""}}, false},
		{"one socket in Firefox", append([]iceCandidate{host("10.0.0.2")}, two...), true},
		{"two networks behind one NAT in Firefox", append([]iceCandidate{host("10.0.0.2"), host("10.0.1.2")}, two...), false},
		{"two networks in Firefox, behind names", append([]iceCandidate{host("a.local"), host("b.local")}, two...), false},
		{"two networks in Firefox, one of them mapped twice", append([]iceCandidate{host("10.0.0.2"), host("10.0.1.2")}, three...), true},
		{"IPv6 beside it", append([]iceCandidate{host("10.0.0.2"), host("2001:db8::2"), host("ipv6-2")}, two...), true},
		{"TCP and RTCP beside it", append([]iceCandidate{host("10.0.0.2"), {"1", "tcp", "10.0.0.2", "9", "host", ""}, {"2", "udp", "10.0.0.2", "5001", "host", ""}}, two...), true},
		{"the same mapping twice", []iceCandidate{srflx("", "198.51.100.7", "6000"), srflx("", "198.51.100.7", "6000")}, false},
		{"a relay's two ports", []iceCandidate{{"1", "udp", "203.0.113.5", "1", "relay", ""}, {"1", "udp", "203.0.113.5", "2", "relay", ""}}, false},
	} {
		var n nat
		for _, c := range tt.all {
			n.learn(c)
		}
		if got := n.symmetric(); got != tt.want {
			t.Errorf("%s: symmetric %v, want %v", tt.name, got, tt.want)
		}
	}
}

// mappedTo is a server-reflexive candidate with this port.
func mappedTo(port string) json.RawMessage {
	return candidateOf("candidate:1 1 udp 1 198.51.100.7 " + port + " typ srflx raddr 0.0.0.0 rport 0 network-id 1")
}

// wantTwoGatherings finds two ports with the second gathering, after one with
// the first.
func wantTwoGatherings(t *testing.T, found func(port string), symmetric *bool) {
	t.Helper()
	found("6001")
	if *symmetric {
		t.Error("two gatherings, each with one port, pass for a symmetric NAT")
	}
	found("6002")
	if !*symmetric {
		t.Error("one gathering with two ports is no symmetric NAT")
	}
}

// What the gathering before still finds until the new description is set is of
// sockets that are no more.
func TestARestartThatIsNotSetYetSearchesWithTheSocketsBefore(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "v=0\r\na=ice-ufrag:one\r\n")
	w.run(2 * time.Second)
	p := ana.s.peer("zoe")
	found := func(port string) {
		ana.step(CandidateFound{Link: p.name(), Candidate: mappedTo(port)})
	}
	found("6000")
	ana.step(NetworkChanged{Online: true})
	found("6000")
	ana.step(LocalDescriptionSet{Link: p.name(), Attempt: p.Link.Attempt, Type: "offer", SDP: "v=0\r\na=ice-ufrag:two\r\n"})
	wantTwoGatherings(t, found, &p.Link.Symmetric)
}

// What the remote's gathering before still found comes before its answer.
func TestAnAnswerIsOfAnotherGatheringOfTheRemote(t *testing.T) {
	w, ana := onewire(t)
	ana.hearOffer(4, 1, 1, 1, "v=0\r\na=ice-ufrag:one\r\n")
	w.run(2 * time.Second)
	p := ana.s.peer("zoe")
	found := func(port string) {
		ana.hear(signal.Envelope{Type: signal.TypeCandidate, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: p.Link.Negotiation,
			Payload: mappedTo(port)})
	}
	ana.step(NetworkChanged{Online: true})
	found("6000")
	w.run(2 * time.Second)
	ana.hear(signal.Envelope{Type: signal.TypeDescription, From: "zoe", Life: 4, ToLife: 1, Generation: 1, Negotiation: p.Link.Negotiation,
		Payload: signal.Raw(signal.Description{Type: "answer", SDP: "v=0\r\na=ice-ufrag:two\r\n"})})
	wantTwoGatherings(t, found, &p.Link.RemoteSymmetric)
}

// Another username fragment restarts ICE on both sides: what is gathered then
// has sockets of its own.
func TestWhoAnswersARestartSearchesAnew(t *testing.T) {
	w, ana := onewire(t)
	p := ana.s.peer("zoe")
	for i, tt := range []struct {
		ufrag, port string
		symmetric   bool
	}{{"one", "6000", false}, {"two", "6001", false}, {"two", "6002", true}} {
		ana.hearOffer(4, 1, 1, i+1, "v=0\r\na=ice-ufrag:"+tt.ufrag+"\r\n")
		w.run(2 * time.Second)
		ana.step(CandidateFound{Link: p.name(), Candidate: mappedTo(tt.port)})
		if p.Link.Symmetric != tt.symmetric {
			t.Errorf("offer %d of %s, port %s: symmetric %v", i+1, tt.ufrag, tt.port, p.Link.Symmetric)
		}
	}
}
