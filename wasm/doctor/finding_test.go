package doctor

import (
	"fmt"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// A call that fails and a check-up of the same network come to the same
// finding, wherever a check-up comes to one: what lies between two pages it
// cannot see.
func TestTheDoctorAndACallFindTheSame(t *testing.T) {
	bits := func(n int) (b [9]bool) {
		for i := range b {
			b[i] = n>>i&1 == 1
		}
		return b
	}
	found := map[signal.Finding]bool{}
	for n := range 1 << 9 {
		b := bits(n)
		e := Evidence{
			PeerConnection: true, Secure: true, Server: true, Socket: true, Told: true,
			AskedSTUN: b[1], AskedUDP: b[1] || b[2], AskedRelay: b[2], STUN: b[1] && b[3],
			RelayUDP: b[2] && b[4], RelayTCP: b[2] && b[5], Relay443: b[2] && b[6], Symmetric: b[1] && b[3] && b[8],
		}
		local := session.Candidates{}
		if b[0] {
			e.Candidates, local.Host = 1, 1
		}
		if b[2] && b[7] {
			e.Refused = "486 Allocation Quota Reached"
		}
		verdict, finding := Judge(e)
		if finding == signal.FindingNone {
			continue
		}
		found[finding] = true
		call := session.Find(session.PathEvidence{
			Local: local, Remote: session.Candidates{Host: 1}, Waited: true,
			AskedSTUN: e.AskedSTUN, AskedRelay: e.AskedRelay, STUN: e.STUN, Refused: e.Refused, Symmetric: e.Symmetric,
			RelayUDP: e.RelayUDP, RelayStream: e.RelayTCP || e.Relay443,
		})
		// Only a check-up knows that the relay is asked over UDP, and a call that
		// asks no STUN server has nothing else to tell UDP by.
		if call != finding && !(finding == signal.FindingUDPBlocked && !e.AskedSTUN) {
			t.Errorf("%s: the doctor finds %q (%s), a call %q", fmt.Sprintf("%+v", e), finding, verdict, call)
		}
	}
	for _, f := range []signal.Finding{signal.FindingNoCandidates, signal.FindingRelayRefused, signal.FindingNothingAnswers, signal.FindingUDPBlocked, signal.FindingRelaySilent, signal.FindingNoRelay} {
		if !found[f] {
			t.Errorf("no evidence led to %s", f)
		}
	}
}
