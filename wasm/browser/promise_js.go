package browser

import (
	"context"
	"syscall/js"
)

// Every promise is given the same two functions, bound to a number. A promise
// that never settles thus holds nothing of ours once it was abandoned, and one
// that settles after that finds its number gone.
var (
	waiting  = map[int]func(v js.Value, err error){}
	lastWait int

	fulfilled = js.FuncOf(func(_ js.Value, args []js.Value) any {
		settle(args[0].Int(), args[1], nil)
		return nil
	})
	rejected = js.FuncOf(func(_ js.Value, args []js.Value) any {
		settle(args[0].Int(), js.Undefined(), errorOf(args[1]))
		return nil
	})
	promises = js.Global().Get("Promise")
)

func settle(number int, v js.Value, err error) {
	if fn, ok := waiting[number]; ok {
		delete(waiting, number)
		fn(v, err)
	}
}

// wait calls fn when the promise settles; what is not a promise counts as settled.
func wait(promise js.Value, fn func(v js.Value, err error)) (number int) {
	lastWait++
	waiting[lastWait] = fn
	promises.Call("resolve", promise).Call("then",
		fulfilled.Call("bind", nil, lastWait),
		rejected.Call("bind", nil, lastWait))
	return lastWait
}

// Await blocks until the promise settles or the context is done: then the
// promise is abandoned, and what it brings later is dropped. A rejection is an
// *Error. Await in a callback from the browser never returns.
func Await(ctx context.Context, promise js.Value) (js.Value, error) {
	type outcome struct {
		v   js.Value
		err error
	}
	settled := make(chan outcome, 1)
	number := wait(promise, func(v js.Value, err error) { settled <- outcome{v, err} })
	select {
	case o := <-settled:
		return o.v, o.err
	case <-ctx.Done():
		delete(waiting, number)
		return js.Undefined(), ctx.Err()
	}
}

// Then calls fn with what the promise brings, never before Then has returned to
// the browser, and without a goroutine: fn must not block. A rejection is an *Error.
func Then(promise js.Value, fn func(v js.Value, err error)) { wait(promise, fn) }
