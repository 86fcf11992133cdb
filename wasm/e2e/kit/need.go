package kit

import (
	"os"
	"testing"
)

// Lacks ends a test that this machine cannot play, and says why. It is skipped
// on a person's machine, and fails where the environment variable CI is set,
// to anything: there a test that nobody plays would pass for ever.
func Lacks(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("CI is set, and this machine cannot play the test: %s", why)
	}
	t.Skip(why)
}
