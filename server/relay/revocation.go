package relay

import (
	"slices"
	"sync"
	"time"
)

// Revocation ends what an id holds, also by credentials that others have asked
// for and passed on to it, and refuses its credentials that expire until then:
// those that were issued so far.
type Revocation struct {
	ID    string `json:"id"`
	Until int64  `json:"until"` // Unix time in seconds
}

// maxRevoked bounds the revocations that are kept. Beyond it the one goes that
// came first: among those of calls it has the least time left, though one of a
// check, which lives shorter, may stand behind it.
const maxRevoked = 1 << 16

// revocations are those whose credentials have not expired by themselves.
type revocations struct {
	mu    sync.Mutex
	until map[string]int64
	order []Revocation // as they came; one that was renewed is in it twice

	journal *journal // nil where they are not kept
}

func (r *revocations) add(rev Revocation, now time.Time) {
	r.mu.Lock()
	news, journal := r.note(rev, now), r.journal
	r.mu.Unlock()
	if news && journal != nil {
		journal.add(rev)
	}
}

// takeUp adds what the journal has and r does not, as older than what r has: all
// of that stays.
func (r *revocations) takeUp(older []Revocation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	older = slices.DeleteFunc(older, func(rev Revocation) bool { return rev.Until <= r.until[rev.ID] })
	older = older[max(len(older)+len(r.order)-maxRevoked, 0):]
	if len(older) == 0 {
		return
	}
	if r.until == nil {
		r.until = map[string]int64{}
	}
	for _, rev := range older {
		r.until[rev.ID] = rev.Until
	}
	r.order = append(older, r.order...)
}

// all are those that are needed, as they came.
func (r *revocations) all() []Revocation {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}

// close ends keeping them.
func (r *revocations) close() {
	r.mu.Lock()
	journal := r.journal
	r.mu.Unlock()
	if journal != nil {
		journal.close()
	}
}

// note reports whether rev says anything new. r.mu is held.
func (r *revocations) note(rev Revocation, now time.Time) bool {
	if r.until == nil {
		r.until = map[string]int64{}
	}
	for len(r.order) > 0 && (r.order[0].Until < now.Unix() || len(r.order) >= maxRevoked) {
		if old := r.order[0]; r.until[old.ID] == old.Until {
			delete(r.until, old.ID)
		}
		r.order = r.order[1:]
	}
	if rev.Until <= r.until[rev.ID] || rev.Until < now.Unix() {
		return false
	}
	r.until[rev.ID] = rev.Until
	r.order = append(r.order, rev)
	return true
}

// covers reports whether a credential of id that expires then is revoked.
func (r *revocations) covers(id string, expires time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	until, revoked := r.until[ownerOf(id)]
	return revoked && expires.Unix() <= until
}
