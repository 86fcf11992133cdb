package relay

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRevocationsOutliveTheRelay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	now := time.Unix(1000, 0)
	begin := func() *Relay {
		cfg := generous()
		cfg.Now = func() time.Time { return now }
		r := New(cfg)
		if err := r.KeepRevocations(path); err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := begin()
	first.Revoke(Revocation{"ana", 1600})
	first.Revoke(Revocation{"bo", 1030})
	first.Revoke(Revocation{"ana", 1500}) // says nothing new
	first.Close()
	if file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	} else {
		fmt.Fprintf(file, "%s\n{\"id\":\"cy\",\"unt", strings.Repeat("x", 1<<10)) // a machine that lost its power
		file.Close()
	}

	now = time.Unix(1060, 0) // bo's have expired by themselves
	second := begin()
	for _, tt := range []struct {
		id      string
		expires int64
		want    bool
	}{{"ana", 1600, true}, {"ana", 1601, false}, {"bo", 1030, false}, {"cy", 1, false}} {
		if got := second.revoked.covers(tt.id, time.Unix(tt.expires, 0)); got != tt.want {
			t.Errorf("covers(%s, %d) = %v, want %v", tt.id, tt.expires, got, tt.want)
		}
	}
	second.Revoke(Revocation{"di", 1600})
	second.Close()
	if got, _ := os.ReadFile(path); string(got) != `{"id":"ana","until":1600}`+"\n"+`{"id":"di","until":1600}`+"\n" {
		t.Errorf("kept: %s", got)
	}
}

func TestTheFileOfRevocationsIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	now := time.Unix(1000, 0)
	cfg := generous()
	cfg.Now = func() time.Time { return now }
	r := New(cfg)
	err := r.KeepRevocations(path)
	if err != nil {
		t.Fatal(err)
	}
	journal := r.revoked.journal
	r.Close() // its goroutine has ended
	r.revoked.journal = nil
	if journal.file, err = openJournal(path, 0); err != nil {
		t.Fatal(err)
	}
	write := func(rev Revocation) {
		r.Revoke(rev)
		if err := journal.write([]Revocation{rev}); err != nil {
			t.Fatal(err)
		}
	}
	journal.lines = 2*maxRevoked - 2
	write(Revocation{"ana", 1100})
	write(Revocation{"bo", 1100})
	now = time.Unix(1200, 0)
	write(Revocation{"cy", 1300})
	if got, _ := os.ReadFile(path); string(got) != `{"id":"cy","until":1300}`+"\n" {
		t.Errorf("kept: %s", got)
	}
	write(Revocation{"di", 1300})
	if got, _ := os.ReadFile(path); string(got) != `{"id":"cy","until":1300}`+"\n"+`{"id":"di","until":1300}`+"\n" {
		t.Errorf("kept: %s", got)
	}
}

func TestALineThatWasCutOffLeavesTheNextOneWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "revocations")
	r := New(generous())
	if err := r.KeepRevocations(path); err != nil {
		t.Fatal(err)
	}
	journal := r.revoked.journal
	r.Close()
	file, err := openJournal(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	file.WriteString(`{"id":"ana","un`) // and then there was no room
	file.Close()
	journal.file = file
	if journal.write([]Revocation{{"ana", 1}}) == nil {
		t.Fatal("a closed file is written")
	}
	if journal.file, err = openJournal(path, 0); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"bo", "cy"} {
		if err := journal.write([]Revocation{{id, 1}}); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"id":"ana","un` + "\n" + `{"id":"bo","until":1}` + "\n" + `{"id":"cy","until":1}` + "\n"
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("kept: %s", got)
	}

	// Written anew, the file is as it was until all of it is there.
	journal.path = filepath.Join(dir, "gone", "revocations")
	if journal.rewrite() == nil {
		t.Fatal("a file in no folder is written")
	}
	if got, _ := os.ReadFile(path); string(got) != want {
		t.Errorf("left: %s", got)
	}
}

func TestNobodyWaitsForADisk(t *testing.T) {
	r := New(generous())
	if err := r.KeepRevocations(filepath.Join(t.TempDir(), "revocations")); err != nil {
		t.Fatal(err)
	}
	hangs, file, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.revoked.journal.file.Close()
	r.revoked.journal.file = file
	until := time.Now().Add(time.Minute).Unix()
	for i := range maxRevoked + 5000 { // more than a pipe takes
		r.Revoke(Revocation{fmt.Sprint("somebody who has left, number ", i), until})
	}
	if !r.revoked.covers(fmt.Sprint("somebody who has left, number ", maxRevoked+4999), time.Unix(until, 0)) {
		t.Error("the last is not revoked")
	}
	r.revoked.journal.mu.Lock()
	if n := len(r.revoked.journal.waiting); n > maxRevoked {
		t.Errorf("%d wait, want at most %d", n, maxRevoked)
	}
	r.revoked.journal.mu.Unlock()
	go io.Copy(io.Discard, hangs)
	r.Close()
}

func TestWhatCannotBeKeptIsTold(t *testing.T) {
	var log strings.Builder
	cfg := generous()
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	r := New(cfg)
	if err := r.KeepRevocations(t.TempDir()); err == nil {
		t.Error("a folder is taken for the file")
	}
	if err := r.KeepRevocations(filepath.Join(t.TempDir(), "revocations")); err != nil {
		t.Fatal(err)
	}
	r.revoked.journal.file.Close()
	for _, id := range []string{"ana", "bo"} {
		r.Revoke(Revocation{id, time.Now().Add(time.Minute).Unix()})
	}
	r.Close()
	r.revoked.journal.failed(errors.New("once more"))
	if n := strings.Count(log.String(), "lost over a restart"); n != 1 {
		t.Errorf("told %d times, want once a minute: %s", n, &log)
	}
	if !r.revoked.covers("bo", time.Now()) {
		t.Error("bo is not revoked")
	}
}
