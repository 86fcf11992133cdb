package rtc

import (
	"syscall/js"

	"holdline/wasm/session"
)

// The places of the values in what the glue picks from getStats.
const (
	statPackets = iota
	statMedia
	statAge
	statRTT
	statLoss
	statIn
	statOut
	statConsent
	statWaiting
	statRunning
	statSucceeded
	statFailed
	statNumbers // how many numbers there are; the chosen pair follows, or null
)

// sampled reads what glue.js has picked from the statistics.
func sampled(l session.Link, attempt int, v js.Value) session.StatsSampled {
	n := func(i int) float64 { return v.Index(i).Float() }
	return session.StatsSampled{
		Link: l, Attempt: attempt, Packets: int64(n(statPackets)), Media: int64(n(statMedia)), Age: n(statAge),
		Flow: session.Flow{
			Pair: pair(v.Index(statNumbers)), RTT: n(statRTT), Loss: n(statLoss), In: n(statIn), Out: n(statOut), Consent: n(statConsent),
			Checks: session.Checks{Waiting: int(n(statWaiting)), Running: int(n(statRunning)), Succeeded: int(n(statSucceeded)), Failed: int(n(statFailed))},
		},
	}
}

func pair(v js.Value) *session.Pair {
	if !v.Truthy() {
		return nil
	}
	return &session.Pair{Local: candidate(v.Index(0)), Remote: candidate(v.Index(1)), RelayProtocol: text(v.Index(2))}
}

// candidate reads RTCIceCandidateStats, of which browsers leave out what they
// do not tell a page.
func candidate(v js.Value) session.Candidate {
	return session.Candidate{
		Type: text(v.Get("candidateType")), Protocol: text(v.Get("protocol")), Address: text(v.Get("address")),
		Port: number(v.Get("port")), Network: text(v.Get("networkType")),
	}
}
