package room

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

var testKey = []byte("the key of the tests, 32 bytes: 1")

// conversation is a room with its clock, for tests that read like one: each
// method is one fact and returns the orders that follow, a line each.
type conversation struct {
	t        testing.TB
	r        *Room
	now      time.Duration
	welcomes map[Conn]signal.Welcome
	lives    map[Conn]int64
}

func newConversation(t testing.TB) *conversation {
	return &conversation{t: t, r: New("blue", testKey, DefaultPolicy(), 1), welcomes: map[Conn]signal.Welcome{}, lives: map[Conn]int64{}}
}

// said is the orders as lines: the socket, then what goes out on it. The ice
// before a welcome and the revocation of who has left are no lines: they
// always come, and step checks that they do.
type said []string

func (c *conversation) step(ev Event) said {
	c.t.Helper()
	before := c.seated()
	actions := slices.Clone(c.r.Step(c.now, ev))
	c.checkCredentials(before, actions)
	lines := said{}
	for i, a := range actions {
		if _, revoked := a.(Revoke); revoked || i+1 < len(actions) && welcomes(actions[i+1]) {
			continue
		}
		lines = append(lines, c.line(a))
	}
	return lines
}

// seated are those who have a place.
func (c *conversation) seated() (ids []string) {
	for _, p := range c.r.people {
		ids = append(ids, p.id)
	}
	return ids
}

func welcomes(a Action) bool {
	s, ok := a.(Send)
	return ok && s.Envelope.Type == signal.TypeWelcome
}

// checkCredentials checks what holds of every step: ice for the same
// participant goes before each welcome, and exactly those are revoked who lost
// their place.
func (c *conversation) checkCredentials(before []string, actions []Action) {
	c.t.Helper()
	var gone, revoked []string
	for _, id := range before {
		if !slices.Contains(c.seated(), id) {
			gone = append(gone, id)
		}
	}
	for i, a := range actions {
		switch a := a.(type) {
		case Revoke:
			if slices.Contains(before, a.Participant) { // and not one that came and went within the step
				revoked = append(revoked, a.Participant)
			}
		case Send:
			if !welcomes(a) {
				continue
			}
			want := Issue{Conn: a.Conn, Participant: a.Envelope.To, Ack: a.Envelope.Ack}
			if i == 0 || actions[i-1] != want {
				c.t.Fatalf("before the welcome of %s: %v, want %v", a.Envelope.To, actions[max(i-1, 0)], want)
			}
		}
	}
	slices.Sort(gone)
	slices.Sort(revoked)
	if !slices.Equal(gone, revoked) {
		c.t.Fatalf("%q lost their places, and %q are revoked", gone, revoked)
	}
}

func (c *conversation) line(a Action) string {
	switch a := a.(type) {
	case Close:
		return fmt.Sprintf("%d close %d", a.Conn, a.Code)
	case Revoke:
		return "revoke " + a.Participant
	case Issue:
		line := fmt.Sprintf("%d ice %s ack %d", a.Conn, a.Participant, a.Ack)
		if a.For != "" {
			line += " for " + a.For
		}
		return line
	}
	s := a.(Send)
	e := s.Envelope
	line := fmt.Sprintf("%d %s", s.Conn, e.Type)
	read := func(v any) {
		if err := json.Unmarshal(e.Payload, v); err != nil {
			c.t.Fatalf("payload of %s: %v", e.Type, err)
		}
	}
	switch e.Type {
	case signal.TypeWelcome:
		var w signal.Welcome
		read(&w)
		c.welcomes[s.Conn] = w
		line += fmt.Sprintf(" %s order %d", e.To, w.Order)
		if w.Resumed {
			line += " resumed"
		}
		if e.Ack > 0 {
			line += fmt.Sprintf(" ack %d", e.Ack)
		}
		for _, row := range w.Roster {
			line += ", " + rowLine(row)
		}
		if w.Former != nil {
			line += ", former " + endLine(*w.Former)
		}
		for _, end := range w.Left {
			line += ", left " + endLine(end)
		}
	case signal.TypePresent, signal.TypeAway:
		var row signal.Presence
		read(&row)
		line += " " + rowLine(row)
	case signal.TypeLeft:
		var left signal.Left
		read(&left)
		line += " " + endLine(left.End)
	case signal.TypeError:
		var why signal.Refusal
		read(&why)
		line += " " + why.ID + " " + why.Field
	case signal.TypeDescription, signal.TypeCandidate:
		line += fmt.Sprintf(" from %s seq %d %s", e.From, e.Seq, e.Payload)
	case signal.TypeGoaway:
		line += " " + string(e.Payload)
	case signal.TypeBeatBack:
		line += fmt.Sprintf(" ack %d", e.Ack)
	}
	return line
}

func rowLine(row signal.Presence) string {
	line := fmt.Sprintf("%s life %d %s", row.Participant, row.Life, row.State)
	if row.LAN {
		line += " lan"
	}
	if row.End != nil {
		line += " " + endLine(*row.End)
	}
	if row.Remaining > 0 {
		line += " " + (time.Duration(row.Remaining) * time.Millisecond).String()
	}
	return line
}

func endLine(end signal.End) string {
	line := fmt.Sprintf("%s %s #%d", end.Subject, end.Cause, end.Revision)
	if end.Final {
		line += " final"
	}
	return line
}

// expect compares the lines with what is wanted.
func (c *conversation) expect(got said, want ...string) {
	c.t.Helper()
	if !slices.Equal(got, want) {
		c.t.Errorf("at %v:\n\t%s\nwant\n\t%s", c.now, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// hello is a page's first message; its id is its name should it be new.
func (c *conversation) hello(conn Conn, name string, life int64, change ...func(*Hello)) said {
	ev := Hello{
		Conn: conn, NewID: name,
		Envelope: signal.Envelope{Type: signal.TypeHello, Life: life, Seq: 1},
		Hello:    signal.Hello{Room: "blue", Name: name},
	}
	for _, f := range change {
		f(&ev)
	}
	c.lives[conn] = life
	return c.step(ev)
}

// with shows the token that the page on conn got.
func (c *conversation) with(conn Conn) func(*Hello) {
	token := c.welcomes[conn].Token
	if token == "" {
		c.t.Fatalf("socket %d has got no token", conn)
	}
	return func(h *Hello) { h.Hello.Token = token }
}

func locked(h *Hello) { h.Hello.Locked = true }

// seqs says which seq comes next and which came last.
func seqs(next, ack int64) func(*Hello) {
	return func(h *Hello) { h.Envelope.Seq, h.Envelope.Ack = next, ack }
}

func (c *conversation) message(conn Conn, e signal.Envelope) said {
	return c.step(Message{conn, e})
}

func (c *conversation) beat(conn Conn, ack int64) said {
	return c.message(conn, signal.Envelope{Type: signal.TypeBeat, Ack: ack})
}

func (c *conversation) goodbye(conn Conn, typ signal.Type, count int, intent signal.Intent) said {
	return c.message(conn, signal.Envelope{Type: typ, Life: c.lives[conn], Payload: signal.Raw(signal.Goodbye{Count: count, Intent: intent})})
}

func (c *conversation) describe(conn Conn, to string, seq int64, sdp string) said {
	return c.message(conn, signal.Envelope{
		Type: signal.TypeDescription, To: to, Life: c.lives[conn], Generation: 1, Negotiation: 1, Seq: seq, Payload: signal.Raw(sdp),
	})
}

func (c *conversation) candidate(conn Conn, to string, seq int64, text string) said {
	return c.message(conn, signal.Envelope{
		Type: signal.TypeCandidate, To: to, Life: c.lives[conn], Generation: 1, Negotiation: 1, Seq: seq, Payload: signal.Raw(text),
	})
}

func (c *conversation) closed(conn Conn) said { return c.step(Closed{Conn: conn, Code: 1001}) }
func (c *conversation) silent(conn Conn) said {
	return c.step(Closed{Conn: conn, Code: 1006, Silent: true})
}

func (c *conversation) beacon(id string, life int64, count int, intent signal.Intent) said {
	return c.step(Beacon{signal.Beacon{Room: "blue", Participant: id, Life: life, Goodbye: signal.Goodbye{Count: count, Intent: intent}}})
}

// after lets time pass, and ticks.
func (c *conversation) after(d time.Duration) said {
	c.now += d
	return c.step(Tick{})
}

// runsOut checks that the room's deadline is d away, that nothing happens a
// nanosecond before it, and returns what happens at it.
func (c *conversation) runsOut(d time.Duration) said {
	c.t.Helper()
	at, ok := c.r.Deadline()
	if !ok || at != c.now+d {
		c.t.Errorf("deadline in %v, %v; want in %v", at-c.now, ok, d)
	}
	c.expect(c.after(d - 1))
	return c.after(1)
}

// three is a conversation with ana, bo and cy on the sockets 1, 2 and 3; cy
// only watches.
func three(t testing.TB) *conversation {
	c := newConversation(t)
	c.hello(1, "ana", 1)
	c.hello(2, "bo", 1)
	c.hello(3, "cy", 1)
	c.beat(1, 0)
	c.beat(2, 0)
	return c
}
