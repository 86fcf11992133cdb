package main

import (
	"cmp"
	"encoding/json"
	"runtime"
	"syscall/js"
	"time"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/doctor"
	"holdline/wasm/page"
	"holdline/wasm/rtc"
	"holdline/wasm/session"
	"holdline/wasm/wsock"
)

// checkup wires the doctor of /check to the browser. Everything happens in the
// browser's callbacks, on its one thread: put steps the doctor, and what that
// brings about at once waits its turn in the queue.
type checkup struct {
	doctor  *doctor.Doctor
	page    *page.CheckPage
	probes  *rtc.Probes
	socket  *wsock.Conn
	timer   *browser.Timer
	beat    *browser.Timer // of the socket
	queue   []doctor.Event
	working bool
}

// examine runs the check-up of this page. It never returns.
func examine() {
	c := &checkup{doctor: doctor.New(doctor.DefaultPolicy())}
	c.timer = browser.NewTimer(func() { c.put(doctor.Tick{}) })
	c.beat = browser.NewTimer(c.sendBeat)
	c.probes = rtc.NewProbes(c.put)
	c.page = page.NewCheckPage(page.CheckControls{
		Version:  version,
		Again:    func() { c.put(doctor.AgainPressed{}) },
		Devices:  func() { c.put(doctor.DevicesPressed{}) },
		Report:   c.report,
		Snapshot: c.doctor.Snapshot,
	})
	c.put(doctor.Started{Browser: rtc.LookAtBrowser(), Origin: js.Global().Get("location").Get("origin").String()})
	select {}
}

func (c *checkup) put(ev doctor.Event) {
	c.queue = append(c.queue, ev)
	if c.working {
		return
	}
	c.working = true
	for len(c.queue) > 0 {
		ev, c.queue = c.queue[0], c.queue[1:]
		for _, a := range c.doctor.Step(readClocks(), ev) {
			c.perform(a)
		}
	}
	c.working = false
	s := c.doctor.Snapshot()
	c.page.Render(s)
	c.wakeLater()
	if !s.Running {
		runtime.GC() // a browser lets go of connections when their objects are collected
	}
}

func (c *checkup) wakeLater() {
	at, ok := c.doctor.Deadline()
	if !ok {
		c.timer.Stop()
		return
	}
	c.timer.Set(max(0, float64((at-readClocks().Mono).Microseconds())/1000) + 1) // a timeout may come a millisecond early
}

func readClocks() session.Time {
	mono, wall := browser.Clocks()
	return session.Time{Mono: time.Duration(mono * float64(time.Millisecond)), Wall: int64(wall)}
}

func (c *checkup) perform(a doctor.Action) {
	if c.probes.Perform(a) {
		return
	}
	switch a := a.(type) {
	case doctor.AskServer:
		c.askServer(a.Run)
	case doctor.OpenSocket:
		c.openSocket(a.Run)
	case doctor.CloseSocket:
		_ = c.socket.Close(1000, "")
	case doctor.LookAtDevices:
		rtc.LookAtDevices(a.Run, c.put)
	case doctor.OpenDevices:
		rtc.OpenBothDevices(c.put)
	}
}

// askServer asks past every cache: the date of the answer is to be today's.
func (c *checkup) askServer(run int) {
	browser.Then(js.Global().Call("fetch", "/healthz", map[string]any{"cache": "no-store"}), func(response js.Value, err error) {
		if err != nil {
			c.put(doctor.ServerAnswered{Run: run, Err: err.Error()})
			return
		}
		answer := doctor.ServerAnswered{Run: run, Status: response.Get("status").Int()}
		if date := response.Get("headers").Call("get", "date"); date.Type() == js.TypeString {
			if ms := js.Global().Get("Date").Call("parse", date); !ms.IsNaN() {
				answer.Date = int64(ms.Float())
			}
		}
		c.put(answer)
	})
}

// openSocket says check instead of hello, and waits for ice.
func (c *checkup) openSocket(run int) {
	check, err := signal.Envelope{Type: signal.TypeCheck}.Encode()
	if err != nil {
		panic("holdline: check: " + err.Error()) // it has no payload
	}
	dialer := newDialer()
	var socket *wsock.Conn
	socket = wsock.Dial(dialer.URL, dialer.Protocol, func(ev wsock.Event) {
		switch ev.Kind {
		case wsock.Opened:
			c.put(doctor.SocketOpened{Run: run})
			_ = socket.Send(string(check))
			c.beat.Set(beatEvery)
		case wsock.Message:
			e, err := signal.Decode([]byte(ev.Text), signal.DefaultLimits)
			if err != nil || e.Type != signal.TypeICE {
				return // an older server answers error, and closes
			}
			ice, err := e.ReadICE()
			if err != nil {
				// Calls refuse the list for what browsers do, and for its size.
				c.put(doctor.ICERefused{Run: run, Err: cmp.Or(rtc.WhyRefused(ice.Servers), err.Error())})
				return
			}
			c.put(doctor.ICETold{Run: run, ICE: ice})
		case wsock.Closed:
			if c.socket == socket {
				c.beat.Stop()
			}
			c.put(doctor.SocketClosed{Run: run, Code: ev.Code, Reason: ev.Reason})
		}
	})
	c.socket = socket
}

// beatEvery keeps the server from taking this page for dead, in ms.
var beatEvery = float64(session.DefaultPolicy().SignalingBeat.Milliseconds())

func (c *checkup) sendBeat() {
	beat, err := signal.Envelope{Type: signal.TypeBeat}.Encode()
	if err != nil {
		panic("holdline: beat: " + err.Error()) // it has no payload
	}
	_ = c.socket.Send(string(beat)) // on one that has closed meanwhile it fails
	c.beat.Set(beatEvery)
}

func (c *checkup) report(words string) []byte {
	data, err := json.MarshalIndent(c.doctor.Report(version, words), "", " ")
	if err != nil {
		panic("holdline: report: " + err.Error()) // plain data
	}
	return data
}
