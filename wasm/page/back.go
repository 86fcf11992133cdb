package page

import (
	"strconv"

	"holdline/wasm/session"
)

const (
	minute = 60_000.0 // ms
	hour   = 60 * minute
)

// back words the lobby's offer to go back in, and says in how many
// milliseconds the words change.
func (t Table) back(b *session.Back, now float64) (words string, again float64) {
	if b == nil {
		return "", 0
	}
	age := max(0, now-b.At)
	again = minute - float64(int64(age)%int64(minute))
	name := t.name(b.Name)
	count := func(unit float64) string { return strconv.Itoa(int(age / unit)) }
	switch {
	case age < minute:
		return t.Say("back.now", "name", name), again
	case age < 2*minute:
		return t.Say("back.minute", "name", name), again
	case age < hour:
		return t.Say("back.minutes", "name", name, "count", count(minute)), again
	case age < 2*hour:
		return t.Say("back.hour", "name", name), again
	}
	return t.Say("back.hours", "name", name, "count", count(hour)), again
}
