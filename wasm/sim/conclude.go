package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// says lets a page say something, and notes who should hear it: everybody
// that it shows, if both pages stay to the end.
func (o *oracle) says(p *page) {
	if p.view.State != session.StateConnected && p.view.State != session.StateWaiting && p.view.State != session.StateRecovering {
		return
	}
	text := "message " + strconv.Itoa(len(o.said)+1)
	c := chat{from: p, id: p.view.Participant, text: text, at: o.world.clock.now}
	for i := range p.view.Peers {
		s := &p.view.Peers[i]
		if j := o.identity(s.Participant); j != nil && j.alive() && s.State != session.PeerEnded {
			c.expect = append(c.expect, hearer{j.page, j.id})
		}
	}
	o.said = append(o.said, c)
	p.put(session.Said{Text: text})
}

// underWay is how long something may still be under way once all is well.
const underWay = 2 * second

// conclude looks at the world once it has settled.
func (w *World) conclude() {
	w.oracle.agreement()
	w.oracle.delivery()
	w.oracle.places()
	w.oracle.mail()
	w.candidates()
	w.leftovers()
	w.bounds()
}

// leftovers: who is well connected has one RTCPeerConnection to each.
func (w *World) leftovers() {
	for _, p := range w.pages {
		for _, c := range p.links {
			for i := range p.view.Peers {
				if s := &p.view.Peers[i]; s.Participant == c.link.Peer && s.State == session.PeerConnected && s.Generation != c.link.Generation {
					w.failf("%s keeps connection %d to %s, and lives by %d", p, c.link.Generation, w.oracle.name(s.Participant), s.Generation)
				}
			}
		}
	}
}

// agreement: all who show an end of somebody were told what the room says.
func (o *oracle) agreement() {
	for _, f := range o.finals {
		if o.settled(f.subject) {
			o.agrees(f)
		}
	}
}

func (o *oracle) agrees(f final) {
	i := o.identity(f.subject)
	if f.page == nil || f.page.gone || f.page.session.Ended() || i == nil || i.end == nil || i.alive() || o.restartAt > i.endAt {
		return
	}
	if o.restarts > 0 && f.end.Final && (f.end.Revision > i.end.Revision || f.end.Revision == i.end.Revision && f.at < o.restartAt) {
		return // the word of the server before the last restart; the one that is there now counts anew
	}
	if f.end.Cause != i.end.Cause || f.end.Revision != i.end.Revision || !f.end.Final {
		o.world.failf("%s was told that %s ended by %s (revision %d, final %v), the room says %s (revision %d)", f.page, o.name(f.subject),
			f.end.Cause, f.end.Revision, f.end.Final, i.end.Cause, i.end.Revision)
	}
}

// delivery: every message came once, in its sender's order, to all who stay;
// also what was said by the page before this one.
func (o *oracle) delivery() {
	for _, c := range o.said {
		if i := o.identity(c.id); i != nil && i.left {
			continue // Leave gives up what is under way
		}
		from := c.from
		if next := from.tab.page; from.gone && next != nil && next.view.Participant == c.id {
			from = next
		}
		if from.gone || from.session.Ended() {
			continue
		}
		for _, h := range c.expect {
			p := h.page
			if p == nil || p.gone || p.session.Ended() || p.view.Participant != h.id || o.of(from) == nil {
				continue
			}
			n := 0
			for _, m := range p.view.Messages {
				if m.Text == c.text {
					n++
				}
			}
			if n != 1 {
				o.world.failf("%s has %q of %s %d times", p, c.text, c.from, n)
			}
		}
	}
	for _, p := range o.world.pages {
		last := map[string]int{}
		for _, m := range p.view.Messages {
			n, _ := strconv.Atoi(strings.TrimPrefix(m.Text, "message "))
			if n < last[m.From] {
				o.world.failf("%s shows message %d of %s after %d", p, n, m.From, last[m.From])
			}
			last[m.From] = n
		}
	}
}

// places: everybody in the room has one socket, and all show the same order.
func (o *oracle) places() {
	w := o.world
	if w.server.room == nil {
		return
	}
	seats := w.server.room.Seats()
	for _, s := range seats {
		if s.State == signal.PresencePresent && w.server.socket(s.Conn) == nil {
			w.failf("the room has %s on a socket that is not there", o.name(s.Participant))
		}
		if s.Kept > signal.KeptMessages+2*MaxPeople || s.KeptBytes > signal.KeptBytes+2*MaxPeople*signal.DefaultLimits.Message {
			w.failf("the room keeps %d messages for %s", s.Kept, o.name(s.Participant))
		}
	}
	open := 0
	for _, s := range w.server.sockets {
		if s.code == 0 { // one that was displaced may take its time to go
			open++
		}
	}
	if open > len(seats) {
		w.failf("the server has %d sockets in a room of %d", open, len(seats))
	}
	at := map[string]int{}
	for i, s := range seats {
		at[s.Participant] = i
	}
	for _, p := range w.participants() {
		last := -1
		for i := range p.view.Peers {
			if j, there := at[p.view.Peers[i].Participant]; there {
				if j < last {
					w.failf("%s shows %s out of the room's order", p, o.name(p.view.Peers[i].Participant))
				}
				last = j
			}
		}
	}
	if o.restarts > 0 {
		return
	}
	joined := -1
	for _, s := range seats { // who came first is first
		for n, i := range o.identities {
			if i.id == s.Participant {
				if n < joined {
					o.inversions++
				}
				joined = n
			}
		}
	}
}

// candidates: of two connections that agree, each has had all of the other's.
func (w *World) candidates() {
	for _, c := range w.connections {
		d := c.peer
		if d == nil || d.closed || d.peer != c || !c.flows() || !d.flows() || c.state != "stable" || d.state != "stable" {
			continue
		}
		if (c.ours != d.theirs || c.theirs != d.ours) && !c.busy && !d.busy && w.clock.now-c.setAt > underWay && w.clock.now-d.setAt > underWay {
			w.failf("%s has %s and %s, %s has %s and %s: they do not agree", c.page, c.ours, c.theirs, d.page, d.theirs, d.ours)
		}
		if w.oracle.restarts > 0 || c.ours != d.theirs || c.theirs != d.ours {
			continue // what a server keeps for one who is away goes with it
		}
		for _, found := range d.found {
			if found.ufrag != c.theirs || w.clock.now-found.at < underWay {
				continue
			}
			n := 0
			for _, taken := range c.taken {
				if taken == found.text {
					n++
				}
			}
			if n == 0 {
				w.failf("%s never had the candidate %s of %s", c.page, found.text, d.page)
			}
		}
	}
}

// bounds: nothing grows without end.
func (w *World) bounds() {
	for _, p := range w.pages {
		if !p.begun {
			continue
		}
		l := p.session.Load()
		waits := slices.ContainsFunc(p.view.Peers, func(s session.PeerSnapshot) bool { return s.State != session.PeerConnected })
		if p.session.Ended() || waits || w.clock.now-p.reached < underWay {
			// Nobody waits for it any more, or somebody who cannot be reached; or it is
			// just under way, as its acknowledgement may be.
			l.Unsent = 0
		}
		for _, b := range []struct {
			what       string
			have, most int
		}{
			{"participants", l.Peers, 64}, {"messages not acknowledged", l.Unsent, 0}, {"kept messages", l.Kept, signal.KeptMessages + 2*MaxPeople},
			{"messages", l.Messages, 500}, {"tasks", len(p.tasks), 0}, {"connections", len(p.links), 2 * MaxPeople},
		} {
			if b.have > b.most {
				w.failf("%s has %d %s, more than %d", p, b.have, b.what, b.most)
			}
		}
		if p.trace != nil {
			w.replay(p)
		}
	}
}

// replay tells a page's trace to a new session, which must come to the same.
func (w *World) replay(p *page) {
	again, err := session.Replay(w.Policy, p.trace.Segments(), nil)
	if err != nil {
		w.failf("the trace of %s does not replay: %v", p, err)
		return
	}
	if a, b := fmt.Sprint(outline(p.session.Snapshot())), fmt.Sprint(outline(again.Snapshot())); a != b {
		w.failf("the trace of %s replays to\n%s, not\n%s", p, b, a)
	}
}

// outline is what a trace must bring back: all but texts and names.
func outline(v session.Snapshot) []string {
	out := []string{string(v.State), string(v.Signaling), string(v.Cause), v.Participant, string(v.Screen.State), strconv.Itoa(len(v.Messages))}
	for _, p := range v.Peers {
		out = append(out, p.Participant, string(p.State), string(p.Cause), strconv.FormatBool(p.Screen), strconv.Itoa(p.Generation))
	}
	return out
}
