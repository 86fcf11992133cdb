package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// longestCredentials is the most that --relay-credentials takes.
const longestCredentials = 24 * time.Hour

// issued is what a server leaves in its state folder of the credentials that it
// issues. The next one revokes those, too, though it may issue shorter ones.
type issued struct {
	Life  int64 `json:"life"`  // seconds
	Until int64 `json:"until"` // Unix time in seconds, at which those from before are over
}

// issuedBefore is when the credentials are over that servers before this one
// have issued; life is that of its own. It does not revoke up to the flag's
// limit instead: who comes back under its id would have no relay until then, as it
// is for a while where the flag was lowered.
func issuedBefore(folder string, life time.Duration, now time.Time) (time.Time, error) {
	path := filepath.Join(folder, "credentials")
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, fmt.Errorf("read how long credentials live: %w", err)
	}
	var before issued
	if json.Unmarshal(data, &before) != nil {
		before = issued{} // none, or half of it
	}
	longest := int64(longestCredentials / time.Second)
	until := max(before.Until, now.Unix()+min(before.Life, longest))
	until = min(until, now.Unix()+longest)
	data, err = json.Marshal(issued{Life: int64((life + time.Second - 1) / time.Second), Until: until})
	if err != nil {
		return time.Time{}, err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return time.Unix(until, 0), fmt.Errorf("write how long credentials live: %w", err)
	}
	return time.Unix(until, 0), nil
}
