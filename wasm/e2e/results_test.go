//go:build e2e

package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdline/wasm/e2e/kit"
)

var update = flag.Bool("update", false, "write what was seen into testdata/browsers, for the README's table")

// results is what the tests saw in this pair of browsers: a file of
// testdata/browsers, from which scripts/docs makes the README's table.
type results struct {
	Actor    string   `json:"actor"` // engine and major version
	Observer string   `json:"observer"`
	Rows     []result `json:"rows"`
}

// result is what Ana's page showed when something happened to Ben's.
type result struct {
	Name   string   `json:"name"`
	Shown  []string `json:"shown,omitempty"`  // state and cause, one after the other
	Cannot string   `json:"cannot,omitempty"` // why Ben's browser cannot be made to do it
}

// major is an engine's name and major version, as in "Firefox 153".
func major(t *testing.T, engine kit.Engine) string {
	t.Helper()
	version, err := started[engine].Version()
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`/(\d+)`).FindStringSubmatch(version)
	if number == nil {
		t.Fatalf("%s is of version %q", engine, version)
	}
	return fmt.Sprintf("%s%s %s", strings.ToUpper(string(engine[:1])), engine[1:], number[1])
}

// write keeps the results of a run of all rows, when -update asks for it.
func (r *results) write(t *testing.T) {
	t.Helper()
	if !*update || t.Failed() {
		return
	}
	actor, observer := engineOf("Ben"), engineOf("Ana")
	r.Actor, r.Observer = major(t, actor), major(t, observer)
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("testdata", "browsers")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%s.json", actor, observer))
	if err := os.WriteFile(name, append(data, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
}
