package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

// trial is to the kit what a test is: its calls may fail it, and what it opens
// is closed with it. One that fails ends neither the others nor the bench.
type trial struct {
	testing.TB // nil: the kit calls nothing else of it, and only package testing could implement it

	mu       sync.Mutex
	cleanups []func()
	failure  string
}

func (t *trial) Helper()      {}
func (t *trial) Name() string { return "lifecycle" }

func (t *trial) Cleanup(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cleanups = append(t.cleanups, f)
}

func (t *trial) TempDir() string {
	dir, err := os.MkdirTemp("", "holdline-bench")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (t *trial) Fatal(args ...any) { t.Fatalf("%s", fmt.Sprint(args...)) }

// Fatalf ends the step that try runs.
func (t *trial) Fatalf(format string, args ...any) {
	t.mu.Lock()
	if t.failure == "" {
		t.failure = fmt.Sprintf(format, args...)
	}
	t.mu.Unlock()
	runtime.Goexit()
}

// failed is the first failure, "" if there is none.
func (t *trial) failed() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failure
}

// try runs a step, unless one before it has failed.
func (t *trial) try(step func()) (ok bool) {
	if t.failed() != "" {
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		step()
	}()
	<-done
	return t.failed() == ""
}

// end closes what the trial has opened, last first. What cannot be closed any
// more is no failure.
func (t *trial) end() {
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
