// The client of Holdline: it runs in the page.
package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"syscall/js"
	"time"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/driver"
	"holdline/wasm/page"
	"holdline/wasm/rtc"
	"holdline/wasm/session"
	"holdline/wasm/wsock"
)

var version = "dev"

// client wires the adapters: it is the driver's world.
type client struct {
	session     *session.Session
	trace       *session.Trace
	driver      *driver.Driver
	page        *page.Page
	lifecycle   *page.Lifecycle
	devices     *rtc.Devices
	connections *rtc.Connections
	dialer      *wsock.Dialer
	socket      *wsock.Conn
	goodbyes    session.Goodbyes // that the stub has
	timer       *browser.Timer
	wake        func()
}

func main() {
	if page.ForCheck() {
		examine()
	}
	c := &client{session: session.New(session.DefaultPolicy()), trace: session.NewTrace()}
	c.driver = driver.New(c.session, c.trace, c)
	c.timer = browser.NewTimer(func() { c.wake() })
	put := c.driver.Put
	c.lifecycle = page.NewLifecycle()
	c.dialer = newDialer()
	c.devices = rtc.NewDevices(put, func() js.Value { return c.page.SelfVideo() })
	c.connections = rtc.New(put, func(id string, kind session.DeviceKind) js.Value { return c.page.RemoteVideo(id, kind) }, c.devices)
	c.start()
	go collect()
	c.driver.Run(context.Background())
}

// start reads the page, claims the identity of its record, and begins.
func (c *client) start() {
	record := c.lifecycle.Record()
	if record == nil {
		c.lifecycle.Stopped(page.Room(), session.DefaultPolicy(), func(all []session.Stopped) { c.begin(nil, all, false) })
		return
	}
	begun := false
	c.lifecycle.Claim(record.Participant, func(claimed, known bool) {
		if begun {
			return
		}
		begun = true
		if known && !claimed {
			record = nil // another tab lives by it: this one is a duplicate
		}
		c.begin(record, nil, claimed)
	})
}

// begin takes the page over and gives the session its first event; the page's
// own events come after it, also a Join that was pressed before this program ran.
func (c *client) begin(record *session.Record, stopped []session.Stopped, locked bool) {
	put := c.driver.Put
	after := c.lifecycle.After()
	if record == nil {
		after = "" // there was no page before this one
	}
	c.page = page.New(page.Controls{
		Version: version,
		Begin: func(config page.Config) {
			put(session.Started{Config: session.Config{
				Room: config.Room, Name: config.Name, JoinNow: config.JoinNow, Microphone: config.Microphone, Camera: config.Camera, Screen: rtc.CanShareScreen(),
				Origin: js.Global().Get("performance").Get("timeOrigin").Float(), Seed: rand.Uint64N(1 << 53), // JavaScript reads it from reports, too
				Record: record, Stopped: stopped, After: after, Locked: locked, Page: page.ServedAs(), Navigation: page.Navigation(), AskToLeave: c.lifecycle.Asks(), Hidden: page.Hidden(),
				ChecksWait: rtc.ChecksOvertake(),
			}})
		},
		Join:          func(name string) { put(session.JoinPressed{Name: name}) },
		Leave:         func() { put(session.LeavePressed{}) },
		Rejoin:        func() { put(session.RejoinPressed{}) },
		GoBack:        func() { put(session.GoBackPressed{}) },
		Say:           func(text string) { put(session.Said{Text: text}) },
		SetMicrophone: func(on bool) { put(session.DeviceSwitched{Device: session.Microphone, On: on}) },
		SetCamera:     func(on bool) { put(session.DeviceSwitched{Device: session.Camera, On: on}) },
		SetScreen:     func(on bool) { put(session.DeviceSwitched{Device: session.Screen, On: on}) },
		SetAskToLeave: func(on bool) { c.lifecycle.SaveAsks(on); put(session.AskChosen{On: on}) },
		SaveReport:    c.report,
		Snapshot:      c.session.Snapshot,
	})
	c.lifecycle.Listen(put)
}

func (c *client) report() []byte {
	agent := js.Global().Get("navigator").Get("userAgent").String()
	data, err := json.MarshalIndent(session.NewReport(c.session, c.trace, version, agent), "", " ")
	if err != nil {
		panic("holdline: report: " + err.Error()) // plain data
	}
	return data
}

// Now reads both clocks.
func (c *client) Now() session.Time {
	mono, wall := browser.Clocks()
	return session.Time{Mono: time.Duration(mono * float64(time.Millisecond)), Wall: int64(wall)}
}

// WakeAfter sets the one timer. A timeout may come a millisecond early, so
// one is added.
func (c *client) WakeAfter(d time.Duration, wake func()) {
	if d < 0 {
		c.timer.Stop()
		return
	}
	c.wake = wake
	c.timer.Set(float64(d.Microseconds())/1000 + 1)
}

// Show renders, then hands the elements that came with it their pictures.
func (c *client) Show(s session.Snapshot) {
	c.page.Render(s)
	c.devices.Show()
	c.connections.Show()
}

// Perform hands each order to the adapter that carries it out.
func (c *client) Perform(a session.Action) {
	if c.connections.Perform(a) || c.devices.Perform(a) {
		return
	}
	switch a := a.(type) {
	case session.OpenSignaling:
		c.openSocket(a.Attempt)
	case session.SendSignaling:
		c.sendSignaling(a)
	case session.CloseSignaling:
		if c.socket != nil {
			_ = c.socket.Close(1000, "")
		}
	case session.PrepareGoodbye:
		c.goodbyes = a.Goodbyes
		c.prepareGoodbye()
	case session.SaveRecord:
		c.lifecycle.SaveRecord(a.Record)
	case session.ClearRecord:
		c.lifecycle.ClearRecord()
	case session.ClaimIdentity:
		c.lifecycle.Claim(a.Participant, func(bool, bool) {})
	case session.SaveStopped:
		c.lifecycle.SaveStopped(a.Record)
	case session.ForgetStopped:
		c.lifecycle.ForgetStopped(a.Participant)
	case session.ClaimStopped:
		c.lifecycle.Claim(a.Participant, func(claimed, known bool) {
			c.driver.Put(session.StoppedClaimed{Participant: a.Participant, Locked: claimed, Taken: known && !claimed})
		})
	}
}

// prepareGoodbye lays the goodbyes ready, with the roads that there are now.
func (c *client) prepareGoodbye() {
	channels, connections := c.connections.Objects(c.goodbyes.Links)
	socket := js.Null()
	if c.socket != nil && !c.socket.JSValue().IsUndefined() {
		socket = c.socket.JSValue()
	}
	c.lifecycle.Prepare(c.goodbyes, socket, channels, connections)
}

// newDialer opens sockets to the server that this page came from.
func newDialer() *wsock.Dialer {
	location := js.Global().Get("location")
	host := location.Get("host").String()
	scheme := "ws"
	if location.Get("protocol").String() == "https:" {
		scheme = "wss"
	}
	return &wsock.Dialer{URL: scheme + "://" + host + "/ws", Protocol: signal.Subprotocol, Probe: "/healthz"}
}

func (c *client) openSocket(attempt int) {
	c.socket = c.dialer.Dial(func(ev wsock.Event) {
		switch ev.Kind {
		case wsock.Opened:
			c.prepareGoodbye() // with this socket
			c.driver.Put(session.SignalingOpened{Attempt: attempt})
		case wsock.Message:
			c.driver.Put(session.ReadSignaling(attempt, ev.Text))
		case wsock.Ignored:
			c.driver.Put(session.SignalingGarbled{Attempt: attempt, Err: ev.Reason})
		case wsock.Closed:
			c.driver.Put(session.SignalingClosed{Attempt: attempt, Code: ev.Code, Reason: ev.Reason, Clean: ev.Clean})
		}
	})
}

// sendSignaling sends on the open socket. On one that has closed meanwhile it
// fails, and the close lies in the queue already.
func (c *client) sendSignaling(a session.SendSignaling) {
	data, err := a.Envelope.Encode()
	if err != nil {
		panic("holdline: send: " + err.Error()) // payloads are made by signal.Raw
	}
	_ = c.socket.Send(string(data))
}

// collect runs Go's collector once a minute: JavaScript objects count 8 bytes
// in Go's books, so it would not run by itself for hours, and their memory
// would stay.
func collect() {
	for {
		time.Sleep(time.Minute)
		runtime.GC()
	}
}
