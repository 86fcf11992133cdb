package rtc

import (
	"slices"
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/doctor"
)

// How the loop is measured: pings one after the other, then pieces as fast as
// the channel takes them, with no more waiting in it than keeps it busy. A
// piece is what every browser takes at once (RFC 8831, section 6.6).
const (
	pings     = 10
	pieceSize = 16 << 10
	maxQueued = 256 << 10
)

// loop is two connections of this page that reach each other through a relay.
type loop struct {
	put       func(doctor.Event)
	run       int
	ends      [2]*probe
	opened    int // channels
	closed    bool
	sent      float64   // when the ping was, on the page's clock
	trips     []float64 // in order
	piece     js.Value
	pushed    int
	first     float64 // when the first piece came
	carried   int64
	timer     *browser.Timer // ends the measurement
	measuring bool
}

func (p *Probes) openLoop(a doctor.OpenLoop) { p.loopThrough(a, true) }

// loopThrough connects, through the relay alone unless a test has none.
func (p *Probes) loopThrough(a doctor.OpenLoop, relay bool) {
	p.closeLoop()
	l := &loop{put: p.put, run: a.Run}
	p.loop = l
	l.timer = browser.NewTimer(l.measured)
	for i := range l.ends {
		end, err := connect(a.Servers, relay, events{
			opened:  l.channelOpened,
			closed:  func() { l.fail("RTCDataChannel.readyState closed") },
			message: func(data js.Value) { l.message(i, data) },
		})
		if err != nil {
			l.fail(err.Error())
			return
		}
		l.ends[i] = end
		end.dc.js.Set("binaryType", "arraybuffer")
	}
	for i, end := range l.ends {
		end.listen("icecandidate", func(ev js.Value) {
			if c := ev.Get("candidate"); c.Truthy() {
				browser.Then(l.ends[1-i].js.Call("addIceCandidate", c), func(js.Value, error) {}) // without it no pair may connect: that shows
			}
		})
		end.listen("connectionstatechange", func(js.Value) {
			if text(end.js.Get("connectionState")) == "failed" {
				l.fail("RTCPeerConnection.connectionState failed")
			}
		})
	}
	l.negotiate()
}

// negotiate exchanges the descriptions. The answer's side sets the offer before
// candidates come: they are events, and those come after the promise.
func (l *loop) negotiate() {
	offerer, answerer := l.ends[0].js, l.ends[1].js
	l.after(offerer.Call("setLocalDescription"), func() {
		l.after(answerer.Call("setRemoteDescription", offerer.Get("localDescription")), func() {
			l.after(answerer.Call("setLocalDescription"), func() {
				l.after(offerer.Call("setRemoteDescription", answerer.Get("localDescription")), func() {})
			})
		})
	})
}

// after goes on once the promise is fulfilled, unless the loop has ended.
func (l *loop) after(promise js.Value, then func()) {
	browser.Then(promise, func(_ js.Value, err error) {
		switch {
		case l.closed:
		case err != nil:
			l.fail(err.Error())
		default:
			if err := browser.Try(then); err != nil {
				l.fail(err.Error())
			}
		}
	})
}

func (l *loop) fail(why string) {
	if !l.closed {
		l.put(doctor.LoopFailed{Run: l.run, Err: why})
	}
}

func (l *loop) channelOpened() {
	if l.opened++; l.opened == len(l.ends) {
		l.put(doctor.LoopOpened{Run: l.run})
		l.ping()
	}
}

func (l *loop) ping() {
	l.sent, _ = browser.Now()
	l.send(0, js.ValueOf("ping"))
}

func (l *loop) send(end int, data js.Value) {
	if err := browser.Try(func() { l.ends[end].dc.js.Call("send", data) }); err != nil {
		l.fail(err.Error())
	}
}

// message is a ping at the far end, its answer at the near one, or a piece.
func (l *loop) message(end int, data js.Value) {
	switch {
	case l.closed:
	case data.Type() != js.TypeString:
		l.pieceCame(data.Get("byteLength").Int())
	case end == 1:
		l.send(1, data)
	default:
		l.pingCame()
	}
}

func (l *loop) pingCame() {
	now, _ := browser.Now()
	trip := now - l.sent
	at, _ := slices.BinarySearch(l.trips, trip)
	l.trips = slices.Insert(l.trips, at, trip)
	if len(l.trips) < pings {
		l.ping()
		return
	}
	l.put(doctor.LoopPinged{Run: l.run, Median: l.trips[pings/2], Slowest: l.trips[pings-1]})
	l.push()
}

// push fills the channel up, again whenever it runs low.
func (l *loop) push() {
	near := l.ends[0].dc.js
	l.piece = js.Global().Get("Uint8Array").New(pieceSize)
	near.Set("bufferedAmountLowThreshold", maxQueued/2)
	l.ends[0].stop = append(l.ends[0].stop, browser.Listen(near, "bufferedamountlow", func(js.Value) { l.fill() }))
	l.measuring = true
	l.first, _ = browser.Now()
	l.timer.Set(float64(doctor.LoopTime.Milliseconds()))
	l.fill()
}

func (l *loop) fill() {
	near := l.ends[0].dc.js
	for l.measuring && !l.closed && l.pushed < doctor.LoopBytes && near.Get("bufferedAmount").Int() < maxQueued {
		l.pushed += pieceSize
		l.send(0, l.piece)
	}
}

func (l *loop) pieceCame(size int) {
	if l.carried += int64(size); l.carried >= doctor.LoopBytes {
		l.measured()
	}
}

func (l *loop) measured() {
	if !l.measuring {
		return
	}
	l.measuring = false
	l.timer.Stop()
	now, _ := browser.Now()
	l.put(doctor.LoopCarried{Run: l.run, Bytes: l.carried, Took: now - l.first})
}

func (p *Probes) closeLoop() {
	if p.loop == nil {
		return
	}
	l := p.loop
	p.loop, l.closed, l.measuring = nil, true, false
	l.timer.Stop()
	for _, end := range l.ends {
		if end != nil {
			end.close()
		}
	}
}
