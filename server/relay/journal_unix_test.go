//go:build unix

package relay

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestNobodyWaitsForADisk(t *testing.T) {
	r := New(generous())
	if err := r.KeepRevocations(filepath.Join(t.TempDir(), "revocations")); err != nil {
		t.Fatal(err)
	}
	hangs := filepath.Join(t.TempDir(), "hangs")
	if err := syscall.Mkfifo(hangs, 0o600); err != nil {
		t.Fatal(err)
	}
	j := r.revoked.journal
	j.path = hangs // nothing is written yet
	until := time.Now().Add(time.Minute).Unix()
	for i := range maxRevoked + 5000 { // more than a pipe takes
		r.Revoke(Revocation{fmt.Sprint("somebody who has left, number ", i), until})
	}
	if !r.revoked.covers(fmt.Sprint("somebody who has left, number ", maxRevoked+4999), time.Unix(until, 0)) {
		t.Error("the last is not revoked")
	}
	j.mu.Lock()
	if n := len(j.waiting); n > maxRevoked {
		t.Errorf("%d wait, want at most %d", n, maxRevoked)
	}
	j.mu.Unlock()
	fifo, err := os.Open(hangs)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	go io.Copy(io.Discard, fifo)
	r.Close()
}
