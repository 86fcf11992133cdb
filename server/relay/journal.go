package relay

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// journal is a file of revocations, a JSON object a line: a credential that
// was revoked would otherwise be good again after a restart. One goroutine
// writes it, and nobody waits for a disk who relays or revokes. A line that
// was cut off is left out. Two relays may have one file: what one writes while
// the other writes it anew may be lost.
type journal struct {
	path   string
	now    func() time.Time
	takeUp func([]Revocation)  // what was read and is still needed, as it came
	all    func() []Revocation // what is still needed
	failed func(error)

	mu      sync.Mutex
	waiting []Revocation // at most maxRevoked
	closed  bool
	ready   chan struct{}
	ended   chan struct{}

	// Of the goroutine:
	file  *os.File
	lines int
}

// KeepRevocations takes up the revocations of a file, and writes there what
// comes, even if not all goes well at first.
func (r *Relay) KeepRevocations(path string) error {
	file, err := openJournal(path)
	if err != nil {
		return fmt.Errorf("keep revocations: %w", err)
	}
	j := &journal{
		path: path, file: file, now: r.cfg.Now, takeUp: r.revoked.takeUp, all: r.revoked.all,
		failed: func(err error) { r.trouble.warn("a revocation would be lost over a restart", "error", err) },
		ready:  make(chan struct{}, 1), ended: make(chan struct{}),
	}
	if err = j.rewrite(); err != nil {
		err = fmt.Errorf("keep revocations: %w", err)
	}
	r.revoked.mu.Lock()
	r.revoked.journal = j
	r.revoked.mu.Unlock()
	go j.run()
	return err
}

func openJournal(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// add has rev written soon. Beyond what is kept the oldest goes: the disk
// hangs.
func (j *journal) add(rev Revocation) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	if len(j.waiting) >= maxRevoked {
		j.waiting = j.waiting[1:]
	}
	j.waiting = append(j.waiting, rev)
	j.wake()
}

func (j *journal) wake() {
	select {
	case j.ready <- struct{}{}:
	default:
	}
}

// run writes until close, and then what waits.
func (j *journal) run() {
	defer close(j.ended)
	for range j.ready {
		j.mu.Lock()
		batch, closed := j.waiting, j.closed
		j.waiting = nil
		j.mu.Unlock()
		if len(batch) > 0 {
			if err := j.write(batch); err != nil {
				j.failed(err)
			}
		}
		if closed {
			j.file.Close()
			return
		}
	}
}

// write adds to the file. It begins with a new line, for the one before may
// have been cut off, by a disk without room or the end of a process.
func (j *journal) write(batch []Revocation) error {
	if j.lines+len(batch) > 2*maxRevoked {
		return j.rewrite()
	}
	if err := j.reopen(); err != nil {
		return err
	}
	j.lines += len(batch)
	_, err := io.WriteString(j.file, "\n"+lines(batch))
	return err
}

// reopen finds the file that another relay has put there.
func (j *journal) reopen() error {
	there, err := os.Stat(j.path)
	open, err2 := j.file.Stat()
	if err == nil && err2 == nil && os.SameFile(there, open) {
		return nil
	}
	file, err := openJournal(j.path)
	if err != nil {
		return err
	}
	j.file.Close()
	j.file = file
	return nil
}

// rewrite leaves in the file what is still needed. Until all of that is on the
// disk the file stays as it is.
func (j *journal) rewrite() error {
	older, err := j.read()
	if err != nil {
		return err
	}
	j.takeUp(older)
	next, err := os.CreateTemp(filepath.Dir(j.path), filepath.Base(j.path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(next.Name())
	all := j.all()
	_, err = io.WriteString(next, lines(all))
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	if err := os.Rename(next.Name(), j.path); err != nil {
		return err
	}
	j.lines = len(all)
	return j.reopen()
}

// read returns the newest of the file that are still needed. They are in a
// table of their own: the file may have more than one takes.
func (j *journal) read() ([]Revocation, error) {
	file, err := os.Open(j.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var table revocations
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var rev Revocation
		if json.Unmarshal(lines.Bytes(), &rev) == nil && rev.ID != "" {
			table.note(rev, j.now())
		}
	}
	// A line that is too long ends the scanner; the file is written anew anyhow.
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		return nil, err
	}
	return table.order, nil
}

// close returns when all is written.
func (j *journal) close() {
	j.mu.Lock()
	j.closed = true
	j.wake()
	j.mu.Unlock()
	<-j.ended
}

func lines(all []Revocation) string {
	var text []byte
	for _, rev := range all {
		data, err := json.Marshal(rev)
		if err != nil {
			panic("relay: revocation: " + err.Error()) // text and a number are JSON
		}
		text = append(append(text, data...), '\n')
	}
	return string(text)
}
