package relay

import (
	"log/slog"
	"sync"
	"time"
)

// trouble tells the operator of what the machine refuses to the relay, and of
// limits that may be too low. What clients do otherwise is counted only: anybody
// could fill the log.
type trouble struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]time.Time // when last, by what is wrong
}

// troubleEvery is how often one kind of trouble is told: it comes in floods.
const troubleEvery = time.Minute

func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: log, told: map[string]time.Time{}}
}

// warn waits for the log where it tells; who comes meanwhile does not. It
// reports whether it told.
func (t *trouble) warn(what string, args ...any) bool {
	due := t.due(what, time.Now())
	if due {
		t.log.Warn("relay: "+what, args...)
	}
	return due
}

func (t *trouble) due(what string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, told := t.told[what]; told && now.Sub(last) < troubleEvery {
		return false
	}
	t.told[what] = now
	return true
}
