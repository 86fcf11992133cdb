package relay

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// journal is a file of revocations, a JSON object a line: a credential that
// was revoked would otherwise be good again after a restart. It is written in
// place, so that two relays may have one; a line that was cut off is left out.
type journal struct {
	file  *os.File
	lines int
}

// KeepRevocations takes up the revocations of a file, and writes there what
// comes.
func (r *Relay) KeepRevocations(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep revocations: %w", err)
	}
	r.revoked.mu.Lock()
	defer r.revoked.mu.Unlock()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var rev Revocation
		if json.Unmarshal(lines.Bytes(), &rev) == nil && rev.ID != "" {
			r.revoked.note(rev, r.cfg.Now())
		}
	}
	// A line that is too long ends the scanner; the file is written anew anyhow.
	if err := lines.Err(); err != nil && !errors.Is(err, bufio.ErrTooLong) {
		file.Close()
		return fmt.Errorf("read %s: %w", path, err)
	}
	r.revoked.journal = &journal{file: file}
	return r.revoked.rewrite()
}

// rewrite leaves in the journal what is still needed.
func (r *revocations) rewrite() error {
	if err := r.journal.file.Truncate(0); err != nil {
		return err
	}
	r.journal.lines = len(r.order)
	var lines []byte
	for _, rev := range r.order {
		lines = append(lines, line(rev)...)
	}
	_, err := r.journal.file.Write(lines)
	return err
}

// write adds to the journal.
func (r *revocations) write(rev Revocation) error {
	if r.journal.lines >= 2*maxRevoked {
		return r.rewrite()
	}
	r.journal.lines++
	_, err := io.WriteString(r.journal.file, line(rev))
	return err
}

// close ends keeping them.
func (r *revocations) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.journal != nil {
		r.journal.file.Close()
	}
}

func line(rev Revocation) string {
	data, err := json.Marshal(rev)
	if err != nil {
		panic("relay: revocation: " + err.Error()) // text and a number are JSON
	}
	return string(data) + "\n"
}
