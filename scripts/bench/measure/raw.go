package measure

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Raw is a raw file that is being written: what was measured and on what, of
// type S, then a measurement a line, of type M.
type Raw[S, M any] struct {
	Setting      S
	Measurements []M

	file *os.File
}

// Create begins a raw file.
func Create[S, M any](path string, setting S) (*Raw[S, M], error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &Raw[S, M]{file: f, Setting: setting}
	return r, r.line(setting)
}

func (r *Raw[S, M]) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = r.file.Write(append(text, '\n'))
	return err
}

// Keep writes a measurement at once: what was measured stays when the bench is
// ended.
func (r *Raw[S, M]) Keep(m M) error {
	r.Measurements = append(r.Measurements, m)
	return r.line(m)
}

// Close ends the file.
func (r *Raw[S, M]) Close() error { return r.file.Close() }

// Read reads a raw file.
func Read[S, M any](path string) (setting S, measurements []M, err error) {
	f, err := os.Open(path)
	if err != nil {
		return setting, nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var into any = &setting
		if n > 1 {
			measurements = append(measurements, *new(M))
			into = &measurements[n-2]
		}
		if err := json.Unmarshal(lines.Bytes(), into); err != nil {
			return setting, measurements, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
	}
	return setting, measurements, lines.Err()
}
