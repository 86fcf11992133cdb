package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"holdline/wasm/e2e/kit"
)

// StartServer starts bin/holdline on a free port, with a state folder of its
// own, and stops it when the test ends. args are further flags.
func StartServer(t testing.TB, args ...string) *kit.Server {
	t.Helper()
	binary, err := filepath.Abs("../../bin/holdline")
	if err != nil {
		t.Fatal(err)
	}
	return kit.StartServer(t, binary, append([]string{"--addr", "127.0.0.1:0", "--state", t.TempDir()}, args...)...)
}

// Page is a page of Holdline: the kit's, and what Holdline's page is promised
// to show (README, "The page's contract").
type Page struct {
	*kit.Page
	t testing.TB
}

// NewPage opens an address in a person's browser.
func NewPage(t testing.TB, profile *kit.Profile, url string) *Page {
	t.Helper()
	p := &Page{Page: profile.NewPage(t, "about:blank"), t: t}
	p.Describe = `({ url: location.href, root: { ...document.documentElement.dataset },
		status: document.querySelector('[role=status]')?.textContent,
		alert: document.querySelector('[role=alert]')?.textContent.trim(),
		peers: [...document.querySelectorAll('[data-peer]')].map((e) => ({ ...e.dataset, text: e.innerText })) })`
	if url != "about:blank" {
		p.Open(url)
	}
	return p
}

// Is waits until the page is in this state.
func (p *Page) Is(state string) {
	p.t.Helper()
	p.Until("the page is "+state, fmt.Sprintf(`document.documentElement.dataset.state === %q`, state))
}

// tile selects the element of a participant.
func tile(name string) string {
	return fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q]')`, name)
}

// Sees waits until the page shows the participant in this state.
func (p *Page) Sees(name, state string) {
	p.t.Helper()
	p.Until(name+" is "+state, fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q][data-state=%q]')`, name, state))
}

// SeesCause waits until the participant's element has one of these causes.
func (p *Page) SeesCause(name, state string, causes ...string) {
	p.t.Helper()
	p.Until(name+" is "+state+" by "+strings.Join(causes, " or "), fmt.Sprintf(
		`%[1]s.dataset.state === %[2]q && %[3]q.split(' ').includes(%[1]s.dataset.cause)`, tile(name), state, strings.Join(causes, " ")))
}
