package sim

import (
	"slices"
	"testing"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

func TestARowOfTheTablesThatNoHistoryReachedIsMissing(t *testing.T) {
	c := NewCoverage()
	rows := len(session.Verdicts) + len(room.Rows())
	if _, missing := c.Report(); len(missing) != rows {
		t.Errorf("%d rows are missing of nothing, want all %d", len(missing), rows)
	}
	seen := map[string]bool{}
	for _, v := range session.Verdicts {
		seen[v.Name] = true
		c.end(signal.NewEnd("ana", signal.CauseHangup, v.Name))
	}
	last := room.Rows()[len(room.Rows())-1]
	for _, name := range room.Rows() {
		if seen[name] {
			t.Errorf("both tables have a row %q: one hides the other", name)
		}
		if name != last {
			c.end(signal.NewEnd("ana", signal.CauseHangup, name))
		}
	}
	if _, missing := c.Report(); !slices.Equal(missing, []string{"room: " + last}) {
		t.Errorf("missing are %q, want the last row of the room", missing)
	}
}
