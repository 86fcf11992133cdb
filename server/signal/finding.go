package signal

// Finding is what the evidence of candidates and checks says of the networks
// between two pages, by a stable id that stands in End.Finding, in the DOM
// (data-finding) and in reports. The doctor at /check comes to the same ones.
type Finding string

// The findings. Which evidence leads to which is the table in
// wasm/session/finding.go; the words are in static/text.json.
const (
	FindingNone              Finding = ""
	FindingNoCandidates      Finding = "no-candidates"       // this browser found no address of its own: no network, or it hides all
	FindingNoRemoteCandidate Finding = "no-remote-candidate" // the other browser sent none
	FindingNothingAnswers    Finding = "nothing-answers"     // neither STUN nor any relay answered: only web pages pass here
	FindingUDPBlocked        Finding = "udp-blocked"         // STUN over UDP is silent, a relay over TCP or TLS answers
	FindingRelayRefused      Finding = "relay-refused"       // the relay answered, and refused
	FindingRelaySilent       Finding = "relay-silent"        // STUN answers, the relay does not
	FindingNoRelay           Finding = "no-relay"            // two NATs that cannot meet, and no relay is set up
	FindingNamesUnresolved   Finding = "names-unresolved"    // addresses are hidden behind mDNS names, and multicast does not pass
	FindingPeersApart        Finding = "peers-apart"         // both found addresses, and no packet passes between any two
	FindingPathLost          Finding = "path-lost"           // packets passed once, and pass no more
)

// Findings lists every finding once.
func Findings() []Finding {
	return []Finding{
		FindingNoCandidates, FindingNoRemoteCandidate, FindingNothingAnswers, FindingUDPBlocked, FindingRelayRefused,
		FindingRelaySilent, FindingNoRelay, FindingNamesUnresolved, FindingPeersApart, FindingPathLost,
	}
}
