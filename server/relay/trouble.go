package relay

import (
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// trouble tells the operator of what the machine refuses to the relay, and of
// limits that may be too low. What clients do otherwise is counted only: anybody
// could fill the log.
type trouble struct {
	log *slog.Logger

	mu   sync.Mutex
	told map[string]*rate.Sometimes // by what is wrong
}

// troubleEvery is how often one kind of trouble is told: it comes in floods.
const troubleEvery = time.Minute

func newTrouble(log *slog.Logger) *trouble {
	return &trouble{log: log, told: map[string]*rate.Sometimes{}}
}

func (t *trouble) warn(what string, args ...any) {
	t.mu.Lock()
	s := t.told[what]
	if s == nil {
		s = &rate.Sometimes{Interval: troubleEvery}
		t.told[what] = s
	}
	t.mu.Unlock()
	s.Do(func() { t.log.Warn("relay: "+what, args...) })
}
