package measure

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

// Trial is to the kit what a test is: its calls may fail it, and what it opens
// is closed with it. One that fails ends neither the others nor the bench.
type Trial struct {
	testing.TB // nil: the kit calls nothing else of it, and only package testing could implement it

	mu       sync.Mutex
	cleanups []func()
	failure  string
}

func (t *Trial) Helper()      {}
func (t *Trial) Name() string { return "bench" }

func (t *Trial) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *Trial) TempDir() string {
	dir, err := os.MkdirTemp("", "holdline-bench")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (t *Trial) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

// Skip fails, too: a bench that leaves something out has not measured it.
func (t *Trial) Skip(args ...any) { t.Fatal(args...) }

// Error notes a failure and goes on.
func (t *Trial) Error(args ...any) { t.note(fmt.Sprint(args...)) }

// Fatalf ends the step that Try runs.
func (t *Trial) Fatalf(format string, args ...any) {
	t.note(fmt.Sprintf(format, args...))
	runtime.Goexit()
}

func (t *Trial) note(failure string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failure == "" {
		t.failure = failure
	}
}

// Broken is the first failure, "" if there is none.
func (t *Trial) Broken() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

// Try runs a step, unless one before it has failed.
func (t *Trial) Try(step func()) (ok bool) {
	if t.Broken() != "" {
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		step()
	}()
	<-done
	return t.Broken() == ""
}

// End closes what the trial has opened, last first. What cannot be closed any
// more is no failure.
func (t *Trial) End() {
	for {
		t.mu.Lock()
		n := len(t.cleanups)
		if n == 0 {
			t.mu.Unlock()
			return
		}
		last := t.cleanups[n-1]
		t.cleanups = t.cleanups[:n-1]
		t.mu.Unlock()
		done := make(chan struct{})
		go func() {
			defer close(done)
			last()
		}()
		<-done
	}
}
