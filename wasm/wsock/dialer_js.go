package wsock

import (
	"strconv"
	"syscall/js"
	"time"

	"holdline/wasm/browser"
)

// A browser lets a page that opens sockets in vain wait: Chromium 156 for 1 to
// 5 s before each, once 16 have failed
// (TestChromiumDelaysSocketsAfterManyFailures), and Firefox 153 for up to 60 s, as RFC 6455, section 7.2.3, advises. A fetch is
// not delayed. So after a failure a Dialer first asks by fetch whether the
// server is there, and opens a socket only then.

// ProbeTimeout is how long the server may take to answer the fetch.
const ProbeTimeout = 5 * time.Second

// Dialer opens sockets to one server, one after the other.
type Dialer struct {
	URL      string // ws: or wss:
	Protocol string
	Probe    string // answers with a 2xx status while the server serves

	failed bool // the last one never opened
}

// Dial opens a socket and tells on what happens, as the function Dial does.
func (d *Dialer) Dial(on func(Event)) *Conn {
	c := newConn(func(e Event) {
		switch e.Kind {
		case Opened:
			d.failed = false
		case Closed:
			d.failed = true
		}
		on(e)
	})
	if d.failed {
		c.openAfter(d.Probe, d.URL, d.Protocol)
	} else {
		c.open(d.URL, d.Protocol)
	}
	return c
}

// openAfter opens the socket once the probe is answered.
func (c *Conn) openAfter(probe, url, protocol string) {
	abort := js.Global().Get("AbortController").New()
	c.giveUp = func(why string) { abort.Call("abort", why) }
	c.deadline.Set(float64(ProbeTimeout.Milliseconds()))
	c.late = "no answer to the probe in " + ProbeTimeout.String()
	browser.Then(js.Global().Call("fetch", probe, map[string]any{"method": "HEAD", "cache": "no-store", "signal": abort.Get("signal")}),
		func(response js.Value, err error) {
			c.giveUp = nil
			c.deadline.Stop()
			switch {
			case c.ended:
			case err != nil:
				c.end(Event{Kind: Closed, Code: codeAbnormal, Reason: "probe: " + err.Error()})
			case !response.Get("ok").Bool():
				c.end(Event{Kind: Closed, Code: codeAbnormal, Reason: "probe: status " + strconv.Itoa(response.Get("status").Int())})
			default:
				c.open(url, protocol)
			}
		})
}
