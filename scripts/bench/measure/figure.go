// Package measure is what the benches share that put Holdline beside other
// clients: figures, the raw file, the README's table, what the machine is, and
// trials, which are to the kit what tests are.
package measure

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Figure is a time in milliseconds, or Late.
type Figure float64

// Late is what did not come as long as it was waited for: more than any time.
var Late = Figure(math.Inf(1))

// lateText stands for Late in the raw file.
const lateText = "not within"

// After is the time from one moment to another, in milliseconds since 1970; 0
// is one that did not come.
func After(at, since float64, patience time.Duration) Figure {
	f := Figure(at - since)
	if at == 0 || f > Figure(patience.Milliseconds()) {
		return Late
	}
	return f
}

// MarshalJSON writes a number with one decimal, or a text for Late.
func (f Figure) MarshalJSON() ([]byte, error) {
	if f == Late {
		return json.Marshal(lateText)
	}
	return fmt.Appendf(nil, "%.1f", float64(f)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Figure) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`+lateText) { // older files say how long it was waited for
		*f = Late
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// String is a time as a person reads it.
func (f Figure) String() string {
	if math.Abs(float64(f)) < 1000 {
		return fmt.Sprintf("%.0f ms", float64(f))
	}
	return fmt.Sprintf("%.1f s", float64(f)/1000)
}

// NotWithin words Late.
func NotWithin(patience time.Duration) string {
	return fmt.Sprintf("%s %.0f s", lateText, patience.Seconds())
}

// Spread words the median and the maximum of figures that were waited for so
// long.
func Spread(all []Figure, patience time.Duration) string {
	all = slices.Clone(all)
	slices.Sort(all)
	n := len(all)
	median, most := middle(all), all[n-1]
	lates := n - slices.IndexFunc(append(all, Late), func(f Figure) bool { return f == Late })
	switch {
	case lates == 0:
		return median.String() + " / " + most.String()
	case median == Late:
		return fmt.Sprintf("%s (%d of %d)", NotWithin(patience), lates, n)
	default:
		return fmt.Sprintf("%s / %s (%d of %d)", median, NotWithin(patience), lates, n)
	}
}

// middle is the median of sorted figures; of an even number the mean of the
// two in the middle.
func middle(sorted []Figure) Figure {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
