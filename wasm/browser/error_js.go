package browser

import "syscall/js"

var (
	reflect = js.Global().Get("Reflect")
	str     = js.Global().Get("String")
)

// Error is an exception or a rejection. Name is that of the error's class or
// its DOMException name ("NotAllowedError"); it is empty where JavaScript threw
// something that is not an error.
type Error struct{ Name, Message string }

func (e *Error) Error() string {
	switch {
	case e.Name == "":
		return e.Message
	case e.Message == "":
		return e.Name
	}
	return e.Name + ": " + e.Message
}

// Try calls fn; an exception that JavaScript throws in a call that fn makes
// becomes an *Error. A Go panic stays a panic.
//
// js.Value's Get, Set and Index are not calls: a getter that throws there ends
// the program. Where that can be, use Get of this package.
func Try(fn func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case js.Error:
			err = errorOf(r.Value)
		default:
			panic(r)
		}
	}()
	fn()
	return nil
}

// Get is target[property]; what is not an object and a getter that throws give
// an error.
func Get(target js.Value, property string) (v js.Value, err error) {
	err = Try(func() { v = reflect.Call("get", target, property) })
	return v, err
}

// errorOf words whatever was thrown. It asks for no type, because syscall/js
// knows none for a bigint, and every question to the value may throw again.
func errorOf(thrown js.Value) *Error {
	message, ok := textOf(thrown, "message")
	if !ok {
		return &Error{Message: wordOf(thrown)}
	}
	name, _ := textOf(thrown, "name")
	return &Error{Name: name, Message: message}
}

func textOf(v js.Value, property string) (text string, ok bool) {
	part, err := Get(v, property)
	if err != nil || part.IsUndefined() {
		return "", false
	}
	return wordOf(part), true
}

func wordOf(v js.Value) string {
	word := "a value that cannot be shown as text"
	Try(func() { word = str.Invoke(v).String() })
	return word
}
