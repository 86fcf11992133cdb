package page

import "syscall/js"

// slot is one text, attribute or property of one element. It remembers what
// it holds: crossing into JavaScript costs more than a comparison.
type slot struct {
	write   func(value string)
	value   string
	written bool
}

func (s *slot) put(value string) {
	if s.written && s.value == value {
		return
	}
	s.value, s.written = value, true
	s.write(value)
}

func (s *slot) putBool(value bool) {
	if value {
		s.put("true")
	} else {
		s.put("false")
	}
}

func textOf(el js.Value) *slot {
	return &slot{write: func(v string) { el.Set("textContent", v) }}
}

func attributeOf(el js.Value, name string) *slot {
	return &slot{write: func(v string) { el.Call("setAttribute", name, v) }}
}

// shownOf is whether an element shows, by its hidden property.
func shownOf(el js.Value) *slot {
	return &slot{write: func(v string) { el.Call("toggleAttribute", "hidden", v != "true") }}
}

// propertyOf is a custom property of an element's style.
func propertyOf(el js.Value, name string) *slot {
	return &slot{write: func(v string) { el.Get("style").Call("setProperty", name, v) }}
}

// checkedOf is whether a checkbox is.
func checkedOf(el js.Value) *slot {
	return &slot{write: func(v string) { el.Set("checked", v == "true") }}
}

func find(within js.Value, selector string) js.Value { return within.Call("querySelector", selector) }

// fresh is a new copy of what the template with that id holds.
func fresh(document js.Value, template string) js.Value {
	return document.Call("getElementById", template).Get("content").Get("firstElementChild").Call("cloneNode", true)
}
