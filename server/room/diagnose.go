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
	Code        int
	Detail      string
}

// row is one line of the table: the first whose condition holds wins.
type row struct {
	name  string
	when  func(Evidence) bool
	cause func(Evidence) signal.Cause
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

// rows is the room's part of the table of causes.
var rows = []row{
	{"said goodbye", func(e Evidence) bool { return e.Said != "" }, func(e Evidence) signal.Cause { return e.Intent.Cause() }},
	{"said goodbye to a page while the server was away", func(e Evidence) bool { return e.Told != "" }, func(e Evidence) signal.Cause { return e.Told }},
	{"was in the room before the server restarted", func(e Evidence) bool { return e.Restarted }, always(signal.CauseServerShutdown)},
	{"did not answer pings", func(e Evidence) bool { return e.Silent }, always(signal.CauseNetworkLost)},
	{"the server closed the socket", func(e Evidence) bool { return e.Ours }, closeCause},
	{"the stream ended without a goodbye", func(e Evidence) bool { return e.Closed }, always(signal.CausePageVanished)},
}

// Diagnose says what the evidence amounts to.
func Diagnose(e Evidence) signal.End {
	cause, name := signal.CauseUnknown, "nothing is known"
	for _, r := range rows {
		if r.when(e) {
			cause, name = r.cause(e), r.name
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
	end := signal.NewEnd(e.Participant, cause, evidence...)
	if cause == signal.CausePageNavigated {
		end.Target = e.Target
	}
	return end
}
