package sim

import (
	"reflect"
	"testing"

	"holdline/server/signal"
)

// TestTheFinalEndIsTheSameOnAllSides compares what the room keeps of Ben's end
// with what Ana is shown, who heard it at once; what Cem is shown, who had no
// server at that moment; and what Ben himself is told when he comes back too
// late.
func TestTheFinalEndIsTheSameOnAllSides(t *testing.T) {
	const call = `
ana joins
ben joins
cem joins
expect within 5s ana sees ben connected
expect within 5s cem sees ben connected
expect within 5s cem sees ana connected
`
	for _, tt := range []struct {
		name  string
		story string // ends while both still show him
		cause signal.Cause
		back  bool
	}{
		{"a person presses Leave", "at 10s cem does not reach the server for 5s\nat 11s ben presses Leave\nat 20s", signal.CauseHangup, false},
		{"a tab is closed", "at 10s cem does not reach the server for 20s\nat 11s ben closes the tab\nat 33s", signal.CausePageClosed, false},
		{"a page is left", "at 10s cem does not reach the server for 20s\nat 11s ben follows a link on the site\nat 33s", signal.CausePageNavigated, false},
		{"a tab crashes for good", "at 10s cem does not reach the server for 25s\nat 11s ben crashes\nat 43s", signal.CausePageCrashed, false},
		{"a browser is killed for good", "at 10s cem does not reach the server for 25s\nat 11s ben is killed\nat 43s", signal.CausePageVanished, false},
		{"a browser is killed and opened again late", "at 10s cem does not reach the server for 30s\nat 11s ben is killed\nat 37s ben opens the room again\nat 44s", signal.CausePageCrashed, true},
		{"a tab crashes and comes back late", "at 10s cem does not reach the server for 30s\nat 11s ben crashes, back after 26s\nat 44s", signal.CausePageCrashed, true},
		{"a network goes and comes back late", "at 10s cem does not reach the server for 45s\nat 11s ben has no network for 49s\nat 66s", signal.CauseNetworkLost, true},
		{"a machine sleeps too long", "at 10s ben sleeps for 47s\nat 60s", signal.CauseDeviceSlept, true},
		{"somebody is removed", "at 10s cem does not reach the server for 5s\nat 11s the room removes ben\nat 20s", signal.CauseRemoved, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, err := playScenario(call+tt.story, Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			if n := w.server.room.Left(); n != 1 {
				t.Fatalf("the room remembers %d ends, want Ben's", n)
			}
			want := w.server.room.LeftEnd(0)
			if want.Cause != tt.cause || !want.Final {
				t.Fatalf("the room says %+v, want %s, final", want, tt.cause)
			}
			for _, name := range []string{"ana", "cem"} {
				shown := 0
				for _, p := range w.machines[person(name)].page().view.Peers {
					if p.Participant != want.Subject {
						continue
					}
					shown++
					if p.End == nil || !reflect.DeepEqual(*p.End, want) {
						t.Errorf("%s is shown %+v, the room says %+v", name, p.End, want)
					}
				}
				if shown != 1 {
					t.Errorf("%s is shown Ben %d times", name, shown)
				}
			}
			if tt.back {
				if got := w.machines[person("ben")].page().view.Former; got == nil || !reflect.DeepEqual(*got, want) {
					t.Errorf("Ben is told %+v, the room says %+v", got, want)
				}
			}
		})
	}
}
