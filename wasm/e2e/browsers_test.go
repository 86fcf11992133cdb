//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"holdline/wasm/e2e/kit"
)

// The pair of browsers that the tests run in: everybody but Ana acts in the
// first, and Ana observes in the second.
var (
	actorFlag    = flag.String("actor", "chromium", "the browser of those who act: chromium or firefox")
	observerFlag = flag.String("observer", "chromium", "Ana's browser, who observes: chromium or firefox")
)

// started are the browser processes of this package's tests, one for each
// engine.
var started = map[kit.Engine]*kit.Browser{}

func TestMain(m *testing.M) {
	flag.Parse()
	var ends []func()
	stop := func() {
		for _, end := range ends {
			end()
		}
	}
	for _, engine := range []kit.Engine{kit.Engine(*actorFlag), kit.Engine(*observerFlag)} {
		if started[engine] != nil {
			continue
		}
		b, end, err := kit.Start(engine)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			stop()
			os.Exit(1)
		}
		started[engine] = b
		ends = append(ends, end)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// engineOf is the engine of a person's browser.
func engineOf(name string) kit.Engine {
	if name == "Ana" {
		return kit.Engine(*observerFlag)
	}
	return kit.Engine(*actorFlag)
}

// profileOf is a browser of a person's own.
func profileOf(t testing.TB, name string) *kit.Profile {
	t.Helper()
	return started[engineOf(name)].NewProfile(t)
}

// visit opens an address in a person's own browser, where a script runs before
// each document's own.
func visit(t testing.TB, name, address, script string) *Page {
	t.Helper()
	p := NewPage(t, profileOf(t, name), "about:blank")
	if script != "" {
		p.BeforeDocuments(script)
	}
	p.Open(address)
	return p
}

// participant opens the room in a person's own browser and joins without a
// lobby.
func participant(t testing.TB, s *kit.Server, name, query string) *Page {
	t.Helper()
	return visit(t, name, address(s, "test", name, query), "")
}
