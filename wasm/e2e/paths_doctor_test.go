//go:build e2e && linux

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"holdline/wasm/doctor"
	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
)

// examines opens /check in a browser of Ana's on her host.
func (s *town) examines(url string) *Page {
	s.t.Helper()
	browser := s.ana.host.Browser(s.t, engineOf("Ana"), kit.WithAuthority(s.trusted.File))
	p := NewPage(s.t, browser.NewProfile(s.t), url+"/check?lang=en")
	p.Describe = `({ verdict: { ...document.getElementById('check-verdict').dataset }, asks: document.getElementById('check-asks').innerText, report: holdline.report() })`
	return p
}

// found compares the states of checks.
func (p *Page) found(states map[doctor.CheckID]string) {
	p.t.Helper()
	for id, want := range states {
		if got := p.check(string(id)); got != want {
			p.t.Errorf("%s is %s, want %s\n%s", id, got, want, p.Description())
		}
	}
}

// asksFor waits until the page asks for exactly this.
func (p *Page) asksFor(words ...string) {
	p.t.Helper()
	p.Until("it says what to ask for", fmt.Sprintf(`document.getElementById('check-asks').checkVisibility() &&
		JSON.stringify([...document.querySelectorAll('#check-asks li')].map((e) => e.textContent)) === JSON.stringify(%q.split('|'))`, strings.Join(words, "|")))
}

// TestPathThatTheDoctorFindsWhereOnlyHTTPSPasses: of all that Ana's network lets
// out there is what looks like HTTPS.
func TestPathThatTheDoctorFindsWhereOnlyHTTPSPasses(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone)
	certificate, key := s.trusted.Certificate(s.server.Name())
	holdlineOn(t, s.server, "--addr", s.server.Address().String()+":443", "--tls-cert", certificate, "--tls-key", key)
	s.ana.home.Line.Drop(nets.Not(nets.TCP(443)))
	s.ana.home.Line.Drop(nets.STUN) // at the port of HTTPS, too: what it cannot read there is taken for HTTPS
	p := s.examines("https://" + s.server.Name())
	p.judged("only-443", "udp-blocked")
	p.found(map[doctor.CheckID]string{
		"server": "passed", "socket": "passed", "addresses": "passed", "stun": "failed", "nat": "skipped",
		"relay-udp": "failed", "relay-tcp": "failed", "relay-tls-443": "passed", "loop": "passed",
	})
	p.asksFor("Allow outgoing UDP to server.test, port 443.", "Allow outgoing UDP to server.test, port 444.")
}

func TestPathThatTheDoctorFindsWhereOnlyThePagePasses(t *testing.T) {
	s := newTown(t, nets.Cone, nets.Cone)
	s.serveBesideItsRelay()
	s.ana.home.Line.Drop(nets.Not(nets.TCP(8080)))
	p := s.examines(s.ana.host.Loopback(t, s.url).URL)
	p.judged("nothing-answers", "nothing-answers")
	p.found(map[doctor.CheckID]string{
		"server": "passed", "socket": "passed", "addresses": "passed", "stun": "failed", "nat": "skipped",
		"relay-udp": "failed", "relay-tcp": "failed", "loop": "skipped",
	})
	at := s.server.Address().String()
	p.asksFor("Allow outgoing UDP to "+at+", port 3478.", "Allow outgoing UDP to "+at+", port 3479.", "Allow outgoing TCP to "+at+", port 3478.",
		words(t, "check.ask.relay-on-443"))
}
