package kit

import (
	"fmt"
	"strings"
	"testing"
)

// ended notes how a test is ended, and goes on.
type ended struct {
	testing.TB
	skipped, failed string
}

func (t *ended) Helper()                      {}
func (t *ended) Skip(args ...any)             { t.skipped = fmt.Sprint(args...) }
func (t *ended) Fatalf(f string, args ...any) { t.failed = fmt.Sprintf(f, args...) }

func TestWhatAMachineLacksFailsInCIAndIsSkippedElsewhere(t *testing.T) {
	const why = "it has no network"
	for ci, fails := range map[string]bool{"": false, "true": true, "1": true, "false": true} {
		t.Setenv("CI", ci)
		var got ended
		Lacks(&got, why)
		switch {
		case !fails && (got.skipped != why || got.failed != ""):
			t.Errorf("CI=%q: skipped %q, failed %q", ci, got.skipped, got.failed)
		case fails && (!strings.Contains(got.failed, why) || !strings.Contains(got.failed, "CI")):
			t.Errorf("CI=%q: it fails with %q, want the reason and CI in it", ci, got.failed)
		}
	}
}
