package doctor

import "holdline/server/signal"

// Evidence is what the checks amount to.
type Evidence struct {
	PeerConnection bool
	Secure         bool
	Server         bool   // it answers by HTTP
	Socket         bool   // its WebSocket opened
	Told           bool   // it told its ICE servers
	Candidates     int    // of any kind
	AskedSTUN      bool   // there is a STUN server to ask
	AskedUDP       bool   // there is that, or a relay over UDP
	AskedRelay     bool   // there is a relay to ask
	STUN           bool   // it answered over UDP
	RelayUDP       bool   // a relay answered over UDP
	RelayTCP       bool   // over TCP
	RelayTLS       bool   // over TLS, on another port than 443
	Relay443       bool   // over TLS on port 443
	Refused        string // what a relay said instead
	Symmetric      bool   // the NAT maps each destination anew
	LoopBroken     bool   // a relay gave addresses, and carried nothing
	LoopSlow       bool
	ClockOff       bool
	Camera         Outcome
	Microphone     Outcome
}

func (e Evidence) relayAnswers() bool { return e.RelayUDP || e.relayStream() }
func (e Evidence) relayStream() bool  { return e.RelayTCP || e.RelayTLS || e.Relay443 }

// evidence gathers what the checks found.
func (d *Doctor) evidence() Evidence {
	outcome := func(id CheckID) Outcome { return d.at(id).Outcome }
	answers := func(id CheckID) bool { return outcome(id) == RelayAnswers }
	return Evidence{
		PeerConnection: d.browser.PeerConnection, Secure: d.browser.Secure,
		Server: outcome(CheckServer) == ServerAnswers,
		Socket: d.opened, Told: d.told,
		Candidates: len(d.found), AskedSTUN: len(d.stun) > 0, AskedUDP: len(d.stun) > 0 || len(d.relay[CheckRelayUDP]) > 0, AskedRelay: d.asksRelay(),
		STUN:     outcome(CheckSTUN) == STUNAnswers || outcome(CheckSTUN) == STUNSame,
		RelayUDP: answers(CheckRelayUDP), RelayTCP: answers(CheckRelayTCP), RelayTLS: answers(CheckRelayTLS), Relay443: answers(CheckRelayTLS443),
		Refused: d.refused, Symmetric: outcome(CheckNAT) == NATDependent,
		LoopBroken: outcome(CheckLoop) == LoopBroken, LoopSlow: outcome(CheckLoop) == LoopSlow,
		ClockOff: outcome(CheckClock) == ClockOff, Camera: outcome(CheckCamera), Microphone: outcome(CheckMicrophone),
	}
}

func (d *Doctor) asksRelay() bool { return len(d.relay) > 0 }

// Verdict is what the evidence amounts to, by an id that stands in the DOM
// (data-verdict) and in reports; it is worded in static/text.json.
type Verdict string

// VerdictUnknown is the verdict that no row of the table comes to.
const VerdictUnknown Verdict = "unknown"

// verdictRow is a line of the table: the first that holds wins.
type verdictRow struct {
	Verdict Verdict
	Finding signal.Finding
	When    func(Evidence) bool
	Source  string
}

// Verdicts is the table, in order: whether there is anything to check with,
// then what keeps calls from working, then what makes them worse.
var Verdicts = []verdictRow{
	{"unsupported-browser", "", func(e Evidence) bool { return !e.PeerConnection }, "W3C webrtc-pc 4.4"},
	{"server-unreachable", "", func(e Evidence) bool { return !e.Server && !e.Socket }, "RFC 9110, RFC 6455, 4.1: neither answers; ServerWithin"},
	{"socket-blocked", "", func(e Evidence) bool { return !e.Socket }, "RFC 6455, 4.2.1: a proxy that does not pass Upgrade on"},
	{"no-candidates", signal.FindingNoCandidates, func(e Evidence) bool { return e.Candidates == 0 },
		"Chromium 156 without a default route and without a camera gathers nothing"},
	{"server-mute", "", func(e Evidence) bool { return !e.Told }, "PROTOCOL.md: ice answers check"},
	{"relay-refused", signal.FindingRelayRefused, func(e Evidence) bool { return e.Refused != "" && !e.relayAnswers() },
		"RFC 8656, 7.2: 401, 403, 437, 486, 508; W3C webrtc-pc 4.8.1.3"},
	{"nothing-answers", signal.FindingNothingAnswers, func(e Evidence) bool {
		return (e.AskedSTUN || e.AskedRelay) && !e.STUN && !e.relayAnswers()
	}, "RFC 8489, 6.2.1: a STUN transaction over UDP; STUNWithin"},
	{"only-443", signal.FindingUDPBlocked, func(e Evidence) bool {
		return e.AskedUDP && !e.STUN && !e.RelayUDP && !e.RelayTCP && !e.RelayTLS
	}, "RFC 7350 and RFC 8656, 3.1: TLS on the port of HTTPS passes where nothing else does"},
	{"udp-blocked", signal.FindingUDPBlocked, func(e Evidence) bool { return e.AskedUDP && !e.STUN && !e.RelayUDP },
		"RFC 8656, 3.1: a relay is reached over TCP or TLS where UDP does not pass"},
	{"relay-silent", signal.FindingRelaySilent, func(e Evidence) bool { return e.AskedRelay && !e.relayAnswers() },
		"RFC 8656, 7.1; RelayWithin, StreamWithin"},
	{"relay-broken", signal.FindingRelaySilent, func(e Evidence) bool { return e.LoopBroken }, "RFC 8656, 9 and 12: permissions and channels; LoopWithin"},
	{"no-relay", signal.FindingNoRelay, func(e Evidence) bool { return e.Symmetric && !e.AskedRelay },
		"RFC 4787, 4.1: address-dependent mapping; RFC 8445, 2.1"},
	{"no-servers", "", func(e Evidence) bool { return !e.AskedSTUN && !e.AskedRelay }, "RFC 8445, 2.1: host candidates alone"},
	{"stun-silent", "", func(e Evidence) bool { return !e.STUN }, "RFC 8445, 2.1: without server-reflexive candidates a relay takes everything"},
	{"clock-off", "", func(e Evidence) bool { return e.ClockOff }, "RFC 9110, 6.6.1: Date; ClockWithin"},
	{"insecure", "", func(e Evidence) bool { return !e.Secure }, "W3C mediacapture-streams 9.2: a secure context"},
	{"device-denied", "", func(e Evidence) bool { return e.Camera == DeviceDenied || e.Microphone == DeviceDenied }, "W3C mediacapture-streams 10.3.1: NotAllowedError"},
	{"device-missing", "", func(e Evidence) bool { return e.Microphone == DeviceMissing || e.Microphone == DeviceBusy }, "W3C mediacapture-streams 10.3.1: NotFoundError, NotReadableError"},
	{"slow", "", func(e Evidence) bool { return e.LoopSlow }, "LoopRate"},
	{"fine-relayed", "", func(e Evidence) bool { return e.Symmetric }, "RFC 4787, 4.1; RFC 8656"},
	{"fine-no-relay", "", func(e Evidence) bool { return e.STUN && !e.AskedRelay }, "RFC 8445, 2.1"},
	{"fine", "", func(e Evidence) bool { return e.STUN && e.relayAnswers() }, "every row above"},
}

// VerdictIDs lists every verdict once.
func VerdictIDs() (ids []Verdict) {
	for _, row := range Verdicts {
		ids = append(ids, row.Verdict)
	}
	return append(ids, VerdictUnknown)
}

// Judge says what the evidence amounts to.
func Judge(e Evidence) (Verdict, signal.Finding) {
	for _, row := range Verdicts {
		if row.When(e) {
			return row.Verdict, row.Finding
		}
	}
	return VerdictUnknown, signal.FindingNone
}
