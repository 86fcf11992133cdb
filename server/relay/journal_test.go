package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
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
	wantKept(t, path, `{"id":"ana","until":1600}`, `{"id":"di","until":1600}`)
}

// idle is a journal whose goroutine has ended.
func idle(t *testing.T, r *Relay, path string) *journal {
	t.Helper()
	if err := r.KeepRevocations(path); err != nil {
		t.Fatal(err)
	}
	j := r.revoked.journal
	r.Close()
	r.revoked.journal = nil
	if err := j.reopen(); err != nil {
		t.Fatal(err)
	}
	return j
}

// wantKept checks the lines of a file that are not empty.
func wantKept(t *testing.T, path string, want ...string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.FieldsFunc(string(data), func(c rune) bool { return c == '\n' }); !slices.Equal(got, want) {
		t.Errorf("kept: %q, want %q", got, want)
	}
}

// keeping is a relay by a clock of the test, whose file is written by hand.
func keeping(t *testing.T, now *time.Time) (r *Relay, j *journal, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "revocations")
	cfg := generous()
	cfg.Now = func() time.Time { return *now }
	r = New(cfg)
	return r, idle(t, r, path), path
}

func (j *journal) mustWrite(t *testing.T, all ...Revocation) {
	t.Helper()
	if err := j.write(all); err != nil {
		t.Fatal(err)
	}
}

func TestTheFileOfRevocationsIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	r, j, path := keeping(t, &now)
	j.lines = 2*maxRevoked - 2
	for _, rev := range []Revocation{{"ana", 1100}, {"bo", 1100}} {
		r.Revoke(rev)
		j.mustWrite(t, rev)
	}
	wantKept(t, path, `{"id":"ana","until":1100}`, `{"id":"bo","until":1100}`)
	now = time.Unix(1200, 0)
	r.Revoke(Revocation{"cy", 1300})
	j.mustWrite(t, Revocation{"cy", 1300})
	wantKept(t, path, `{"id":"cy","until":1300}`)
	j.mustWrite(t, Revocation{"di", 1300})
	wantKept(t, path, `{"id":"cy","until":1300}`, `{"id":"di","until":1300}`)
}

func TestAFullFileThatIsWrittenAnewKeepsTheNewest(t *testing.T) {
	now := time.Unix(1000, 0)
	r, j, path := keeping(t, &now)
	numbered := func(i int) Revocation { return Revocation{fmt.Sprint("p", i), 2000} }
	var all []Revocation
	for i := range 2 * maxRevoked { // as many as the file may have; half of them are forgotten
		all = append(all, numbered(i))
		r.Revoke(all[i])
	}
	j.mustWrite(t, all...)
	newest := []Revocation{{"ana", 2000}, {"bo", 2000}}
	for _, rev := range newest {
		r.Revoke(rev)
	}
	j.mustWrite(t, newest...)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(data), "\n"); n != maxRevoked || j.lines != n || !strings.HasSuffix(string(data), lines(newest)) {
		t.Errorf("%d lines are kept, want %d with the newest last", n, maxRevoked)
	}
	for id, want := range map[string]bool{"ana": true, "bo": true, "p1": false, numbered(maxRevoked).ID: false, numbered(maxRevoked + 2).ID: true, numbered(2*maxRevoked - 1).ID: true} {
		if got := r.revoked.covers(id, now); got != want {
			t.Errorf("%s is revoked: %v, want %v", id, got, want)
		}
	}
	if len(r.revoked.until) != maxRevoked || len(r.revoked.order) != maxRevoked {
		t.Errorf("%d and %d are known, want %d", len(r.revoked.until), len(r.revoked.order), maxRevoked)
	}
}

// What another relay has written, and what came while the file was read.
func TestWhatAFileHasIsTakenUpAsOlder(t *testing.T) {
	var r revocations
	now := time.Unix(1000, 0)
	r.add(Revocation{"ana", 1010}, now)
	r.add(Revocation{"bo", 1020}, now)
	r.takeUp([]Revocation{{"cy", 1005}, {"ana", 1010}, {"bo", 1025}})
	if want := []Revocation{{"cy", 1005}, {"bo", 1025}, {"ana", 1010}, {"bo", 1020}}; !slices.Equal(r.order, want) {
		t.Errorf("in order: %v, want %v", r.order, want)
	}
	if !r.covers("bo", time.Unix(1025, 0)) || !r.covers("cy", now) || !r.covers("ana", now) {
		t.Error("not all are revoked")
	}
	for i := range maxRevoked - 5 { // room for one
		r.add(Revocation{fmt.Sprint("p", i), 1030}, now)
	}
	r.takeUp([]Revocation{{"di", 1000}, {"eve", 1030}})
	if len(r.order) != maxRevoked || r.order[0].ID != "eve" || r.covers("di", now) || !r.covers("eve", now) {
		t.Errorf("%d are known, the first is %v, want %d", len(r.order), r.order[0], maxRevoked)
	}
}

func TestALineThatWasCutOffLeavesTheNextOneWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	j := idle(t, New(generous()), path)
	j.file.WriteString(`{"id":"ana","un`) // and then the disk had no room
	j.mustWrite(t, Revocation{"bo", 1})
	wantKept(t, path, `{"id":"ana","un`, `{"id":"bo","until":1}`)
}

func TestAFileThatIsWrittenAnewStaysAsItIsUntilThen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	j := idle(t, New(generous()), path)
	j.mustWrite(t, Revocation{"ana", 1})
	j.all = func() []Revocation { // of which nothing is on the disk yet
		wantKept(t, path, `{"id":"ana","until":1}`)
		return nil
	}
	if err := j.rewrite(); err != nil {
		t.Fatal(err)
	}
	wantKept(t, path)
	if left, err := filepath.Glob(path + "-*"); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestTwoRelaysMayHaveOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	until := time.Now().Add(time.Minute).Unix()
	line := func(id string) string { return fmt.Sprintf(`{"id":"%s","until":%d}`, id, until) }
	first := idle(t, New(generous()), path)
	first.mustWrite(t, Revocation{"ana", until})
	r := New(generous())
	second := idle(t, r, path) // writes it anew
	first.mustWrite(t, Revocation{"bo", until})
	second.mustWrite(t, Revocation{"cy", until})
	wantKept(t, path, line("ana"), line("bo"), line("cy"))
	if err := second.rewrite(); err != nil {
		t.Fatal(err)
	}
	if !r.revoked.covers("bo", time.Unix(until, 0)) {
		t.Error("what the first has written is not taken up when the second writes anew")
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
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := r.KeepRevocations(filepath.Join(dir, "revocations")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
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
