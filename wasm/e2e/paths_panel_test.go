//go:build e2e && linux

package e2e

import (
	"strconv"
	"testing"
	"time"

	"holdline/wasm/e2e/nets"
)

func number(n int) string { return strconv.Itoa(n) }

// opensPanel opens the panel of a participant with its details.
func (p *Page) opensPanel(name string) {
	p.t.Helper()
	p.ToFront()
	p.Press("Connection to " + name)
	p.Eval(`document.getElementById('connection-details').open = true`, nil)
	p.Describe = `({ panel: document.getElementById('connection').innerText, path: holdline.snapshot().peers[0]?.path })`
	p.Until("the panel is there", panelOf(name, `p.checkVisibility() && p.querySelector('.gathered').checkVisibility()`))
}

// verdict waits until the open panel begins its first sentence so.
func (p *Page) verdict(name, words string) {
	p.t.Helper()
	p.Until("the panel says: "+words, panelOf(name, `p.querySelector('.verdict').checkVisibility() && p.querySelector('.verdict').textContent.startsWith(`+strconv.Quote(words)+`)`))
}

// confirms waits until the open panel has said that consent is older, and then
// that it is younger: it was confirmed anew.
func (p *Page) confirms(name string) {
	p.t.Helper()
	p.Eval(`void delete document.getElementById('connection').oldest`, nil)
	p.Until("consent is confirmed anew", panelOf(name, `((age) => {
		p.oldest = Math.max(p.oldest ?? 0, age)
		return age < p.oldest
	})(Number(/^(\d+) s ago$/.exec(p.querySelector('[data-fact=consent] dd').textContent)[1]))`))
}

func TestPathWhosePanelTellsOfARecovery(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve().call().play()
	s.ana.opensPanel("Ben")
	s.ana.verdict("Ben", "Direct: your browsers found each other through the routers in between (NAT)")
	plots := []string{"rtt", "loss", "in", "out", "consent"}
	for _, plot := range plots {
		s.ana.draws(plot)
	}
	s.ana.confirms("Ben")
	s.ana.Until("no recovery is listed", panelOf("Ben", `p.querySelector('.recoveries-none').checkVisibility() && !p.querySelector('.recovery')`))
	since := time.Now()
	s.ana.home.Line.Drop(nets.With(s.ben.home.Line.Address))
	s.ana.goes("Ben", "relayed")
	within(t, "the way around the firewall", since, renewed)
	s.ana.verdict("Ben", "Relayed through the server, because the direct path was blocked")
	s.ana.Until("the relay is told of", panelOf("Ben", `p.dataset.why === 'blocked' && p.querySelector('[data-fact=relay] dd').checkVisibility() && p.querySelector('[data-fact=relay] dd').textContent === 'UDP'`))
	s.ana.Until("the recovery is listed, with its rung and how long it took", panelOf("Ben", `((all) => !p.querySelector('.recoveries-none').checkVisibility() &&
		/^took [\d.]+ m?s$/.test(all[0].querySelector('.recovery-took').textContent) &&
		['Searched the path anew (ICE restart)', 'Made a new connection'].includes(all[0].querySelector('.recovery-rung').textContent))(p.querySelectorAll('.recovery'))`))
	for _, plot := range plots {
		s.ana.draws(plot)
	}
	s.ana.confirms("Ben")
	s.relayed("blocked", "blocked")
	s.move()
}

// The round trip of packets that wait for 30 ms on each of two lines, each way.
const slowest = 2 * 2 * 30 * time.Millisecond

func TestPathOverLinesThatAreSlowAndLose(t *testing.T) {
	s := newTown(t, nets.Symmetric, nets.Symmetric).serve()
	for _, r := range []*resident{&s.ana, &s.ben} {
		r.home.Line.Shape(nets.Shape{Delay: 30 * time.Millisecond, Loss: 0.02, Rate: 4_000_000})
	}
	s.call().play()
	s.cameIn("connected", policy.OfferAgainAfter+connects) // an offer may be lost
	s.relayed("symmetric", "symmetric")
	s.ana.opensPanel("Ben")
	s.ana.verdict("Ben", "Relayed through the server, because a router on the way gives each connection a new address")
	for p := range s.people() {
		// More than the lines take, and not more than their buffers hold besides.
		p.Until("the round trip is plausible", `((ms) => ms >= `+number(int(slowest.Milliseconds()))+` && ms < 1200)(holdline.snapshot().peers[0].path.rtt)`)
		p.Until("loss is told", `((share) => share > 0 && share < 0.3)(holdline.snapshot().peers[0].path.loss)`)
	}
	s.ana.Until("the panel tells of both", panelOf("Ben", `Number(p.dataset.rtt) >= `+number(int(slowest.Milliseconds()))+` && Number(p.dataset.loss) > 0`))
	s.connected().move()
}
