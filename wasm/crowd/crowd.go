// Package crowd is many people at once, each with the product's own session
// and driver on a native socket, in browsers as simple as they can be: what
// their RTCPeerConnections carry goes through memory. A crowd notes what must
// not happen: a session that is lost, an identity or an order that changes,
// somebody who is given up though there, a ghost.
package crowd

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"holdline/wasm/session"
)

// Crowd is everybody who uses one server.
type Crowd struct {
	Figures Figures
	url     string
	client  *http.Client
	fabric  fabric
	running sync.WaitGroup // every goroutine of a page

	mu       sync.Mutex         // not held while a person's is taken
	known    map[string]*Person // by participant
	epoch    int                // restarts of the server so far
	awaiting *Return
	down     bool      // the server is being restarted
	backAt   time.Time // when it was back from its last restart
}

// New makes a crowd that uses the server at url, such as http://127.0.0.1:8080,
// also after it was restarted.
func New(url string) *Crowd {
	return &Crowd{
		url:     url,
		client:  &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}},
		fabric:  fabric{homes: map[string]*connection{}},
		Figures: Figures{began: time.Now(), notes: map[string]int{}, faults: map[string][]string{}},
		known:   map[string]*Person{},
	}
}

// Wait returns when all who have left have closed their pages.
func (c *Crowd) Wait() { c.running.Wait() }

func (c *Crowd) who(participant string) *Person {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known[participant]
}

func (c *Crowd) everybody() (people []*Person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.known {
		if !p.HasLeft() {
			people = append(people, p)
		}
	}
	return people
}

// Return is how the crowd comes back to a server that was restarted.
type Return struct {
	Attached time.Time // when the last was welcomed; zero until then
	waiting  int
}

// Restarting says that the server is about to be restarted: everybody who is
// there now has to come back.
func (c *Crowd) Restarting() *Return {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &Return{}
	for _, p := range c.known {
		if !p.HasLeft() {
			r.waiting++
		} else if time.Since(time.Unix(0, p.leftAt.Load())) < time.Second {
			p.unheard.Store(true) // its bye may be under way
		}
	}
	c.epoch++
	c.down = true
	c.awaiting = r
	return r
}

// Back says that the server is there again.
func (c *Crowd) Back() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.backAt, c.down = time.Now(), false
}

// Missing is how many have not come back yet.
func (c *Crowd) Missing(r *Return) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return r.waiting
}

// met remembers who a participant is, from the first welcome on.
func (c *Crowd) met(p *Person, participant string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[participant] = p
	p.epoch = c.epoch
}

// attached says that p is back after the last restart.
func (c *Crowd) attached(p *Person) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !p.HasLeft() {
		c.expected(p)
	}
}

// leaves says that p presses Leave, and need not come back any more.
func (c *Crowd) leaves(p *Person) {
	id := p.participant()
	c.mu.Lock()
	defer c.mu.Unlock()
	p.leftAt.Store(time.Now().UnixNano())
	if c.down {
		p.unheard.Store(true)
	}
	if c.known[id] == p {
		c.expected(p)
	}
}

// expected takes p off those who are waited for. c.mu is held.
func (c *Crowd) expected(p *Person) {
	behind := p.epoch < c.epoch
	p.epoch = c.epoch
	if r := c.awaiting; r != nil && behind {
		if r.waiting--; r.waiting == 0 {
			r.Attached = time.Now()
		}
	}
}

// Apart says what is wrong with the call of two, "" if nothing is.
func Apart(a, b *Person) string {
	if why := a.lacks(b); why != "" {
		return why
	}
	return b.lacks(a)
}

// lacks says what is wrong with p's view of a call with other alone.
func (p *Person) lacks(other *Person) string {
	g := p.current()
	if g == nil {
		return p.String() + " has no page"
	}
	s := g.snapshot()
	if s.State != session.StateConnected {
		return fmt.Sprintf("%s is %s %s", p, s.State, s.Cause)
	}
	there := 0
	for _, q := range s.Peers {
		switch {
		case q.State == session.PeerEnded:
		case q.Participant != other.participant():
			return fmt.Sprintf("%s shows somebody else, %s", p, q.State)
		case q.State != session.PeerConnected || q.Cause != "":
			return fmt.Sprintf("%s shows %s %s %s", p, other, q.State, q.Cause)
		default:
			there++
		}
	}
	if there != 1 {
		return fmt.Sprintf("%s does not show %s", p, other)
	}
	return ""
}

// Patience is how long somebody who pressed Leave may still be shown.
type Patience struct {
	Heard   time.Duration // after Leave, when the server could hear it
	Unheard time.Duration // after Leave and the server's last return, when it could not: its place is held
}

// WatchGhosts looks every second, until ctx ends, for those who are shown for
// longer than that.
func (c *Crowd) WatchGhosts(ctx context.Context, most Patience) {
	told := map[[2]*Person]bool{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, p := range c.everybody() {
			g := p.current()
			if g == nil {
				continue
			}
			for _, q := range g.snapshot().Peers {
				other := c.who(q.Participant)
				if q.State == session.PeerEnded || other == nil || !other.HasLeft() || told[[2]*Person{p, other}] {
					continue
				}
				left, limit := time.Unix(0, other.leftAt.Load()), most.Heard
				since := time.Since(left)
				if other.unheard.Load() {
					limit = most.Unheard
					if back := c.lastReturn(); back.After(left) {
						since = time.Since(back)
					}
				}
				if since > limit {
					told[[2]*Person{p, other}] = true
					c.fault("ghost", fmt.Sprintf("%s still shows %s as %s, %v after Leave (heard by the server: %t)",
						p, other, q.State, time.Since(left).Round(time.Second), !other.unheard.Load()))
				}
			}
		}
	}
}

func (c *Crowd) lastReturn() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.backAt
}

// Compare looks at what p said since other is there, and what other has heard:
// nothing may come twice, and what other does not have is counted.
func (c *Crowd) Compare(p, other *Person) {
	heard := map[string]int{}
	other.mu.Lock()
	since := other.metAt
	other.mu.Unlock()
	for _, m := range other.current().snapshot().Messages {
		heard[m.Text]++
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, said := range p.said {
		switch n := heard[said.text]; {
		case n == 0 && (since.IsZero() || said.at.Before(since)):
			c.note("chat from before the other one came")
		case n == 0:
			c.note("chat that the other one does not have")
		case n == 1:
			c.note("chat that the other one has")
		default:
			c.fault("chat came twice", said.text)
		}
	}
}
