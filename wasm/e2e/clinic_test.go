//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/coder/websocket"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"holdline/server/signal"
	"holdline/wasm/doctor"
	"holdline/wasm/e2e/kit"
)

// clinic is the program's page with a network of the test's making around it:
// its socket answers check with the ICE servers that the test names.
type clinic struct {
	t       *testing.T
	host    netip.Addr // this machine's, so that browsers gather for it
	servers []signal.ICEServer
	*httptest.Server
}

const turnUser, turnPassword = "1700000000:visitor", "a-secret"

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{t: t, host: ownAddress(t)}
	behind, err := url.Parse(StartServer(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", httputil.NewSingleHostReverseProxy(behind))
	mux.HandleFunc("/ws", c.answerCheck)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

// answerCheck answers the first message with ice.
func (c *clinic) answerCheck(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{signal.Subprotocol}})
	if err != nil {
		return
	}
	defer ws.CloseNow()
	_, data, err := ws.Read(r.Context())
	if err != nil {
		return
	}
	if e, err := signal.Decode(data, signal.DefaultLimits); err != nil || e.Type != signal.TypeCheck {
		ws.Close(websocket.StatusCode(signal.CloseBadHello), "")
		return
	}
	ice := signal.ICE{Servers: c.servers, Lifetime: 60_000, Address: c.host.String()}
	answer, _ := signal.Envelope{Type: signal.TypeICE, Payload: signal.Raw(ice)}.Encode()
	_ = ws.Write(r.Context(), websocket.MessageText, answer)
	<-ws.CloseRead(context.Background()).Done()
}

// ownAddress is an IPv4 address of this machine that is not the loopback's.
func ownAddress(t *testing.T) netip.Addr {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			return p.Addr()
		}
	}
	kit.Lacks(t, "this machine has no address beside the loopback's")
	return netip.Addr{}
}

func (c *clinic) packets() net.PacketConn {
	c.t.Helper()
	conn, err := net.ListenPacket("udp4", netip.AddrPortFrom(c.host, 0).String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { conn.Close() })
	return conn
}

func (c *clinic) stream() net.Listener {
	c.t.Helper()
	l, err := net.Listen("tcp4", netip.AddrPortFrom(c.host, 0).String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { l.Close() })
	return l
}

// stun adds a STUN server that says that it sees everybody at this address, as
// one beyond a NAT does; 0 says where it sees them really.
func (c *clinic) stun(mapped netip.AddrPort) {
	conn := c.packets()
	c.offer("stun:" + conn.LocalAddr().String())
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			question := &stun.Message{Raw: append([]byte{}, buffer[:n]...)}
			if question.Decode() != nil || question.Type != stun.BindingRequest {
				continue
			}
			seen := from.(*net.UDPAddr).AddrPort()
			if mapped.IsValid() {
				seen = mapped
			}
			answer, err := stun.Build(question, stun.BindingSuccess, &stun.XORMappedAddress{IP: seen.Addr().AsSlice(), Port: int(seen.Port())}, stun.Fingerprint)
			if err == nil {
				_, _ = conn.WriteTo(answer.Raw, from)
			}
		}
	}()
}

// blackHole adds a server that takes packets and never answers.
func (c *clinic) blackHole(scheme string) (port int) {
	conn := c.packets()
	c.offer(scheme + ":" + conn.LocalAddr().String())
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// relay adds a relay over UDP and TCP, and over TLS with a certificate that
// nobody trusts, which accepts this password.
func (c *clinic) relay(password string, udp bool) {
	c.t.Helper()
	logger := logging.NewDefaultLoggerFactory()
	logger.DefaultLogLevel = logging.LogLevelDisabled
	generator := func() turn.RelayAddressGenerator {
		return &turn.RelayAddressGeneratorStatic{RelayAddress: c.host.AsSlice(), Address: c.host.String()}
	}
	plain, secret := c.stream(), c.stream()
	config := turn.ServerConfig{
		Realm: "test", LoggerFactory: logger,
		AuthHandler: func(a *turn.RequestAttributes) (string, []byte, bool) {
			return a.Username, turn.GenerateAuthKey(a.Username, a.Realm, password), true
		},
		ListenerConfigs: []turn.ListenerConfig{
			{Listener: plain, RelayAddressGenerator: generator()},
			{Listener: tls.NewListener(secret, &tls.Config{Certificates: c.certificate()}), RelayAddressGenerator: generator()},
		},
	}
	if udp {
		conn := c.packets()
		config.PacketConnConfigs = []turn.PacketConnConfig{{PacketConn: conn, RelayAddressGenerator: generator()}}
		c.offer("turn:" + conn.LocalAddr().String() + "?transport=udp")
	}
	server, err := turn.NewServer(config)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { server.Close() })
	c.offer("turn:" + plain.Addr().String() + "?transport=tcp")
	c.offer("turns:" + secret.Addr().String() + "?transport=tcp")
}

// certificate is httptest's, for another name than this machine's.
func (c *clinic) certificate() []tls.Certificate {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.StartTLS()
	defer s.Close()
	return s.TLS.Certificates
}

func (c *clinic) offer(url string) {
	s := signal.ICEServer{URLs: []string{url}}
	if url[:4] == "turn" {
		s.Username, s.Credential = turnUser, turnPassword
	}
	c.servers = append(c.servers, s)
}

// patient is a page at /check of somebody's browser.
func (c *clinic) patient(script string) *Page {
	c.t.Helper()
	return c.patientIn(profileOf(c.t, "Ana"), script)
}

// patientIn is the same in this browser.
func (c *clinic) patientIn(profile *kit.Profile, script string) *Page {
	c.t.Helper()
	p := NewPage(c.t, profile, "about:blank")
	if script != "" {
		p.BeforeDocuments(script)
	}
	p.Open(c.URL + "/check?lang=en")
	p.Describe = `({ url: location.href, root: { ...document.documentElement.dataset }, status: document.querySelector('[role=status]')?.textContent,
		verdict: { ...document.getElementById('check-verdict').dataset }, report: holdline.report() })`
	return p
}

// judged waits for the verdict.
func (p *Page) judged(verdict, finding string) {
	p.t.Helper()
	p.Until("there is a verdict", `document.querySelector('[data-verdict]').dataset.verdict !== ''`)
	var got struct{ Verdict, Finding string }
	p.Eval(`({ verdict: document.querySelector('[data-verdict]').dataset.verdict, finding: document.querySelector('[data-verdict]').dataset.finding })`, &got)
	if got.Verdict != verdict || got.Finding != finding {
		p.t.Fatalf("verdict %q with finding %q, want %q with %q\n%s", got.Verdict, got.Finding, verdict, finding, p.Description())
	}
}

// judgedAs waits for this verdict, after another one.
func (p *Page) judgedAs(verdict string) {
	p.t.Helper()
	p.Until("the verdict is "+verdict, `document.querySelector('[data-verdict]').dataset.verdict === `+strconv.Quote(verdict))
}

// check is the state of a check.
func (p *Page) check(id string) string {
	p.t.Helper()
	return p.Text(`document.querySelector('[data-check=` + strconv.Quote(id) + `]').dataset.state`)
}

// sentences are what a person reads of outcomes, written out: of those that are
// all passed, nothing else on the page tells one from another.
var sentences = map[doctor.Outcome]string{
	doctor.HidingNames:    "Names stand for your addresses until you allow camera or microphone. That protects you, and does no harm beyond your own network.",
	doctor.HidingNone:     "Your addresses are shown to this page, so people in the same network find you directly.",
	doctor.STUNAnswers:    "UDP passes, and your browser knows under which address others see you.",
	doctor.STUNSame:       "UDP passes, and nothing between you and the server changes your address.",
	doctor.NATNone:        "There is none in the way: others can send straight to you.",
	doctor.NATIndependent: "It keeps one public address for everybody. Two networks like yours can meet without a relay.",
	doctor.NATDependent:   "It uses another public address for each destination, so others cannot be told where to send. Two networks like yours cannot meet without a relay.",
}

// comesTo compares what came of checks, in the report and on the page in words.
func (p *Page) comesTo(outcomes map[doctor.CheckID]doctor.Outcome) {
	p.t.Helper()
	r := p.reported(p.Text(`JSON.stringify(holdline.report())`))
	for id, want := range outcomes {
		if c := checkOf(r, id); c.Outcome != want {
			p.t.Errorf("want %s: %+v", want, c)
		}
		if got := p.Text(`document.querySelector('[data-check=` + strconv.Quote(string(id)) + `] .check-says').textContent`); got != sentences[want] {
			p.t.Errorf("of %s the page says %q, want %q", id, got, sentences[want])
		}
	}
}

// reported is a report in the program's own types.
func (p *Page) reported(text string) doctor.Report {
	p.t.Helper()
	r, err := doctor.ReadReport([]byte(text))
	if err != nil {
		p.t.Fatalf("%v\n%s", err, text)
	}
	return r
}

func checkOf(r doctor.Report, id doctor.CheckID) doctor.Check {
	for _, c := range r.Checks {
		if c.ID == id {
			return c
		}
	}
	return doctor.Check{}
}

// copied is the report as it is in the clipboard.
func (p *Page) copied() (text string) {
	p.t.Helper()
	p.Profile.AllowClipboard(p.t, p.Text(`location.origin`))
	p.ToFront()
	p.Press("Copy report")
	p.says("Report copied")
	p.Eval(`navigator.clipboard.readText()`, &text)
	return text
}

// saved is the report as it is in the file.
func (p *Page) saved() string {
	p.t.Helper()
	folder := p.t.TempDir()
	p.Profile.DownloadTo(p.t, folder)
	p.Press("Save report")
	p.says("Report saved to your downloads")
	err := os.ErrNotExist
	for range 100 { // a file that is being written is there already
		if all, _ := filepath.Glob(filepath.Join(folder, "holdline-check-*.json")); len(all) == 1 {
			var data []byte
			if data, err = os.ReadFile(all[0]); err == nil {
				if _, err = doctor.ReadReport(data); err == nil {
					return string(data)
				}
			}
		}
		p.Eval(`new Promise((done) => setTimeout(done, 50))`, nil)
	}
	p.t.Fatal(err)
	return ""
}
