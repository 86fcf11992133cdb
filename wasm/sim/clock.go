package sim

import "time"

// clock is virtual time: what is to be done, ordered by time, then by the
// order in which it was asked for.
type clock struct {
	now  time.Duration
	seq  uint64
	heap []alarm
}

type alarm struct {
	at  time.Duration
	seq uint64
	do  func()
}

func (a alarm) before(b alarm) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// after does something d from now.
func (c *clock) after(d time.Duration, do func()) { c.at(c.now+max(d, 0), do) }

func (c *clock) at(t time.Duration, do func()) {
	c.seq++
	h := append(c.heap, alarm{t, c.seq, do})
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
	c.heap = h
}

// pop takes the next alarm and lets its time come.
func (c *clock) pop() func() {
	h := c.heap
	first := h[0]
	last := len(h) - 1
	h[0], h[last] = h[last], alarm{}
	h = h[:last]
	for i := 0; ; {
		least, l, r := i, 2*i+1, 2*i+2
		if l < last && h[l].before(h[least]) {
			least = l
		}
		if r < last && h[r].before(h[least]) {
			least = r
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	c.heap = h
	c.now = first.at
	return first.do
}
