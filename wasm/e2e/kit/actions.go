package kit

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Action is something that a person, a browser or a machine does to a page,
// by name. Do one with Page.Do.
type Action struct {
	Name string
	// Address is where the action leads, for those that lead somewhere: see To.
	Address string
	// NeedsAddress tells that the action leads somewhere.
	NeedsAddress bool
	// WholeBrowser tells that the action reaches all pages of the browser
	// process: start one for it alone, with StartFor.
	WholeBrowser bool

	cannot   map[Engine]string
	chromium func(ctx context.Context, t *chromiumTab, address string) error
	firefox  func(ctx context.Context, t *firefoxTab, address string) error
}

// To is the action with the address where it leads.
func (a Action) To(address string) Action {
	a.Address = address
	return a
}

// Cannot says why the kit cannot do the action in an engine, and is empty when
// it can.
func (a Action) Cannot(e Engine) string { return a.cannot[e] }

// ActionNamed finds one of Actions by its name.
func ActionNamed(name string) (Action, bool) {
	i := slices.IndexFunc(Actions, func(a Action) bool { return a.Name == name })
	if i < 0 {
		return Action{}, false
	}
	return Actions[i], true
}

// Do performs an action and returns once it was ordered: the page may be gone
// before it could answer. It returns the moment of the order, in milliseconds
// since 1970, on the clock that a page has in performance.timeOrigin +
// performance.now().
func (p *Page) Do(a Action) (at float64) {
	p.t.Helper()
	if why := a.Cannot(p.Engine()); why != "" {
		p.t.Fatalf("%s cannot be done in %s: %s", a.Name, p.Engine(), why)
	}
	if a.NeedsAddress && a.Address == "" {
		p.t.Fatalf("%s needs an address: use To", a.Name)
	}
	if a.Name == StopBrowser.Name {
		p.t.Cleanup(func() { signalTree(p.Profile.Browser.driver.pid(), continueSignal) }) // so that it can be closed
	}
	at = float64(time.Now().UnixMicro()) / 1000
	p.must(a.Name, func(ctx context.Context) error { return p.perform(ctx, a) })
	return at
}

func (t *chromiumTab) perform(ctx context.Context, a Action) error {
	return a.chromium(ctx, t, a.Address)
}

func (t *firefoxTab) perform(ctx context.Context, a Action) error {
	return a.firefox(ctx, t, a.Address)
}

// byScript is an action that a statement in the page does; %q in it is the
// address.
func byScript(a Action, statement string) Action {
	fill := func(address string) string {
		if a.NeedsAddress {
			return fmt.Sprintf(statement, address)
		}
		return statement
	}
	a.chromium = func(_ context.Context, t *chromiumTab, address string) error { t.fire(fill(address)); return nil }
	a.firefox = func(_ context.Context, t *firefoxTab, address string) error { t.fire(fill(address)); return nil }
	return a
}

// byProcess is an action on the browser's process.
func byProcess(name string, do func(pid int)) Action {
	return Action{
		Name: name, WholeBrowser: true,
		chromium: func(_ context.Context, t *chromiumTab, _ string) error { do(t.browser.pid()); return nil },
		firefox:  func(_ context.Context, t *firefoxTab, _ string) error { do(t.browser.pid()); return nil },
	}
}

const clickLink = `(() => {
	const a = document.createElement('a')
	a.href = %q
	document.body.append(a)
	a.click()
})()`

// leap is the history's button, forward or back.
func leap(name string, delta int) Action {
	return Action{
		Name:     name,
		chromium: func(ctx context.Context, t *chromiumTab, _ string) error { return t.leap(ctx, delta) },
		firefox: func(_ context.Context, t *firefoxTab, _ string) error {
			t.order("browsingContext.traverseHistory", M{"delta": delta})
			return nil
		},
	}
}

// leap goes through the tab's history.
func (t *chromiumTab) leap(ctx context.Context, delta int) error {
	var h struct {
		CurrentIndex int `json:"currentIndex"`
		Entries      []struct {
			ID int64 `json:"id"`
		} `json:"entries"`
	}
	if err := t.command(ctx, "Page.getNavigationHistory", M{}, &h); err != nil {
		return err
	}
	to := h.CurrentIndex + delta
	if to < 0 || to >= len(h.Entries) {
		return fmt.Errorf("history: there are %d pages, and this is number %d", len(h.Entries), h.CurrentIndex+1)
	}
	t.order("Page.navigateToHistoryEntry", M{"entryId": h.Entries[to].ID})
	return nil
}
