package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"holdline/server/signal"
)

// Row is one event of a trace, or a run of alike ones that changed nothing:
// beats, samples and ticks, evenly spread from At to Last.
type Row struct {
	At     Time            `json:"at"`
	Event  string          `json:"event"`
	Data   json.RawMessage `json:"data,omitempty"`
	Count  int             `json:"count,omitempty"`  // of a run
	Last   *Time           `json:"last,omitempty"`   // its last event
	Late   time.Duration   `json:"late,omitempty"`   // of a tick: how far the page's timer was behind, when that counted
	Asked  bool            `json:"asked,omitempty"`  // with it the server was asked for a sign of life
	Probed *Probed         `json:"probed,omitempty"` // before it, where it changes who is asked for a beat's answer
	First  int64           `json:"first,omitempty"`  // a run of samples: the first one's packets; Data has the last one's
}

// Segment is a part of a trace that replays by itself: from the start, or
// from a checkpoint of the machine.
type Segment struct {
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
	Rows       []Row           `json:"rows"`
}

// The length of a trace, in rows. A checkpoint is taken every checkpointRows;
// past mostRows the middle goes: the first headRows and at least the last
// 2,000 stay.
const (
	checkpointRows = 1000
	headRows       = 1000
	mostRows       = 4000
)

// Trace keeps what a session was told, so that it can be told again. Secrets
// and what people write do not enter it; addresses enter as pseudonyms.
type Trace struct {
	rows        []entry
	quiet       []entry // runs that are still growing
	checkpoints []checkpoint
	dropped     bool // rows start anew at checkpoints[0] after headRows
	redact      redactor
}

type entry struct {
	at     Time
	late   time.Duration
	asked  bool
	probed *Probed
	ev     Event
	count  int
	last   Time
	first  int64
}

type checkpoint struct {
	row   int // index of the first row after it
	state []byte
}

// NewTrace makes an empty trace.
func NewTrace() *Trace { return &Trace{} }

// Step steps the session and keeps the event.
func (t *Trace) Step(s *Session, now Time, ev Event) []Action {
	if n := t.sinceCheckpoint(); n >= checkpointRows {
		t.flush()
		t.checkpoints = append(t.checkpoints, checkpoint{len(t.rows), t.redact.state(s.state)})
		t.trim()
	}
	changes, forgiven, asked := s.Changes, s.Forgiven, s.Signaling.AskedAt
	packets, wake, probed := s.packets(ev), s.Wake, s.probed()
	late, jumped := ev.kind() == kindTick && s.late(now), s.jump(now) != 0
	actions := s.Step(now, ev)
	ev = t.redact.event(ev)
	if st, ok := ev.(StatsSampled); ok && s.packets(ev) == packets {
		st.Packets = 0 // nothing new, or stale: a run of these must not look like packets that come
		ev = st
	}
	probes := !slices.Equal(s.probed().Links, probed.Links)
	if s.Changes == changes && s.Forgiven == forgiven && s.Signaling.AskedAt == asked && !probes && !late && !jumped && quiet(ev) && !consequential(actions) {
		t.addQuiet(now, ev)
		return actions
	}
	t.flush()
	row := entry{at: now, ev: ev, count: 1, asked: s.Signaling.AskedAt > asked}
	if late {
		row.late = now.Mono - wake
	}
	if probes {
		row.probed = &probed
	}
	t.rows = append(t.rows, row)
	return actions
}

// packets is what the link of ev has counted so far.
func (s *Session) packets(ev Event) int64 {
	if l, ok := linkOf(ev); ok {
		if p := s.peer(l.Peer); p != nil {
			return p.Link.Packets
		}
	}
	return 0
}

func (t *Trace) sinceCheckpoint() int {
	if n := len(t.checkpoints); n > 0 {
		return len(t.rows) - t.checkpoints[n-1].row
	}
	return len(t.rows)
}

// quiet says whether events of this kind may be part of a run.
func quiet(ev Event) bool {
	switch ev := ev.(type) {
	case Tick, StatsSampled:
		return true
	case ControlReceived:
		return ev.Envelope.Type == signal.TypeBeat || ev.Envelope.Type == signal.TypeBeatBack
	case SignalingReceived:
		return ev.Envelope.Type == signal.TypeBeat || ev.Envelope.Type == signal.TypeBeatBack
	}
	return false
}

// consequential says whether an order does more than beat, look and save what
// is known.
func consequential(actions []Action) bool {
	for _, a := range actions {
		switch a := a.(type) {
		case SampleStats, SaveRecord, SaveStopped:
		case SendControl:
			if a.Envelope.Type != signal.TypeBeat && a.Envelope.Type != signal.TypeBeatBack {
				return true
			}
		case SendSignaling:
			if a.Envelope.Type != signal.TypeBeat && a.Envelope.Type != signal.TypeBeatBack {
				return true
			}
		default:
			return true
		}
	}
	return false
}

// addQuiet lengthens the run that ev belongs to.
func (t *Trace) addQuiet(now Time, ev Event) {
	var packets int64
	if st, ok := ev.(StatsSampled); ok {
		packets = st.Packets
	}
	for i := range t.quiet {
		if alike(t.quiet[i].ev, ev) {
			t.quiet[i].ev, t.quiet[i].last = ev, now
			t.quiet[i].count++
			return
		}
	}
	t.quiet = append(t.quiet, entry{at: now, ev: ev, count: 1, last: now, first: packets})
}

func alike(a, b Event) bool {
	if a.kind() != b.kind() {
		return false
	}
	la, _ := linkOf(a)
	lb, _ := linkOf(b)
	if la != lb {
		return false
	}
	switch a := a.(type) {
	case ControlReceived:
		return alikeBeats(a.Envelope, b.(ControlReceived).Envelope)
	case SignalingReceived:
		b := b.(SignalingReceived)
		return a.Attempt == b.Attempt && alikeBeats(a.Envelope, b.Envelope)
	case StatsSampled:
		b := b.(StatsSampled)
		return (a.Packets == 0) == (b.Packets == 0) && (a.Media == 0) == (b.Media == 0) && samePair(a.Flow.Pair, b.Flow.Pair)
	}
	return true
}

// samePair says whether two samples are of one chosen pair.
func samePair(a, b *Pair) bool { return a == b || a != nil && b != nil && *a == *b }

// alikeBeats says whether two beats differ in nothing but their number: for
// one of a hidden page other limits hold.
func alikeBeats(a, b signal.Envelope) bool {
	var m, n signal.BeatCount
	readA, readB := a.Read(&m), b.Read(&n)
	return a.Type == b.Type && (readA == nil) == (readB == nil) && m.Hidden == n.Hidden
}

func (t *Trace) flush() {
	t.rows = append(t.rows, t.quiet...)
	t.quiet = t.quiet[:0]
}

// trim drops the middle of a trace that is too long, up to a checkpoint.
func (t *Trace) trim() {
	if len(t.rows) <= mostRows {
		return
	}
	if n := len(t.checkpoints) - 3; n > 0 { // the newest is of this moment, and two runs of rows lie before it
		t.checkpoints = t.checkpoints[n:]
	}
	cut := t.checkpoints[0].row - headRows
	if cut <= 0 {
		return
	}
	t.rows = slices.Delete(t.rows, headRows, headRows+cut)
	for i := range t.checkpoints {
		t.checkpoints[i].row -= cut
	}
	t.dropped = true
}

// Segments is the trace as it goes into a report.
func (t *Trace) Segments() []Segment {
	rows := slices.Concat(t.rows, t.quiet)
	if !t.dropped {
		return []Segment{{Rows: encodeRows(rows)}}
	}
	return []Segment{
		{Rows: encodeRows(rows[:headRows])},
		{Checkpoint: t.checkpoints[0].state, Rows: encodeRows(rows[headRows:])},
	}
}

func encodeRows(entries []entry) []Row {
	rows := make([]Row, len(entries))
	for i, e := range entries {
		rows[i] = Row{At: e.at, Late: e.late, Asked: e.asked, Probed: e.probed, Event: e.ev.kind().String(), Data: signal.Raw(e.ev)}
		if string(rows[i].Data) == "{}" {
			rows[i].Data = nil
		}
		if e.count > 1 {
			last := e.last
			rows[i].Count, rows[i].Last, rows[i].First = e.count, &last, e.first
		}
	}
	return rows
}

// Observer is told of every replayed step. A run is told of once, by its
// first event.
type Observer func(at Time, ev Event, s *Session, actions []Action)

// Replay tells the last segment of a trace to a fresh machine, and any
// earlier one to another, and returns the last one.
func Replay(policy Policy, segments []Segment, observe Observer) (*Session, error) {
	var s *Session
	for _, seg := range segments {
		s = New(policy)
		if seg.Checkpoint != nil {
			if err := json.Unmarshal(seg.Checkpoint, &s.state); err != nil {
				return nil, fmt.Errorf("session: checkpoint: %w", err)
			}
			if err := s.check(); err != nil {
				return nil, err
			}
		}
		steps, err := expand(seg.Rows)
		if err != nil {
			return nil, err
		}
		for _, st := range steps {
			if ev, ok := st.ev.(StatsSampled); ok {
				if p := s.peer(ev.Peer); p != nil {
					ev.Attempt = p.Link.StatsAttempt // a run's samples are not numbered
				}
				st.ev = ev
			}
			if st.ev.kind() == kindTick {
				s.Wake = st.at.Mono - st.late // the ticks of a run are not where they were
			}
			// The events of a run are not where they were, so a path may fall silent
			// here that did not, and nothing would answer what is asked then.
			s.mayNotAsk = !st.asked
			s.mayNotProbe = st.probed == nil
			if !s.mayNotProbe {
				s.probedAs(*st.probed)
			}
			actions := s.Step(st.at, st.ev)
			if st.asked {
				s.Signaling.AskedAt = st.at.Mono
			}
			if observe != nil {
				observe(st.at, st.ev, s, actions)
			}
		}
	}
	return s, nil
}

// check refuses a checkpoint that no session can have left.
func (st *state) check() error {
	if st.Phase < phaseLobby || st.Phase > phaseEnded {
		return fmt.Errorf("session: checkpoint: phase: want 0 to %d, got %d", phaseEnded, st.Phase)
	}
	for i, p := range st.Peers {
		if p == nil || p.Link.State < linkNegotiating || p.Link.State > linkEnded || p.Presence == signal.PresenceAway && p.End == nil {
			return fmt.Errorf("session: checkpoint: peer %d: want a participant, got none or half of one", i)
		}
	}
	return nil
}

type step struct {
	at     Time
	ev     Event
	late   time.Duration
	asked  bool
	probed *Probed
}

// expand turns runs into their events. Runs that stand together happened
// together, so their events are put in the order of time.
func expand(rows []Row) ([]step, error) {
	var steps []step
	for i, r := range rows {
		ev, err := decodeEvent(r.Event, r.Data)
		if err != nil {
			return nil, fmt.Errorf("session: trace row %d: %w", i, err)
		}
		if r.Count <= 1 || r.Last == nil {
			steps = append(steps, step{at: r.At, ev: ev, late: r.Late, asked: r.Asked, probed: r.Probed})
			continue
		}
		if r.Count > 1<<20 {
			return nil, fmt.Errorf("session: trace row %d: count: want at most %d, got %d", i, 1<<20, r.Count)
		}
		for n := range r.Count {
			steps = append(steps, step{at: between(r.At, *r.Last, n, r.Count-1), ev: sample(ev, r.First, n, r.Count-1)})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.at.Mono - b.at.Mono) })
	return steps, nil
}

func between(a, b Time, n, of int) Time {
	return Time{
		Mono: a.Mono + time.Duration(int64(b.Mono-a.Mono)*int64(n)/int64(of)),
		Wall: a.Wall + (b.Wall-a.Wall)*int64(n)/int64(of),
	}
}

// sample is the n-th event of a run: the packets of samples grow evenly.
func sample(ev Event, first int64, n, of int) Event {
	if st, ok := ev.(StatsSampled); ok {
		st.Packets = first + (st.Packets-first)*int64(n)/int64(of)
		return st
	}
	return ev
}
