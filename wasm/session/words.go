package session

import "holdline/server/signal"

// Causes and ends stand on the wire too, so their one home is signal; these
// are the same types under the names that readers of this package expect.
type (
	Cause = signal.Cause
	End   = signal.End
)
