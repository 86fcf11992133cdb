package session

import (
	"testing"

	"holdline/server/signal"
)

func TestFindNamesWhatTheEvidenceShows(t *testing.T) {
	home := Candidates{Host: 2, Hidden: 2, ServerReflexive: 1}
	well := PathEvidence{Local: home, Remote: home, AskedSTUN: true, AskedRelay: true, Waited: true, STUN: true, RelayUDP: true}
	for _, tt := range []struct {
		name   string
		change func(*PathEvidence)
		want   signal.Finding
	}{
		{"nothing was gathered", func(e *PathEvidence) { e.Local = Candidates{Done: true} }, signal.FindingNoCandidates},
		{"the other side sent nothing", func(e *PathEvidence) { e.Remote = Candidates{Done: true} }, signal.FindingNoRemoteCandidate},
		{"neither STUN nor relay answers", func(e *PathEvidence) { e.STUN, e.RelayUDP = false, false }, signal.FindingNothingAnswers},
		{"the same, too early to say", func(e *PathEvidence) { e.STUN, e.RelayUDP, e.Waited = false, false, false }, signal.FindingPeersApart},
		{"only a relay over TCP answers", func(e *PathEvidence) { e.STUN, e.RelayUDP, e.RelayStream = false, false, true }, signal.FindingUDPBlocked},
		{"the relay refuses", func(e *PathEvidence) { e.RelayUDP, e.Refused = false, "401 Unauthorized" }, signal.FindingRelayRefused},
		{"it refused one and took another", func(e *PathEvidence) { e.Refused = "486 Allocation Quota Reached" }, signal.FindingPeersApart},
		{"STUN answers, the relay does not", func(e *PathEvidence) { e.RelayUDP = false }, signal.FindingRelaySilent},
		{"symmetric here, and no relay", func(e *PathEvidence) { e.AskedRelay, e.RelayUDP, e.Symmetric = false, false, true }, signal.FindingNoRelay},
		{"symmetric there, and no relay", func(e *PathEvidence) { e.AskedRelay, e.RelayUDP, e.RemoteSymmetric = false, false, true }, signal.FindingNoRelay},
		{"symmetric, with a relay that answers", func(e *PathEvidence) { e.Symmetric = true }, signal.FindingPeersApart},
		{"names only, in a LAN without servers", func(e *PathEvidence) {
			*e = PathEvidence{Local: Candidates{Host: 1, Hidden: 1}, Remote: Candidates{Host: 1, Hidden: 1}}
		}, signal.FindingNamesUnresolved},
		{"one side shows its address", func(e *PathEvidence) {
			*e = PathEvidence{Local: Candidates{Host: 1, Hidden: 1}, Remote: Candidates{Host: 1}}
		}, signal.FindingPeersApart},
		{"it worked before", func(e *PathEvidence) { e.Ever = true }, signal.FindingPathLost},
		{"it worked before, and now nothing answers", func(e *PathEvidence) { e.Ever, e.STUN, e.RelayUDP = true, false, false }, signal.FindingNothingAnswers},
	} {
		e := well
		tt.change(&e)
		if got := Find(e); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestEveryFindingCanBeFound(t *testing.T) {
	for _, f := range signal.Findings() {
		n := 0
		for _, row := range FindingRows {
			if row.Finding == f {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s stands in %d rows, want one", f, n)
		}
	}
	if len(FindingRows) != len(signal.Findings()) {
		t.Errorf("%d rows for %d findings", len(FindingRows), len(signal.Findings()))
	}
}
