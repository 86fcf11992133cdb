package session

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

// story is a long, random but plausible call, as Ana lives through it.
func story(t *testing.T, seed uint64, length time.Duration) (ana *page) {
	w := newWorld(t)
	random := rand.New(rand.NewPCG(seed, 1))
	w.jitter = random
	ana = w.open(Config{Name: "Ana", JoinNow: true, Microphone: true, Camera: true})
	w.run(50 * time.Millisecond)
	ben := w.open(Config{Name: "Ben", JoinNow: true})
	for end := w.now + length; w.now < end; {
		w.run(time.Duration(random.IntN(8000)) * time.Millisecond)
		switch random.IntN(12) {
		case 0:
			ana.step(VisibilityChanged{random.IntN(2) == 0})
		case 1:
			ben.step(VisibilityChanged{random.IntN(2) == 0})
		case 2: // a cut
			w.blocked = true
			w.run(time.Duration(random.IntN(9000)) * time.Millisecond)
			w.blocked = false
		case 3:
			ben = ben.reload()
		case 4:
			ana.step(Said{"what nobody else may read"})
			ben.step(Said{"nor this"})
		case 5: // a dialog
			ana.busyUntil = w.now + time.Duration(random.IntN(4000))*time.Millisecond
		case 6:
			ben.busyUntil = w.now + time.Duration(random.IntN(4000))*time.Millisecond
		case 7:
			ana.socketEnds(1006)
		case 8:
			w.noMedia = !w.noMedia
		case 9:
			ana.step(DeviceSwitched{Camera, random.IntN(2) == 0})
			ben.step(DeviceSwitched{Microphone, random.IntN(2) == 0})
		case 10:
			ana.slept += time.Duration(random.IntN(20)) * time.Second
		case 11: // the remote's program hangs
			ben.stopped = true
			w.run(time.Duration(random.IntN(5000)) * time.Millisecond)
			ben.stopped = false
		}
	}
	return ana
}

// retold is a report of the page after it went through JSON, and what a
// replay of it comes to.
func retold(t *testing.T, p *page) (Report, Snapshot) {
	t.Helper()
	data, err := json.Marshal(NewReport(p.s, p.trace, "1", "Browser/1"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ReadReport(data)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Replay(r.Policy, r.Trace, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, s.Snapshot()
}

func TestAReportReplaysToWhatThePageShowed(t *testing.T) {
	for _, tt := range []struct {
		length   time.Duration
		segments int
	}{{20 * time.Second, 1}, {2 * time.Minute, 1}, {20 * time.Minute, 1}, {2 * time.Hour, 2}} {
		for seed := range uint64(4) {
			if tt.length > time.Hour && seed > 0 {
				break
			}
			p := story(t, seed, tt.length)
			r, got := retold(t, p)
			if len(r.Trace) > tt.segments {
				t.Logf("%v, seed %d: %d segments", tt.length, seed, len(r.Trace))
			}
			want := r.Snapshot
			got.At, want.At = 0, 0
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%v, seed %d: replay and report differ:\n%s", tt.length, seed, difference(got, want))
			}
		}
	}
}

func difference(got, want any) string {
	a, b := strings.Split(string(indent(got)), "\n"), strings.Split(string(indent(want)), "\n")
	var out []string
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y && len(out) < 20 {
			out = append(out, "got "+x+", want "+y)
		}
	}
	return strings.Join(out, "\n")
}

func indent(v any) []byte {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic(err)
	}
	return data
}

func TestALongTraceDropsItsMiddleAndStaysBounded(t *testing.T) {
	p := story(t, 7, 2*time.Hour)
	r, _ := retold(t, p)
	if len(r.Trace) != 2 || r.Trace[0].Checkpoint != nil || r.Trace[1].Checkpoint == nil {
		t.Fatalf("%d segments, want the start and, from a checkpoint, the end", len(r.Trace))
	}
	if n := len(r.Trace[0].Rows); n != headRows {
		t.Errorf("the start has %d rows, want %d", n, headRows)
	}
	if n := len(r.Trace[1].Rows); n < 1500 || n > mostRows {
		t.Errorf("the end has %d rows, want 1500 to %d", n, mostRows)
	}
	if r.Trace[0].Rows[0].Event != "Started" {
		t.Errorf("the trace begins with %s", r.Trace[0].Rows[0].Event)
	}
	if gap := r.Trace[1].Rows[0].At.Mono - r.Trace[0].Rows[headRows-1].At.Mono; gap <= 0 {
		t.Errorf("the segments overlap by %v", -gap)
	}
}

func TestAnHourOfAnIdleCallIsAFewRows(t *testing.T) {
	w := newWorld(t)
	w.jitter = rand.New(rand.NewPCG(1, 1))
	ana, _ := w.call()
	before := len(ana.trace.rows) + len(ana.trace.quiet)
	w.run(time.Hour)
	if rows := len(ana.trace.rows) + len(ana.trace.quiet) - before; rows > 20 {
		t.Errorf("%d rows, want 20 at most", rows)
	}
	ana.step(VisibilityChanged{Hidden: true})
	before = len(ana.trace.rows) + len(ana.trace.quiet)
	w.run(time.Hour)
	if rows := len(ana.trace.rows) + len(ana.trace.quiet) - before; rows > 20 {
		t.Errorf("hidden: %d rows, want 20 at most", rows)
	}
}

// The last samples of a run brought nothing; spread evenly they must not
// look as if packets had come until its end.
func TestARunOfSamplesKeepsWhenPacketsStopped(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.stopped = true
	w.run(1900 * time.Millisecond) // unresponsive: packets still come
	w.blocked = true
	w.run(900 * time.Millisecond)
	_, got := retold(t, ana)
	s, err := Replay(DefaultPolicy(), ana.trace.Segments(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := s.peer("p2").Link.HeardAt, ana.s.peer("p2").Link.HeardAt; a != b {
		t.Errorf("replayed, Ben was heard at %v (%s), want %v", a, got.Peers[0].State, b)
	}
}

func TestBeatsOfAHiddenPageAreARunOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	ben.step(VisibilityChanged{Hidden: true})
	w.run(20 * time.Second)
	ben.step(VisibilityChanged{Hidden: false})
	w.run(5 * time.Second)
	runs := map[bool]int{}
	for _, row := range ana.trace.Segments()[0].Rows {
		if row.Event == "ControlReceived" && row.Count > 5 && strings.Contains(string(row.Data), `"beat"`) {
			runs[strings.Contains(string(row.Data), `"hidden":true`)]++
		}
	}
	if runs[true] == 0 || runs[false] == 0 {
		t.Errorf("runs of beats, by hidden: %v, want some of each", runs)
	}
}

func TestARungThatWaitsForALineReplaysAtItsTime(t *testing.T) {
	w := newWorld(t)
	relay := []signal.ICEServer{{URLs: []string{"turn:relay.test"}}}
	ana := w.open(Config{Name: "Ana", JoinNow: true, ICEServers: relay})
	ben := w.open(Config{Name: "Ben", JoinNow: true, ICEServers: relay})
	w.until(5*time.Second, "connected", func() bool { return ana.s.Snapshot().State == StateConnected })
	w.blocked, ben.stopped = true, true
	ana.step(NegotiationNeeded{ana.s.peer("p2").name()})                                                        // nobody answers, so the offers of the rungs wait
	for wait := 20 * time.Millisecond; ana.s.peer("p2").Link.Rung != rungRestartICE; wait += time.Millisecond { // not evenly
		w.run(wait)
		ana.tick()
	}
	w.run(time.Second)
	again, err := Replay(DefaultPolicy(), ana.trace.Segments(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if was, is := ana.s.peer("p2").Link.RungUntil, again.peer("p2").Link.RungUntil; was != is {
		t.Errorf("the rung ends at %v, and at %v in the replay", was, is)
	}
}

// What the server says may be its answer to this page and, in a replay, where
// the events of a run are not where they were, what breaks a path as well:
// nothing there answers what would be asked then.
func TestAReplayAsksTheServerWhenThePageDid(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	w.pictures(true)
	w.blocked, ben.cutOff = true, true
	ben.socketEnds(1006)
	w.run(10 * time.Second)
	w.blocked = false
	w.until(3*time.Second, "heard", func() bool { return ana.peer("Ben").State == PeerConnected })
	ben.cutOff = false
	w.until(3*time.Second, "back, and the path made anew", func() bool { return ana.peer("Ben").State != PeerConnected })
	segments := ana.trace.Segments()
	rows := segments[0].Rows
	last := len(rows) - 1
	for ; !rows[last].Asked; last-- {
		rows = rows[:last]
	}
	if rows[last].Event != kindSignalingReceived.String() {
		t.Fatalf("the path broke by %s, want what the server said", rows[last].Event)
	}
	rows[last-1].Asked, rows[last].Asked = true, false // so the server was asked just before
	segments[0].Rows = rows
	again, err := Replay(DefaultPolicy(), segments, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := again.Signaling; l.AskedAt != 0 {
		t.Errorf("the server has answered, and was asked at %v in the replay", l.AskedAt)
	}
}

// A beat's number is the page's, and in a replay not as many beats are sent
// while the events of a run go by.
func TestAReplayAsksWhoIsAwayUnderThePagesNumbers(t *testing.T) {
	w := newWorld(t)
	w.jitter = rand.New(rand.NewPCG(1, 1))
	ana, ben := w.call()
	w.run(time.Minute)
	ben.cutOff = true
	ben.socketEnds(1006)
	w.until(3*time.Second, "asked", func() bool { return ana.s.peer("p2").Link.AskedAt != 0 })
	for _, answered := range []bool{false, true} {
		w.until(3*time.Second, "", func() bool { return ana.s.peer("p2").Link.AskedAt == 0 == answered })
		again, err := Replay(DefaultPolicy(), ana.trace.Segments(), nil)
		if err != nil {
			t.Fatal(err)
		}
		was, is := ana.s.peer("p2").Link, again.peer("p2").Link
		if was.Asked != is.Asked || was.AskedAt != is.AskedAt || answered && was.Echo != is.Echo || ana.s.Beats != again.Beats || ana.s.BeatAt != again.BeatAt {
			t.Errorf("answered %v: asked with %d at %v, the last answer took %v; of %d beats, the next at %v; in the replay %d, %v, %v; %d, %v", answered,
				was.Asked, was.AskedAt, was.Echo, ana.s.Beats, ana.s.BeatAt, is.Asked, is.AskedAt, is.Echo, again.Beats, again.BeatAt)
		}
	}
}

func TestReplayRefusesWhatIsNoTrace(t *testing.T) {
	row := func(event, data string) []Segment {
		return []Segment{{Rows: []Row{{At: Time{1, 1}, Event: event, Data: []byte(data)}}}}
	}
	end := Time{2, 2}
	for name, segments := range map[string][]Segment{
		"an unknown event":      row("Exploded", "{}"),
		"data of another shape": row("Started", `{"Config":7}`),
		"a run without an end":  {{Rows: []Row{{At: Time{1, 1}, Event: "Tick", Count: 1 << 30, Last: &end}}}},
		"half a checkpoint":     {{Checkpoint: []byte(`{"Phase":`)}},
		"no such phase":         {{Checkpoint: []byte(`{"Phase":9}`)}},
		"a peer that is not":    {{Checkpoint: []byte(`{"Phase":2,"Peers":[null]}`)}},
		"a link in no state":    {{Checkpoint: []byte(`{"Phase":2,"Peers":[{"Link":{"State":-1}}]}`)}},
	} {
		if _, err := Replay(DefaultPolicy(), segments, nil); err == nil || !strings.HasPrefix(err.Error(), "session: ") {
			t.Errorf("%s: %v, want an error of this package", name, err)
		}
	}
	for name, data := range map[string]string{
		"nothing": "", "another schema": `{"schema":"other/1"}`, "no trace": `{"schema":"holdline.report/1"}`,
	} {
		if _, err := ReadReport([]byte(data)); err == nil {
			t.Errorf("%s is a report", name)
		}
	}
}

// FuzzStep: whatever a server or another page sends, the session goes on, and
// so does a replay of it.
func FuzzStep(f *testing.F) {
	for _, e := range []signal.Envelope{
		{Type: signal.TypeWelcome, To: "ana", Payload: signal.Raw(signal.Welcome{Roster: []signal.Presence{{Participant: "ben", Life: 1, State: signal.PresenceAway, Remaining: 5}}})},
		{Type: signal.TypePresent, Payload: signal.Raw(signal.Presence{Participant: "ben", Life: 9, State: signal.PresencePresent})},
		{Type: signal.TypeAway, Payload: signal.Raw(signal.Presence{Participant: "ben", Life: 1, State: signal.PresenceLeaving, Count: 3})},
		{Type: signal.TypeLeft, Payload: signal.Raw(signal.Left{End: signal.NewEnd("ben", signal.CauseHangup)})},
		{Type: signal.TypeGoaway, Payload: []byte(`{"return":-1}`)},
		{Type: signal.TypeDescription, From: "ben", To: "ana", Life: 1, Generation: 2, Negotiation: 1, Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0"})},
		{Type: signal.TypeCandidate, From: "ben", To: "ana", Life: 1, Generation: 1, Negotiation: 1, Payload: []byte(`[1]`)},
		{Type: signal.TypeBye, Life: 1, Payload: signal.Raw(signal.Goodbye{Count: 1, Intent: signal.IntentClose})},
		{Type: signal.TypeMedia, Payload: []byte(`{"microphone":true}`)},
		{Type: signal.TypeBeat, Payload: []byte(`{"n":1}`)},
	} {
		text, _ := e.Encode()
		f.Add(string(text), string(text), uint16(900))
	}
	f.Fuzz(func(t *testing.T, server, remote string, wait uint16) {
		s, trace, now := New(DefaultPolicy()), NewTrace(), Time{time.Second, origin}
		step := func(ev Event) {
			trace.Step(s, now, ev)
			now.Mono += time.Duration(wait) * time.Millisecond
			now.Wall += int64(wait)
			for range 3 {
				if at, ok := s.Deadline(); ok && at <= now.Mono {
					trace.Step(s, now, Tick{})
				}
			}
			if at, ok := s.Deadline(); ok && at <= now.Mono {
				t.Fatalf("the deadline %v stays behind at %v: the page spins", at, now.Mono)
			}
			s.Snapshot()
		}
		l := Link{"ben", 1, 1}
		step(Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Seed: 1}})
		step(SignalingOpened{1})
		step(SignalingReceived{1, signal.Envelope{Type: signal.TypeWelcome, To: "ana", Payload: signal.Raw(signal.Welcome{Roster: []signal.Presence{{Participant: "ben", Name: "Ben", Life: 1, Order: 1, State: signal.PresencePresent}}})}})
		step(LocalDescriptionSet{Link: l, Attempt: 1, Type: "offer", SDP: "v=0"})
		step(ReadSignaling(1, server))
		step(ControlOpened{l})
		for range 3 {
			if e, err := signal.Decode([]byte(remote), signal.DefaultLimits); err == nil {
				step(ControlReceived{l, e})
			} else {
				step(ControlGarbled{l, err.Error()})
			}
			step(ReadSignaling(1, server))
		}
		step(LeavePressed{})
		replayed, err := Replay(DefaultPolicy(), trace.Segments(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := replayed.Snapshot().State, s.Snapshot().State; got != want {
			t.Errorf("replayed to %s, want %s", got, want)
		}
	})
}
