package room

import (
	"strconv"

	"holdline/server/signal"
)

// Evidence is what the room has seen of one participant's going.
type Evidence struct {
	Participant string
	Said        signal.Type // leaving or bye; "" when nothing was said
	Intent      signal.Intent
	Target      string
	Closed      bool         // the stream ended
	Ours        bool         // the server ended it, with Code
	Silent      bool         // pings were not answered
	Told        signal.Cause // by a page that remembers it, after a restart of the server
	Restarted   bool         // this server has not seen it: it was in the room before a restart
	Died        []string     // what the browser has said of the page's death
	Code        int
	Detail      string
}

// Verdict is one line of the table: the first whose condition holds wins.
// Layer, by whom and next step follow from the cause (signal.NewEnd); Source
// says who warrants that the condition means it.
type Verdict struct {
	Name   string
	When   func(Evidence) bool
	Cause  func(Evidence) signal.Cause
	Source string
}

func always(c signal.Cause) func(Evidence) signal.Cause {
	return func(Evidence) signal.Cause { return c }
}

func closeCause(e Evidence) signal.Cause {
	row, ok := signal.CloseOf(e.Code)
	if !ok {
		return signal.CauseUnknown
	}
	return row.Cause
}

// died says whether the browser has said that the page died, and the server
// had not put it out before.
func died(e Evidence) bool { return len(e.Died) > 0 && !(e.Ours && closeCause(e).Said()) }

// navigated says whether a page that might be leaving had its socket closed by
// its browser (1001, going away).
func navigated(e Evidence) bool {
	return e.Said == signal.TypeLeaving && e.Intent == signal.IntentUnknown && e.Closed && !e.Ours && e.Code == goingAway
}

// goingAway is the close code of a page that navigates (RFC 6455, 7.4.1).
const goingAway = 1001

// Verdicts is the room's part of the table of causes, in order.
var Verdicts = []Verdict{
	{"left, and its browser closed the socket before a goodbye", navigated, always(signal.CausePageNavigated), "Firefox 153 closes the sockets of a page that navigates, but of a closed tab only after its goodbye; it may stop the scripts of a page before they say it (TestTheEndsThatAPageCauses)"},
	{"said goodbye", func(e Evidence) bool { return e.Said != "" }, func(e Evidence) signal.Cause { return e.Intent.Cause() }, "html page lifecycle: pagehide; sendBeacon where the socket is gone (W3C beacon)"},
	{"said goodbye to a page while the server was away", func(e Evidence) bool { return e.Told != "" }, func(e Evidence) signal.Cause { return e.Told }, "the roster of a returning page (PROTOCOL.md)"},
	{"died without a goodbye", died, always(signal.CausePageCrashed), "WHATWG fetch: fetchLater; WICG crash reporting; Chromium 156, TestACrashIsToldAtOnce"},
	{"was in the room before the server restarted", func(e Evidence) bool { return e.Restarted }, always(signal.CauseServerShutdown), "the roster of a returning page (PROTOCOL.md)"},
	{"did not answer pings", func(e Evidence) bool { return e.Silent }, always(signal.CauseNetworkLost), "RFC 6455, 5.5.3: a pong is due; RFC 7675, 5.1, for the 30 s"},
	{"the server closed the socket", func(e Evidence) bool { return e.Ours }, closeCause, "RFC 6455, 7.4.2: the close code"},
	{"the stream ended without a goodbye", func(e Evidence) bool { return e.Closed }, always(signal.CausePageVanished), "RFC 6455, 7.1.5: 1006, no close frame; Chromium 156: a crash, a kill"},
}

// Diagnose says what the evidence amounts to.
func Diagnose(e Evidence) signal.End {
	cause, name := signal.CauseUnknown, "nothing is known"
	for _, v := range Verdicts {
		if v.When(e) {
			cause, name = v.Cause(e), v.Name
			break
		}
	}
	evidence := []string{name}
	if e.Said != "" {
		evidence = append(evidence, string(e.Said)+" with intent "+string(e.Intent))
	}
	if e.Closed {
		evidence = append(evidence, "socket closed with "+strconv.Itoa(e.Code))
	}
	if e.Detail != "" {
		evidence = append(evidence, e.Detail)
	}
	evidence = append(evidence, e.Died...)
	end := signal.NewEnd(e.Participant, cause, evidence...)
	if cause == signal.CausePageNavigated {
		end.Target = e.Target
	}
	return end
}
