//go:build !js

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
	"holdline/static"
	"holdline/wasm/page"
	"holdline/wasm/session"
)

// pathless is one page's side of a call to Ben in which no packet passes: the
// facts go to the session as the browser and the server bring them.
type pathless struct {
	s     *session.Session
	trace *session.Trace
	now   session.Time
	link  session.Link
}

func newPathless(servers ...signal.ICEServer) *pathless {
	p := &pathless{s: session.New(session.DefaultPolicy()), trace: session.NewTrace(), link: session.Link{Peer: "ben1", Life: 1, Generation: 1}}
	p.now = session.Time{Mono: time.Second, Wall: 1_700_000_000_000}
	p.step(session.Started{Config: session.Config{Room: "tea", Name: "Ana", JoinNow: true, Origin: 1_700_000_000_000, Seed: 7}})
	p.step(session.SignalingOpened{Attempt: 1})
	p.server(signal.Envelope{Type: signal.TypeICE, Payload: signal.Raw(signal.ICE{Servers: servers})})
	p.server(signal.Envelope{Type: signal.TypeWelcome, To: "ana1", Payload: signal.Raw(signal.Welcome{Name: "Ana", Order: 2, Token: "t", ByeKey: "k",
		Roster: []signal.Presence{{Participant: "ben1", Name: "Ben", Life: 1, Order: 1, State: signal.PresencePresent}}})})
	p.step(session.LocalDescriptionSet{Link: p.link, Attempt: 1, Type: "offer", SDP: "v=0\r\n"})
	p.fromBen(signal.TypeDescription, signal.Description{Type: "answer", SDP: "v=0\r\n"})
	p.step(session.RemoteDescriptionSet{Link: p.link, Attempt: 2})
	return p
}

func (p *pathless) step(ev session.Event) {
	p.now.Mono += 10 * time.Millisecond
	p.now.Wall += 10
	p.trace.Step(p.s, p.now, ev)
}

func (p *pathless) server(e signal.Envelope) {
	p.step(session.SignalingReceived{Attempt: 1, Envelope: e})
}

func (p *pathless) fromBen(t signal.Type, payload any) {
	p.server(signal.Envelope{Type: t, From: "ben1", Life: 1, ToLife: p.s.Snapshot().Life, Generation: p.link.Generation, Negotiation: 1, Payload: signal.Raw(payload)})
}

func candidateLine(line string) map[string]any {
	return map[string]any{"candidate": line, "sdpMid": "0", "sdpMLineIndex": 0}
}

// here is a candidate that this page's browser found, there one of Ben's.
func (p *pathless) here(line, relayProtocol string) {
	p.step(session.CandidateFound{Link: p.link, Candidate: signal.Raw(candidateLine(line)), RelayProtocol: relayProtocol})
}
func (p *pathless) there(line string) { p.fromBen(signal.TypeCandidate, candidateLine(line)) }

// waits lets time pass in which only the server is heard.
func (p *pathless) waits(d time.Duration) {
	for end := p.now.Mono + d; p.now.Mono < end; {
		p.now.Mono += 490 * time.Millisecond
		p.now.Wall += 490
		p.step(session.Tick{})
		p.server(signal.Envelope{Type: signal.TypeBeatBack})
	}
}

const (
	hostLine   = "candidate:1 1 udp 2122260223 192.0.2.7 5000 typ host network-id 1"
	hiddenLine = "candidate:1 1 udp 2122260223 0a1b2c3d-1111-2222-3333-444455556666.local 5000 typ host network-id 1"
	srflxLine  = "candidate:2 1 udp 1686052607 198.51.100.7 6000 typ srflx raddr 0.0.0.0 rport 0 network-id 1"
	otherLine  = "candidate:2 1 udp 1686052607 198.51.100.7 6001 typ srflx raddr 0.0.0.0 rport 0 network-id 1"
	relayLine  = "candidate:3 1 udp 41885439 203.0.113.5 7000 typ relay raddr 0.0.0.0 rport 0 network-id 1"
)

var (
	stunServer = signal.ICEServer{URLs: []string{"stun:relay.test:3478"}}
	turnServer = signal.ICEServer{URLs: []string{"turn:relay.test:3478"}, Username: "u", Credential: "c"}
)

// findings are the facts of each finding.
var findings = []struct {
	finding signal.Finding
	servers []signal.ICEServer
	facts   func(p *pathless)
}{
	{signal.FindingNoCandidates, []signal.ICEServer{stunServer}, func(p *pathless) { p.there(hostLine) }},
	{signal.FindingNoRemoteCandidate, []signal.ICEServer{stunServer}, func(p *pathless) { p.here(hostLine, ""); p.here(srflxLine, "") }},
	{signal.FindingNothingAnswers, []signal.ICEServer{stunServer, turnServer}, func(p *pathless) { p.here(hostLine, ""); p.there(hostLine) }},
	{signal.FindingUDPBlocked, []signal.ICEServer{stunServer, turnServer}, func(p *pathless) { p.here(hostLine, ""); p.here(relayLine, "tls"); p.there(hostLine) }},
	{signal.FindingRelayRefused, []signal.ICEServer{stunServer, turnServer}, func(p *pathless) {
		p.here(hostLine, "")
		p.step(session.CandidateFailed{Link: p.link, Code: 401, URL: "turn:relay.test:3478", Text: "Unauthorized"})
		p.there(hostLine)
	}},
	{signal.FindingRelaySilent, []signal.ICEServer{stunServer, turnServer}, func(p *pathless) {
		p.here(srflxLine, "")
		p.step(session.CandidateFailed{Link: p.link, Code: 701, URL: "turn:relay.test:3478", Text: "timed out"})
		p.there(hostLine)
	}},
	{signal.FindingNoRelay, []signal.ICEServer{stunServer}, func(p *pathless) { p.here(srflxLine, ""); p.here(otherLine, ""); p.there(srflxLine) }},
	{signal.FindingNamesUnresolved, nil, func(p *pathless) { p.here(hiddenLine, ""); p.there(hiddenLine) }},
	{signal.FindingPeersApart, []signal.ICEServer{stunServer, turnServer}, func(p *pathless) {
		p.here(srflxLine, "")
		p.here(relayLine, "udp")
		p.there(hostLine)
	}},
	{signal.FindingPathLost, []signal.ICEServer{stunServer}, func(p *pathless) {
		p.here(srflxLine, "")
		p.there(hostLine)
		p.step(session.ControlOpened{Link: p.link})
		p.waits(5 * time.Second)
		p.link.Generation = p.s.Snapshot().Peers[0].Generation
		p.here(srflxLine, "") // the server answers still
	}},
}

func TestEachFindingGoesFromTheFactsToThePageAndTheReport(t *testing.T) {
	text, err := static.Files.ReadFile("text.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]page.Table
	if err := json.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	var seen []signal.Finding
	for _, tt := range findings {
		seen = append(seen, tt.finding)
		cause := signal.CauseICEFailed
		if tt.finding == signal.FindingPathLost {
			cause = signal.CausePathBlocked
		}
		for side, ends := range map[string]func(p *pathless){
			"this side gives up": func(p *pathless) { p.waits(45 * time.Second) },
			"the other side gives up": func(p *pathless) {
				p.waits(10 * time.Second)
				p.link.Generation = p.s.Snapshot().Peers[0].Generation
				end := signal.NewEnd("ana1", cause)
				end.Finding = signal.FindingNoCandidates // what it lacks itself
				p.fromBen(signal.TypeGaveUp, signal.GaveUp{End: end})
			},
		} {
			p := newPathless(tt.servers...)
			tt.facts(p)
			ends(p)
			v := p.s.Snapshot()
			ben := v.Peers[0]
			if ben.State != session.PeerEnded || ben.End == nil || ben.End.Cause != cause || ben.End.Finding != tt.finding || ben.Path.Finding != tt.finding {
				t.Errorf("%s, %s: Ben is %s, %+v", tt.finding, side, ben.State, ben.End)
				continue
			}
			report := session.NewReport(p.s, p.trace, "1.0.0", "Browser/1")
			if again := report.Snapshot.Peers[0]; again.End.Finding != tt.finding || again.Path.Finding != tt.finding {
				t.Errorf("%s, %s: the report says %q", tt.finding, side, again.End.Finding)
			}
			code, story, stderr := command(string(signal.Raw(report)), "-")
			for _, line := range []string{"  finding   " + string(tt.finding) + "\n", "Ben: ended, " + string(cause) + ", " + string(tt.finding) + "\n"} {
				if code != 0 || !strings.Contains(story, line) {
					t.Errorf("%s, %s: exit code %d, %s; the story lacks %q:\n%s", tt.finding, side, code, stderr, line, story)
				}
			}
			for language, table := range tables {
				tile := table.View(v, v.At).Tiles[0]
				if words := table["finding."+string(tt.finding)]; words == "" || tile.Finding != words || tile.Path.Finding != string(tt.finding) || tile.Next == "" {
					t.Errorf("%s, %s, %s: the tile says %q, %q", tt.finding, side, language, tile.Finding, tile.Next)
				}
			}
		}
	}
	all := signal.Findings()
	slices.Sort(all)
	slices.Sort(seen)
	if !slices.Equal(seen, all) {
		t.Errorf("findings %v have facts, want %v", seen, all)
	}
}

func TestTheStoryNamesWhatIsWrongWithAListOfServers(t *testing.T) {
	p := newPathless(stunServer)
	p.server(signal.Envelope{Type: signal.TypeICE, Payload: signal.Raw(signal.ICE{Servers: []signal.ICEServer{{URLs: []string{"http://192.0.2.9"}}}})})
	code, story, stderr := command(string(signal.Raw(session.NewReport(p.s, p.trace, "1.0.0", "Browser/1"))), "-")
	if want := "the server's list of ICE servers is left out: "; code != 0 || !strings.Contains(story, want) || !strings.Contains(story, "urls: want stun:, stuns:, turn: or turns: with a host") {
		t.Errorf("exit code %d, %s; the story lacks %q:\n%s", code, stderr, want, story)
	}
}
