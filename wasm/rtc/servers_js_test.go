package rtc

import (
	"slices"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// An ICE restart gathers anew on both sides: the order says with which servers,
// and one that names none changes nothing.
func TestARestartAndItsAnswerGatherWithTheServersOfTheOrder(t *testing.T) {
	c := newCall(t)
	a, b := c.connect()
	asks := func(s *side) []string {
		var urls []string
		servers := s.pc().Call("getConfiguration").Get("iceServers")
		for i := range servers.Length() {
			urls = append(urls, servers.Index(i).Get("urls").Index(0).String()+" "+text(servers.Index(i).Get("credential")))
		}
		return urls
	}
	servers := func(credential string) []signal.ICEServer {
		return []signal.ICEServer{{URLs: []string{"turn:127.0.0.1:9"}, Username: "u", Credential: credential}}
	}
	want := func(when string, s *side, want ...string) {
		t.Helper()
		if got := asks(s); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	want("as it was made", a)
	a.attempt++
	a.connections.Perform(session.SetLocalDescription{Link: a.link, Attempt: a.attempt, Restart: true, ICEServers: servers("one")})
	want("after the order to restart", a, "turn:127.0.0.1:9 one")
	var offer signal.Description
	for offer.SDP == "" {
		if ev, ok := (<-a.events).(session.LocalDescriptionSet); ok {
			offer = signal.Description{Type: ev.Type, SDP: ev.SDP}
		}
	}
	b.attempt++
	b.connections.Perform(session.SetRemoteDescription{Link: b.link, Attempt: b.attempt, Description: offer, ICEServers: servers("two")})
	want("after the order to answer it", b, "turn:127.0.0.1:9 two")
	c.until("the answer is there", func() bool {
		return text(a.pc().Get("signalingState")) == "stable" && text(b.pc().Get("signalingState")) == "stable"
	})
	want("after an answer was set, whose order names none", a, "turn:127.0.0.1:9 one")
	want("after an answer was made, whose order names none", b, "turn:127.0.0.1:9 two")
	c.end()
}
