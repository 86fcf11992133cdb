package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// world is a network for one page, with virtual time. It answers orders as a
// browser in that network would.
type world struct {
	firefox  bool
	lacks    bool // no RTCPeerConnection
	insecure bool

	serverDown   bool
	serverSilent bool
	socketDown   bool
	socketMute   bool
	badServers   string // what a browser says of them
	servers      []signal.ICEServer
	clock        time.Duration // that the server's clock is behind
	hidden       bool          // addresses are behind names
	noRoute      bool          // and no camera: nothing is gathered
	public       bool          // the device has no NAT
	symmetric    bool
	udpBlocked   bool
	tcpBlocked   bool
	tls443       bool // is all that passes
	refuses      int  // code of the relay
	loopBroken   bool
	loopBytes    int64
	camera       DeviceFacts
	microphone   DeviceFacts
	opening      string // getUserMedia's error
	grantsRoute  bool   // with the camera, addresses are found

	doctor *Doctor
	now    session.Time
	queue  []due
	log    []string
}

type due struct {
	at time.Duration
	ev Event
}

const origin = 1_700_000_000_000 // ms since 1970

var home = []signal.ICEServer{
	{URLs: []string{"stun:call.example:3478", "stun:call.example:3479"}},
	{URLs: []string{"turn:call.example:3478?transport=udp", "turn:call.example:3478?transport=tcp", "turns:call.example:5349?transport=tcp", "turns:call.example:443?transport=tcp"},
		Username: "1700003600:x", Credential: "secret"},
}

func atHome() *world {
	ready := DeviceFacts{Permission: PermissionPrompt, Count: 1}
	return &world{servers: home, hidden: true, loopBytes: LoopBytes, camera: ready, microphone: ready}
}

// play lets the page run until nothing is to come any more.
func (w *world) play(presses ...Event) {
	w.doctor = New(DefaultPolicy())
	w.now = session.Time{Mono: time.Second, Wall: origin + 1000}
	browser := Browser{Agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0", PeerConnection: !w.lacks, Secure: !w.insecure, TellsErrors: !w.firefox}
	if w.firefox {
		browser.Agent = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
	}
	w.step(Started{Browser: browser, Origin: "https://call.example"})
	w.settle()
	for _, ev := range presses {
		w.step(ev)
		w.settle()
	}
}

func (w *world) settle() {
	for range 1000 {
		slices.SortStableFunc(w.queue, func(a, b due) int { return cmp.Compare(a.at, b.at) })
		at, ok := w.doctor.Deadline()
		if len(w.queue) > 0 && (!ok || w.queue[0].at <= at) {
			next := w.queue[0]
			w.queue = w.queue[1:]
			w.advance(next.at)
			w.step(next.ev)
		} else if ok {
			w.advance(at)
			w.step(Tick{})
		} else {
			return
		}
	}
	panic("the doctor does not come to an end")
}

func (w *world) advance(to time.Duration) {
	if to > w.now.Mono {
		w.now.Wall += (to - w.now.Mono).Milliseconds()
		w.now.Mono = to
	}
}

func (w *world) step(ev Event) {
	for _, a := range w.doctor.Step(w.now, ev) {
		w.log = append(w.log, fmt.Sprintf("%6d ms  %s", w.now.Mono.Milliseconds()-1000, strings.TrimPrefix(fmt.Sprintf("%T", a), "doctor.")+about(a)))
		w.perform(a)
	}
}

// about are the parts of an order that tell something.
func about(a Action) string {
	urls := func(servers []signal.ICEServer) (s string) {
		for _, server := range servers {
			s += " " + strings.Join(server.URLs, " ")
		}
		return s
	}
	switch a := a.(type) {
	case Gather:
		relay := ""
		if a.Relay {
			relay = " relay only:"
		}
		return " " + string(a.Check) + relay + urls(a.Servers)
	case StopGathering:
		return " " + string(a.Check)
	case OpenLoop:
		return urls(a.Servers)
	}
	return ""
}

func (w *world) later(ms int, ev Event) {
	w.queue = append(w.queue, due{w.now.Mono + time.Duration(ms)*time.Millisecond, ev})
}

func (w *world) perform(a Action) {
	switch a := a.(type) {
	case AskServer:
		switch {
		case w.serverSilent:
		case w.serverDown:
			w.later(20, ServerAnswered{Run: a.Run, Err: "TypeError: Failed to fetch"})
		default:
			date := time.Duration(w.now.Wall+10)*time.Millisecond - w.clock
			w.later(20, ServerAnswered{Run: a.Run, Status: 200, Date: date.Truncate(time.Second).Milliseconds()})
		}
	case OpenSocket:
		switch {
		case w.serverDown || w.socketDown:
			w.later(15, SocketClosed{Run: a.Run, Code: 1006})
		case w.socketMute:
			w.later(15, SocketOpened(a))
			w.later(30, SocketClosed{Run: a.Run, Code: 4003, Reason: "bad hello"})
		case w.badServers != "":
			w.later(15, SocketOpened(a))
			w.later(30, ICERefused{a.Run, w.badServers})
		default:
			w.later(15, SocketOpened(a))
			w.later(30, ICETold{a.Run, signal.ICE{Servers: w.servers, Lifetime: 3_600_000, Address: "198.51.100.7"}})
		}
	case Gather:
		w.gather(a)
	case OpenLoop:
		if !w.loopBroken {
			w.later(150, LoopOpened{a.Run})
			w.later(400, LoopPinged{a.Run, 24, 31})
			w.later(1400, LoopCarried{a.Run, w.loopBytes, 1000})
		}
	case LookAtDevices:
		w.later(5, DevicesSeen{a.Run, w.camera, w.microphone})
	case OpenDevices:
		if w.grantsRoute {
			w.noRoute = false
		}
		w.camera.Permission, w.microphone.Permission = PermissionGranted, PermissionGranted
		w.later(800, DeviceOpened{Camera: true, Name: w.opening})
		w.later(800, DeviceOpened{Camera: false, Name: w.opening})
	}
}

// gather finds what a browser would find with these servers.
func (w *world) gather(a Gather) {
	found := func(ms int, c Candidate) { w.later(ms, CandidateFound{a.Run, a.Check, c}) }
	if w.noRoute {
		return
	}
	address, network := "192.168.1.20", "1"
	if w.public {
		address = "198.51.100.7"
	}
	local := address
	if w.hidden {
		local = "6f0a3a1e-52f6-4c4e-9c2a-0d1f4c9d7a11.local"
	}
	if w.firefox {
		network = ""
	}
	if !a.Relay {
		found(3, Candidate{Type: "host", Protocol: "udp", Address: local, Port: 50000, Network: network})
	}
	slow, done := false, 8
	for i, s := range a.Servers {
		e, _ := parse(s.URLs[0])
		ms := map[string]int{"udp": 40, "tcp": 70, "tls": 110}[e.transport]
		silent := e.transport == "udp" && w.udpBlocked || e.transport != "udp" && w.tcpBlocked
		if w.tls443 {
			silent = e.transport != "tls" || e.port != 443
		}
		related := Candidate{RelatedAddress: "0.0.0.0"}
		if !w.hidden {
			related = Candidate{RelatedAddress: address, RelatedPort: 50000}
		}
		switch {
		case silent:
			slow = true
		case e.scheme == "stun" && w.public:
			done = max(done, ms+5)
		case e.scheme == "stun":
			port := 61000
			if w.symmetric {
				port += i
			}
			done = max(done, ms+5)
			if i == 0 || w.symmetric || w.firefox {
				found(ms+i, Candidate{Type: "srflx", Protocol: "udp", Address: "198.51.100.7", Port: port, Network: network,
					RelatedAddress: related.RelatedAddress, RelatedPort: related.RelatedPort})
			}
		case w.refuses != 0:
			done = max(done, ms+5)
			if !w.firefox {
				w.later(ms, CandidateFailed{a.Run, a.Check, w.refuses, s.URLs[0], "Unauthorized"})
			}
		default:
			done = max(done, ms+5)
			found(ms, Candidate{Type: "relay", Protocol: "udp", Address: "203.0.113.5", Port: 49200 + i, RelayProtocol: e.transport, Network: network,
				RelatedAddress: related.RelatedAddress, RelatedPort: related.RelatedPort})
		}
	}
	switch {
	case !slow:
		w.later(done, GatheringDone{a.Run, a.Check})
	case w.firefox:
		w.later(10_500, GatheringDone{a.Run, a.Check})
	default:
		w.later(39_900, CandidateFailed{a.Run, a.Check, noAnswer, a.Servers[0].URLs[0], "STUN binding request timed out."})
		w.later(39_901, GatheringDone{a.Run, a.Check})
	}
}

// story is the check-up as the golden files show it.
func (w *world) story() string {
	var b strings.Builder
	for _, line := range w.log {
		fmt.Fprintln(&b, line)
	}
	s := w.doctor.Snapshot()
	fmt.Fprintf(&b, "\nverdict %s, finding %q\n", s.Verdict, s.Finding)
	for _, a := range s.Asks {
		fmt.Fprintln(&b, strings.TrimSpace(strings.Join([]string{"ask", string(a.ID), a.Protocol, a.Host, strconv.Itoa(a.Port), a.Code}, " ")))
	}
	for _, c := range s.Checks {
		fmt.Fprintf(&b, "\n%-14s %-8s %-16s %.0f ms\n", c.ID, c.State, c.Outcome, c.Took)
		for _, d := range c.Details {
			value := d.Text + string(d.Word)
			if d.Unit != "" {
				value = strings.TrimSpace(string(d.Word) + " " + strconv.FormatFloat(d.Number, 'f', -1, 64) + " " + string(d.Unit))
			}
			fmt.Fprintf(&b, "    %-12s %s\n", d.Name, value)
		}
	}
	return b.String()
}
