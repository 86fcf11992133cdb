package room

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

// page names the page as the server did.
func page(name string) func(*Hello) { return func(h *Hello) { h.Hello.Page = name } }

func (c *conversation) gone(id string, life int64) said { return c.step(Gone{id, life}) }
func (c *conversation) crash(page string, why signal.CrashReason) said {
	return c.step(Crashed{page, why})
}

// evidence of the End that is said of id now.
func (c *conversation) evidence(id string) []string {
	for _, p := range c.r.people {
		if p.id == id {
			return p.end.Evidence
		}
	}
	for _, l := range c.r.left {
		if l.end.Subject == id {
			return l.end.Evidence
		}
	}
	c.t.Fatalf("nobody knows %s", id)
	return nil
}

// dying is three, with ana on the page that the server called ANA.
func dying(t *testing.T) *conversation {
	c := newConversation(t)
	c.hello(1, "ana", 1, page("ANA"))
	c.hello(2, "bo", 1, page("BO"))
	c.hello(3, "cy", 1)
	return c
}

func TestAPageThatDiedIsCrashedInEitherOrderOfTheNews(t *testing.T) {
	c := dying(t)
	c.closed(1)
	c.after(3 * time.Second)
	c.expect(c.gone("ana", 1),
		"2 away ana life 1 away ana page-crashed #2 17s",
		"3 away ana life 1 away ana page-crashed #2 17s")
	c.expect(c.gone("ana", 1)) // a copy
	if want := []string{"died without a goodbye", "socket closed with 1001", leftBehind}; !slices.Equal(c.evidence("ana"), want) {
		t.Errorf("evidence %q, want %q", c.evidence("ana"), want)
	}
	c.expect(c.runsOut(17*time.Second), "2 left ana page-crashed #3 final", "3 left ana page-crashed #3 final")

	c = dying(t)
	c.expect(c.gone("ana", 1)) // its socket is open: the goodbye may come yet
	c.expect(c.closed(1),
		"2 away ana life 1 away ana page-crashed #1 20s",
		"3 away ana life 1 away ana page-crashed #1 20s")
}

func TestACrashReportSaysWhyAndMakesANewRevision(t *testing.T) {
	c := dying(t)
	c.gone("ana", 1)
	c.closed(1)
	c.expect(c.crash("ANA", signal.CrashOutOfMemory),
		"2 away ana life 1 away ana page-crashed #2 20s",
		"3 away ana life 1 away ana page-crashed #2 20s")
	c.after(20 * time.Second)
	c.expect(c.crash("ANA", signal.CrashOutOfMemory)) // a copy
	c.expect(c.crash("ANA", signal.CrashUnresponsive), "2 left ana page-crashed #4 final", "3 left ana page-crashed #4 final")
	want := []string{"died without a goodbye", "socket closed with 1001", leftBehind, "crash report: out of memory", "crash report: unresponsive"}
	if !slices.Equal(c.evidence("ana"), want) {
		t.Errorf("evidence %q, want %q", c.evidence("ana"), want)
	}
}

func TestACrashReportCorrectsAFinalEnd(t *testing.T) {
	for name, lost := range map[string]func(c *conversation){
		"page-vanished": func(c *conversation) { c.closed(1) },
		"network-lost":  func(c *conversation) { c.silent(1) },
		"slow":          func(c *conversation) { c.step(Closed{Conn: 1, Ours: true, Code: int(signal.CloseSlow)}) },
		"a drain": func(c *conversation) {
			c.step(Drain{})
			c.hello(12, "bo", 1, c.with(2))
			c.hello(13, "cy", 1, c.with(3))
		},
	} {
		for _, news := range []Event{Crashed{"ANA", signal.CrashUnknown}, Gone{"ana", 1}} {
			c := dying(t)
			lost(c)
			c.after(30 * time.Second)
			lines := strings.Join(c.step(news), "\n")
			if strings.Count(lines, "left ana page-crashed #3 final") != 2 {
				t.Errorf("%s, then %T: %s", name, news, lines)
			}
			if lines = strings.Join(c.hello(20, "ana2", 2, c.with(1)), "\n"); !strings.Contains(lines, "former ana page-crashed #3 final") {
				t.Errorf("%s: who comes too late hears %s", name, lines)
			}
		}
	}
}

func TestADeathOverrulesNoGoodbyeAndNoDecisionOfTheServer(t *testing.T) {
	for name, end := range map[string]func(c *conversation){
		"hangup":        func(c *conversation) { c.goodbye(1, signal.TypeBye, 2, signal.IntentHangup) },
		"page-closed":   func(c *conversation) { c.goodbye(1, signal.TypeBye, 2, signal.IntentClose); c.closed(1) },
		"page-reloaded": func(c *conversation) { c.beacon("ana", 1, 2, signal.IntentReload) },
		"page-navigated, leaving as its last word": func(c *conversation) {
			c.goodbye(1, signal.TypeLeaving, 1, signal.IntentNavigate)
			c.closed(1)
		},
		"page-frozen":   func(c *conversation) { c.goodbye(1, signal.TypeLeaving, 1, signal.IntentFreeze) },
		"client-failed": func(c *conversation) { c.goodbye(1, signal.TypeBye, 2, signal.IntentFailed) },
		"removed":       func(c *conversation) { c.step(Remove{"ana"}) },
		"too-much":      func(c *conversation) { c.step(Closed{Conn: 1, Ours: true, Code: int(signal.CloseTooMuch)}) },
	} {
		c := dying(t)
		end(c)
		for range 2 {
			if got := slices.Concat(c.gone("ana", 1), c.crash("ANA", signal.CrashOutOfMemory)); len(got) > 0 {
				t.Errorf("%s: %q", name, got)
			}
			c.after(25 * time.Second)
		}
	}
	// The news may come before the socket ends, too.
	c := dying(t)
	c.gone("ana", 1)
	if got := c.step(Closed{Conn: 1, Ours: true, Code: int(signal.CloseTooMuch)}); !strings.Contains(got[0], "ana too-much #1") {
		t.Errorf("sent away after that: %q", got)
	}
}

func TestAGoodbyeThatTheBrowserOvertookIsAGoodbye(t *testing.T) {
	c := dying(t)
	c.gone("ana", 1)
	c.expect(c.goodbye(1, signal.TypeBye, 2, signal.IntentClose),
		"2 away ana life 1 away ana page-closed #1 10s",
		"3 away ana life 1 away ana page-closed #1 10s")
	c.expect(c.closed(1))
	c.expect(c.gone("ana", 1))
}

func TestWhoCameBackTooLateDiesAsWhoItIsNow(t *testing.T) {
	c := dying(t)
	c.silent(1)
	c.runsOut(30 * time.Second)
	c.hello(4, "ana2", 1, c.with(1), page("ANA")) // the same page, as somebody new
	c.expect(slices.Concat(c.crash("ANA", ""), c.gone("ana", 1)))
	if got := c.closed(4); !strings.Contains(got[0], "ana2 page-crashed") {
		t.Errorf("the page that died: %q", got)
	}
	if got := strings.Join(c.evidence("ana"), ", "); strings.Contains(got, "crash") {
		t.Errorf("what it was before died, too: %s", got)
	}
}

func TestADeathOfThePastChangesNothing(t *testing.T) {
	c := dying(t)
	c.gone("ana", 1) // noted, and then it is there again all the same
	c.hello(4, "ana", 1, c.with(1), page("ANA"))
	if got := c.closed(4); !strings.Contains(got[0], "ana page-vanished") {
		t.Errorf("a page that was there again: %q", got)
	}
	c.hello(5, "ana", 2, c.with(4), page("NEXT"))
	c.expect(slices.Concat(c.gone("ana", 1), c.crash("ANA", ""), c.gone("nobody", 1), c.crash("", ""), c.crash("OTHER", "")))
	if got := c.closed(5); !strings.Contains(got[0], "ana page-vanished") {
		t.Errorf("a life after the one that died: %q", got)
	}
	c.expect(slices.Concat(c.gone("ana", 1), c.gone("ana", 3), c.crash("ANA", "")))
	c.after(20 * time.Second)
	c.expect(slices.Concat(c.gone("ana", 1), c.crash("ANA", ""), c.crash("", "")))
	for page, want := range map[string]bool{"ANA": false, "NEXT": true, "BO": true, "": false} {
		if c.r.Knows(page) != want {
			t.Errorf("knows %q: %v", page, !want)
		}
	}
}
