//go:build e2e

package e2e

import (
	"net"
	"net/netip"
	"strconv"
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
		outcomes         map[doctor.CheckID]doctor.Outcome
	}{
		{"a NAT that keeps its mapping", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40000))
			c.relay(turnPassword, true)
		}, "fine", "", "", map[doctor.CheckID]string{
			"support": "passed", "server": "passed", "socket": "passed", "clock": "passed", "addresses": "passed", "hiding": "passed", "stun": "passed", "nat": "passed",
			"relay-udp": "passed", "relay-tcp": "passed", "relay-tls": "failed", "relay-tls-443": "skipped", "loop": "passed", "camera": "passed", "microphone": "passed",
		}, map[doctor.CheckID]doctor.Outcome{"hiding": doctor.HidingNone, "stun": doctor.STUNAnswers, "nat": doctor.NATIndependent}},
		{"a NAT that maps each destination anew", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40001))
			c.relay(turnPassword, true)
		}, "fine-relayed", "", "", map[doctor.CheckID]string{"nat": "warned", "loop": "passed"}, map[doctor.CheckID]doctor.Outcome{"nat": doctor.NATDependent}},
		{"that, and no relay", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40001))
		}, "no-relay", "no-relay", "", map[doctor.CheckID]string{"nat": "warned", "relay-udp": "skipped", "loop": "skipped"}, nil},
		{"no NAT", func(c *clinic) {
			c.stun(netip.AddrPort{})
			c.stun(netip.AddrPort{})
			c.relay(turnPassword, true)
		}, "fine", "", "", map[doctor.CheckID]string{"stun": "passed", "nat": "passed"},
			map[doctor.CheckID]doctor.Outcome{"stun": doctor.STUNSame, "nat": doctor.NATNone}},
		{"UDP is blocked", func(c *clinic) {
			c.blackHole("stun")
			c.blackHole("turn")
			c.relay(turnPassword, false)
		}, "udp-blocked", "udp-blocked", "", map[doctor.CheckID]string{"stun": "failed", "nat": "skipped", "relay-udp": "failed", "relay-tcp": "passed", "loop": "passed"}, nil},
		{"nothing answers", func(c *clinic) {
			c.blackHole("stun")
			c.blackHole("turn")
		}, "nothing-answers", "nothing-answers", "", nil, nil},
		{"the relay refuses", func(c *clinic) {
			c.stun(beyond(40000))
			c.stun(beyond(40000))
			c.relay("another", true)
		}, "relay-refused", "relay-refused", "relay-silent", map[doctor.CheckID]string{"relay-udp": "failed", "loop": "skipped"}, nil},
		{"no servers", func(*clinic) {}, "no-servers", "", "", nil, nil},
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
			p.comesTo(tt.outcomes)
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

// allWell is a network in which all is well.
func allWell(c *clinic) {
	c.stun(beyond(40000))
	c.stun(beyond(40000))
	c.relay(turnPassword, true)
}

// TestTheDoctorOfAPageThatAddressesAreHiddenFrom: the other pages here are shown
// them. Without them nothing tells the device's own address from that of a NAT
// that keeps the port, too.
func TestTheDoctorOfAPageThatAddressesAreHiddenFrom(t *testing.T) {
	hides := kit.StartFor(t, engineOf("Ana"), kit.WithHiddenAddresses())
	for name, mapped := range map[string]netip.AddrPort{"a NAT that keeps its mapping": beyond(40000), "no NAT": {}} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t)
			c.stun(mapped)
			c.stun(mapped)
			c.relay(turnPassword, true)
			p := c.patientIn(hides.NewProfile(t), "")
			p.judged("fine", "")
			p.comesTo(map[doctor.CheckID]doctor.Outcome{"hiding": doctor.HidingNames, "stun": doctor.STUNAnswers, "nat": doctor.NATIndependent})
			quiet(t, p)
		})
	}
}

func TestTheDoctorByKeyboardAlone(t *testing.T) {
	c := newClinic(t)
	allWell(c)
	p := visit(t, "Ana", c.URL+"/?lang=en", "")
	p.tab("Language", "Start a call", "Room", "Open room", "Check your connection")
	p.Key("Enter")
	p.Is("check")
	p.judged("fine", "")
	p.tab("Language", "Check again")
	p.Key("Enter")
	p.Until("it begins anew", `document.querySelector('[data-verdict]').dataset.verdict === '' && holdline.snapshot().run === 2`)
	p.focusOn("Check again")
	p.judged("fine", "")
	p.focusOn("Check again")
	p.tab("Copy report", "Save report", "Details")
	p.Key("Enter")
	p.Until("the details open", `document.querySelector('[data-check=support] details').open`)
	p.Choose("Language", "zh")
	p.Until("the page follows", `document.querySelector('[data-verdict]').textContent.startsWith('一切正常') && document.querySelector('[data-check=stun]').innerText.includes('公网地址')`)
	p.Find("button", "重新检查")
	p.Until("what we say ourselves is in Chinese", `[...document.querySelectorAll('.check-row dd')].every((e) => e.lang === 'en' || /\p{Script=Han}|^-?[\d.]+( [a-z/]+)?$/iu.test(e.textContent))`)
	quiet(t, p)
}

func TestTheDoctorQuotesTheBrowserThatRefusesTheServersList(t *testing.T) {
	c := newClinic(t)
	c.offer("turn:" + c.host.String() + ":99999")
	p := c.patient("")
	p.judged("server-mute", "")
	if socket, relay := p.check("socket"), p.check("relay-udp"); socket != "failed" || relay != "skipped" {
		t.Errorf("the socket's check is %s, the relay's %s", socket, relay)
	}
	row := p.Text(`document.querySelector('[data-check=socket]').textContent`)
	own := p.Text(`(() => { try { return String(new RTCPeerConnection({ iceServers: [{ urls: 'turn:` + c.host.String() + `:99999', username: 'a', credential: 'b' }] })) } catch (e) { return e.message } })()`)
	for _, want := range []string{"no browser takes the list", own} {
		if !strings.Contains(row, want) {
			t.Errorf("the check says %q, want something with %q", row, want)
		}
	}
	quiet(t, p)
}

func TestTheDoctorsReportIsCopiedAndSaved(t *testing.T) {
	c := newClinic(t)
	p := c.patient("")
	p.judged("no-servers", "")
	for how, text := range map[string]string{"copied": p.copied(), "saved": p.saved()} {
		if r := p.reported(text); r.Verdict != "no-servers" {
			t.Errorf("%s: %s", how, text)
		}
	}
	quiet(t, p)
}

func TestTheDoctorAsksForDevicesOnlyWhenTold(t *testing.T) {
	c := newClinic(t)
	allWell(c)
	p := c.patient(`window.asked = 0;` + refuse("++window.asked && wanted.video", "NotAllowedError"))
	p.judged("fine", "")
	if asked := p.Text(`asked`); asked != "0" {
		t.Errorf("the person was asked %s times", asked)
	}
	p.Press("Check camera and microphone")
	p.judgedAs("device-denied")
	if camera, microphone := p.check("camera"), p.check("microphone"); camera != "failed" || microphone != "passed" {
		t.Errorf("camera %s, microphone %s", camera, microphone)
	}
	quiet(t, p)
}

func TestTheDoctorWhoseServerGoes(t *testing.T) {
	c := newClinic(t)
	p := c.patient("")
	p.judged("no-servers", "")
	c.CloseClientConnections()
	c.Listener.Close()
	p.Press("Check again")
	p.Until("it begins anew", `holdline.snapshot().run === 2`)
	p.judged("server-unreachable", "")
	p.Until("it says what to ask for", `document.getElementById('check-asks').innerText.includes(location.hostname)`)
}

func TestTheDoctorWithoutItsProgramSaysWhatIsTheMatter(t *testing.T) {
	c := newClinic(t)
	for _, lacks := range []string{"RTCPeerConnection", "WebAssembly"} {
		p := c.patient("delete window." + lacks)
		p.judged("unsupported-browser", "")
		if got := p.check("support"); got != "failed" {
			t.Errorf("without %s the browser's check is %s", lacks, got)
		}
		r, err := doctor.ReadReport([]byte(p.Text(`JSON.stringify(holdline.report())`)))
		if err != nil || r.Verdict != "unsupported-browser" || r.Browser.PeerConnection != (lacks != "RTCPeerConnection") {
			t.Errorf("%+v, %v", r, err)
		}
		p.audited("without " + lacks)
		quiet(t, p)
	}
	p := visit(t, "Ana", "about:blank", "")
	mend := p.Break(".wasm")
	p.Open(c.URL + "/check?lang=en")
	p.judged("load-failed", "")
	mend()
	p.Press("Check again")
	p.judgedAs("no-servers")
	p.Eval(`holdline.shell.dispatchEvent(new CustomEvent('ask'))`, nil) // the client trusts its own shell
	p.judgedAs("client-failed")
}

func TestEveryScreenOfTheDoctorCanBeReadAndTouched(t *testing.T) {
	c := newClinic(t)
	c.blackHole("stun")
	c.relay("another", true)
	p := c.patient("")
	p.Until("STUN is asked", `document.querySelector('[data-check=stun]').dataset.state === 'running'`)
	p.Until("there is a verdict", `document.querySelector('[data-verdict]').dataset.verdict !== ''`)
	p.Eval(`document.querySelectorAll('.check-row details').forEach((d) => { d.open = true })`, nil)
	p.audited("check")
}

// TestTheDoctorOfTheServerItself: its own STUN, relay and credentials. On one
// machine there is no NAT, and the loop goes from one relayed address to
// another.
func TestTheDoctorOfTheServerItself(t *testing.T) {
	host := ownAddress(t)
	s := StartServer(t, "--relay-addr", freePacketPort(t, host), "--stun-port", strconv.Itoa(portOf(t, freePacketPort(t, host))), "--relay-host", host.String())
	p := visit(t, "Ana", s.URL+"/check?lang=en", "")
	p.Describe = `({ verdict: { ...document.getElementById('check-verdict').dataset }, report: holdline.report() })`
	p.judged("fine", "")
	for _, id := range []doctor.CheckID{doctor.CheckSocket, doctor.CheckSTUN, doctor.CheckNAT, doctor.CheckRelayUDP, doctor.CheckLoop} {
		if got := p.check(string(id)); got != "passed" {
			t.Errorf("%s is %s\n%s", id, got, p.Description())
		}
	}
	quiet(t, p)
}

// freePacketPort is an address whose port nobody listens at over UDP.
func freePacketPort(t *testing.T, host netip.Addr) string {
	t.Helper()
	conn, err := net.ListenPacket("udp4", netip.AddrPortFrom(host, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

func portOf(t *testing.T, address string) int {
	t.Helper()
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return int(at.Port())
}
