// Package browser is the only place that knows js.Func: callbacks from the
// browser, with an owner each, and JavaScript's exceptions as Go's errors.
//
// What these functions call runs on the browser's one thread and must not
// block: copy, enqueue, return.
package browser

import "syscall/js"

var held int

// Held is how many functions made by Listen and Export have not been released.
// Each pins itself and what it captures: a test of a component that closes
// compares it before and after.
func Held() int { return held }

// Listen calls fn with each of the target's events of that name. stop removes
// the listener, then releases it; calling it again does nothing.
//
// A target that is undefined or null (a part that this browser does not have)
// or cannot be listened to is never heard from.
func Listen(target js.Value, event string, fn func(ev js.Value)) (stop func()) {
	listener, release := Export(func(args []js.Value) any {
		fn(first(args))
		return nil
	})
	if !invoke(target, "addEventListener", event, listener) {
		release()
		return func() {}
	}
	return func() {
		invoke(target, "removeEventListener", event, listener)
		release()
	}
}

// invoke calls a method that may be missing or may throw; ok is whether it did neither.
func invoke(target js.Value, method string, args ...any) (ok bool) {
	f, err := Get(target, method)
	if err == nil {
		err = Try(func() { reflect.Call("apply", f, target, args) })
	}
	return err == nil
}

// Export makes a function to be given to JavaScript; fn gets its arguments, and
// what it returns goes through js.ValueOf. After release, which may be called
// again, the function does nothing but log an error.
func Export(fn func(args []js.Value) any) (f js.Value, release func()) {
	held++
	function := js.FuncOf(func(_ js.Value, args []js.Value) any { return fn(args) })
	released := false
	return function.Value, func() {
		if !released {
			released = true
			held--
			function.Release()
		}
	}
}

func first(args []js.Value) js.Value {
	if len(args) == 0 {
		return js.Undefined()
	}
	return args[0]
}
