package sim

import (
	"time"

	"holdline/server/signal"
)

// deed is what ended a page, as the world did it.
type deed int

const (
	deedNone deed = iota // it lives, or nothing that the page could know of was done
	deedLeft
	deedClosed
	deedReloaded
	deedNavigated
	deedCrashed
	deedKilled
	deedPowerOff
	deedDiscarded
	deedFailed
	deedRemoved
	deedSentAway
	deeds
)

func (d deed) String() string {
	return [...]string{"lives", "left", "closed the page", "reloaded", "navigated", "crashed", "was killed", "lost power", "was discarded", "had its program fail", "was removed", "was sent away"}[d]
}

// identity is the truth about one participant.
type identity struct {
	id      string
	machine *machine
	page    *page // that lives by it
	deed    deed  // what ended its last page
	deeds   int   // all that was ever done to it, as bits
	lately  int   // what was done since a page was last welcomed under it
	at      time.Duration
	said    bool          // the stub or Leave said goodbye
	word    bool          // the browser sent what the page had left for its end
	mute    bool          // the scripts of a page of its were stopped before they could say goodbye
	blind   bool          // no socket told whether a page of its navigated or closed
	roads   bool          // when it went, its socket was open and the server in reach
	left    bool          // Leave was pressed
	copied  time.Duration // until when what a copy of its tab said may count; without Web Locks
	crowded bool          // others took its place while a restarted server knew nobody
	keyLost bool          // the server lost its key while this identity was there
	end     *signal.End
	endAt   time.Duration
	ends    int // how many final ends the room has given it
}

// alive says whether somebody lives by the identity.
func (i *identity) alive() bool {
	return i.page != nil && !i.page.gone && i.deed == deedNone && !i.left
}

// blur is one cause that cannot be told from the true one, and why.
type blur struct {
	deed   deed
	cause  signal.Cause
	when   func(i *identity) bool // nil: always
	reason string                 // "" for the true cause itself
}

// had is a machine to which one of these has happened.
func had(kinds ...Kind) func(i *identity) bool {
	bits := uint64(0)
	for _, k := range kinds {
		bits |= 1 << k
	}
	return func(i *identity) bool { return i.machine.had&bits != 0 }
}

// noRoad says whether the last words of the identity may not have reached the
// server: there was no way then, or not for long enough.
func noRoad(i *identity) bool {
	if !i.roads {
		return true
	}
	o := &i.machine.world.oracle
	from, to := i.at-slowest, i.at+3*time.Second // a socket that was cut off takes a while to send again
	return o.reach[i.machine.index].within(from, to)+o.server.within(from, to) > 0
}

// noWord says whether the browser's word of a death may not have reached the
// server, or not counted there.
func noWord(i *identity) bool { return !i.word || i.keyLost || noRoad(i) }

// blurs are the causes that a room's final end may name, by what was done.
// The ones with a reason are those that cannot be told apart.
var blurs = []blur{
	{deedNone, signal.CauseNetworkLost, had(Uplink, Unplug, ServerPath, Roam, HalfOpen, Sleep, PowerOff), ""},
	{deedNone, signal.CausePageVanished, had(ResetSocket, Roam, Uplink, Unplug, Freeze, SendAway, Cancel, Download, Sleep), "an end of stream without goodbye, then silence, looks like a page that is gone"},
	{deedNone, signal.CauseServerShutdown, nil, "sent away by a drain, and not able to come back within the grace"},
	{deedNone, signal.CauseServerUnreachable, had(SendAway), "sent away by a server at its limit, and not able to come back within the grace"},
	{deedNone, signal.CauseSignalingLost, had(SendAway), "the socket was closed for reading too slowly"},
	{deedNone, signal.CausePageClosed, had(Cancel, Download, Reload, Navigate, Elsewhere, CloseTab), "Firefox closes the socket at beforeunload; when the page stays but cannot reach the server again, leaving was its last word"},
	{deedNone, signal.CausePageNavigated, had(Cancel, Download, Reload, Navigate, Elsewhere), "the same, with a link as the hint"},
	{deedNone, signal.CausePageFrozen, had(Freeze), ""},
	{deedNone, signal.CauseDeviceSlept, had(Sleep), ""},
	{deedNone, signal.CauseDeviceSlept, had(ClockSet), "a clock that is set forward looks like one that went on while the machine slept"},

	{deedLeft, signal.CauseHangup, nil, ""},
	{deedLeft, signal.CauseNetworkLost, noRoad, "Leave was pressed while the server was out of reach"},
	{deedLeft, signal.CausePageCrashed, func(i *identity) bool { return noRoad(i) && had(Crash)(i) }, "the same, and then the page crashed, of which the browser told"},
	{deedLeft, signal.CausePageVanished, noRoad, "the same, after the end of stream"},
	{deedLeft, signal.CauseServerShutdown, noRoad, "the same, after a drain"},
	{deedLeft, signal.CausePageClosed, noRoad, "the same, after a leaving"},
	{deedLeft, signal.CausePageNavigated, noRoad, "the same, after a leaving"},

	{deedClosed, signal.CausePageClosed, nil, ""},
	{deedClosed, signal.CausePageNavigated, firefoxOf, "Firefox tells a close from a navigation by its socket, which was not open"},
	{deedClosed, signal.CausePageVanished, unsaid, "it closed before it was welcomed, so nothing was prepared to say"},
	{deedClosed, signal.CausePageVanished, noRoad, "no road was open for the goodbye"},
	{deedClosed, signal.CauseNetworkLost, noRoad, "no road was open for the goodbye"},
	{deedClosed, signal.CauseServerShutdown, noRoad, "no road was open for the goodbye"},

	{deedReloaded, signal.CausePageClosed, nil, "a reload that never came back was closed meanwhile"},
	{deedReloaded, signal.CausePageNavigated, firefoxOf, "Firefox does not say reload for its reload button"},
	{deedReloaded, signal.CausePageVanished, unsaid, "it went before it was welcomed"},
	{deedReloaded, signal.CausePageVanished, noRoad, "no road was open for the goodbye"},
	{deedReloaded, signal.CauseNetworkLost, noRoad, "no road was open for the goodbye"},
	{deedReloaded, signal.CauseServerShutdown, noRoad, "no road was open for the goodbye"},

	{deedNavigated, signal.CausePageNavigated, nil, ""},
	{deedNavigated, signal.CausePageClosed, func(i *identity) bool { return i.blind && firefoxOf(i) }, "Firefox tells a navigation from a close by its socket, and there was none when it began"},
	{deedNavigated, signal.CausePageClosed, func(i *identity) bool { return firefoxOf(i) && had(CloseTab)(i) }, "the same, and the tab was closed while it navigated"},
	{deedNavigated, signal.CausePageCrashed, func(i *identity) bool { return i.mute }, "Firefox stopped its scripts, so its record stayed, and the next page went back in by it"},
	{deedNavigated, signal.CausePageVanished, unsaid, "it went before it was welcomed"},
	{deedNavigated, signal.CausePageVanished, noRoad, "no road was open for the goodbye"},
	{deedNavigated, signal.CauseNetworkLost, noRoad, "no road was open for the goodbye"},
	{deedNavigated, signal.CauseServerShutdown, noRoad, "no road was open for the goodbye"},

	{deedCrashed, signal.CausePageCrashed, nil, ""},
	{deedCrashed, signal.CausePageVanished, noWord, "without a word of the browser or a mark nothing tells a crash from a kill"},
	{deedCrashed, signal.CauseNetworkLost, noRoad, "the end of stream did not reach the server"},
	{deedCrashed, signal.CauseServerShutdown, noRoad, "it had been sent away by a drain"},
	{deedCrashed, signal.CausePageClosed, nil, "it crashed between leaving and bye"},
	{deedCrashed, signal.CausePageNavigated, nil, "it crashed between leaving and bye"},

	{deedKilled, signal.CausePageVanished, nil, ""},
	{deedKilled, signal.CausePageCrashed, nil, "a kill leaves no mark either"},
	{deedKilled, signal.CauseNetworkLost, noRoad, "the end of stream did not reach the server"},
	{deedKilled, signal.CauseServerShutdown, noRoad, "it had been sent away by a drain"},
	{deedKilled, signal.CausePageClosed, nil, "it was killed between leaving and bye"},
	{deedKilled, signal.CausePageNavigated, nil, "it was killed between leaving and bye"},

	{deedPowerOff, signal.CauseNetworkLost, nil, ""},
	{deedPowerOff, signal.CausePageCrashed, nil, "a page that comes back without a mark may have crashed or lost power"},
	{deedPowerOff, signal.CausePageVanished, noRoad, "its socket had ended before"},
	{deedPowerOff, signal.CauseServerShutdown, noRoad, "it had been sent away by a drain"},
	{deedPowerOff, signal.CausePageClosed, noRoad, "it had said leaving before"},
	{deedPowerOff, signal.CausePageNavigated, noRoad, "it had said leaving before"},

	{deedRemoved, signal.CauseRemoved, nil, ""},
	{deedSentAway, signal.CauseNotAllowed, nil, ""},
	{deedSentAway, signal.CauseTooMuch, nil, ""},
	{deedSentAway, signal.CausePageVanished, noRoad, "the close did not reach it"},
	{deedSentAway, signal.CauseNetworkLost, nil, "it fell silent before it could answer the close"},

	{deedFailed, signal.CauseClientFailed, nil, ""},
	{deedFailed, signal.CauseServerUnreachable, noRoad, "sent away by a server at its limit before"},
	{deedFailed, signal.CausePageVanished, noRoad, "no road was open for the goodbye"},
	{deedFailed, signal.CauseNetworkLost, noRoad, "no road was open for the goodbye"},
	{deedFailed, signal.CauseServerShutdown, noRoad, "no road was open for the goodbye"},

	{deedDiscarded, signal.CausePageDiscarded, nil, ""},
	{deedDiscarded, signal.CausePageCrashed, nil, "Chromium sends what the page left for its end on a discard, too"},
	{deedDiscarded, signal.CausePageVanished, nil, "a discard closes the socket without a word; only its return tells"},
	{deedDiscarded, signal.CausePageCrashed, had(Navigate, Elsewhere, Reload), "frozen in the middle of a navigation it went without pagehide; it comes back by history, so nothing says that it was discarded"},
	{deedDiscarded, signal.CausePageClosed, nil, "it went between leaving and bye"},
	{deedDiscarded, signal.CausePageNavigated, nil, "it went between leaving and bye"},
	{deedDiscarded, signal.CauseServerShutdown, noRoad, "it had been sent away by a drain"},
	{deedDiscarded, signal.CauseNetworkLost, noRoad, "the end of stream did not reach the server"},
}

func firefoxOf(i *identity) bool { return i.machine != nil && i.machine.browser == firefox }

// unsaid says whether the page had nothing prepared to say.
func unsaid(i *identity) bool { return !i.said }

// explains says whether the cause is the true one, or one that cannot be told
// from it.
func explains(i *identity, c signal.Cause, told bool) bool {
	lately := i.lately
	switch {
	case i.left && noRoad(i):
		lately |= 1 << deedLeft // or what was said before
	case i.left:
		lately = 1 << deedLeft
	case i.deed == deedRemoved && i.machine.world.oracle.restartAt > i.at:
		// The server that had removed it was restarted, and those who had not
		// heard of it say that it was there.
		lately |= i.deeds | 1<<deedNone
	}
	if lately == 0 {
		lately = 1 << deedNone
	}
	if i.machine.sentAway && (c == signal.CauseNotAllowed || c == signal.CauseTooMuch) {
		return true // whatever came then
	}
	if c == signal.CauseDeviceSlept && had(Sleep, ClockSet)(i) {
		return true // it slept, too, and says so when it is back
	}
	if c == signal.CauseServerUnreachable && noRoad(i) && had(SendAway)(i) {
		return true // a server at its limit had sent it away before
	}
	if told {
		// What a page remembers, after a restart of the server, may be older
		// than what was done last.
		for _, b := range blurs {
			if b.cause == c && (i.deeds>>b.deed&1 == 1 || b.deed == deedNone && (b.when == nil || b.when(i))) {
				return true
			}
		}
	}
	for _, b := range blurs {
		if lately>>b.deed&1 == 1 && b.cause == c && (b.when == nil || b.when(i)) {
			return true
		}
	}
	return false
}

// spans are the times at which something did not work.
type spans struct {
	since time.Duration // -1 while it works
	past  [][2]time.Duration
}

func (s *spans) set(now time.Duration, wrong bool) {
	switch {
	case wrong && s.since < 0:
		s.since = now
	case !wrong && s.since >= 0:
		s.past = append(s.past, [2]time.Duration{s.since, now})
		s.since = -1
	}
}

// within is how long it did not work between from and to.
func (s *spans) within(from, to time.Duration) (d time.Duration) {
	for _, p := range s.past {
		d += max(0, min(p[1], to)-max(p[0], from))
	}
	if s.since >= 0 {
		d += max(0, to-max(s.since, from))
	}
	return d
}
