//go:build e2e

package e2e

import (
	"net/netip"
	"strings"
	"testing"

	"holdline/wasm/doctor"
	"holdline/wasm/e2e/kit"
)

// beyond is an address that STUN servers say they see.
func beyond(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("198.51.100.7"), port)
}

// TestTheDoctor examines networks that the test makes. Firefox 153 does not
// trust a certificate that nobody signed and says nothing of it, nor of a
// relay that refuses.
func TestTheDoctor(t *testing.T) {
	for _, tt := range []struct {
		name             string
		network          func(*clinic)
		verdict, finding string
		firefox          string // the verdict there, where it is another one
		states           map[doctor.CheckID]string
	}{
		{"a NAT that keeps its mapping", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40000))
			c.relay(turnPassword, true)
		}, "fine", "", "", map[doctor.CheckID]string{
			"support": "passed", "server": "passed", "socket": "passed", "clock": "passed", "addresses": "passed", "hiding": "passed", "stun": "passed", "nat": "passed",
			"relay-udp": "passed", "relay-tcp": "passed", "relay-tls": "failed", "relay-tls-443": "skipped", "loop": "passed", "camera": "passed", "microphone": "passed",
		}},
		{"a NAT that maps each destination anew", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40001))
			c.relay(turnPassword, true)
		}, "fine-relayed", "", "", map[doctor.CheckID]string{"nat": "warned", "loop": "passed"}},
		{"that, and no relay", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40001))
		}, "no-relay", "no-relay", "", map[doctor.CheckID]string{"nat": "warned", "relay-udp": "skipped", "loop": "skipped"}},
		{"no NAT", func(c *clinic) {
			c.stun(netip.AddrPort{})
			c.stun(netip.AddrPort{})
			c.relay(turnPassword, true)
		}, "fine", "", "", map[doctor.CheckID]string{"stun": "passed", "nat": "passed"}},
		{"UDP is blocked", func(c *clinic) {
			c.blackHole("stun")
			c.blackHole("turn")
			c.relay(turnPassword, false)
		}, "udp-blocked", "udp-blocked", "", map[doctor.CheckID]string{"stun": "failed", "nat": "skipped", "relay-udp": "failed", "relay-tcp": "passed", "loop": "passed"}},
		{"nothing answers", func(c *clinic) {
			c.blackHole("stun")
			c.blackHole("turn")
		}, "nothing-answers", "nothing-answers", "", nil},
		{"the relay refuses", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40000))
			c.relay("another", true)
		}, "relay-refused", "relay-refused", "relay-silent", map[doctor.CheckID]string{"relay-udp": "failed", "loop": "skipped"}},
		{"no servers", func(*clinic) {}, "no-servers", "", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newClinic(t)
			tt.network(c)
			p := c.patient("")
			verdict, finding := tt.verdict, tt.finding
			if tt.firefox != "" && p.Engine() == kit.Firefox {
				verdict, finding = tt.firefox, tt.firefox
			}
			p.judged(verdict, finding)
			for id, want := range tt.states {
				if got := p.check(string(id)); got != want {
					t.Errorf("%s is %s, want %s\n%s", id, got, want, p.Description())
				}
			}
			r, err := doctor.ReadReport([]byte(p.Text(`JSON.stringify(holdline.report())`)))
			if err != nil || string(r.Verdict) != verdict || r.Words != p.Text(`document.querySelector('[data-verdict]').textContent`) {
				t.Errorf("the report: %v, verdict %q, %q", err, r.Verdict, r.Words)
			}
			if text := p.Text(`JSON.stringify(holdline.report())`); strings.Contains(text, turnPassword) || strings.Contains(text, turnUser) || strings.Contains(text, c.host.String()) {
				t.Errorf("a secret is in the report: %s", text)
			}
			quiet(t, p)
		})
	}
}
