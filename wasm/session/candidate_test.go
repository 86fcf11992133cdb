package session

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

func candidateOf(line string) json.RawMessage {
	return signal.Raw(map[string]any{"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "ab"})
}

func TestRFC8839_5_1_CandidatesAreRead(t *testing.T) {
	for line, want := range map[string]iceCandidate{
		"candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host generation 0 ufrag ab network-id 2":         {"1", "udp", "192.0.2.1", "5000", "host", "2"},
		"candidate:2 1 UDP 1 198.51.100.7 6000 typ srflx raddr 0.0.0.0 rport 0":                           {"1", "udp", "198.51.100.7", "6000", "srflx", ""},
		"candidate:3 1 tcp 1 2001:db8::1 9 typ host tcptype active":                                       {"1", "tcp", "2001:db8::1", "9", "host", ""},
		"candidate:4 1 udp 1 203.0.113.5 7000 typ relay raddr 198.51.100.7 rport 6000 network-id 1":       {"1", "udp", "203.0.113.5", "7000", "relay", "1"},
		"candidate:6 1 udp 1 192.0.2.1 65535 typ host network-id 10.20.30.40":                             {"1", "udp", "192.0.2.1", "65535", "host", ""},
		"candidate:7 2 udp 1 198.51.100.7 6001 typ srflx raddr 0.0.0.0 rport 0":                           {"2", "udp", "198.51.100.7", "6001", "srflx", ""},
		"candidate:5 1 udp 1 0a1b2c3d-1111-2222-3333-444455556666.local 5000 typ host network-cost 999 x": {"1", "udp", "0a1b2c3d-1111-2222-3333-444455556666.local", "5000", "host", ""},
	} {
		if got, ok := parseCandidate(candidateOf(line)); !ok || got != want {
			t.Errorf("%s: %+v, %v, want %+v", line, got, ok, want)
		}
	}
	for _, none := range []string{"", "candidate:1 1 udp", "candidate:1 1 udp 1 192.0.2.1 5000 type host", "nonsense nonsense nonsense nonsense nonsense nonsense typ host",
		"candidate:1 1 udp 1 192.0.2.1 65536 typ host", "candidate:1 1 udp 1 192.0.2.1 203.0.113.9 typ host"} {
		if got, ok := parseCandidate(candidateOf(none)); ok {
			t.Errorf("%q is read as %+v", none, got)
		}
	}
	if _, ok := parseCandidate(json.RawMessage(`{"candidate":7}`)); ok {
		t.Error("a candidate that is a number is read")
	}
}

func TestANameIsRevealedBesideItsCandidate(t *testing.T) {
	hidden := candidateOf("candidate:77 1 udp 2122260223 0a1b.local 5000 typ host generation 0 ufrag ab")
	extra, ok := revealed(hidden, "192.168.1.7")
	c, read := parseCandidate(extra)
	if !ok || !read || c.Address != "192.168.1.7" || c.Port != "5000" || c.Type != "host" {
		t.Fatalf("%s, %v", extra, ok)
	}
	var init map[string]any
	if json.Unmarshal(extra, &init) != nil || init["sdpMid"] != "0" || init["usernameFragment"] != "ab" {
		t.Errorf("%s lacks what names its media section and credentials", extra)
	}
	line := init["candidate"].(string)
	if strings.Contains(line, ":77 ") || strings.Contains(line, " 2122260223 ") {
		t.Errorf("%s has the foundation or the priority of the other", line)
	}
	for name, raw := range map[string]json.RawMessage{
		"an address that is no secret": candidateOf("candidate:1 1 udp 1 192.0.2.1 5000 typ host"),
		"a TCP candidate":              candidateOf("candidate:1 1 tcp 1 0a1b.local 9 typ host tcptype active"),
		"the end of the candidates":    candidateOf(""),
	} {
		if extra, ok := revealed(raw, "192.168.1.7"); ok {
			t.Errorf("%s is revealed as %s", name, extra)
		}
	}
	if _, ok := revealed(hidden, ""); ok {
		t.Error("revealed without an address")
	}
}

func TestRFC8839_5_1_AFoundationHasAtMost32Characters(t *testing.T) {
	for _, foundation := range []string{"1", strings.Repeat("7", 31), strings.Repeat("7", 32), strings.Repeat("7", 31) + "L", strings.Repeat("7", 40)} {
		extra, ok := revealed(candidateOf("candidate:"+foundation+" 1 udp 2122260223 0a1b.local 5000 typ host"), "192.168.1.7")
		var init struct{ Candidate string }
		if !ok || json.Unmarshal(extra, &init) != nil {
			t.Fatalf("%s: %s, %v", foundation, extra, ok)
		}
		got := strings.TrimPrefix(strings.Fields(init.Candidate)[0], "candidate:")
		if len(got) > 32 || got == foundation {
			t.Errorf("the foundation %s becomes %s, of %d characters", foundation, got, len(got))
		}
	}
}

func TestRFC8838_8_2_OnlyTheEmptyCandidateIsTheLast(t *testing.T) {
	_, ana, _ := relayed(t, time.Minute)
	p := ana.s.Peers[0]
	for _, raw := range []string{`{"candidate":"nonsense"}`, `{"candidate":7}`, `7`, `{"candidate":"candidate:1 1 udp 1 192.0.2.1 none typ host"}`} {
		ana.s.search(p)
		ana.s.heardOf(p, json.RawMessage(raw))
		ana.step(CandidateFound{Link: p.name(), Candidate: json.RawMessage(raw)})
		if p.Link.Search.Remote != (Candidates{}) || p.Link.Search.Local != (Candidates{}) {
			t.Errorf("%s counts: %+v, %+v", raw, p.Link.Search.Remote, p.Link.Search.Local)
		}
	}
	ana.s.heardOf(p, candidateOf(""))
	ana.step(CandidateFound{Link: p.name(), Candidate: candidateOf("")})
	if !p.Link.Search.Remote.Done || !p.Link.Search.Local.Done {
		t.Error("the empty candidate is not the last")
	}
}
