//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"testing"
)

// chromium is the one browser process of this package's tests.
var chromium *Chromium

func TestMain(m *testing.M) {
	c, end, err := StartChromium()
	if err != nil {
		fmt.Fprintln(os.Stderr, "start Chromium:", err)
		os.Exit(1)
	}
	chromium = c
	code := m.Run()
	end()
	os.Exit(code)
}

// participant opens a room in a browser of its own and joins without a lobby.
func participant(t testing.TB, s *Server, room, name, query string) *Page {
	t.Helper()
	return chromium.NewProfile(t).NewPage(t, s.URL+"/r/"+room+"?join=now&lang=en&name="+name+query)
}

// call is two participants who are connected.
func call(t testing.TB, s *Server, query string) (ana, ben *Page) {
	t.Helper()
	ana = participant(t, s, "test", "Ana", query)
	ana.Until("Ana waits", `document.documentElement.dataset.state === 'waiting'`)
	ben = participant(t, s, "test", "Ben", query)
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	return ana, ben
}

// Sees waits until the page shows the participant in this state.
func (p *Page) Sees(name, state string) {
	p.t.Helper()
	p.Until(name+" is "+state, fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q][data-state=%q]')`, name, state))
}

func TestTwoSeeAndHearEachOther(t *testing.T) {
	ana, ben := call(t, StartServer(t), "")
	for _, p := range []*Page{ana, ben} {
		p.Until("the picture plays", `document.querySelector('[data-peer] video').videoWidth > 0 && !document.querySelector('[data-peer] video').paused`)
	}
}
