package doctor

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

var update = flag.Bool("update", false, "write the golden files and the example in REPORT.md anew")

// checkups are whole check-ups, each with what it must come to.
var checkups = []struct {
	name    string
	change  func(*world)
	presses []Event
	verdict Verdict
	finding signal.Finding
}{
	{"fine-at-home", func(*world) {}, nil, "fine", ""},
	{"fine-in-firefox", func(w *world) { w.firefox = true }, nil, "fine", ""},
	{"names-shown", func(w *world) { w.hidden = false }, nil, "fine", ""},
	{"no-nat", func(w *world) { w.public = true }, nil, "fine", ""},
	{"no-nat-in-firefox", func(w *world) { w.public, w.firefox = true, true }, nil, "fine", ""},
	{"no-nat-no-relay-in-firefox", func(w *world) { w.public, w.firefox, w.servers = true, true, home[:1] }, nil, "fine-no-relay", ""},
	{"symmetric-nat", func(w *world) { w.symmetric = true }, nil, "fine-relayed", ""},
	{"symmetric-nat-in-firefox", func(w *world) { w.symmetric, w.firefox = true, true }, nil, "fine-relayed", ""},
	{"symmetric-nat-no-relay", func(w *world) { w.symmetric, w.servers = true, home[:1] }, nil, "no-relay", signal.FindingNoRelay},
	{"no-relay", func(w *world) { w.servers = home[:1] }, nil, "fine-no-relay", ""},
	{"udp-blocked", func(w *world) { w.udpBlocked = true }, nil, "udp-blocked", signal.FindingUDPBlocked},
	{"udp-blocked-in-firefox", func(w *world) { w.udpBlocked, w.firefox = true, true }, nil, "udp-blocked", signal.FindingUDPBlocked},
	{"udp-blocked-no-stun", func(w *world) { w.udpBlocked, w.servers = true, home[1:] }, nil, "udp-blocked", signal.FindingUDPBlocked},
	{"only-443", func(w *world) { w.tls443 = true }, nil, "only-443", signal.FindingUDPBlocked},
	{"nothing-answers", func(w *world) { w.udpBlocked, w.tcpBlocked = true, true }, nil, "nothing-answers", signal.FindingNothingAnswers},
	{"no-stun", func(w *world) { w.servers = home[1:] }, nil, "stun-silent", ""},
	{"no-servers", func(w *world) { w.servers = nil }, nil, "no-servers", ""},
	{"relay-refuses", func(w *world) { w.refuses = 401 }, nil, "relay-refused", signal.FindingRelayRefused},
	{"relay-refuses-in-firefox", func(w *world) { w.refuses, w.firefox = 401, true }, nil, "relay-silent", signal.FindingRelaySilent},
	{"relay-carries-nothing", func(w *world) { w.loopBroken = true }, nil, "relay-broken", signal.FindingRelaySilent},
	{"relay-is-slow", func(w *world) { w.loopBytes = 20_000 }, nil, "slow", ""},
	{"server-gone", func(w *world) { w.serverDown = true }, nil, "server-unreachable", ""},
	{"server-silent", func(w *world) { w.serverSilent, w.socketDown = true, true }, nil, "server-unreachable", ""},
	{"socket-blocked", func(w *world) { w.socketDown = true }, nil, "socket-blocked", ""},
	{"server-mute", func(w *world) { w.socketMute = true }, nil, "server-mute", ""},
	{"bad-servers", func(w *world) { w.badServers = "SyntaxError: Failed to construct 'RTCPeerConnection'" }, nil, "server-mute", ""},
	{"no-route-no-camera", func(w *world) { w.noRoute = true }, nil, "no-candidates", signal.FindingNoCandidates},
	{"no-route-until-camera", func(w *world) { w.noRoute, w.grantsRoute = true, true }, []Event{DevicesPressed{}}, "fine", ""},
	{"camera-denied", func(w *world) { w.opening = "NotAllowedError" }, []Event{DevicesPressed{}}, "device-denied", ""},
	{"camera-opens", func(*world) {}, []Event{DevicesPressed{}}, "fine", ""},
	{"no-devices", func(w *world) { w.camera, w.microphone = DeviceFacts{}, DeviceFacts{} }, nil, "device-missing", ""},
	{"clock-off", func(w *world) { w.clock = 7 * time.Minute }, nil, "clock-off", ""},
	{"insecure", func(w *world) { w.insecure = true }, nil, "insecure", ""},
	{"unsupported", func(w *world) { w.lacks = true }, nil, "unsupported-browser", ""},
	{"twice", func(*world) {}, []Event{AgainPressed{}}, "fine", ""},
}

func TestWholeCheckUps(t *testing.T) {
	for _, tt := range checkups {
		t.Run(tt.name, func(t *testing.T) {
			w := atHome()
			tt.change(w)
			w.play(tt.presses...)
			s := w.doctor.Snapshot()
			if s.Verdict != tt.verdict || s.Finding != tt.finding {
				t.Errorf("verdict %s with finding %q, want %s with %q", s.Verdict, s.Finding, tt.verdict, tt.finding)
			}
			file, got := filepath.Join("testdata", tt.name+".txt"), w.story()
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is not what happens (go test -update):\n%s", file, got)
			}
		})
	}
}

// Whatever happens, a check-up ends with all connections closed and every
// check with an outcome.
func TestEveryConnectionThatIsOpenedIsClosed(t *testing.T) {
	for _, tt := range checkups {
		w := atHome()
		tt.change(w)
		w.play(tt.presses...)
		count := func(order string) (n int) {
			for _, line := range w.log {
				if strings.Contains(line+" ", "  "+order+" ") {
					n++
				}
			}
			return n
		}
		if g, s := count("Gather"), count("StopGathering"); g != s {
			t.Errorf("%s: %d connections gathered, %d were closed\n%s", tt.name, g, s, strings.Join(w.log, "\n"))
		}
		if o, c := count("OpenLoop"), count("CloseLoop"); o != c {
			t.Errorf("%s: %d loops were opened, %d closed", tt.name, o, c)
		}
		if w.doctor.open {
			t.Errorf("%s: the socket is open", tt.name)
		}
		for _, c := range w.doctor.Snapshot().Checks {
			if c.Outcome == "" || c.State == StateRunning || c.State == StateWaiting {
				t.Errorf("%s: %s is %s with outcome %q", tt.name, c.ID, c.State, c.Outcome)
			}
		}
	}
}

func TestEveryVerdictAndOutcomeIsReached(t *testing.T) {
	verdicts, outcomes := map[Verdict]bool{}, map[Outcome]bool{}
	for _, tt := range checkups {
		w := atHome()
		tt.change(w)
		w.play(tt.presses...)
		s := w.doctor.Snapshot()
		verdicts[s.Verdict] = true
		for _, c := range s.Checks {
			outcomes[c.Outcome] = true
		}
	}
	for _, v := range VerdictIDs() {
		if !verdicts[v] && v != VerdictUnknown {
			t.Errorf("no check-up comes to the verdict %s", v)
		}
	}
	others := []Outcome{ServerRefuses, SocketSilent, NATOneAddress, DeviceBusy} // in tests of their own
	for _, o := range Outcomes() {
		if !outcomes[o] && !slices.Contains(others, o) {
			t.Errorf("no check-up comes to the outcome %s", o)
		}
	}
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	d := New(DefaultPolicy())
	at := func(s float64) session.Time {
		return session.Time{Mono: time.Duration(s * float64(time.Second)), Wall: origin + int64(s*1000)}
	}
	d.Step(at(1), Started{Browser: Browser{PeerConnection: true, Secure: true}})
	for s := 2.0; ; s++ {
		deadline, ok := d.Deadline()
		if !ok {
			break
		}
		d.Step(session.Time{Mono: deadline, Wall: origin}, Tick{})
		if s > 100 {
			t.Fatal("the doctor does not come to an end")
		}
	}
	s := d.Snapshot()
	if s.Verdict != "server-unreachable" {
		t.Errorf("verdict %s", s.Verdict)
	}
	if got := d.at(CheckSocket).Outcome; got != SocketSilent {
		t.Errorf("socket: %s", got)
	}
}

// quotable are the details whose texts are of a browser, a server, the wire or a
// specification. What we say ourselves is a word, which the page has in both
// languages.
var quotable = []DetailName{
	DetailBrowser, DetailURL, DetailStatus, DetailClose, DetailServers, DetailAddress, DetailCandidate, DetailMapped, DetailTransport, DetailPermission,
}

func TestNoDetailIsInEnglishOfOurs(t *testing.T) {
	said := []string{"TypeError: Failed to fetch", "bad hello", "401 Unauthorized", "701 STUN binding request timed out.", "NotAllowedError", "SyntaxError: Failed to construct 'RTCPeerConnection'"}
	for _, tt := range checkups {
		w := atHome()
		tt.change(w)
		w.play(tt.presses...)
		for _, c := range w.doctor.Snapshot().Checks {
			for _, d := range c.Details {
				if d.Text != "" && !slices.Contains(quotable, d.Name) && !(d.Name == DetailError && slices.Contains(said, d.Text)) {
					t.Errorf("%s: %s says %q of %s, which nobody else said", tt.name, c.ID, d.Text, d.Name)
				}
			}
		}
	}
}

func TestAnswersToAnOlderCheckUpAreDropped(t *testing.T) {
	w := atHome()
	w.play(AgainPressed{})
	before := w.doctor.Snapshot()
	for _, ev := range []Event{ServerAnswered{Run: 1, Err: "late"}, CandidateFailed{1, CheckRelayUDP, 401, "", ""}, LoopFailed{1, "late"}} {
		if orders := w.doctor.Step(w.now, ev); len(orders) > 0 {
			t.Errorf("%T gives %v", ev, orders)
		}
	}
	if after := w.doctor.Snapshot(); after.Verdict != before.Verdict {
		t.Errorf("verdict %s, was %s", after.Verdict, before.Verdict)
	}
}

func TestAnAnswerToAnOlderCheckUpDoesNotCountInANewOne(t *testing.T) {
	w := atHome()
	w.play()
	w.doctor.Step(w.now, AgainPressed{})
	w.doctor.Step(w.now, ServerAnswered{Run: 1, Err: "late"})
	if c := w.doctor.at(CheckServer); c.State != StateRunning {
		t.Errorf("the server's check is %s", c.State)
	}
}

// asked is a doctor who waits for the relays' answers.
func asked(tellsErrors bool) (*Doctor, session.Time) {
	d, now := New(DefaultPolicy()), session.Time{Mono: time.Second, Wall: origin}
	d.Step(now, Started{Browser: Browser{PeerConnection: true, Secure: true, TellsErrors: tellsErrors}})
	d.Step(now, ICETold{1, signal.ICE{Servers: home}})
	return d, now
}

// W3C webrtc-pc, section 4.8.1.3: 701 is of the browser, the others are the relay's.
func TestARelayThatCannotBeReachedHasNotRefused(t *testing.T) {
	d, now := asked(true)
	d.Step(now, CandidateFailed{1, CheckRelayTCP, 701, "", "Failed to establish connection"})
	d.Step(now, CandidateFailed{1, CheckRelayTCP, 701, "", "Failed to establish connection"})
	d.Step(now, GatheringDone{1, CheckRelayTCP})
	d.Step(now, CandidateFailed{1, CheckRelayUDP, 486, "", "Allocation Quota Reached"})
	if got := d.at(CheckRelayTCP); got.Outcome != RelaySilent || len(got.Details) != 2 {
		t.Errorf("%s, %v", got.Outcome, got.Details)
	}
	if got := d.at(CheckRelayUDP).Outcome; got != RelayRefuses {
		t.Errorf("%s", got)
	}
}

// Firefox 153 does not say whether STUN answered that there is no NAT, or
// nobody did: a relay over UDP does.
func TestFirefoxsEarlyEndIsJudgedByTheRelay(t *testing.T) {
	d, now := asked(false)
	for _, id := range []CheckID{CheckNAT, CheckSTUN} {
		d.Step(now, CandidateFound{1, id, Candidate{Type: "host", Protocol: "udp", Address: "a.local", Port: 5}})
		d.Step(now, GatheringDone{1, id})
		if got := d.at(id).State; got != StateRunning {
			t.Fatalf("%s is %s before the relay has answered", id, got)
		}
	}
	d.Step(now, CandidateFound{1, CheckRelayUDP, Candidate{Type: "relay", Protocol: "udp", Address: "203.0.113.5", Port: 6}})
	if stun, nat := d.at(CheckSTUN).Outcome, d.at(CheckNAT).Outcome; stun != STUNSame || nat != NATNone {
		t.Errorf("STUN: %s, NAT: %s", stun, nat)
	}
}

func TestASearchThatFoundNothingIsNoAnswer(t *testing.T) {
	d, now := asked(true)
	d.Step(now, GatheringDone{1, CheckSTUN})
	if got := d.at(CheckSTUN).Outcome; got != STUNSilent {
		t.Errorf("%s", got)
	}
}

func TestALoopThatCarriesNothingIsBroken(t *testing.T) {
	w := atHome()
	w.loopBytes = 0
	w.play()
	if got := w.doctor.at(CheckLoop).Outcome; got != LoopBroken {
		t.Errorf("%s", got)
	}
}

func TestAClockIsOffEitherWay(t *testing.T) {
	for _, behind := range []time.Duration{-2 * time.Minute, 2 * time.Minute} {
		w := atHome()
		w.clock = behind
		w.play()
		if got := w.doctor.Snapshot().Verdict; got != "clock-off" {
			t.Errorf("the server is %v behind: %s", behind, got)
		}
	}
}

func TestAServerWithOneSTUNAddressCannotTellTheMapping(t *testing.T) {
	w := atHome()
	w.servers = []signal.ICEServer{{URLs: []string{"stun:call.example"}}, home[1]}
	w.play()
	if c := w.doctor.at(CheckNAT); c.Outcome != NATOneAddress || c.State != StateSkipped {
		t.Errorf("%s, %s", c.State, c.Outcome)
	}
}

// RFC 4787, section 4.1, by candidates of browsers.
func TestMappingByWhatTwoSTUNServersSaw(t *testing.T) {
	host := func(network, address string) Candidate {
		return Candidate{Type: "host", Protocol: "udp", Address: address, Port: 50000, Network: network}
	}
	mapped := func(network, address string, port int) Candidate {
		return Candidate{Type: "srflx", Protocol: "udp", Address: address, Port: port, Network: network}
	}
	for _, tt := range []struct {
		name       string
		candidates []Candidate
		done       bool
		failed     int
		want       Outcome
	}{
		{"one address from both", []Candidate{host("1", "a.local"), mapped("1", "198.51.100.7", 6000)}, true, 0, NATIndependent},
		{"two ports of one socket", []Candidate{host("1", "a.local"), mapped("1", "198.51.100.7", 6000), mapped("1", "198.51.100.7", 6001)}, false, 0, NATDependent},
		{"two networks with a port each", []Candidate{host("1", "a.local"), host("2", "b.local"), mapped("1", "198.51.100.7", 6000), mapped("2", "203.0.113.9", 6001)}, true, 0, NATIndependent},
		{"IPv4 and IPv6", []Candidate{host("", "a.local"), mapped("", "198.51.100.7", 6000), mapped("", "2001:db8::7", 6001)}, true, 0, NATIndependent},
		{"two hosts, Firefox does not say whose", []Candidate{host("", "10.0.0.2"), host("", "10.0.1.2"), mapped("", "198.51.100.7", 6000), mapped("", "203.0.113.9", 6001)}, true, 0, NATIndependent},
		{"more than there are hosts", []Candidate{host("", "10.0.0.2"), mapped("", "198.51.100.7", 6000), mapped("", "198.51.100.7", 6001)}, true, 0, NATDependent},
		{"a TCP candidate is no socket of UDP", []Candidate{host("", "a.local"), {Type: "host", Protocol: "tcp", Address: "a.local", Port: 9}, mapped("", "198.51.100.7", 6000), mapped("", "198.51.100.7", 6001)}, true, 0, NATDependent},
		{"one of the servers is silent", []Candidate{host("1", "a.local"), mapped("1", "198.51.100.7", 6000)}, true, noAnswer, NATUnclear},
		{"the search did not end", []Candidate{host("1", "a.local"), mapped("1", "198.51.100.7", 6000)}, false, 0, NATUnclear},
		{"the own address", []Candidate{host("1", "198.51.100.7"), mapped("1", "198.51.100.7", 50000)}, true, 0, NATNone},
		{"nothing", nil, true, 0, NATUnclear},
	} {
		d := New(DefaultPolicy())
		for _, c := range tt.candidates {
			d.found = append(d.found, Found{CheckNAT, c})
		}
		d.done[CheckNAT] = tt.done
		d.failure[CheckNAT] = CandidateFailed{Code: tt.failed}
		if got := d.mapping(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRFC7065_URLsOfRelays(t *testing.T) {
	for _, tt := range []struct {
		url  string
		want endpoint
		ok   bool
	}{
		{"stun:call.example", endpoint{"stun", "call.example", 3478, "udp"}, true},
		{"turn:192.0.2.1:3479?transport=tcp", endpoint{"turn", "192.0.2.1", 3479, "tcp"}, true},
		{"turns:[2001:db8::1]:443?transport=tcp", endpoint{"turns", "2001:db8::1", 443, "tls"}, true},
		{"turns:call.example", endpoint{"turns", "call.example", 5349, "tls"}, true},
		{"turn:[2001:db8::1]", endpoint{"turn", "2001:db8::1", 3478, "udp"}, true},
		{"https://call.example", endpoint{}, false},
		{"turn:", endpoint{}, false},
		{"turn:call.example:http", endpoint{}, false},
		{"", endpoint{}, false},
	} {
		got, ok := parse(tt.url)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("parse(%q) = %+v, %v, want %+v, %v", tt.url, got, ok, tt.want, tt.ok)
		}
	}
}

func TestRFC6454_OriginsOfPages(t *testing.T) {
	for origin, want := range map[string]Ask{
		"https://call.example": {Host: "call.example", Port: 443}, "http://localhost:8080": {Host: "localhost", Port: 8080},
		"http://call.example": {Host: "call.example", Port: 80}, "https://[2001:db8::1]:8443": {Host: "2001:db8::1", Port: 8443}, "https://[2001:db8::1]": {Host: "2001:db8::1", Port: 443},
	} {
		if host, port := hostOf(origin); host != want.Host || port != want.Port {
			t.Errorf("%s: %s, %d, want %s, %d", origin, host, port, want.Host, want.Port)
		}
	}
}

func TestDevicesThatDoNotOpen(t *testing.T) {
	for name, want := range map[string]Outcome{
		"NotFoundError": DeviceMissing, "NotReadableError": DeviceBusy, "NotAllowedError": DeviceDenied, "AbortError": DeviceBusy,
	} {
		w := atHome()
		w.opening = name
		w.play(DevicesPressed{})
		if got := w.doctor.at(CheckCamera).Outcome; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestTheVerdictStandsUntilBothDevicesHaveAnswered(t *testing.T) {
	w := atHome()
	w.play()
	d := w.doctor
	d.Step(w.now, DevicesPressed{})
	if s := d.Snapshot(); s.Verdict != "fine" || !s.Asking {
		t.Errorf("while the browser asks: verdict %s, asking %v", s.Verdict, s.Asking)
	}
	d.Step(w.now, DeviceOpened{Camera: true, Name: "NotAllowedError"})
	if s := d.Snapshot(); s.Verdict != "fine" {
		t.Errorf("after one answer: verdict %s", s.Verdict)
	}
	if orders := d.Step(w.now, AgainPressed{}); len(orders) > 0 {
		t.Errorf("a check-up began while the browser asks: %v", orders)
	}
	d.Step(w.now, DeviceOpened{})
	if s := d.Snapshot(); s.Verdict != "device-denied" || s.Asking {
		t.Errorf("after both: verdict %s, asking %v", s.Verdict, s.Asking)
	}
}

func TestAnotherStatusThan200IsARefusal(t *testing.T) {
	d := New(DefaultPolicy())
	d.Step(session.Time{Mono: 1, Wall: origin}, Started{Browser: Browser{PeerConnection: true}})
	d.Step(session.Time{Mono: 2, Wall: origin}, ServerAnswered{Run: 1, Status: 503, Date: origin})
	if got := d.at(CheckServer).Outcome; got != ServerRefuses {
		t.Errorf("%s", got)
	}
}
