package relay

import (
	"fmt"
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
	if err := r.KeepRevocations(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.revoked.journal.lines = 2*maxRevoked - 1
	r.Revoke(Revocation{"ana", 1100})
	r.Revoke(Revocation{"bo", 1100})
	now = time.Unix(1200, 0)
	r.revoked.journal.lines = 2 * maxRevoked
	r.Revoke(Revocation{"cy", 1300})
	if got, _ := os.ReadFile(path); string(got) != `{"id":"cy","until":1300}`+"\n" {
		t.Errorf("kept: %s", got)
	}
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
	r.Close()
	for _, id := range []string{"ana", "bo"} {
		r.Revoke(Revocation{id, time.Now().Add(time.Minute).Unix()})
	}
	if n := strings.Count(log.String(), "lost over a restart"); n != 1 {
		t.Errorf("told %d times, want once a minute: %s", n, &log)
	}
	if !r.revoked.covers("bo", time.Now()) {
		t.Error("bo is not revoked")
	}
}
