package sim

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pendingFile lists the scenarios that the core does not play yet, one a
// line, with the reason. One that plays must be taken off.
const pendingFile = "testdata/scenario/PENDING"

func pending(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open(pendingFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if name, reason, ok := strings.Cut(s.Text(), ": "); ok {
			all[name] = reason
		}
	}
	return all
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenario/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	wait := pending(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Seed: 1}
			if testing.Verbose() {
				o.Tell = func(line string) { fmt.Println(line) }
			}
			err = RunScenario(string(text), o)
			reason, waits := wait[name]
			delete(wait, name)
			switch {
			case waits && err == nil:
				t.Errorf("it plays now: take it off %s (%s)", pendingFile, reason)
			case waits:
				t.Skipf("pending: %s: %v", reason, err)
			case err != nil:
				t.Errorf("%s: %v", file, err)
			}
		})
	}
	for name := range wait {
		t.Errorf("%s lists %s, which is no scenario", pendingFile, name)
	}
}
