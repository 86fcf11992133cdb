package session

import "holdline/server/signal"

// PathEvidence is what this page knows of the networks between it and another
// page, or at /check of its own alone.
type PathEvidence struct {
	Local           Candidates
	Remote          Candidates
	AskedSTUN       bool   // there is a STUN server to ask
	AskedRelay      bool   // there is a relay to ask
	Waited          bool   // they had the time to answer
	STUN            bool   // a STUN server answered over UDP
	RelayUDP        bool   // a relay answered over UDP
	RelayStream     bool   // a relay answered over TCP or TLS
	Refused         string // what a relay said instead
	Symmetric       bool   // this page's NAT maps each destination anew
	RemoteSymmetric bool   // the other's does
	Ever            bool   // packets passed between the two before
}

// findingRow is a line of the table of findings: the first that holds wins.
type findingRow struct {
	Finding signal.Finding
	When    func(PathEvidence) bool
	Source  string
}

// FindingRows is the table, in order: what this page lacks, then what its
// network does, then what lies between the two.
var FindingRows = []findingRow{
	{signal.FindingNoCandidates, func(e PathEvidence) bool { return e.Local.all() == 0 },
		"Chromium 156 without a default route and without a camera gathers nothing (TestPathWithoutARouteIsNoCandidates)"},
	{signal.FindingRelayRefused, func(e PathEvidence) bool { return e.Refused != "" && !e.RelayUDP && !e.RelayStream },
		"RFC 8656, 7.2: 401, 403, 437, 486, 508; W3C webrtc-pc 4.8.1.3"},
	{signal.FindingNothingAnswers, func(e PathEvidence) bool {
		return e.Waited && (e.AskedSTUN || e.AskedRelay) && !e.STUN && !e.RelayUDP && !e.RelayStream
	}, "RFC 8489, 6.2.1: a STUN transaction over UDP; UnansweredAfter"},
	{signal.FindingUDPBlocked, func(e PathEvidence) bool {
		return e.Waited && e.AskedSTUN && !e.STUN && !e.RelayUDP && e.RelayStream
	}, "RFC 8656, 3.1: a relay is reached over TCP or TLS where UDP does not pass"},
	{signal.FindingRelaySilent, func(e PathEvidence) bool {
		return e.Waited && e.AskedRelay && !e.RelayUDP && !e.RelayStream
	}, "RFC 8656, 7.1; UnansweredAfter"},
	{signal.FindingPathLost, func(e PathEvidence) bool { return e.Ever }, "RFC 7675, 5.1: consent expires"},
	{signal.FindingNoRemoteCandidate, func(e PathEvidence) bool { return e.Remote.all() == 0 }, "RFC 8838, 8: candidates are trickled by the other side"},
	{signal.FindingNoRelay, func(e PathEvidence) bool {
		return !e.AskedRelay && (e.Symmetric || e.RemoteSymmetric)
	}, "RFC 4787, 4.1: address-dependent mapping; RFC 8445, 2.1"},
	{signal.FindingNamesUnresolved, func(e PathEvidence) bool {
		return onlyHidden(e.Local) && onlyHidden(e.Remote)
	}, "mDNS ICE candidates (draft-ietf-mmusic-mdns-ice-candidates, 3.2.1)"},
	{signal.FindingPeersApart, func(PathEvidence) bool { return true }, "RFC 8445, 7.2.5: no check succeeded"},
}

func onlyHidden(n Candidates) bool { return n.Hidden > 0 && n.all() == n.Hidden }

// Find says what the evidence amounts to.
func Find(e PathEvidence) signal.Finding {
	for _, row := range FindingRows {
		if row.When(e) {
			return row.Finding
		}
	}
	return signal.FindingNone
}

// pathEvidence is what is at hand about the path to p.
func (s *Session) pathEvidence(p *peer) PathEvidence {
	l := &p.Link
	r := &l.Reach
	return PathEvidence{
		Local: l.All.Local, Remote: l.All.Remote,
		AskedSTUN: s.asked("stun"), AskedRelay: s.hasRelay(),
		Waited: r.AskedAt != 0 && s.now.Mono-r.AskedAt >= s.policy.UnansweredAfter,
		STUN:   r.STUN, RelayUDP: r.udp(), RelayStream: r.stream(), Refused: r.Refused,
		Symmetric: l.Symmetric, RemoteSymmetric: l.RemoteSymmetric,
		Ever: l.Ever,
	}
}
