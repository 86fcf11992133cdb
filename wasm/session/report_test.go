package session

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
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
	const file, before, after = "REPORT.md", "```json\n", "\n```"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), before)
	shown, tail, ok := strings.Cut(rest, after)
	if !ok {
		t.Fatalf("%s has no example", file)
	}
	if *update {
		shown = string(indent(example()))
		if err := os.WriteFile(file, []byte(head+before+shown+after+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	strict := json.NewDecoder(strings.NewReader(shown))
	strict.DisallowUnknownFields()
	var r Report
	if err := strict.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(indent(r), []byte(shown)) {
		t.Error("the example, decoded and encoded, is another one")
	}
	if !bytes.Equal(indent(example()), []byte(shown)) {
		t.Error("the example is not what this program writes: go test -update")
	}
	s, err := Replay(r.Policy, r.Trace, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, want := s.Snapshot(), r.Snapshot
	if !reflect.DeepEqual(got, want) {
		t.Errorf("replayed:\n%s", difference(got, want))
	}
	for _, field := range fields(reflect.TypeFor[Report](), reflect.TypeFor[Row](), reflect.TypeFor[Segment]()) {
		if !strings.Contains(head+tail, "`"+field+"`") {
			t.Errorf("%s does not say what %s is", file, field)
		}
	}
}

// fields are the names that the types have in JSON.
func fields(types ...reflect.Type) (names []string) {
	for _, t := range types {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}
