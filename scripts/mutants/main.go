// Mutants plants faults into a copy of the tree, one by one, and says what
// caught each: the simulation, a scenario, or else a test of the package that
// the fault is in. One that nothing catches is a hole in the proof.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// mutant is one planted fault: old stands once in the file, and is replaced.
type mutant struct {
	name string
	file string
	old  string
	new  string
}

func main() {
	seeds := flag.Int("seeds", 600, "histories for each planted fault")
	only := flag.String("only", "", "only those whose names contain this")
	flag.Parse()
	if err := run(*seeds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(seeds int, only string) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"go.mod", "go.sum", "server/room", "server/signal", "wasm/exhibit", "wasm/session", "wasm/sim"} {
		if err := copyTree(name, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	began := time.Now()
	clean, err := play(dir, seeds, time.Hour)
	if err != nil {
		return err
	}
	if out, err := goTest(dir, time.Hour, "./server/room", "./wasm/session", "-skip", outside); err != nil {
		return fmt.Errorf("without any planted fault: %w: %s", err, firstLines(out))
	}
	patience := time.Minute + 10*time.Since(began) // on a busy machine a play takes its time
	if len(clean.signs) > 0 {
		fmt.Printf("Without any planted fault %d histories and scenarios fail already; only what is new counts.\n", clean.failed)
	}
	caught, missed, stale := 0, 0, 0
	for _, m := range mutants {
		if !strings.Contains(m.name, only) {
			continue
		}
		by, err := m.catch(dir, seeds, patience, clean)
		var s *staleError
		switch {
		case errors.As(err, &s):
			stale++
			fmt.Printf("STALE   %s: %v\n", m.name, err)
		case err != nil:
			return fmt.Errorf("%s: %w", m.name, err)
		case by == "":
			missed++
			fmt.Printf("MISSED  %s\n", m.name)
		default:
			caught++
			fmt.Printf("caught  %-60s %s\n", m.name, by)
		}
	}
	fmt.Printf("%d caught, %d missed, %d stale of %d\n", caught, missed, stale, len(mutants))
	if missed+stale > 0 {
		return errors.New("not every planted fault is caught")
	}
	return nil
}

// staleError is a planted fault that does not fit the tree any more.
type staleError struct{ why string }

func (e *staleError) Error() string { return e.why }

func firstLines(out []byte) string {
	return string(out[:min(len(out), 300)])
}

// catch plants the fault, plays, and takes it out again.
func (m mutant) catch(dir string, seeds int, patience time.Duration, clean result) (by string, err error) {
	file := filepath.Join(dir, m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", &staleError{fmt.Sprintf("its text stands %d times in the file, want once", n)}
	}
	planted := strings.Replace(string(text), m.old, m.new, 1)
	if err := os.WriteFile(file, []byte(planted), 0o644); err != nil {
		return "", err
	}
	defer os.WriteFile(file, text, 0o644)
	r, err := play(dir, seeds, patience)
	if err != nil {
		return "", err
	}
	for _, s := range r.signs {
		if !clean.has(s.text) {
			return s.first, nil
		}
	}
	if r.failed > 2*clean.failed+3 {
		return fmt.Sprintf("%d histories fail, %d did before", r.failed, clean.failed), nil
	}
	out, err := goTest(dir, patience, "./"+filepath.Dir(m.file), "-skip", outside)
	if errors.Is(err, context.DeadlineExceeded) {
		return "its tests never end, and no history shows it", nil
	}
	if failed := failedTest.FindStringSubmatch(string(out)); failed != nil {
		return failed[1] + ", and no history", nil
	}
	return "", nil
}

// result is what a play brought to light.
type result struct {
	failed int
	signs  []sign
}

// sign is one kind of failure: names and numbers taken out.
type sign struct{ text, first string }

func (r result) has(text string) bool {
	for _, s := range r.signs {
		if s.text == text {
			return true
		}
	}
	return false
}

var (
	failure = regexp.MustCompile(`(?m)^(?:seed (\d+): at \S+: (.*)|\s+--- FAIL: (TestScenarios/\S+).*|(panic: .*))$`)
	who     = regexp.MustCompile(`\b(?:ana|ben|cem|dia|eva|fay|gil|hal)(?:'s tab \d+ \(load \d+\)| \(\w+\))?`)
	detail  = regexp.MustCompile(`\[.*?\]|\([^)]*\)|[0-9][0-9.a-zµ]*`)
)

// outside are the tests that look at files which are not copied.
const outside = "^TestTheClientContainsWhatItNeeds$"

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)

// goTest runs tests of the copied tree.
func goTest(dir string, patience time.Duration, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out, err
}

// play runs the swarm and the scenarios. A tree that does not compile is an
// error; a panic or a hang is a catch.
func play(dir string, seeds int, patience time.Duration) (result, error) {
	out, err := goTest(dir, patience, "./wasm/sim", "-run", "^(TestSwarm|TestScenarios)$", "-goon", "-noshrink", fmt.Sprint("-seeds=", seeds))
	var r result
	for _, m := range failure.FindAllStringSubmatch(string(out), -1) {
		r.failed++
		first, text := m[3]+m[4], m[3]+m[4]
		if m[1] != "" {
			first = "seed " + m[1] + ": " + m[2]
			text = detail.ReplaceAllString(who.ReplaceAllString(m[2], "X"), "#")
		}
		if len(first) > 150 {
			first = first[:150]
		}
		if !r.has(text) {
			r.signs = append(r.signs, sign{text, first})
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		r.failed++
		r.signs = append(r.signs, sign{"hang", "it never ends"})
	case strings.Contains(string(out), "[build failed]") || strings.Contains(string(out), "[setup failed]"):
		return r, &staleError{"it does not compile: " + firstLines(out)}
	case err != nil && r.failed == 0:
		return r, fmt.Errorf("go test: %w: %s", err, out)
	}
	return r, nil
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}
