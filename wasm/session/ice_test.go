package session

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"holdline/server/signal"
)

var relayServers = []signal.ICEServer{{URLs: []string{"stun:relay.test", "turn:relay.test"}, Username: "u", Credential: "c"}}

// relayed is a call through a server that gives out credentials.
func relayed(t *testing.T, lifetime time.Duration) (w *world, ana, ben *page) {
	t.Helper()
	w = newWorld(t)
	w.ice, w.lifetime = relayServers, lifetime
	ana, ben = w.call()
	return w, ana, ben
}

func TestConnectionsAreMadeWithTheServersOfTheServer(t *testing.T) {
	_, ana, ben := relayed(t, time.Minute)
	for _, p := range []*page{ana, ben} {
		if n := count(p, func(a CreatePeerConnection) bool { return len(a.ICEServers) == 1 && a.ICEServers[0].Credential == "c" }); n != 1 {
			t.Errorf("%s made %d connections with the server's ICE servers, want 1", p.s.Name, n)
		}
	}
}

func TestCredentialsAreRefreshedAtHalfOfTheirLife(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	before := ana.sent(signal.TypeRefresh)
	w.run(5 * time.Minute)
	if n := ana.sent(signal.TypeRefresh) - before; n < 9 || n > 11 {
		t.Errorf("%d refreshes in five minutes, want one each half minute", n)
	}
	if ana.s.expired() {
		t.Error("the credentials have expired")
	}
}

func TestARestartHasTheNewestCredentials(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	w.ice = slices.Clone(relayServers)
	w.ice[0].Credential = "fresh"
	w.run(40 * time.Second)
	ana.step(NetworkChanged{Online: true})
	ben.step(NetworkChanged{Online: true})
	w.run(time.Second)
	fresh := func(a SetLocalDescription) bool { return a.Restart && a.ICEServers[0].Credential == "fresh" }
	if count(ana, fresh)+count(ben, fresh) == 0 {
		t.Error("no restart has the fresh credentials")
	}
}

// Who answers a restart gathers anew, too. Where an offer restarts nothing, other
// servers would make this side's next one restart ICE (RFC 9429, 4.1.18).
func TestTheAnswerOfARestartHasTheNewestCredentials(t *testing.T) {
	for ufrag, want := range map[string]int{"old": 0, "new": 1} {
		w, ana, ben := relayed(t, time.Minute)
		w.ice = slices.Clone(relayServers)
		w.ice[0].Credential = "fresh"
		w.run(40 * time.Second)
		l := &ana.s.Peers[0].Link
		l.Remote = "old"
		ana.log = nil
		ana.hear(signal.Envelope{Type: signal.TypeDescription, From: ben.s.Participant, Life: ben.s.Life, ToLife: ana.s.Life, Generation: l.Generation, Negotiation: l.Negotiation + 1,
			Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0\r\na=ice-ufrag:" + ufrag + "\r\n"})})
		for with, want := range map[int]int{1: want, 0: 1 - want} {
			if n := count(ana, func(a SetRemoteDescription) bool {
				return len(a.ICEServers) == with && (with == 0 || a.ICEServers[0].Credential == "fresh")
			}); n != want {
				t.Errorf("an offer with the username fragment %s after old is taken %d times with %d servers, want %d", ufrag, n, with, want)
			}
		}
	}
}

func TestWhoseSignalingIsLostIsGivenCredentialsInTheBand(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	ben.cutOff = true
	ben.socketEnds(1006)
	w.run(5 * time.Minute)
	if ben.s.Signaling.State == SignalingStateOpen {
		t.Fatal("Ben's signaling is open")
	}
	ben.expect(StateRecovering, "Ana", PeerConnected, "")
	if ben.s.expired() {
		t.Error("Ben's credentials have expired")
	}
	forBen := func(a SendSignaling) bool {
		var r signal.Refresh
		return a.Envelope.Type == signal.TypeRefresh && json.Unmarshal(a.Envelope.Payload, &r) == nil && r.For == "p2"
	}
	if n := count(ana, forBen); n < 8 {
		t.Errorf("Ana asked %d times for Ben, want once each half minute", n)
	}
}

func TestCredentialsThatNobodyAskedForAreNotTaken(t *testing.T) {
	w, ana, ben := relayed(t, time.Minute)
	bad := signal.Raw(signal.ICE{Servers: []signal.ICEServer{{URLs: []string{"turn:bad.test"}, Username: "u", Credential: "c"}}})
	ana.step(ControlReceived{ana.s.peer("p2").name(), signal.Envelope{Type: signal.TypeICE, Life: ben.s.Life, Generation: 1, Payload: bad}})
	w.run(time.Second)
	if ana.s.iceServers()[0].URLs[0] != "stun:relay.test" {
		t.Error("a remote page has changed this page's ICE servers")
	}
}

func TestAListOfServersThatNoBrowserTakesChangesNothing(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	for _, url := range []string{"http://relay.test", "turn:", "relay.test"} {
		bad := signal.Raw(signal.ICE{Servers: []signal.ICEServer{{URLs: []string{"stun:other.test"}}, {URLs: []string{url}, Username: "u", Credential: "c"}}, Lifetime: 1})
		ana.hear(signal.Envelope{Type: signal.TypeICE, Payload: bad})
		if got := ana.s.iceServers(); len(got) != 1 || got[0].URLs[0] != "stun:relay.test" {
			t.Errorf("%s: the servers are %+v, want the older ones", url, got)
		}
	}
	ana.step(NetworkChanged{Online: true})
	w.run(3 * time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestARestartWithExpiredCredentialsWaitsForFreshOnes(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	ana.s.ICE.GotAt = w.now - 2*time.Minute
	ana.s.ICE.AskedAt = 0
	before := count(ana, func(a SetLocalDescription) bool { return a.Restart })
	ana.step(NetworkChanged{Online: true})
	if n := count(ana, func(a SetLocalDescription) bool { return a.Restart }); n != before {
		t.Fatal("it restarts with credentials that no relay takes")
	}
	w.run(200 * time.Millisecond)
	if n := count(ana, func(a SetLocalDescription) bool { return a.Restart }); n != before+1 || ana.s.expired() {
		t.Errorf("%d restarts, expired %v, once the fresh ones are there", n-before, ana.s.expired())
	}
}

func TestAnotherAddressSeenByTheServerIsAnotherNetwork(t *testing.T) {
	for _, tt := range []struct {
		was, is string
		moved   bool
	}{
		{"198.51.100.7", "203.0.113.9", true},
		{"198.51.100.7", "198.51.100.7", false},
		{"2001:db8::1", "203.0.113.9", false}, // the same network, by its other half
		{"", "203.0.113.9", false},
	} {
		w := newWorld(t)
		ana, _ := w.call()
		ana.s.ICE.Address = tt.was
		before := count(ana, func(a SetLocalDescription) bool { return a.Restart })
		ana.address = tt.is
		ana.socketEnds(1006)
		w.run(time.Second)
		if moved := count(ana, func(a SetLocalDescription) bool { return a.Restart }) > before; moved != tt.moved {
			t.Errorf("from %q to %q: restarts %v, want %v", tt.was, tt.is, moved, tt.moved)
		}
	}
}

func TestAMoveThatIsSeenWhileOfflineCountsOnceOnline(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.call()
	ana.s.ICE.Address, ana.address = "198.51.100.7", "203.0.113.9"
	ana.step(NetworkChanged{Online: false})
	ana.socketEnds(1006)
	w.run(time.Second)
	if !ana.s.ICE.Moved || ana.s.Signaling.State != SignalingStateOpen {
		t.Fatalf("moved %v, signaling %s: want it remembered", ana.s.ICE.Moved, ana.s.Signaling.State)
	}
	ana.s.Offline = false // whatever told the session so
	before := restarts(ana)
	ana.socketEnds(1006)
	w.run(time.Second)
	if n := restarts(ana) - before; n != 1 || ana.s.ICE.Moved {
		t.Errorf("%d restarts once it is online, moved %v", n, ana.s.ICE.Moved)
	}
	ana.s.ICE.Moved = true
	ana.step(NetworkChanged{Online: true})
	if ana.s.ICE.Moved {
		t.Error("what the browser's hint has done is to be done again")
	}
}

func TestAfterASleepTheCredentialsAreOlder(t *testing.T) {
	for _, slept := range []time.Duration{4 * time.Minute, 6 * time.Minute, time.Hour} {
		w, ana, _ := relayed(t, 10*time.Minute)
		before := ana.sent(signal.TypeRefresh)
		ana.slept = slept
		ana.step(Tick{})
		if expired := slept > 10*time.Minute; ana.s.expired() != expired {
			t.Errorf("after %v: expired %v, want %v", slept, ana.s.expired(), expired)
		}
		w.run(time.Second)
		if asked := ana.sent(signal.TypeRefresh) > before; asked != (slept > 5*time.Minute) || ana.s.expired() {
			t.Errorf("after %v: asked for fresh ones %v, expired %v", slept, asked, ana.s.expired())
		}
	}
}

func TestOnOneLANANameGoesWithItsAddress(t *testing.T) {
	for _, lan := range []bool{false, true} {
		w := newWorld(t)
		ana, _ := w.call()
		p := ana.s.peer("p2")
		p.LAN, ana.s.ICE.Address = lan, "192.168.1.7"
		before := ana.sent(signal.TypeCandidate)
		ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("candidate:77 1 udp 2122260223 0a1b.local 5000 typ host")})
		sent := ana.sent(signal.TypeCandidate) - before
		if want := map[bool]int{false: 1, true: 2}[lan]; sent != want {
			t.Errorf("LAN %v: %d candidates were sent, want %d", lan, sent, want)
		}
	}
}

func TestWhenAPathFallsSilentTheServerIsAskedAtOnce(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	w.blocked = true
	ana.conn = 0 // what is sent on the socket gets nowhere, and nobody says so
	attempt := ana.attempt
	w.run(1600 * time.Millisecond)
	if ana.attempt == attempt {
		t.Fatal("the silent socket is still waited for")
	}
	w.blocked = false
	w.run(time.Second)
	ana.expect(StateConnected, "Ben", PeerConnected, "")
}

func TestASocketThatAnswersStaysWhenAPathIsSilent(t *testing.T) {
	w, ana, _ := relayed(t, time.Minute)
	w.blocked = true
	attempt := ana.attempt
	w.run(5 * time.Second)
	if ana.attempt != attempt {
		t.Error("a socket that answers was given up")
	}
}
