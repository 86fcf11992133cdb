package session

import (
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
	"holdline/wasm/exhibit"
)

var update = flag.Bool("update", false, "write the example in REPORT.md anew")

// example is the session that REPORT.md shows: Ana is alone, Ben comes, and
// closes his page.
func example() Report {
	s, trace, now := New(DefaultPolicy()), NewTrace(), Time{time.Second, origin + 1000}
	step := func(after time.Duration, ev Event) {
		now.Mono += after
		now.Wall += after.Milliseconds()
		trace.Step(s, now, ev)
	}
	server := func(after time.Duration, t signal.Type, payload any) {
		step(after, SignalingReceived{1, signal.Envelope{Type: t, To: map[signal.Type]string{signal.TypeWelcome: "ana1"}[t], Payload: signal.Raw(payload)}})
	}
	away := signal.NewEnd("ben1", signal.CausePageClosed, "said goodbye")
	left := away
	left.Final, left.Revision = true, 2
	step(0, Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Origin: origin, Seed: 7}})
	step(20*time.Millisecond, SignalingOpened{1})
	server(10*time.Millisecond, signal.TypeWelcome, signal.Welcome{Name: "Ana", Order: 1, Token: "secret", ByeKey: "secret"})
	server(3*time.Second, signal.TypePresent, signal.Presence{Participant: "ben1", Name: "Ben", Life: 1, Order: 2, State: signal.PresencePresent})
	for range 4 {
		step(400*time.Millisecond, Tick{})
	}
	server(400*time.Millisecond, signal.TypeAway, signal.Presence{Participant: "ben1", Name: "Ben", Life: 1, Order: 2, State: signal.PresenceAway, Count: 2, End: &away, Remaining: 10_000})
	server(10*time.Second, signal.TypeLeft, signal.Left{End: left})
	return NewReport(s, trace, "1.0.0", "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0")
}

func TestREPORTmdShowsAReport(t *testing.T) {
	r, prose := exhibit.Example(t, "REPORT.md", example(), *update)
	s, err := Replay(r.Policy, r.Trace, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, want := s.Snapshot(), r.Snapshot
	if !reflect.DeepEqual(got, want) {
		t.Errorf("replayed:\n%s", difference(got, want))
	}
	exhibit.Explained(t, prose, reflect.TypeFor[Report](), reflect.TypeFor[Row](), reflect.TypeFor[Segment]())
}

func TestAnOlderReportHasTodaysPolicyForWhatItDoesNotTell(t *testing.T) {
	data := strings.Replace(string(indent(example())), `"stalledAfter":`, `"unknown":`, 1)
	r, err := ReadReport([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r.Policy, DefaultPolicy()) {
		t.Errorf("stalledAfter is %v", r.Policy.StalledAfter)
	}
}
