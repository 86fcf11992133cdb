package browser

import (
	"context"
	"errors"
	"math"
	"runtime"
	"syscall/js"
	"testing"
	"time"
)

func eval(code string) js.Value { return js.Global().Call("eval", "("+code+")") }

// odd are values that a page may throw, reject with, or be asked to listen to.
// want is how an Error words them: name and message.
var odd = []struct{ code, name, message string }{
	{`new Error("plain")`, "Error", "plain"},
	{`new TypeError("typed")`, "TypeError", "typed"},
	{`new DOMException("denied", "NotAllowedError")`, "NotAllowedError", "denied"},
	{`new AggregateError([new Error("a")], "several")`, "AggregateError", "several"},
	{`Object.assign(new Error("x"), { name: "" })`, "", "x"},
	{`new Error()`, "Error", ""},
	{`undefined`, "", "undefined"},
	{`null`, "", "null"},
	{`"a text"`, "", "a text"},
	{`""`, "", ""},
	{`0`, "", "0"},
	{`NaN`, "", "NaN"},
	{`true`, "", "true"},
	{`12345678901234567890n`, "", "12345678901234567890"},
	{`Symbol("s")`, "", "Symbol(s)"},
	{`[1, 2]`, "", "1,2"},
	{`({})`, "", "[object Object]"},
	{`({ name: 1, message: 2n })`, "1", "2"},
	{`({ message: Symbol("m") })`, "", "Symbol(m)"},
	{`({ name: "N", get message() { throw new Error("inner") } })`, "", "[object Object]"},
	{`({ message: "m", get name() { throw 1 } })`, "", "m"},
	{`({ toString() { throw new Error("inner") } })`, "", "a value that cannot be shown as text"},
	{`({ message: { toString() { throw 1 } } })`, "", "a value that cannot be shown as text"},
	{`({ toString() { return {} } })`, "", "a value that cannot be shown as text"},
	{`Object.create(null)`, "", "a value that cannot be shown as text"},
	{`new Proxy({}, { get() { throw new Error("trap") } })`, "", "a value that cannot be shown as text"},
	{`(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy })()`, "", "a value that cannot be shown as text"},
	{`"\ud800"`, "", "\ufffd"},
	{`new Error("😀".repeat(3))`, "Error", "😀😀😀"},
	{`globalThis`, "", "[object Window]"},
	{`({ addEventListener: 5n })`, "", "[object Object]"},
	{`({ addEventListener() { throw new Error("no") } })`, "", "[object Object]"},
	{`({ addEventListener() {}, get removeEventListener() { throw 1 } })`, "", "[object Object]"},
}

func TestTryTurnsWhateverIsThrownIntoAnError(t *testing.T) {
	throw := eval(`x => { throw x }`)
	for _, tt := range odd {
		err := Try(func() { throw.Invoke(eval(tt.code)) })
		expectError(t, tt.code, err, tt.name, tt.message)
	}
}

func TestAwaitTurnsWhateverIsRejectedIntoAnError(t *testing.T) {
	reject := eval(`x => Promise.reject(x)`)
	for _, tt := range odd {
		_, err := Await(t.Context(), reject.Invoke(eval(tt.code)))
		expectError(t, tt.code, err, tt.name, tt.message)
	}
	expectNothingWaits(t)
}

func TestListenSurvivesOddTargets(t *testing.T) {
	before := Held()
	for _, tt := range odd {
		stop := Listen(eval(tt.code), "message", func(js.Value) {})
		stop()
		stop()
		if Held() != before {
			t.Errorf("%s: %d functions held, want %d", tt.code, Held(), before)
		}
	}
}

func expectError(t *testing.T, code string, err error, name, message string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Errorf("%s: %v, want an *Error", code, err)
	} else if e.Name != name || e.Message != message {
		t.Errorf("%s: name %q, message %q, want %q, %q", code, e.Name, e.Message, name, message)
	}
}

func expectNothingWaits(t *testing.T) {
	t.Helper()
	if len(waiting) != 0 {
		t.Errorf("%d promises still hold a function", len(waiting))
	}
}

func TestErrorReadsWell(t *testing.T) {
	for want, e := range map[string]*Error{
		"NotAllowedError: denied": {"NotAllowedError", "denied"},
		"denied":                  {"", "denied"},
		"NotAllowedError":         {"NotAllowedError", ""},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}

func TestTryKeepsAGoPanic(t *testing.T) {
	defer func() {
		if r := recover(); r != "ours" {
			t.Errorf("recovered %v, want the panic", r)
		}
	}()
	Try(func() { panic("ours") })
	t.Error("Try swallowed the panic")
}

func TestTryWithoutExceptionIsNil(t *testing.T) {
	if err := Try(func() {}); err != nil {
		t.Errorf("%v, want nil", err)
	}
}

func TestGetSurvivesWhatValueGetDoesNot(t *testing.T) {
	if v, err := Get(eval(`({ a: 5 })`), "a"); err != nil || v.Int() != 5 {
		t.Errorf("%v, %v, want 5", v, err)
	}
	_, err := Get(eval(`({ get a() { throw new RangeError("trap") } })`), "a")
	expectError(t, "getter", err, "RangeError", "trap")
	if _, err := Get(js.Undefined(), "a"); err == nil {
		t.Error("undefined has no properties")
	}
}

func TestListenHearsUntilStopped(t *testing.T) {
	before := Held()
	target := eval(`new EventTarget()`)
	dispatch := func(detail int) {
		target.Call("dispatchEvent", eval(`d => new CustomEvent("tick", { detail: d })`).Invoke(detail))
	}
	var heard []int
	stop := Listen(target, "tick", func(ev js.Value) { heard = append(heard, ev.Get("detail").Int()) })
	dispatch(1)
	dispatch(2)
	stop()
	errors := eval(`(() => { const n = { count: 0 }, log = console.error; console.error = () => n.count++; n.stop = () => { console.error = log }; return n })()`)
	dispatch(3)
	errors.Call("stop")
	stop()
	if errors.Get("count").Int() != 0 {
		t.Error("a released function was called: the listener was not removed")
	}
	if len(heard) != 2 || heard[0] != 1 || heard[1] != 2 {
		t.Errorf("heard %v, want [1 2]", heard)
	}
	if Held() != before {
		t.Errorf("%d functions held, want %d", Held(), before)
	}
}

func TestListenMayStopInItsOwnCallback(t *testing.T) {
	target := eval(`new EventTarget()`)
	calls := 0
	var stop func()
	stop = Listen(target, "tick", func(js.Value) { calls++; stop() })
	for range 2 {
		target.Call("dispatchEvent", eval(`new Event("tick")`))
	}
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

// TestStoppedListenersAreCollected watches the page's own collector: what a
// stopped listener captured on the JavaScript side must become garbage.
func TestStoppedListenersAreCollected(t *testing.T) {
	if eval(`typeof gc`).String() != "function" {
		t.Fatal("this browser has no gc(): scripts/wasmbrowser asks for it")
	}
	before := Held()
	watch := eval(`(() => {
		const all = [];
		return { make() { const x = new EventTarget(); all.push(new WeakRef(x)); return x }, alive: () => all.filter(r => r.deref()).length };
	})()`)
	const count = 200
	func() {
		for range count {
			target := watch.Call("make")
			Listen(target, "tick", func(js.Value) { target.Type() })()
		}
	}()
	deadline := time.Now().Add(10 * time.Second)
	alive := count
	for ; alive > count/10 && time.Now().Before(deadline); alive = watch.Call("alive").Int() {
		runtime.GC() // frees Go's references; they are dropped in finalizers
		time.Sleep(10 * time.Millisecond)
		js.Global().Call("gc")
	}
	if alive > count/10 {
		t.Errorf("%d of %d targets are still alive", alive, count)
	}
	if Held() != before {
		t.Errorf("%d functions held, want %d", Held(), before)
	}
}

func TestExportGivesArgumentsAndReturnsAValue(t *testing.T) {
	before := Held()
	sum, release := Export(func(args []js.Value) any {
		total := 0
		for _, a := range args {
			total += a.Int()
		}
		return total
	})
	if got := eval(`f => f() + f(1, 2) * 10`).Invoke(sum).Int(); got != 30 {
		t.Errorf("got %d, want 30", got)
	}
	release()
	release()
	if Held() != before {
		t.Errorf("%d functions held, want %d", Held(), before)
	}
}

func TestAwaitGivesTheValue(t *testing.T) {
	for _, code := range []string{
		`Promise.resolve(7)`,
		`new Promise(f => setTimeout(f, 10, 7))`,
		`7`,
		`({ then(f) { f(7) } })`,
	} {
		v, err := Await(t.Context(), eval(code))
		if err != nil || v.Int() != 7 {
			t.Errorf("%s: %v, %v, want 7", code, v, err)
		}
	}
	_, err := Await(t.Context(), eval(`({ get then() { throw new Error("then") } })`))
	expectError(t, "a thenable that throws", err, "Error", "then")
	expectNothingWaits(t)
}

func TestAwaitAbandonsWhenTheContextIsDone(t *testing.T) {
	held := Held()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Await(ctx, eval(`new Promise(() => {})`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the context's error", err)
	}

	// One that settles later is dropped, and its rejection is not "unhandled":
	// that would end this program.
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	late := eval(`new Promise((_, reject) => setTimeout(reject, 20, new Error("late")))`)
	if _, err := Await(ctx, late); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
	time.Sleep(60 * time.Millisecond)
	expectNothingWaits(t)
	if Held() != held {
		t.Errorf("%d functions held, want %d", Held(), held)
	}
}

func TestThenKeepsOrderAndIsNeverEarly(t *testing.T) {
	var order []int
	done := make(chan struct{})
	for i := range 100 {
		Then(js.ValueOf(i), func(v js.Value, err error) {
			if err != nil {
				t.Error(err)
			}
			if order = append(order, v.Int()); len(order) == 100 {
				close(done)
			}
		})
	}
	if len(order) != 0 {
		t.Errorf("%d calls before Then returned", len(order))
	}
	<-done
	for i, n := range order {
		if n != i {
			t.Fatalf("order %v", order)
		}
	}
	expectNothingWaits(t)
}

func TestThenTellsARejection(t *testing.T) {
	got := make(chan error, 1)
	Then(eval(`Promise.reject(new DOMException("gone", "AbortError"))`), func(_ js.Value, err error) { got <- err })
	expectError(t, "rejection", <-got, "AbortError", "gone")
}

func TestNowIsTheBrowsersClock(t *testing.T) {
	mono, wall := Now()
	later, _ := Now()
	if mono <= 0 || later < mono {
		t.Errorf("mono %v then %v, want growing", mono, later)
	}
	if off := math.Abs(wall - float64(time.Now().UnixMilli())); off > 1000 {
		t.Errorf("wall is %v ms off", off)
	}
}

func TestTimerFiresOnceAtItsLastSetting(t *testing.T) {
	fired := make(chan float64, 10)
	timer := NewTimer(func() { now, _ := Now(); fired <- now })
	began, _ := Now()
	timer.Set(10000)
	timer.Set(1e12) // longer than setTimeout understands: not at once
	timer.Set(30)
	if at := <-fired; at-began < 29 {
		t.Errorf("fired after %v ms, want 30", at-began)
	}
	timer.Set(math.Inf(-1))
	<-fired
	timer.Set(0)
	<-fired

	timer.Set(20)
	timer.Stop()
	timer.Stop()
	timer.Set(1e12)
	time.Sleep(60 * time.Millisecond)
	if len(fired) != 0 {
		t.Errorf("fired %d times more", len(fired))
	}
	timer.Stop()
	if len(timers) != 0 {
		t.Errorf("%d timers still set", len(timers))
	}
}

func TestTimerMayBeSetInItsOwnCallback(t *testing.T) {
	done := make(chan struct{})
	calls := 0
	var timer *Timer
	timer = NewTimer(func() {
		if calls++; calls == 3 {
			close(done)
			return
		}
		timer.Set(1)
	})
	timer.Set(1)
	<-done
}

func TestBothClocksAreReadAtOneMoment(t *testing.T) {
	for _, stop := range []string{"before", "after"} {
		restore := eval(`(stop) => {
			const now = Date.now
			let stops = 1
			const wait = () => { for (const end = performance.now() + 300; performance.now() < end;); }
			Date.now = () => {
				const stopped = stops-- > 0
				if (stopped && stop === "before") wait()
				const wall = now()
				if (stopped && stop === "after") wait()
				return wall
			}
			return () => { Date.now = now }
		}`).Invoke(stop)
		mono, wall := Clocks()
		restore.Invoke()
		later, laterWall := Clocks()
		if parted := (laterWall - later) - (wall - mono); math.Abs(parted) > 100 {
			t.Errorf("stopped %s the wall clock was read: the clocks parted by %v ms", stop, parted)
		}
	}
}
