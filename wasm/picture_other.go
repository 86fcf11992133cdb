//go:build !js

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// picture collects what the sequence diagram of a report shows. Its lanes are
// the server, this page, and each remote participant in the order of coming.
type picture struct {
	words   map[string]string // static/text.json
	report  session.Report
	session *session.Session // the segment's
	first   time.Duration
	last    time.Duration
	lanes   []lane
	rows    []entry
	beats   []*beating
}

// The first two lanes.
const (
	laneServer = iota
	lanePage
	lanePeers
)

type lane struct {
	id    string // of the participant
	name  string
	state string // as it is now, with its cause
	ended bool
	spans []span
}

// span is a time in one state.
type span struct {
	from  time.Duration
	state string
}

// entry is a line of the diagram: an arrow, something that happened to the
// page, or what changed in the lanes.
type entry struct {
	at       time.Duration
	from, to int // lanes; equal where nothing was sent
	text     string
	count    int
	lost     bool           // a bye, a close, a failure
	changes  map[int]string // by lane
	ends     map[int]bool
}

// beating is a run of beats on one lane of signaling.
type beating struct {
	lane        int
	first, last time.Duration
	count       int
	over        bool // the other end went
}

// patience is the longest silence within a run of beats.
func (b *beating) patience() time.Duration {
	if b.lane == laneServer {
		return 7 * time.Second // a beat each 5 s
	}
	return 1500 * time.Millisecond
}

func (p *picture) observe(now session.Time, ev session.Event, s *session.Session, actions []session.Action) {
	v := s.Snapshot()
	if s != p.session {
		if p.session == nil {
			p.first = now.Mono
			p.lanes = []lane{{name: "server"}, {name: "this page"}}
		} else {
			p.add(entry{at: now.Mono, from: lanePage, to: lanePage, text: "… the middle of the trace was dropped …"})
		}
		p.session = s
	}
	p.last = now.Mono
	for _, peer := range v.Peers {
		p.lane(peer.Participant, peer.Name)
	}
	p.event(now.Mono, ev)
	for _, a := range actions {
		p.action(now.Mono, a)
	}
	p.changes(now.Mono, v)
}

// lane finds or opens the lane of a participant.
func (p *picture) lane(id, name string) int {
	for i := lanePeers; i < len(p.lanes); i++ {
		if p.lanes[i].id == id {
			if name != "" {
				p.lanes[i].name = name
			}
			return i
		}
	}
	p.lanes = append(p.lanes, lane{id: id, name: orNobody(name)})
	return len(p.lanes) - 1
}

func (p *picture) name(id string) string {
	for _, l := range p.lanes[lanePeers:] {
		if l.id == id {
			return l.name
		}
	}
	return id
}

// add adds a row; the same message again, at almost the same time, is counted.
func (p *picture) add(e entry) {
	e.count = 1
	if n := len(p.rows); n > 0 && e.changes == nil {
		if l := &p.rows[n-1]; l.changes == nil && l.from == e.from && l.to == e.to && l.text == e.text && e.at-l.at < 200*time.Millisecond {
			l.count++
			return
		}
	}
	p.rows = append(p.rows, e)
}

func (p *picture) beat(at time.Duration, lane int) {
	for _, b := range slices.Backward(p.beats) {
		if b.lane == lane {
			if !b.over && at-b.last <= b.patience() {
				b.last = at
				b.count++
				return
			}
			break
		}
	}
	p.beats = append(p.beats, &beating{lane: lane, first: at, last: at, count: 1})
}

func (p *picture) event(at time.Duration, ev session.Event) {
	switch ev := ev.(type) {
	case session.SignalingReceived:
		p.message(at, laneServer, lanePage, ev.Envelope, ev.Envelope.From)
	case session.ControlReceived:
		p.message(at, p.lane(ev.Peer, ""), lanePage, ev.Envelope, "")
	case session.ChatReceived:
		p.add(entry{at: at, from: p.lane(ev.Peer, ""), to: lanePage, text: "chat"})
	case session.SignalingClosed:
		p.add(entry{at: at, from: lanePage, to: lanePage, text: describe(ev, p.name), lost: true})
	case session.LocalDescriptionSet, session.CandidateFound:
		// the message that follows tells it
	case session.ConnectionStateChanged:
		p.add(entry{at: at, from: lanePage, to: lanePage, text: describe(ev, p.name), lost: ev.State == "failed" || ev.State == "disconnected"})
	case session.ControlClosed:
		p.add(entry{at: at, from: lanePage, to: lanePage, text: describe(ev, p.name), lost: true})
	default:
		if words := describe(ev, p.name); words != "" {
			p.add(entry{at: at, from: lanePage, to: lanePage, text: words})
		}
	}
}

func (p *picture) action(at time.Duration, a session.Action) {
	switch a := a.(type) {
	case session.OpenSignaling:
		p.add(entry{at: at, from: lanePage, to: laneServer, text: "open a socket"})
	case session.SendSignaling:
		p.message(at, lanePage, laneServer, a.Envelope, a.Envelope.To)
	case session.SendControl:
		p.message(at, lanePage, p.lane(a.Peer, ""), a.Envelope, "")
	case session.SendChat:
		p.add(entry{at: at, from: lanePage, to: p.lane(a.Peer, ""), text: "chat"})
	}
}

// message draws one message; other is who is behind the server.
func (p *picture) message(at time.Duration, from, to int, e signal.Envelope, other string) {
	switch e.Type {
	case signal.TypeBeat, signal.TypeBeatBack:
		if to == lanePage { // those that came prove something
			p.beat(at, from)
		}
		return
	}
	words := []string{string(e.Type)}
	switch e.Type {
	case signal.TypeDescription:
		if d, err := e.ReadDescription(); err == nil {
			words = []string{d.Type}
		}
	case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
		if g, err := e.ReadGoodbye(); err == nil && g.Intent != "" {
			words = append(words, string(g.Intent))
		}
	case signal.TypeLane:
		var l signal.Lane
		if e.Read(&l) == nil {
			words = []string{"signaling " + l.Signaling}
		}
	case signal.TypePresent, signal.TypeAway:
		var row signal.Presence
		if e.Read(&row) == nil {
			words = []string{row.Name, string(row.State)}
		}
	case signal.TypeLeft:
		var l signal.Left
		if e.Read(&l) == nil {
			words = []string{p.name(l.End.Subject), "left"}
		}
	}
	if (from == laneServer || to == laneServer) && other != "" && e.Type != signal.TypeWelcome {
		words = append(words, map[bool]string{true: "from", false: "for"}[from == laneServer], p.name(other))
	}
	p.add(entry{at: at, from: from, to: to, text: strings.Join(words, " "), lost: e.Type == signal.TypeBye || e.Type == signal.TypeGaveUp})
}

// changes compares the lanes with a snapshot.
func (p *picture) changes(at time.Duration, v session.Snapshot) {
	changed, ends := map[int]string{}, map[int]bool{}
	set := func(i int, state, cause, words string, ended bool) {
		l := &p.lanes[i]
		if now := join(state, cause); l.state == now && l.ended == ended {
			return
		} else if changed[i] = strings.Join(strings.Fields(state+" "+cause), ", "); ended {
			changed[i], ends[i] = words, true
		}
		if l.spans == nil || l.spans[len(l.spans)-1].state != state {
			l.spans = append(l.spans, span{at, state})
			if state != string(session.PeerConnected) && state != string(session.SignalingStateOpen) {
				for _, b := range p.beats {
					b.over = b.over || b.lane == i
				}
			}
		}
		l.state, l.ended = join(state, cause), ended
	}
	set(laneServer, string(v.Signaling), "", "", false)
	own := ""
	if v.End != nil {
		own = p.words["self."+string(v.End.Cause)]
	}
	set(lanePage, string(v.State), string(v.Cause), own, v.End != nil)
	for _, peer := range v.Peers {
		words := strings.ReplaceAll(p.words["peer."+string(peer.Cause)], "{name}", orNobody(peer.Name))
		set(p.lane(peer.Participant, ""), string(peer.State), string(peer.Cause), words, peer.State == session.PeerEnded)
	}
	if len(changed) > 0 {
		p.rows = append(p.rows, entry{at: at, changes: changed, ends: ends})
	}
}

// title names the report.
func (p *picture) title() string {
	s := p.report.Snapshot
	return fmt.Sprintf("Room %s, as %s saw it", s.Room, orNobody(s.Name))
}
