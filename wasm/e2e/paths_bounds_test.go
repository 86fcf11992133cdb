//go:build e2e && linux

package e2e

import (
	"fmt"
	"testing"
	"time"

	"holdline/wasm/session"
)

// What the policy promises of paths: each bound is the sum of the times that
// the ladder may take for the fault, and of what the tests' own looks take. The
// medians, which are far below, are make bench-paths's.
var (
	policy = session.DefaultPolicy()

	// Where nothing is in the way nobody has to offer twice: an offer, its answer
	// and the checks are through before it would be sent again.
	connects = policy.OfferAgainAfter

	// A restart is given up after its time: the round trips of these networks add a
	// few ms to RestartICEFor. A new connection goes around what it cannot.
	renewed = policy.InterruptedAfter + policy.YieldFor + policy.RestartICEFor + policy.YieldFor + connects

	// A page that has left its network tries no restart first.
	moved = policy.InterruptedAfter + policy.YieldFor + connects

	// After a silence on every lane the socket that is being dialed may be one
	// that was dialed into the void: it is given up after two beats of the scout,
	// and then dialed anew at its next one. Over that a new connection is made.
	scouted  = time.Duration((3 + policy.SignalingJitter) * float64(policy.SignalingScout))
	returned = scouted + policy.YieldFor + connects

	// Where all is agreed the browsers' own checks find the way: Chromium 156 takes
	// up to 5 s to give a pair up, Firefox 153 checks every 5 s, and a second is
	// the sample's that tells.
	checked = 11 * time.Second

	// Nothing helps: the ladder, and the search for a first path, end with their
	// times. The first one's begins with the remote description.
	givenUp  = policy.InterruptedAfter + policy.RecoverWithin
	notFound = connects + policy.ConnectWithin
)

// looking is what the tests' own looks at both pages take, until six more
// pictures have come on each, with two browsers on two cores that have more to
// do.
const looking = 3 * time.Second

// kernel is how long the kernel may take to see that a line has lost its
// carrier: it looks once a second.
const kernel = time.Second

// within fails where something took longer than the policy promises and the
// test's own looks take.
func within(t *testing.T, what string, since time.Time, promised time.Duration) {
	t.Helper()
	took := time.Since(since)
	t.Logf("%s took %.2f s", what, took.Seconds())
	if took > promised+looking {
		t.Errorf("%s took %.2f s: %.1f s are promised, and looking takes %.0f s", what, took.Seconds(), promised.Seconds(), looking.Seconds())
	}
}

// noteStates has the page's documents to come note when the element of its
// first participant was in which state first, by the page's clock: what is
// measured by that needs no look of the test's.
const noteStates = `
	window.__states = {}
	new MutationObserver(() => {
		const state = document.querySelector('[data-peer]')?.dataset.state
		if (state) __states[state] ??= performance.now()
	}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] })`

// cameIn fails where one of the pages took longer than promised from when it
// met the other person until that one's state was this.
func (s *town) cameIn(state string, promised time.Duration) {
	s.t.Helper()
	for p, other := range s.people() {
		p.Until("it is noted", fmt.Sprintf(`__states[%q]`, state))
		var ms float64
		p.Eval(fmt.Sprintf(`__states[%q] - Math.min(...Object.values(__states))`, state), &ms)
		took := time.Duration(ms * float64(time.Millisecond))
		s.t.Logf("%s was %s after %.2f s", other, state, took.Seconds())
		if took > promised {
			s.t.Errorf("%s was %s after %.2f s, and %.1f s are promised", other, state, took.Seconds(), promised.Seconds())
		}
	}
}

// by waits until each page tells of a recovery that was over after a moment,
// and fails where the ladder had to go higher than to this rung for one.
func (s *town) by(highest int, since time.Time) {
	s.t.Helper()
	later := fmt.Sprintf(`(holdline.snapshot().peers[0].path.recovery ?? []).filter((r) => r.took > 0 && r.at + r.took > %d)`, since.UnixMilli())
	for p, other := range s.people() {
		p.Until("the page tells of a recovery", later+`.length > 0`)
		var all []session.Recovery
		p.Eval(later, &all)
		for _, r := range all {
			s.t.Logf("the path to %s was repaired on rung %d in %.0f ms", other, r.Rung, r.Took)
			if r.Rung > highest {
				s.t.Errorf("the path to %s needed rung %d, want %d at most", other, r.Rung, highest)
			}
		}
	}
}
