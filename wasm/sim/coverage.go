package sim

import (
	"fmt"
	"strings"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

// Coverage counts what histories reached: cells of the matrix, rows of the
// tables of causes, rungs of the ladder.
type Coverage struct {
	Cells [session.Cells]int
	Rungs [16]int
	Rows  map[string]int
	Ends  map[signal.Cause]int
}

// NewCoverage counts from zero.
func NewCoverage() *Coverage {
	return &Coverage{Rows: map[string]int{}, Ends: map[signal.Cause]int{}}
}

func (c *Coverage) cell(n int) {
	if n >= 0 {
		c.Cells[n]++
	}
}

func (c *Coverage) rung(n int) {
	if n >= 0 && n < len(c.Rungs) {
		c.Rungs[n]++
	}
}

// end counts the row that gave the end: its name is the first evidence.
func (c *Coverage) end(e signal.End) {
	c.Ends[e.Cause]++
	if len(e.Evidence) > 0 {
		c.Rows[e.Evidence[0]]++
	}
}

// Report words what was reached; missing are the rows that never were.
func (c *Coverage) Report() (text string, missing []string) {
	var b strings.Builder
	row := func(table, name string) {
		fmt.Fprintf(&b, "%9d  %s: %s\n", c.Rows[name], table, name)
		if c.Rows[name] == 0 {
			missing = append(missing, table+": "+name)
		}
	}
	for _, v := range session.Verdicts {
		row("session", v.Name)
	}
	for _, name := range room.Rows() {
		row("room", name)
	}
	for n, count := range c.Rungs {
		if count > 0 {
			fmt.Fprintf(&b, "%9d  rung %d\n", count, n)
		}
	}
	for _, cause := range signal.Causes() {
		if n := c.Ends[cause]; n > 0 {
			fmt.Fprintf(&b, "%9d  end: %s\n", n, cause)
		}
	}
	reached, wanted := 0, 0
	for cell, count := range c.Cells {
		name, wants := session.CellName(cell)
		if !wants {
			continue
		}
		wanted++
		if count > 0 {
			reached++
		} else {
			fmt.Fprintf(&b, "    never  %s\n", name)
		}
	}
	fmt.Fprintf(&b, "%d of %d cells of the matrix\n", reached, wanted)
	return b.String(), missing
}

// Add adds what another has counted.
func (c *Coverage) Add(o *Coverage) {
	for i, n := range o.Cells {
		c.Cells[i] += n
	}
	for i, n := range o.Rungs {
		c.Rungs[i] += n
	}
	for name, n := range o.Rows { // in any order
		c.Rows[name] += n
	}
	for cause, n := range o.Ends { // in any order
		c.Ends[cause] += n
	}
}
