package browser

import "syscall/js"

var (
	performance = js.Global().Get("performance")
	date        = js.Global().Get("Date")
	timeOrigin  = performance.Get("timeOrigin").Float()
)

// Now is the browser's clock in milliseconds: mono since the page began, wall
// since 1970. wall is timeOrigin plus mono: it does not follow a clock that is
// set while the page lives.
func Now() (mono, wall float64) {
	mono = performance.Call("now").Float()
	return mono, timeOrigin + mono
}

// Clocks is what both clocks of the machine showed at one moment, in
// milliseconds: mono since the page began, wall since 1970. wall follows a
// clock that is set. Where the process was stopped between the readings, the
// clocks would seem to have parted: then they are read again.
func Clocks() (mono, wall float64) {
	const moment = 50 // ms
	for range 3 {
		mono = performance.Call("now").Float()
		wall = date.Call("now").Float()
		if performance.Call("now").Float()-mono < moment {
			break
		}
	}
	return mono, wall
}

// Timer calls a function once, later; it can be set again and again. The
// browser may be early by a millisecond, and late by as much as it likes: by
// 1 s in a hidden page.
type Timer struct {
	fn     func()
	number int // its key in timers, 0 when not set
	handle js.Value
}

// maxDelay is the longest that setTimeout understands, 24.8 days in
// milliseconds: a longer delay would be none.
const maxDelay = 1<<31 - 1

var (
	timers     = map[int]*Timer{}
	lastNumber int

	expired = js.FuncOf(func(_ js.Value, args []js.Value) any {
		if t, ok := timers[args[0].Int()]; ok {
			t.forget()
			t.fn()
		}
		return nil
	})
)

// NewTimer makes a timer that is not set. It holds nothing of the browser's
// until it is.
func NewTimer(fn func()) *Timer { return &Timer{fn: fn} }

// Set calls the function once after the delay, 24.8 days at most, instead of
// whenever it was set to before.
func (t *Timer) Set(delayMS float64) {
	t.Stop()
	lastNumber++
	t.number = lastNumber
	timers[t.number] = t
	t.handle = js.Global().Call("setTimeout", expired, min(delayMS, maxDelay), t.number)
}

// Stop keeps the function from being called until Set.
func (t *Timer) Stop() {
	if t.number != 0 {
		js.Global().Call("clearTimeout", t.handle)
		t.forget()
	}
}

func (t *Timer) forget() {
	delete(timers, t.number)
	t.number, t.handle = 0, js.Value{}
}
