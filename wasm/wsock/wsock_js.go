// Package wsock is the browser's WebSocket, for text. Nothing that arrived is
// lost, and the close is the last that is told.
package wsock

import (
	"errors"
	"strconv"
	"syscall/js"
	"time"
	"unicode/utf8"

	"holdline/wasm/browser"
)

// Kind says what an Event tells.
type Kind uint8

const (
	Opened  Kind = iota + 1 // the handshake succeeded: Send works
	Message                 // Text came
	Ignored                 // something came that is not text: Reason says what
	Closed                  // the socket is gone: Code, Reason, Clean
)

// Event is one thing that happened to a socket.
type Event struct {
	Kind   Kind
	Text   string
	Code   int    // of the close; 1006 when the browser does not know, or will not say
	Reason string // of the close, by the server, or by us where no socket could be made
	Clean  bool   // the closing handshake was completed
}

// codeAbnormal stands for a connection that went without a close (RFC 6455, section 7.4.1).
const codeAbnormal = 1006

// MaxReason is how many bytes of UTF-8 the reason of a close may have: a control
// frame has room for 125, of which the code takes two (RFC 6455, section 5.5).
const MaxReason = 123

// CloseTimeout is how long the server may take to answer Close until we tell
// Closed ourselves. Chromium 156 waits for 60 s and tells nothing in between
// (TestCloseEndsWithAServerThatDoesNotAnswer), and a page that leaves a dead
// socket for a new one cannot.
const CloseTimeout = 2 * time.Second

// ErrNotOpen is what Send returns before Opened and after the socket began to close.
var ErrNotOpen = errors.New("wsock: the socket is not open")

// The values of WebSocket.readyState that we ask for.
const (
	readyStateOpen    = 1
	readyStateClosing = 2
)

// Conn is one WebSocket.
type Conn struct {
	ws       js.Value // undefined where no socket could be made, or not yet
	on       func(Event)
	stop     []func()
	deadline *browser.Timer   // of what is waited for
	late     string           // what the close says when the deadline comes
	giveUp   func(why string) // what comes before the socket; nil when nothing does
	ended    bool
}

// Dial opens a socket and tells on what happens, in order, and not before Dial
// has returned to the browser: at most one Opened, then messages, and at the
// very end exactly one Closed, whatever goes wrong. on runs on the browser's
// thread and must not block.
func Dial(url, protocol string, on func(Event)) *Conn {
	c := newConn(on)
	c.open(url, protocol)
	return c
}

func newConn(on func(Event)) *Conn {
	c := &Conn{on: on}
	c.deadline = browser.NewTimer(func() { c.abandon(c.late) })
	return c
}

// open makes the socket.
func (c *Conn) open(url, protocol string) {
	err := browser.Try(func() { c.ws = js.Global().Get("WebSocket").New(url, protocol) })
	if err != nil {
		browser.Then(js.Undefined(), func(js.Value, error) { c.abandon(err.Error()) })
		return
	}
	c.listen("open", func(js.Value) { c.on(Event{Kind: Opened}) })
	c.listen("message", c.message)
	c.listen("close", c.closed)
}

func (c *Conn) listen(event string, fn func(ev js.Value)) {
	c.stop = append(c.stop, browser.Listen(c.ws, event, fn))
}

func (c *Conn) message(ev js.Value) {
	data := ev.Get("data")
	if data.Type() != js.TypeString {
		c.on(Event{Kind: Ignored, Reason: "a binary message of " + strconv.Itoa(data.Get("size").Int()) + " bytes: only text is understood"})
		return
	}
	c.on(Event{Kind: Message, Text: data.String()})
}

func (c *Conn) closed(ev js.Value) {
	c.end(Event{
		Kind:   Closed,
		Code:   ev.Get("code").Int(),
		Reason: ev.Get("reason").String(),
		Clean:  ev.Get("wasClean").Bool(),
	})
}

// abandon ends what the browser does not end.
func (c *Conn) abandon(why string) {
	if c.giveUp != nil {
		c.giveUp(why)
	}
	c.end(Event{Kind: Closed, Code: codeAbnormal, Reason: why})
}

func (c *Conn) end(e Event) {
	if c.ended {
		return
	}
	c.ended = true
	c.deadline.Stop()
	for _, stop := range c.stop {
		stop()
	}
	c.on(e)
}

// Send queues a message, or says why it could not. One that was queued is on its
// way only once Buffered is down again.
func (c *Conn) Send(text string) error {
	if c.ws.IsUndefined() || c.ws.Get("readyState").Int() != readyStateOpen {
		return ErrNotOpen
	}
	return browser.Try(func() { c.ws.Call("send", text) })
}

// Buffered is how many bytes wait in the browser to be sent.
func (c *Conn) Buffered() int {
	if c.ws.IsUndefined() {
		return 0
	}
	return c.ws.Get("bufferedAmount").Int()
}

// Close starts to close the socket; Closed follows when that is done or after
// CloseTimeout, with what came before it. The code is 1000 or from 3000 to 4999:
// browsers accept no other. Close before Opened gives up: Closed follows with
// 1006. Closing again does nothing.
func (c *Conn) Close(code int, reason string) error {
	switch {
	case code != 1000 && (code < 3000 || code > 4999):
		return errors.New("wsock: close code: 1000 or 3000 to 4999 are allowed, got " + strconv.Itoa(code))
	case len(reason) > MaxReason:
		return errors.New("wsock: close reason: at most " + strconv.Itoa(MaxReason) + " bytes are allowed, got " + strconv.Itoa(len(reason)))
	case !utf8.ValidString(reason):
		return errors.New("wsock: close reason: valid UTF-8 is required, got " + strconv.Quote(reason))
	}
	if c.ws.IsUndefined() {
		if c.giveUp != nil && !c.ended {
			browser.Then(js.Undefined(), func(js.Value, error) { c.abandon("closed before it was opened") })
		}
		return nil
	}
	if c.ws.Get("readyState").Int() < readyStateClosing {
		c.late = "no answer to the close in " + CloseTimeout.String()
		c.deadline.Set(float64(CloseTimeout.Milliseconds()))
	}
	return browser.Try(func() { c.ws.Call("close", code, reason) })
}

// JSValue is the browser's WebSocket, undefined where none could be made and
// while there is none yet.
func (c *Conn) JSValue() js.Value { return c.ws }
