//go:build e2e && linux

package e2e

import (
	"testing"
	"time"

	"holdline/wasm/e2e/nets"
	"holdline/wasm/session"
)

// recovery is of the newest recovery that the page knows.
func recovery(expression string) string {
	return `((r) => r && ` + expression + `)(holdline.snapshot().peers[0].path.recovery?.at(-1))`
}

// TestPathThatOnlyTheRelayIsLeftOf: nothing but signaling passes until the
// ladder has come to its relay-only rung; then the relay does. A later restart
// takes the direct path again.
func TestPathThatOnlyTheRelayIsLeftOf(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone)
	s.serveBesideItsRelay()
	s.call().play()
	s.direct()
	apart := s.ana.home.Line.Drop(nets.With(s.ben.home.Line.Address))
	nothing := s.ana.home.Line.Drop(nets.Not(nets.TCP(8080)))
	relayOnly := func(p *Page) bool {
		return p.Text(nets.LastConnection+`.getConfiguration().iceTransportPolicy`) == "relay"
	}
	s.ana.Until("the ladder is at the relay alone", recovery(`r.rung === `+number(session.RungRelayOnly)))
	nothing.Remove()
	since := time.Now()
	s.connected().move()
	within(t, "the way through the relay alone", since, policy.YieldFor+policy.RelayOnlyFor)
	s.relayed("blocked", "blocked")
	if !relayOnly(s.ana.Page) && !relayOnly(s.ben.Page) {
		t.Error("neither browser was bound to the relay")
	}
	s.ana.Until("the page says which rung it was", recovery(`r.took > 0 && r.rung === `+number(session.RungRelayOnly)))
	apart.Remove()
	s.agreesAnew(func() { s.ana.Eval(`dispatchEvent(new Event('online'))`, nil) })
	s.direct()
	for p := range s.people() {
		if relayOnly(p) {
			t.Error("a browser is still bound to the relay")
		}
	}
	s.move()
}
