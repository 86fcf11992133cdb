package kit

import (
	"context"
	"strconv"
	"syscall"
)

// The actions. None waits for what becomes of the page.
var (
	// CloseTab closes the tab as its cross does, beforeunload included.
	CloseTab = Action{
		Name: "tab closed",
		chromium: func(_ context.Context, t *chromiumTab, _ string) error {
			t.order("Page.close", M{})
			return nil
		},
		firefox: func(_ context.Context, t *firefoxTab, _ string) error {
			t.order("browsingContext.close", M{"promptUnload": true})
			return nil
		},
	}

	// ReloadButton is the browser's own.
	ReloadButton = Action{
		Name: "reload button",
		chromium: func(_ context.Context, t *chromiumTab, _ string) error {
			t.order("Page.reload", M{})
			return nil
		},
		firefox: func(_ context.Context, t *firefoxTab, _ string) error {
			t.order("browsingContext.reload", M{"wait": "none"})
			return nil
		},
	}

	// ReloadByScript is location.reload().
	ReloadByScript = byScript(Action{Name: "location.reload()"}, `location.reload()`)

	// FollowLink clicks a link to an address: to another page, to a download,
	// or to an answer 204, which leaves the page where it is.
	FollowLink = byScript(Action{Name: "link", NeedsAddress: true}, clickLink)

	// TypeAddress goes to an address by the address bar.
	TypeAddress = Action{
		Name: "address bar", NeedsAddress: true,
		chromium: func(_ context.Context, t *chromiumTab, address string) error {
			t.order("Page.navigate", M{"url": address, "transitionType": "typed"})
			return nil
		},
		firefox: func(ctx context.Context, t *firefoxTab, address string) error {
			return t.later(ctx, `window.gURLBar.value = `+strconv.Quote(address)+`; window.gURLBar.handleCommand()`)
		},
	}

	// HistoryBack and HistoryForward are the history's buttons.
	HistoryBack    = leap("history back", -1)
	HistoryForward = leap("history forward", +1)

	// DuplicateTab opens a copy of the tab beside it, sessionStorage included;
	// Page.Opened gives it.
	DuplicateTab = Action{
		Name:   "tab duplicated",
		cannot: map[Engine]string{Chromium: noTabBar},
		firefox: func(ctx context.Context, t *firefoxTab, _ string) (err error) {
			t.opened, err = t.browser.inChrome(ctx, t.id, `return NavigableManager.getIdForBrowser(gBrowser.duplicateTab(tab).linkedBrowser)`)
			return err
		},
	}

	// Discard throws the tab away as for want of memory, while another one is
	// looked at. LookAgain looks at it again, which loads it.
	Discard = Action{
		Name:   "tab discarded",
		cannot: map[Engine]string{Chromium: noTabBar},
		firefox: func(ctx context.Context, t *firefoxTab, _ string) error {
			_, err := t.browser.inChrome(ctx, t.id, `
				gBrowser.selectedTab = gBrowser.addTrustedTab('about:blank')
				await gBrowser.prepareDiscardBrowser(tab)
				if (!gBrowser.discardBrowser(tab, true)) throw new Error('the tab cannot be discarded')`)
			return err
		},
	}

	// LookAgain selects the tab that was discarded.
	LookAgain = Action{
		Name:   "discarded tab looked at",
		cannot: map[Engine]string{Chromium: noTabBar},
		firefox: func(ctx context.Context, t *firefoxTab, _ string) error {
			return t.later(ctx, `gBrowser.selectedTab = tab`)
		},
	}

	// Freeze freezes the page as Chromium does with a tab that was not looked
	// at for long: no JavaScript runs in it. Thaw has it go on.
	Freeze = Action{
		Name:   "page frozen",
		cannot: map[Engine]string{Firefox: noFreeze},
		chromium: func(ctx context.Context, t *chromiumTab, _ string) error {
			return t.command(ctx, "Page.setWebLifecycleState", M{"state": "frozen"}, nil)
		},
	}
	Thaw = Action{
		Name:   "frozen page resumed",
		cannot: map[Engine]string{Firefox: noFreeze},
		chromium: func(ctx context.Context, t *chromiumTab, _ string) error {
			return t.command(ctx, "Page.setWebLifecycleState", M{"state": "active"}, nil)
		},
	}

	// OpenAlert opens a modal dialog, which stops the page's JavaScript. It
	// stays open after Page.LeaveDialogs; CloseAlert closes it.
	OpenAlert  = byScript(Action{Name: "modal dialog"}, `alert('a dialog')`)
	CloseAlert = Action{
		Name:     "modal dialog closed",
		chromium: func(_ context.Context, t *chromiumTab, _ string) error { t.answerDialog(true); return nil },
		firefox:  func(_ context.Context, t *firefoxTab, _ string) error { t.answerDialog(true); return nil },
	}

	// CrashPage crashes the process that runs the page.
	CrashPage = Action{
		Name: "page crashed",
		chromium: func(_ context.Context, t *chromiumTab, _ string) error {
			t.order("Page.crash", M{})
			return nil
		},
		firefox: func(ctx context.Context, t *firefoxTab, _ string) error { return t.signalContent(ctx, syscall.SIGABRT) },
	}

	// KillPage kills the process that runs the page (SIGKILL). In Chromium
	// DevTools does not tell which one it is: all pages' processes die.
	KillPage = Action{
		Name: "page killed", WholeBrowser: true,
		chromium: func(_ context.Context, t *chromiumTab, _ string) error {
			for _, pid := range renderers(t.browser.pid()) {
				syscall.Kill(pid, killSignal)
			}
			return nil
		},
		firefox: func(ctx context.Context, t *firefoxTab, _ string) error { return t.signalContent(ctx, killSignal) },
	}

	// QuitBrowser tells the browser to quit (SIGTERM to the main process).
	QuitBrowser = byProcess("browser told to quit", func(pid int) { syscall.Kill(pid, syscall.SIGTERM) })
	// KillBrowser kills the main process (SIGKILL).
	KillBrowser = byProcess("browser killed", func(pid int) { syscall.Kill(pid, killSignal) })
	// KillEverything kills all of the browser's processes (SIGKILL).
	KillEverything = byProcess("browser killed with all its processes", func(pid int) { signalTree(pid, killSignal) })
	// StopBrowser stops all of the browser's processes (SIGSTOP), as a machine
	// does that sleeps, but for its clocks. ContinueBrowser has them go on.
	StopBrowser     = byProcess("browser stopped", func(pid int) { signalTree(pid, stopSignal) })
	ContinueBrowser = byProcess("browser continued", func(pid int) { signalTree(pid, continueSignal) })
)

// Why the kit cannot do an action in an engine.
const (
	noTabBar = "DevTools has no command for it; only an extension has, and none sees the profiles that DevTools makes"
	noFreeze = "Firefox does not freeze pages"
)

// Actions is the table of all actions.
var Actions = []Action{
	CloseTab, ReloadButton, ReloadByScript, FollowLink, TypeAddress, HistoryBack, HistoryForward,
	DuplicateTab, Discard, LookAgain, Freeze, Thaw, OpenAlert, CloseAlert,
	CrashPage, KillPage, QuitBrowser, KillBrowser, KillEverything, StopBrowser, ContinueBrowser,
}

// later runs a statement in the browser's window, and does not wait for what
// it does.
func (t *firefoxTab) later(ctx context.Context, statement string) error {
	_, err := t.browser.inChrome(ctx, t.id, `window.setTimeout(() => { `+statement+` })`)
	return err
}

// signalContent sends a signal to the process that runs the page.
func (t *firefoxTab) signalContent(ctx context.Context, signal syscall.Signal) error {
	text, err := t.browser.inChrome(ctx, t.id, `return String(top.currentWindowGlobal.osPid)`)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, signal)
}

// Opened is the tab that DuplicateTab opened. It is closed with the test.
func (p *Page) Opened() *Page {
	p.t.Helper()
	t, ok := p.tab.(*firefoxTab)
	if !ok || t.opened == "" {
		p.t.Fatal("no tab was duplicated")
	}
	w := &watcher{accept: true}
	copied := &Page{Profile: p.Profile, Describe: p.Describe, t: p.t, tab: t.browser.watch(t.opened, w), watcher: w}
	p.t.Cleanup(copied.close)
	return copied
}
