package relay

import (
	"io"
	"log/slog"
	"testing"
	"time"
)

func TestTroubleIsToldOnceAMinute(t *testing.T) {
	tr, now := newTrouble(slog.New(slog.DiscardHandler)), time.Now()
	for _, tt := range []struct {
		what  string
		after time.Duration
		want  bool
	}{{"one", 0, true}, {"one", troubleEvery - 1, false}, {"another", troubleEvery - 1, true}, {"one", troubleEvery, true}, {"one", troubleEvery + 1, false}} {
		if got := tr.due(tt.what, now.Add(tt.after)); got != tt.want {
			t.Errorf("%s after %v: told %v, want %v", tt.what, tt.after, got, tt.want)
		}
	}
}

// Packets go on while the log hangs.
func TestWhoMeetsTheSameTroubleDoesNotWaitForTheLog(t *testing.T) {
	hangs, end := io.Pipe()
	defer hangs.Close()
	tr := newTrouble(slog.New(slog.NewTextHandler(end, nil)))
	told := make(chan bool)
	go func() {
		tr.warn("a limit is reached")
		close(told)
	}()
	first := make([]byte, 1)
	hangs.Read(first) // it writes
	tr.warn("a limit is reached")
	select {
	case <-told:
		t.Error("the log has not hung")
	default:
	}
}
