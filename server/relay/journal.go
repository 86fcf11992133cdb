package relay

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// journal is a file of revocations, a JSON object a line: a credential that
// was revoked would otherwise be good again after a restart. One goroutine
// writes it, and nobody waits for a disk who relays or revokes. A line that
// was cut off is left out.
type journal struct {
	path   string
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
	cut   bool // the last write failed, perhaps within a line
}

// KeepRevocations takes up the revocations of a file, and writes there what
// comes. The file is written as long as the relay is open, even if not all goes
// well at first.
func (r *Relay) KeepRevocations(path string) error {
	file, err := openJournal(path, 0)
	if err != nil {
		return fmt.Errorf("keep revocations: %w", err)
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var rev Revocation
		if json.Unmarshal(lines.Bytes(), &rev) == nil && rev.ID != "" {
			r.revoked.add(rev, r.cfg.Now())
		}
	}
	// A line that is too long ends the scanner; the file is written anew anyhow.
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		file.Close()
		return fmt.Errorf("read %s: %w", path, err)
	}
	j := &journal{
		path: path, file: file, cut: true, all: r.revoked.all,
		failed: func(err error) { r.trouble.warn("a revocation would be lost over a restart", "error", err) },
		ready:  make(chan struct{}, 1), ended: make(chan struct{}),
	}
	err = j.rewrite()
	r.revoked.mu.Lock()
	r.revoked.journal = j
	r.revoked.mu.Unlock()
	go j.run()
	return err
}

func openJournal(path string, also int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND|also, 0o600)
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

// write adds to the file.
func (j *journal) write(batch []Revocation) error {
	if j.lines+len(batch) > 2*maxRevoked {
		return j.rewrite()
	}
	text := lines(batch)
	if j.cut { // or the first line would be part of what was cut off
		text = "\n" + text
	}
	_, err := io.WriteString(j.file, text)
	j.cut = err != nil
	j.lines += len(batch)
	return err
}

// rewrite leaves in the file what is still needed. Until all of that is on the
// disk the file stays as it is.
func (j *journal) rewrite() error {
	all := j.all()
	next := j.path + ".next"
	file, err := openJournal(next, os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, lines(all))
	if err = errors.Join(err, file.Sync()); err == nil {
		err = os.Rename(next, j.path)
	}
	if err != nil {
		file.Close()
		return err
	}
	j.file.Close()
	j.file, j.lines, j.cut = file, len(all), false
	return nil
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
