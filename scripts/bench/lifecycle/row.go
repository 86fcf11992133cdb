package main

import (
	"time"

	"holdline/wasm/e2e/kit"
)

// row is something that happens to Ben's side of a call.
type row struct {
	name string
	// action is what the kit does to Ben's page; act, where it is something
	// else, does it to all pairs.
	action kit.Action
	act    func(b *batch)
	// noted says that Ben's own page notes the moment, as it acts itself.
	noted bool
	// quick are the engines in which all subjects are told at once: their pairs
	// are measured one by one. Elsewhere the others wait for seconds, and their
	// pairs wait together.
	quick []kit.Engine
	back  recovery      // what the call comes back to
	away  time.Duration // how long signaling is cut, and a server is gone
	most  int           // runs, where each takes a minute; 0: as many as are asked for
}

// recovery is when a call is as before.
type recovery int

const (
	noRecovery recovery = iota
	pictureMoves
	attached // both are with the server again, and neither shows anything else
)

// The rows' names are the table's and the raw file's.
const (
	rowLeave   = "Leave pressed"
	rowClose   = "tab closed"
	rowReload  = "reload"
	rowLink    = "link followed"
	rowKill    = "page's process killed"
	rowBrowser = "browser killed"
	rowSilence = "browser stopped"
	rowFreeze  = "page frozen"
	rowCut     = "signaling cut for 3 s"
	rowRestart = "server killed, back after 3 s"
	rowMinute  = "server killed, back after 60 s"
)

func rows() []row {
	// Firefox 153 ends DTLS for a page that is closed or killed, Chromium 156
	// only for one that is reloaded or navigates.
	both, firefox := []kit.Engine{kit.Chromium, kit.Firefox}, []kit.Engine{kit.Firefox}
	return []row{
		{name: rowLeave, noted: true, quick: both, act: (*batch).leave},
		{name: rowClose, noted: true, quick: firefox, action: kit.CloseTab},
		{name: rowReload, noted: true, quick: both, action: kit.ReloadButton, back: pictureMoves},
		{name: rowLink, noted: true, quick: both, action: kit.FollowLink},
		{name: rowKill, quick: firefox, action: kit.KillPage},
		{name: rowBrowser, action: kit.KillBrowser},
		{name: rowSilence, action: kit.StopBrowser},
		{name: rowFreeze, action: kit.Freeze, back: pictureMoves},
		{name: rowCut, act: (*batch).cut, back: attached, away: 3 * time.Second},
		{name: rowRestart, act: (*batch).restart, back: attached, away: 3 * time.Second},
		{name: rowMinute, act: (*batch).restart, back: attached, away: time.Minute, most: 5},
	}
}

// aloneInBrowser says that the action reaches other pages of the browser, too,
// so that one is started for it.
func (r row) aloneInBrowser(e kit.Engine) bool {
	// Each of the kit's profiles has processes of its own in Firefox.
	return r.action.WholeBrowser && !(e == kit.Firefox && r.action.Name == kit.KillPage.Name)
}
