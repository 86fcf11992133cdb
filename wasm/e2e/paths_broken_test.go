//go:build e2e && linux

package e2e

import (
	"testing"
	"time"

	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
	"holdline/wasm/session"
)

func TestPathThatAFirewallBlocks(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve().call().play()
	s.direct()
	since := time.Now()
	s.ana.home.Line.Drop(nets.With(s.ben.home.Line.Address))
	s.ana.goes("Ben", "relayed")
	s.connected().move()
	within(t, "the way around the firewall", since, renewed)
	s.by(session.RungNewConnection, since)
	s.relayed("blocked", "blocked")
	for p, other := range s.people() {
		p.says("The direct path to " + other + " was blocked. The call goes on through the server.")
		p.Until("signaling is open", `document.documentElement.dataset.signaling === 'open'`)
	}
}

func TestPathThatIsBlockedForGood(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone)
	s.serveBesideItsRelay() // else it relays at the port of signaling, too
	s.call().play()
	since := time.Now()
	rule := s.ana.home.Line.Drop(nets.Not(nets.TCP(8080)))
	for name, p := range map[string]*Page{"Ben": s.ana.Page, "Ana": s.ben.Page} {
		p.SeesCause(name, "ended", "path-blocked")
		p.Until("signaling is open", `document.documentElement.dataset.signaling === 'open'`)
	}
	within(t, "the end of the ladder", since, givenUp)
	s.ana.finds("Ben", "nothing-answers")
	s.ben.finds("Ana", "path-lost")
	rule.Remove()
	s.ben.Eval(tile("Ana")+`.querySelector('.rejoin').focus()`, nil)
	s.ben.focusOn("Rejoin")
	since = time.Now()
	s.ben.Key("Enter")
	s.connected().move()
	within(t, "the connection after that", since, connects)
	s.ben.Until("the focus is still on what was about Ana", tile("Ana")+`.contains(document.activeElement)`)
	s.goesOn()
	s.direct()
}

func TestPathWhoseUplinkDies(t *testing.T) {
	n := nets.New(t)
	s := &town{t: t, net: n, server: n.Public.Host("server"), trusted: nets.NewAuthority(t)}
	wifi, mobile := n.Router("wifi", nets.Cone), n.Router("mobile", nets.Cone)
	s.ana.host = n.Host("ana")
	line := s.ana.host.Join(wifi.LAN, "wifi")
	s.ana.host.Join(mobile.LAN, "mobile")
	s.ben.host, s.ben.home = n.Home("ben", nets.Cone)
	s.serve().call().play()
	s.direct()
	id := s.ana.Text(tile("Ben") + `.dataset.peer`)
	since := time.Now()
	line.Cut()
	s.ana.Until("the path is another", `holdline.snapshot().peers[0].path.recovery?.some((r) => r.took > 0)`)
	s.connected().move()
	within(t, "the way over the other uplink", since, kernel+moved)
	s.by(session.RungNewConnection, since)
	s.goesOn()
	s.direct()
	if now := s.ana.Text(tile("Ben") + `.dataset.peer`); now != id {
		t.Errorf("Ben is %s now, and was %s", now, id)
	}
}

func TestPathThroughNothingAtAll(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve().call().play()
	s.direct()
	for _, silence := range []time.Duration{5 * time.Second, 15 * time.Second, 30 * time.Second} {
		nothing := s.net.Public.Drop(nets.Everything)
		time.Sleep(silence) // what is tested is a silence of so long
		for p, other := range s.people() {
			p.Sees(other, "recovering")
			p.lane("lost")
			p.says("The server is out of reach. Reconnecting.")
		}
		nothing.Remove()
		since := time.Now()
		s.connected().move()
		within(t, "the repair after "+silence.String()+" of nothing", since, returned)
		s.by(session.RungNewConnection, since)
		for p := range s.people() {
			p.lane("open")
		}
		s.goesOn()
		s.direct()
	}
}

func TestPathWhenCredentialsHaveExpired(t *testing.T) {
	const credentials, lifetime = 20 * time.Second, 20 * time.Second
	s := newTown(t, nets.Symmetric, nets.Symmetric).serve("--relay-credentials", credentials.String(), "--relay-lifetime", lifetime.String()).call().play()
	s.relayed("symmetric", "symmetric")
	routes := map[*Page]string{}
	for p := range s.people() {
		routes[p] = p.route()
		p.Eval(`window.left = 0, new MutationObserver((all) => all.forEach(() => { left += document.querySelector('[data-peer]').dataset.state !== 'connected' }))
			.observe(document.querySelector('[data-peer]'), { attributes: true, attributeFilter: ['data-state'] })`, nil)
	}
	// An allocation that is open a lifetime after its credential has expired was
	// refreshed with that, and one that is open another lifetime later, again.
	time.Sleep(credentials + 2*lifetime)
	nothingNoticed := func() {
		t.Helper()
		s.move()
		for p, other := range s.people() {
			if n := p.Text(`window.left`); n != "0" {
				t.Errorf("the call to %s was interrupted %s times", other, n)
			}
			if n := p.Text(`__connections.length`); n != "1" {
				t.Errorf("%s connections to %s were made, want one", n, other)
			}
		}
		s.relayed("symmetric", "symmetric")
	}
	nothingNoticed()
	for p, other := range s.people() {
		if route := p.route(); route != routes[p] {
			t.Errorf("the path to %s was %s, and is %s", other, routes[p], route)
		}
	}
	// What is found after that has fresh credentials, on the side that answers, too.
	since := time.Now()
	s.agreesAnew(func() { s.ana.Eval(`dispatchEvent(new Event('online'))`, nil) })
	for p, other := range s.people() {
		p.Until("the relay answers anew on the way to "+other, `holdline.snapshot().peers[0].path.local.relay > 0`)
	}
	s.connected().move()
	within(t, "a restart with fresh credentials", since, policy.RefreshWithin+policy.RestartApart+policy.RestartICEForMost)
	nothingNoticed()
}

// The end of the whole network takes the signaling with it, and a page that is
// told of the next network is back at once.
func TestPathThatTheLastUplinkTakesAlong(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone).serve().call().play()
	s.direct()
	s.ana.host.Line().Cut()
	s.ben.Sees("Ana", "recovering")
	s.ben.says("Ana’s network is silent")
	s.ana.says("The server is out of reach. Reconnecting.")
	s.ana.host.Line().Mend()
	since := time.Now()
	s.connected().move()
	within(t, "the return of the only uplink", since, returned)
	s.by(session.RungNewConnection, since)
	s.goesOn()
	s.direct()
}

// The call was direct, and Ana's next network lets it through by a relay alone.
// Nothing was blocked on the way: she is somewhere else.
func TestPathOfSomebodyWhoMovesBehindASymmetricNATWasNotBlocked(t *testing.T) {
	kind := "symmetric"
	if engineOf("Ana") == kit.Firefox {
		kind = "filtered" // of two networks at once it does not tell which candidate is of which
	}
	wasNotBlocked(t, nets.Symmetric, nil, kind, kind)
}

func TestPathOfSomebodyWhoMovesToWhereUDPIsBlockedWasNotBlocked(t *testing.T) {
	wasNotBlocked(t, nets.Cone, nets.UDP, "udp-blocked", "filtered")
}

// wasNotBlocked moves Ana in mid-call to a network behind such a NAT, which may
// drop something, and fails where a page says of the relayed call that its path
// was blocked, even for a moment.
func wasNotBlocked(t *testing.T, nat nets.NAT, drops nets.Traffic, ana, ben string) {
	t.Helper()
	n := nets.New(t)
	s := &town{t: t, net: n, server: n.Public.Host("server"), trusted: nets.NewAuthority(t)}
	wifi, mobile := n.Router("wifi", nets.Cone), n.Router("mobile", nat)
	if drops != nil {
		mobile.Line.Drop(drops)
	}
	s.ana.host = n.Host("ana")
	line := s.ana.host.Join(wifi.LAN, "wifi")
	s.ana.host.Join(mobile.LAN, "mobile")
	s.ben.host, s.ben.home = n.Home("ben", nets.Cone)
	s.serve().call().play()
	s.direct()
	for p := range s.people() {
		p.Eval(`window.told = [], new MutationObserver(() => told.push(document.querySelector('[data-peer]').dataset.why, document.querySelector('[role=status]').textContent))
			.observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['data-why'] })`, nil)
	}
	since := time.Now()
	line.Cut()
	s.ana.goes("Ben", "relayed")
	s.connected().move()
	within(t, "the way from the other network", since, kernel+moved)
	s.relayed(ana, ben)
	for p, other := range s.people() {
		if p.Text(`told.some((words) => words === 'blocked' || words.includes('was blocked'))`) != "false" {
			t.Errorf("it was told that the path to %s was blocked: %s", other, p.Text(`JSON.stringify([...new Set(told)])`))
		}
	}
}
