package session

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

const secretSDP = "v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\nc=IN IP4 198.51.100.7\r\na=ice-ufrag:UFRAGx\r\na=ice-pwd:PWDPWDPWDPWDPWDPWDPWDPWD\r\n" +
	"a=fingerprint:sha-256 AB:CD:EF:01:23\r\na=candidate:1 1 udp 2122260223 10.20.30.40 5000 typ host ufrag UFRAGx\r\n" +
	"a=candidate:2 1 udp 41885439 2001:db8:77::9 5001 typ relay raddr 10.20.30.40 rport 5002\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"

// leaks are what no report may contain.
var leaks = []string{
	"TOKENx", "KEYx", "PAGEx", "USERx", "CREDENTIALx", "UFRAGx", "PWDPWD", "AB:CD:EF", "chatter", "TYPEDx",
	"198.51.100.7", "10.20.30.40", "2001:db8:77::9", "2001:DB8:77::9", "192.0.2.55", "0a1b2c3d-mdns", "203.0.113.9",
}

// secretive is a session that was told every secret there is.
func secretive() (*Session, *Trace) {
	s, trace, now := New(DefaultPolicy()), NewTrace(), Time{time.Second, origin}
	step := func(ev Event) {
		now.Mono += 10 * time.Millisecond
		now.Wall += 10
		trace.Step(s, now, ev)
	}
	l := Link{"ben", 1, 1}
	receive := func(t signal.Type, payload any) {
		step(SignalingReceived{1, signal.Envelope{Type: t, From: "ben", Life: 1, Generation: 1, Negotiation: 1, Payload: signal.Raw(payload)}})
	}
	end := signal.NewEnd("cleo", signal.CausePageVanished, "read tcp 10.20.30.40:80->203.0.113.9:5: connection reset")
	step(Started{Config{Room: "tea", JoinNow: true, Seed: 1, Page: "PAGEx",
		Record:     &Record{Room: "tea", Name: "Ana", Participant: "ana", Life: 1, Token: "TOKENx", Messages: []ChatMessage{{ID: "ben-1-1", Text: "chatter"}}},
		ICEServers: []signal.ICEServer{{URLs: []string{"turn:192.0.2.55:3478?transport=udp"}, Username: "USERx", Credential: "CREDENTIALx"}}}})
	step(SignalingOpened{1})
	step(SignalingReceived{1, signal.Envelope{Type: signal.TypeWelcome, To: "ana", Payload: signal.Raw(signal.Welcome{Token: "TOKENx2", ByeKey: "KEYx", Former: &end, Left: []signal.End{end},
		Roster: []signal.Presence{{Participant: "ben", Name: "Ben", Life: 1, Order: 1, State: signal.PresencePresent}, {Participant: "cleo", Name: "Cleo", Life: 1, Order: 2, State: signal.PresenceAway, End: &end, Remaining: 90_000}}})}})
	step(LocalDescriptionSet{Link: l, Attempt: 1, Type: "offer", SDP: secretSDP})
	receive(signal.TypeDescription, signal.Description{Type: "answer", SDP: secretSDP})
	step(RemoteDescriptionSet{Link: l, Attempt: 2})
	step(CandidateFound{Link: l, Candidate: json.RawMessage(`{"candidate":"candidate:1 1 udp 1 0a1b2c3d-mdns.local 5000 typ host ufrag UFRAGx","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"UFRAGx"}`)})
	receive(signal.TypeCandidate, map[string]any{"candidate": "candidate:1 1 udp 1 2001:DB8:77::9 5000 typ host ufrag UFRAGx", "usernameFragment": "UFRAGx", "extra": "chatter"})
	receive(signal.TypeDescription, map[string]any{"type": "chatter", "sdp": ""})
	receive(signal.TypeDescription, "chatter")
	receive(signal.TypeError, signal.Refusal{ID: "bad-field", Got: "chatter"})
	step(SignalingGarbled{1, `signal: payload: want the payload of chat, got {"text":"chatter`})
	step(CandidateFailed{l, 701, "stun:[2001:db8:77::9]:3478", "STUN to (192.0.2.55:3478), timed out."})
	step(CandidateFailed{l, 486, "turn:192.0.2.55:3478", "no more for 10.20.30.40"})
	step(CandidateRefused{l, "Unknown ufrag (UFRAGx) for '10.20.30.40'"})
	step(ControlOpened{l})
	step(ChatOpened{l})
	step(Said{"chatter to all TYPEDx"})
	step(ChatReceived{l, 1, signal.Chat{ID: "ben-1-2", Text: "chatter back"}})
	step(ControlGarbled{l, `signal: payload: want the payload of chat, got {"text":"chatter`})
	step(ControlReceived{l, signal.Envelope{Type: signal.TypeMedia, Payload: []byte(`{"microphone":true,"extra":"chatter"}`)}})
	step(ControlReceived{l, signal.Envelope{Type: signal.TypeChat, Payload: []byte(`{"text":"chatter"}`)}})
	receive(signal.TypeAway, signal.Presence{Participant: "cleo", Name: "Cleo", Life: 1, Order: 2, State: signal.PresenceAway, End: &end, Remaining: 80_000})
	return s, trace
}

func TestNoSecretEntersAReport(t *testing.T) {
	check := func(when string, s *Session, trace *Trace) {
		t.Helper()
		data := indent(NewReport(s, trace, "1", "Browser/1"))
		for _, leak := range leaks {
			if at := strings.Index(string(data), leak); at >= 0 {
				t.Errorf("%s: the report contains %s: …%s…", when, leak, data[max(0, at-120):min(len(data), at+80)])
			}
		}
		r, err := ReadReport(data)
		if err != nil {
			t.Fatal(err)
		}
		replayed, err := Replay(r.Policy, r.Trace, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, want := replayed.Snapshot(), r.Snapshot
		got.At, want.At = 0, 0
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: replay and report differ:\n%s", when, difference(got, want))
		}
	}
	s, trace := secretive()
	check("in the call", s, trace)

	// What broke is worded in ends, and a long trace rests on checkpoints.
	now := Time{2 * time.Second, origin + 1000}
	trace.Step(s, now, ConnectionRefused{Link{"ben", 1, 1}, "chatty"})
	s, trace = secretive()
	s.peer("ben").Link.Held = []json.RawMessage{json.RawMessage(`{"candidate":"candidate:1 1 udp 1 10.20.30.40 5000 typ host ufrag UFRAGx","usernameFragment":"UFRAGx"}`)}
	s.peer("ben").Link.Left = &Pair{Local: Candidate{Address: "10.20.30.40"}, Remote: Candidate{Address: "203.0.113.9"}}
	for _, list := range []*[]mapping{&s.peer("ben").Link.Search.NAT.Mapped, &s.peer("ben").Link.Search.RemoteNAT.Mapped, &s.peer("ben").Link.All.RemoteNAT.Mapped} {
		*list = append(*list, mapping{Network: "192.0.2.55", Address: "198.51.100.7", Port: "203.0.113.9"})
	}
	for range mostRows + 2*checkpointRows {
		trace.Step(s, now, AskChosen{true})
	}
	if len(trace.Segments()) != 2 {
		t.Fatal("the trace has no checkpoint")
	}
	check("from a checkpoint", s, trace)
	trace.Step(s, now, NegotiationNeeded{Link{"ben", 1, 1}})
	trace.Step(s, now, LocalDescriptionSet{Link: Link{"ben", 1, 1}, Attempt: 3, Err: "OperationError: a=ice-pwd:PWDPWDPWDPWDPWDPWDPWDPWD is short (10.20.30.40)"})
	check("after the link broke", s, trace)
	trace.Step(s, now, SignalingClosed{Attempt: 1, Code: int(signal.CloseNotAllowed), Reason: "203.0.113.9 is banned"})
	check("at the end", s, trace)
}

func TestAnOfferToGoBackLeaksNothing(t *testing.T) {
	s, trace, now := New(DefaultPolicy()), NewTrace(), Time{time.Second, origin}
	trace.Step(s, now, Started{Config{Room: "tea", Name: "Bea", Seed: 1, Page: "PAGEx", Stopped: []Stopped{
		{Record: Record{Room: "tea", Name: "Ana", Participant: "ana", Life: 1, Token: "TOKENx", At: origin, Messages: []ChatMessage{{ID: "ben-1-1", Text: "chatter"}}}},
	}}})
	check := func(when string) {
		t.Helper()
		data := string(indent(NewReport(s, trace, "1", "Browser/1")))
		for _, leak := range leaks {
			if strings.Contains(data, leak) {
				t.Errorf("%s: the report contains %s:\n%s", when, leak, data)
			}
		}
	}
	if back := s.Snapshot().Back; back == nil || back.Name != "Ana" || back.At != origin {
		t.Fatalf("the lobby offers %+v, want to go back in as Ana", back)
	}
	check("in the lobby")
	for range mostRows + 2*checkpointRows {
		trace.Step(s, now, AskChosen{true})
	}
	if len(trace.Segments()) != 2 {
		t.Fatal("the trace has no checkpoint")
	}
	check("from a checkpoint")
	trace.Step(s, now, GoBackPressed{})
	trace.Step(s, now, StoppedClaimed{"ana", true, false})
	if s.Snapshot().State != StateJoining {
		t.Fatal("it does not go back in")
	}
	check("on the way back")
}

func TestAddressesBecomePseudonymsThatKeepTheirKind(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1":                               "ipv4-private-1",
		"8.8.8.8":                                "ipv4-public-1",
		"127.0.0.1":                              "ipv4-loopback-1",
		"169.254.3.4":                            "ipv4-link-local-1",
		"2001:db8::1":                            "ipv6-public-1",
		"fd00::1":                                "ipv6-private-1",
		"fe80::1%eth0":                           "ipv6-link-local-1",
		"::1":                                    "ipv6-loopback-1",
		"::ffff:10.0.0.1":                        "ipv4-private-1",
		"0.0.0.0":                                "0.0.0.0",
		"8f4c2a10-1b2c-4d5e-8f90-abcdef.local":   "mdns-1",
		"stun:8.8.8.8:3478":                      "stun:ipv4-public-1:3478",
		"turns:[2001:db8::1]:443?transport=tcp":  "turns:[ipv6-public-1]:443?transport=tcp",
		"(8.8.8.8), '10.0.0.1'.":                 "(ipv4-public-1), 'ipv4-private-2'.",
		"10.0.0.1:80->10.0.0.2:90":               "ipv4-private-1:80->ipv4-private-2:90",
		"addr=10.0.0.1,x":                        "addr=ipv4-private-1,x",
		"http://10.0.0.1/a":                      "http://ipv4-private-1/a",
		"v10.0.0.1\t10.0.0.1":                    "vipv4-private-1\tipv4-private-1",
		"2001:DB8::1 2001:db8::1 10.0.0.1":       "ipv6-public-1 ipv6-public-1 ipv4-private-2",
		"candidate:842163049 1 udp 1677729535":   "candidate:842163049 1 udp 1677729535",
		"12:34:56 is a time, 1.2.3 a version":    "12:34:56 is a time, 1.2.3 a version",
		"a=rtpmap:111 opus/48000/2":              "a=rtpmap:111 opus/48000/2",
		"stun.example.org:3478":                  "stun.example.org:3478",
		"x a=ice-pwd:secret y\r\na=sendrecv\r\n": "x a=ice-pwd:redacted\r\na=sendrecv\r\n",
	} {
		var r redactor
		if got := r.text(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestTheSameAddressIsTheSamePseudonymThroughoutATrace(t *testing.T) {
	s, trace := secretive()
	data := string(indent(NewReport(s, trace, "1", "Browser/1")))
	for _, kind := range []string{"ipv4-private", "mdns"} {
		found := map[string]bool{}
		for _, name := range regexp.MustCompile(kind+`-\d+`).FindAllString(data, -1) {
			found[name] = true
		}
		if len(found) != 1 {
			t.Errorf("pseudonyms of the only %s address: %v, want one", kind, found)
		}
	}
}
