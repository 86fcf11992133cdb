package measure

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpreadCountsWhatWasLate(t *testing.T) {
	for _, tt := range []struct {
		figures []Figure
		want    string
	}{
		{[]Figure{30}, "30 ms / 30 ms"},
		{[]Figure{40, 10, 20, 30}, "25 ms / 40 ms"},
		{[]Figure{6100, 15400.4, 999.4}, "6.1 s / 15.4 s"},
		{[]Figure{5, Late, 7, 6}, "6 ms / not within 40 s (1 of 4)"},
		{[]Figure{Late, 5, Late}, "not within 40 s (2 of 3)"},
		{[]Figure{Late, Late}, "not within 40 s (2 of 2)"},
	} {
		before := slices.Clone(tt.figures)
		if got := Spread(tt.figures, 40*time.Second); got != tt.want {
			t.Errorf("Spread(%v) = %q, want %q", tt.figures, got, tt.want)
		}
		if !slices.Equal(before, tt.figures) {
			t.Errorf("Spread changed its figures to %v", tt.figures)
		}
	}
}

func TestAfterIsLateOnceItIsTooLate(t *testing.T) {
	for _, tt := range []struct{ at, since, want Figure }{
		{1000, 900, 100}, {41_000, 1000, 40_000}, {41_001, 1000, Late}, {0, 1000, Late},
	} {
		if got := After(float64(tt.at), float64(tt.since), 40*time.Second); got != tt.want {
			t.Errorf("After(%v, %v) = %v, want %v", tt.at, tt.since, got, tt.want)
		}
	}
}

func TestAFigureIsReadAsItWasWritten(t *testing.T) {
	want := []Figure{-0.2, 1234.5, Late}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got []Figure
	if err := json.Unmarshal(text, &got); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s is read as %v, %v", text, got, err)
	}
	// As older raw files have it.
	if err := json.Unmarshal([]byte(`["not within 40 s"]`), &got); err != nil || got[0] != Late {
		t.Errorf("the older text is read as %v, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`["soon"]`), &got); err == nil {
		t.Errorf("a text that is none is read as %v", got)
	}
}

// thing stands for a setting and for a measurement.
type thing struct {
	Name string  `json:"name"`
	Took *Figure `json:"took,omitempty"`
}

func TestTheRawFileGivesBackWhatWasKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.txt")
	r, err := Create[thing, thing](path, thing{Name: "a machine"})
	if err != nil {
		t.Fatal(err)
	}
	took := Late
	for _, m := range []thing{{"one", nil}, {"two", &took}} {
		if err := r.Keep(m); err != nil {
			t.Fatal(err)
		}
	}
	setting, all, err := Read[thing, thing](path)
	if err != nil {
		t.Fatal(err)
	}
	if setting.Name != "a machine" || len(all) != 2 || all[0].Name != "one" || all[0].Took != nil || *all[1].Took != Late {
		t.Errorf("read back: %v, %v", setting, all)
	}
}

func TestARawFileThatIsNoneNamesTheLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.txt")
	if err := os.WriteFile(path, []byte("{}\n{\"name\":1}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Read[thing, thing](path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want one that names line 2", err)
	}
}

func TestTheTableReplacesTheOneBefore(t *testing.T) {
	begins, ends := marks("bench-x")
	text := "above\n" + begins + "old\n" + ends + "below\n"
	got, err := Between(text, "bench-x", "new\n")
	if want := "above\n" + begins + "\nnew\n\n" + ends + "below\n"; err != nil || got != want {
		t.Errorf("Between = %q, %v, want %q", got, err, want)
	}
	for _, broken := range []string{"above\n", ends + begins, begins + "old\n", strings.ReplaceAll(text, "bench-x", "bench-y")} {
		if _, err := Between(broken, "bench-x", "new\n"); err == nil {
			t.Errorf("Between(%q) did not fail", broken)
		}
	}
}

func TestATrialThatFailsEndsItsStepAndNoOther(t *testing.T) {
	var trial Trial
	var done []string
	trial.Cleanup(func() { done = append(done, "first") })
	trial.Cleanup(func() { trial.Fatal("cleaning up fails, too") })
	trial.Try(func() {
		trial.Error("it limps")
		trial.Fatalf("it %s", "breaks")
		done = append(done, "went on")
	})
	if trial.Try(func() { done = append(done, "next") }) {
		t.Error("a step after one that failed is said to be well")
	}
	trial.End()
	if got := strings.Join(done, ","); got != "first" || trial.Broken() != "it limps" {
		t.Errorf("done: %s, broken: %s", got, trial.Broken())
	}
}
