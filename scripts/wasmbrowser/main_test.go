//go:build e2e && linux

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What the tests run: the wrapper, and the package testdata/sample in wasm.
var wrapper, sample string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "wasmbrowser-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		wrapper, sample = filepath.Join(dir, "wrapper"), filepath.Join(dir, "sample.wasm")
		build(nil, "build", "-o", wrapper, ".")
		build([]string{"GOOS=js", "GOARCH=wasm"}, "test", "-c", "-cover", "-o", sample, "./testdata/sample")
		return m.Run()
	}())
}

func build(env []string, args ...string) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		panic(string(out) + err.Error())
	}
}

// sampleCommand is the wrapper with one of the sample's tests; TMPDIR is the
// test's own, so that leftovers can be seen.
func sampleCommand(ctx context.Context, tmp, test string, args ...string) *exec.Cmd {
	args = append([]string{sample, "-test.run=^" + test + "$", "-test.v"}, args...)
	cmd := exec.CommandContext(ctx, wrapper, args...)
	cmd.Dir = filepath.Join("testdata", "sample")
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	return cmd
}

func TestOutcomesArriveAsOnTheCommandLine(t *testing.T) {
	tests := []struct {
		test   string
		args   []string
		code   int
		output []string
	}{
		{"TestPasses", nil, 0, []string{"covered", "PASS"}},
		{"TestFails", nil, 1, []string{"failed as it should", "FAIL"}},
		{"TestPanics", nil, 2, []string{"panic: panicked as it should", "sample_js_test.go"}},
		{"TestHangs", []string{"-test.timeout=1s"}, 2, []string{"panic: test timed out after 1s", "TestHangs"}},
		{"TestNeverYields", []string{"-test.timeout=1s"}, 1, []string{"printed before the loop", "never yields"}},
		{"TestExits", nil, 7, []string{"out 1\nerr 1\nout 2\nerr 2\n"}},
		{"TestThrows", nil, 1, []string{"TypeError: thrown as it should"}},
		{"TestFiles", nil, 0, []string{"PASS"}},
		{"TestCall", nil, 0, []string{"PASS"}},
	}
	for _, tt := range tests {
		t.Run(tt.test, func(t *testing.T) {
			tmp := shortTemp(t)
			out, err := sampleCommand(t.Context(), tmp, tt.test, tt.args...).CombinedOutput()
			if code := exitCode(t, err); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			for _, want := range tt.output {
				if !strings.Contains(string(out), want) {
					t.Errorf("the output lacks %q", want)
				}
			}
			expectNothingLeft(t, tmp)
			if t.Failed() {
				t.Logf("output:\n%s", out)
			}
		})
	}
}

func TestCoverageIsWritten(t *testing.T) {
	tmp := shortTemp(t)
	profile := filepath.Join(t.TempDir(), "cover.out")
	if out, err := sampleCommand(t.Context(), tmp, "TestPasses", "-test.coverprofile="+profile).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(profile)
	if err != nil || !bytes.Contains(data, []byte("sample.go")) {
		t.Errorf("coverage profile: %q, %v", data, err)
	}
	expectNothingLeft(t, tmp)
}

func TestSignalsEndTheBrowserToo(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGKILL} {
		t.Run(s.String(), func(t *testing.T) {
			tmp := shortTemp(t)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			cmd := sampleCommand(ctx, tmp, "TestHangs")
			started := &waiter{text: "=== RUN", found: make(chan struct{})}
			cmd.Stdout = started
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-started.found:
			case <-ctx.Done():
				t.Error("the program did not start")
			}
			cmd.Process.Signal(s)
			if err := cmd.Wait(); err == nil {
				t.Error("exit code 0 after a signal")
			}
			if s == syscall.SIGKILL { // which leaves the wrapper no time for files
				expectNoProcess(t, tmp)
			} else {
				expectNothingLeft(t, tmp)
			}
		})
	}
}

func TestMissingBrowserIsAClearError(t *testing.T) {
	tmp := shortTemp(t)
	cmd := sampleCommand(t.Context(), tmp, "TestPasses")
	cmd.Env = append(cmd.Env, "HOLDLINE_BROWSER=chromium", "HOLDLINE_CHROMIUM=/nonexistent")
	out, err := cmd.CombinedOutput()
	if code := exitCode(t, err); code != 1 || !strings.Contains(string(out), "start the browser: fork/exec /nonexistent") {
		t.Errorf("exit code %d, output %q", code, out)
	}
	expectNothingLeft(t, tmp)
}

// shortTemp is a t.TempDir that leaves room for the name of Chromium's socket.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "wbt-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

func expectNothingLeft(t *testing.T, tmp string) {
	t.Helper()
	expectNoProcess(t, tmp)
	entries, err := os.ReadDir(tmp)
	if err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// expectNoProcess waits until no process names a path in tmp, as all of the
// browser's do.
func expectNoProcess(t *testing.T, tmp string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		alive := processesNaming(tmp)
		if len(alive) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still running: %q", alive)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func processesNaming(path string) (alive []string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range lines {
		for _, file := range []string{name, filepath.Join(filepath.Dir(name), "environ")} {
			data, err := os.ReadFile(file)
			if err == nil && bytes.Contains(data, []byte(path)) {
				alive = append(alive, filepath.Dir(name))
				break
			}
		}
	}
	return alive
}

// waiter tells when a text has been printed.
type waiter struct {
	text  string
	seen  []byte
	found chan struct{}
}

func (w *waiter) Write(p []byte) (int, error) {
	before := bytes.Contains(w.seen, []byte(w.text))
	w.seen = append(w.seen, p...)
	if !before && bytes.Contains(w.seen, []byte(w.text)) {
		close(w.found)
	}
	return len(p), nil
}
