package page

import (
	"math"
	"slices"
	"strconv"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// Panel is the story of one participant's connection: finished words and
// attributes, the plain words first.
type Panel struct {
	Title   string
	Verdict string
	More    string // what the evidence says besides, or ""
	Next    string // and what to do about it
	Rejoin  bool   // as of Tile
	ToCheck bool
	Path    PathAttributes
	Numbers []string // the newest of each of quantities for scripts, "" for what is not known
	Plots   []Plot   // one for each of quantities

	Theirs   string   // the heading of the participant's column
	Kinds    []Kind   // one for each of kinds
	Hidden   string   // how many addresses are hidden, or ""
	Gathered string   // whether both sides are through
	Checks   string   // how the tries went
	Facts    []string // one for each of facts, "" for what is not known

	Recoveries []Recovery // newest first
	Unbroken   string     // why there are none, else ""
}

// PathAttributes are what scripts read of a path, at a tile and at the panel.
type PathAttributes struct {
	Path, State, Why, Finding, Local, Remote string
}

// Kind is how many candidates of one kind both sides found.
type Kind struct{ Local, Remote string }

// Recovery is one time that the link was repaired, or was to be.
type Recovery struct {
	At     float64 // ms since 1970
	What   string  // what was wrong, or ""
	Rung   string  // what was done
	Took   string  // how long, or how it went
	Failed bool
}

// facts are the ids of the rows below the checks, in the order of Panel.Facts.
var facts = []string{"local", "remote", "relay", "took", "consent", "heard"}

// kinds are the kinds of candidates in the order in which browsers prefer them.
var kinds = []struct {
	id string
	of func(session.Candidates) int
}{
	{"host", func(c session.Candidates) int { return c.Host }},
	{"prflx", func(c session.Candidates) int { return c.PeerReflexive }},
	{"srflx", func(c session.Candidates) int { return c.ServerReflexive }},
	{"relay", func(c session.Candidates) int { return c.Relay }},
}

func attributesOf(p session.PeerSnapshot) PathAttributes {
	a := PathAttributes{Path: pathOf(p)}
	if p.Path == nil {
		return a
	}
	a.State, a.Why, a.Finding = string(p.Path.State), string(p.Path.Why), string(p.Path.Finding)
	if p.Path.Pair != nil {
		a.Local, a.Remote = p.Path.Pair.Local.Type, p.Path.Pair.Remote.Type
	}
	return a
}

// panel is the panel of p at now.
func (t Table) panel(p session.PeerSnapshot, series Series, now float64) Panel {
	v := Panel{
		Title:   t.Say("path.title", "name", t.name(p.Name)),
		Verdict: t.verdict(p),
		Rejoin:  p.Rejoin,
		ToCheck: toCheck(p),
		Path:    attributesOf(p),
		Theirs:  t.name(p.Name),
		Facts:   make([]string, len(facts)),
		Kinds:   make([]Kind, len(kinds)),
		Numbers: make([]string, len(quantities)),
	}
	for _, q := range quantities {
		v.Plots = append(v.Plots, t.plot(q, series, now))
	}
	if n := len(series); n > 0 && now-series[n-1].At <= plotGap {
		for i, q := range quantities {
			v.Numbers[i] = number(q.of(series[n-1]))
		}
	}
	if p.Path == nil {
		v.Unbroken = t.Say("path.recoveries.early")
		return v
	}
	path := *p.Path
	if path.Finding != signal.FindingNone {
		v.More = t.Say("finding." + string(path.Finding))
	}
	if p.State == session.PeerEnded && p.End != nil && v.More != "" {
		v.Next = t.Say("next." + string(p.End.Next))
	}
	for i, k := range kinds {
		v.Kinds[i] = Kind{count(k.of(path.Local)), count(k.of(path.Remote))}
	}
	if hidden := path.Local.Hidden + path.Remote.Hidden; hidden > 0 {
		v.Hidden = t.Say("path.hidden", "count", strconv.Itoa(hidden))
	}
	v.Gathered = t.Say("path.gathering")
	if path.Local.Done && path.Remote.Done {
		v.Gathered = t.Say("path.gathered")
	}
	v.Checks = t.checks(path.Checks)
	v.Facts = t.facts(path, now)
	v.Recoveries = t.recoveries(p, now)
	switch {
	case len(v.Recoveries) > 0:
	case path.State == session.PathConnected:
		v.Unbroken = t.Say("path.recoveries.none")
	default:
		v.Unbroken = t.Say("path.recoveries.early")
	}
	return v
}

func count(n int) string { return strconv.Itoa(n) }

// number is a measured value for scripts.
func number(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func (t Table) checks(c session.Checks) string {
	if c == (session.Checks{}) {
		return t.Say("path.checks.none")
	}
	return t.Say("path.checks", "succeeded", count(c.Succeeded), "failed", count(c.Failed), "open", count(c.Running+c.Waiting))
}

func (t Table) facts(path session.Path, now float64) []string {
	var local, remote, relay, took string
	if path.Pair != nil {
		local, remote = t.ending(path.Pair.Local), t.ending(path.Pair.Remote)
		if path.Pair.RelayProtocol != "" {
			relay = t.known("path.over.", path.Pair.RelayProtocol)
		}
	}
	if path.Took > 0 {
		took = t.duration(path.Took)
	}
	return []string{local, remote, relay, took, t.since(path.Consent, now), t.since(path.Heard, now)}
}

// recoveries are the link's recoveries, newest first.
func (t Table) recoveries(p session.PeerSnapshot, now float64) []Recovery {
	var all []Recovery
	for _, r := range p.Path.Recovery {
		v := Recovery{At: r.At, Failed: r.Failed, Rung: t.first(nil, "path.rung."+strconv.Itoa(r.Rung), "path.rung")}
		if r.Cause != signal.CauseNone {
			v.What = t.first([]string{"name", t.name(p.Name)}, "peer.now."+string(r.Cause))
		}
		switch {
		case r.Failed:
			v.Took = t.Say("path.failed")
		case r.Took > 0:
			v.Took = t.Say("path.took", "time", t.duration(r.Took))
		default:
			v.Took = t.Say("path.lasts", "time", t.in(seconds, max(0, now-r.At)))
		}
		all = append(all, v)
	}
	slices.Reverse(all)
	return all
}
