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

// mapping is what the doctor is to say of a NAT.
type mapping struct {
	outcome    doctor.Outcome
	words      string      // of the details,
	word       doctor.Word // and of the report
	oneAddress bool        // the page is seen at one port of the router
	with       judgement   // where there is a relay
	without    judgement
}

// judgement is a verdict and what a person reads of it.
type judgement struct{ verdict, finding, words, more string }

// TestPathThatTheDoctorFindsThroughAConeNAT, by a server whose relay is over TLS
// on another port than that of HTTPS.
func TestPathThatTheDoctorFindsThroughAConeNAT(t *testing.T) {
	newTown(t, nets.Cone, nets.Cone).mapsAs(8443, mapping{
		doctor.NATIndependent, "endpoint-independent (RFC 4787, 4.1), as far as 2 STUN addresses can tell", doctor.WordIndependent, true,
		judgement{"fine", "", "All is well: calls work from here.", "Direct paths work, and so does the relay for those who have none."},
		judgement{"fine-no-relay", "", "Calls work with most people, but not with everybody.",
			"Direct paths work. This server has no relay for those who are behind strict routers or firewalls."},
	}, map[doctor.CheckID]string{"relay-tls": "passed", "relay-tls-443": "skipped"})
}

// TestPathThatTheDoctorFindsThroughASymmetricNAT, by one whose relay is on the
// port of HTTPS.
func TestPathThatTheDoctorFindsThroughASymmetricNAT(t *testing.T) {
	newTown(t, nets.Symmetric, nets.Cone).mapsAs(443, mapping{
		doctor.NATDependent, "address-dependent or address-and-port-dependent (RFC 4787, 4.1)", doctor.WordDependent, false,
		judgement{"fine-relayed", "", "Calls work; many of them will go through the relay.",
			"Your router is of the strict kind: it uses another public address for each destination."},
		judgement{"no-relay", "no-relay", "Many calls will fail: your router is of the strict kind, and this server has no relay.",
			"Others cannot be told where to send, so somebody in between would have to pass it on."},
	}, map[doctor.CheckID]string{"relay-tls": "skipped", "relay-tls-443": "passed"})
}

// mapsAs has Ana check with a server at this port, which is the relay, too, and
// with a second one that has no more than the first one's STUN.
func (s *town) mapsAs(port int, want mapping, ways map[doctor.CheckID]string) {
	at := s.server.Address()
	certificate, key := s.trusted.Certificate(s.server.Name())
	holdlineOn(s.t, s.server, "--addr", fmt.Sprintf("%s:%d", at, port), "--tls-cert", certificate, "--tls-key", key)
	p := s.examines(fmt.Sprintf("https://%s:%d", s.server.Name(), port))
	p.maps(s.ana.home.Line.Address.String(), want, want.with)
	p.found(map[doctor.CheckID]string{"relay-udp": "passed", "relay-tcp": "passed", "loop": "passed"})
	p.found(ways)

	s.serve("--turn", fmt.Sprintf("stun:%s:%d,stun:%s:%d", at, port, at, port+1))
	p.Open(s.ana.host.Loopback(s.t, s.url).URL + "/check?lang=en")
	p.maps(s.ana.home.Line.Address.String(), want, want.without)
	p.found(map[doctor.CheckID]string{"relay-udp": "skipped", "relay-tcp": "skipped", "relay-tls": "skipped", "relay-tls-443": "skipped", "loop": "skipped"})
	p.asksFor(words(s.t, "check.ask.set-up-relay"))
	quiet(s.t, p)
}

// maps compares what the page says, and what both ways to take its report along
// do, of a NAT whose outer address is this.
func (p *Page) maps(outer string, want mapping, verdict judgement) {
	p.t.Helper()
	p.judged(verdict.verdict, verdict.finding)
	if got := p.Text(`document.querySelector('[data-verdict]').textContent`); got != verdict.words {
		p.t.Errorf("the verdict reads %q, want %q", got, verdict.words)
	}
	if got := p.Text(`document.getElementById('check-more').textContent`); got != verdict.more {
		p.t.Errorf("the verdict means %q, want %q", got, verdict.more)
	}
	p.comesTo(map[doctor.CheckID]doctor.Outcome{"stun": doctor.STUNAnswers, "nat": want.outcome})
	if got := p.details("nat", "Mapping"); len(got) != 1 || got[0] != want.words {
		p.t.Errorf("the mapping is %q, want %q", got, want.words)
	}
	seen := p.details("nat", "Public address")
	for _, address := range seen {
		if !strings.HasPrefix(address, outer+":") {
			p.t.Errorf("the page is seen at %s, want ports of %s", address, outer)
		}
	}
	if len(seen) == 0 || (len(seen) == 1) != want.oneAddress {
		p.t.Errorf("the page is seen at %q, want one address: %t", seen, want.oneAddress)
	}
	for how, text := range map[string]string{"copied": p.copied(), "saved": p.saved()} {
		r := p.reported(text)
		nat := checkOf(r, doctor.CheckNAT)
		if string(r.Verdict) != verdict.verdict || string(r.Finding) != verdict.finding || r.Words != verdict.words || nat.Outcome != want.outcome {
			p.t.Errorf("%s, the report says %q (%s, %s), and %s of the NAT", how, r.Words, r.Verdict, r.Finding, nat.Outcome)
		}
		var said []doctor.Word
		mapped := 0
		for _, d := range nat.Details {
			switch d.Name {
			case doctor.DetailMapping:
				said = append(said, d.Word)
			case doctor.DetailMapped:
				mapped++
			}
		}
		if len(said) != 1 || said[0] != want.word || mapped != len(seen) || strings.Contains(text, outer) {
			p.t.Errorf("%s, the report has the mapping %q and %d mapped addresses of %d, or names %s: %s", how, said, mapped, len(seen), outer, text)
		}
	}
}

// details are the values of this name in the details of a check.
func (p *Page) details(id, name string) (values []string) {
	p.t.Helper()
	p.Eval(fmt.Sprintf(`[...document.querySelectorAll('[data-check=%q] dl > div')].filter((row) => row.querySelector('dt').textContent === %q)
		.map((row) => row.querySelector('dd').textContent)`, id, name), &values)
	return values
}
