package page

import (
	"math"
	"strconv"
)

// A scale words a value: its number, and the id of the unit that it is in. The
// size picks unit and decimals, so that the two ends of a range have the same.
type scale func(value, size float64) (number, unit string)

// milliseconds words a time in ms; below 10 ms with a decimal.
func milliseconds(ms, size float64) (number, unit string) {
	return digits(ms, size < 9.95), "unit.ms"
}

// seconds words a time in ms as the whole seconds that are over.
func seconds(ms, _ float64) (number, unit string) {
	return digits(math.Floor(ms/1000), false), "unit.s"
}

// percent words a share of 1; below 10 % with a decimal.
func percent(share, size float64) (number, unit string) {
	return digits(share*100, size < 0.0995), "unit.percent"
}

// bitrate words bit/s as kbit/s, and from a million on as Mbit/s; below ten of
// these with a decimal.
func bitrate(bits, size float64) (number, unit string) {
	if size < 999_500 {
		return digits(bits/1e3, false), "unit.kbit"
	}
	return digits(bits/1e6, size < 9_950_000), "unit.mbit"
}

// digits has a decimal where one is wanted and there is one.
func digits(v float64, decimal bool) string {
	if decimal && v != math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// in words a value by a scale.
func (t Table) in(s scale, value float64) string {
	number, unit := s(value, value)
	return t.Say(unit, "value", number)
}

// between words a range by a scale, "" where its ends are the same.
func (t Table) between(s scale, low, high float64) string {
	lowest, unit := s(low, high)
	highest, _ := s(high, high)
	if lowest == highest {
		return ""
	}
	return t.Say(unit, "value", t.Say("range", "low", lowest, "high", highest))
}

// duration words how long something took in ms: below a second in ms, then in
// seconds with a decimal.
func (t Table) duration(ms float64) string {
	if ms < 999.5 {
		return t.Say("unit.ms", "value", digits(ms, false))
	}
	return t.Say("unit.s", "value", digits(math.Round(ms/100)/10, true))
}
