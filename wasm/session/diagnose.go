package session

import "holdline/server/signal"

// Evidence is what this page knows about one end.
type Evidence struct {
	Subject       string
	Said          signal.Type // leaving or bye on the control channel; "" when nothing was said
	Intent        signal.Intent
	Target        string
	Refused       Cause  // by the server, with its close code
	Detail        string // the words that came along
	NotInRoom     bool   // the room does not know the participant
	Negotiation   string // what the browser said of an offer or an answer
	NoAnswer      bool   // no answer came within NegotiateWithin
	NoPath        bool   // descriptions were exchanged, no pair connected
	DTLS          string // state of the DTLS transport
	Silent        bool   // every rung was tried, nothing came
	SignalingOpen bool   // this page reaches the server
	Present       bool   // the room has the participant's page
	Evidence      []string
}

// verdictRow is a line of the table of causes: the first whose condition
// holds wins. Layer, by whom and next step follow from the cause
// (signal.NewEnd); Source says who warrants that the condition means it.
type verdictRow struct {
	Name   string
	When   func(Evidence) bool
	Cause  func(Evidence) Cause
	Source string
}

func is(c Cause) func(Evidence) Cause { return func(Evidence) Cause { return c } }

// Verdicts is this page's part of the table of causes, in order.
var Verdicts = []verdictRow{
	{"said goodbye on the control channel", func(e Evidence) bool { return e.Said != "" }, func(e Evidence) Cause { return e.Intent.Cause() }, "html page lifecycle: pagehide; Chromium 156, TestTheEndsThatAPageCauses"},
	{"the server refused", func(e Evidence) bool { return e.Refused != "" }, func(e Evidence) Cause { return e.Refused }, "RFC 6455, 7.4.2: the close code"},
	{"not in the room any more", func(e Evidence) bool { return e.NotInRoom }, is(signal.CausePageVanished), "the welcome's roster (PROTOCOL.md)"},
	{"offer and answer do not fit", func(e Evidence) bool { return e.Negotiation != "" }, is(signal.CauseNegotiationFailed), "W3C webrtc-pc 4.4.1.5: the promise rejects"},
	{"no answer came", func(e Evidence) bool { return e.NoAnswer }, is(signal.CauseNegotiationTimeout), "W3C webrtc-pc 4.3.1: have-local-offer waits for ever; NegotiateWithin"},
	{"a path, but no secure transport", func(e Evidence) bool { return e.DTLS == "failed" }, is(signal.CauseDTLSFailed), "W3C webrtc-pc 5.5: RTCDtlsTransportState failed"},
	{"never a path", func(e Evidence) bool { return e.NoPath }, is(signal.CauseICEFailed), "RFC 8863, 4: the PAC timer of 39.5 s; ConnectWithin"},
	{"silent, though signaling sees both", func(e Evidence) bool { return e.Silent && e.SignalingOpen && e.Present }, is(signal.CausePathBlocked), "RFC 7675, 5.1: consent expires after 30 s; RecoverWithin"},
	{"silent on every path", func(e Evidence) bool { return e.Silent }, is(signal.CauseNetworkLost), "RFC 7675, 5.1, and RFC 6455, 5.5.2: neither lane answers"},
}

// Diagnose says what the evidence amounts to.
func Diagnose(e Evidence) End {
	cause, name := signal.CauseUnknown, "no row of the table explains it"
	for _, v := range Verdicts {
		if v.When(e) {
			cause, name = v.Cause(e), v.Name
			break
		}
	}
	facts := []string{name}
	if e.Said != "" {
		facts = append(facts, string(e.Said)+" with intent "+string(e.Intent))
	}
	for _, f := range append([]string{e.Detail, e.Negotiation}, e.Evidence...) {
		if f != "" {
			facts = append(facts, f)
		}
	}
	end := signal.NewEnd(e.Subject, cause, facts...)
	if cause == signal.CausePageNavigated {
		end.Target = e.Target
	}
	return end
}
