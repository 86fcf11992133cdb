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
	"holdline/wasm/e2e/results"
)

var update = flag.Bool("update", false, "write what was seen into testdata/browsers, for the README's table")

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

// keep writes the results of a run of all rows, when -update asks for it.
func keep(t *testing.T, r results.Results) {
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
	dir := filepath.FromSlash(results.Folder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, fmt.Sprintf("%s-%s.json", actor, observer))
	if err := os.WriteFile(name, append(data, '\n'), 0o666); err != nil {
		t.Fatal(err)
	}
}
