package page

import (
	"math"
	"strconv"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// Tile is one remote participant's element.
type Tile struct {
	Participant string
	Name        string // as it was told, for data-name
	Shown       string // Name, or the word for somebody without one
	Initials    string
	Tint        string
	State       string
	Cause       string
	What        string // its state in words
	Hold        string // how long its place is held, or ""
	Finding     string // what the evidence says of a path that was not found or was lost, or ""
	Next        string // and what to do about it
	Rejoin      bool   // it is still in the room: a new connection can be tried
	ToCheck     bool   // the doctor may know what is in the way
	Picture     bool   // there is a picture to show
	Muted       bool
	CameraOff   bool
	Screen      bool   // it shares its screen
	ScreenName  string // of that picture
	Path        PathAttributes
	PathName    string // of the button that opens the panel
}

// tile is what to show of p at now. again is in how many milliseconds its
// countdown changes, 0 for never.
func (t Table) tile(p session.PeerSnapshot, now float64) (tile Tile, again float64) {
	shown := t.name(p.Name)
	here := false
	switch p.State {
	case session.PeerConnected, session.PeerInterrupted, session.PeerRecovering:
		here = true
	}
	tile = Tile{
		Participant: p.Participant,
		Name:        p.Name,
		Shown:       shown,
		Initials:    initials(shown),
		Tint:        tint(p.Participant),
		State:       string(p.State),
		Rejoin:      p.Rejoin,
		ToCheck:     toCheck(p),
		Cause:       string(p.Cause),
		What:        t.peer(p),
		Picture:     here && p.Camera,
		Muted:       here && !p.Microphone,
		CameraOff:   here && !p.Camera,
		Screen:      here && p.Screen,
		ScreenName:  t.Say("screen.of", "name", shown),
		Path:        attributesOf(p),
		PathName:    t.Say("path.title", "name", shown),
	}
	if left := p.Until - now; p.State == session.PeerAway && p.Until > 0 && left > 0 {
		seconds := math.Ceil(left / 1000)
		tile.Hold = t.Say("peer.held", "seconds", strconv.Itoa(int(seconds)))
		again = left - (seconds-1)*1000
	}
	if p.State == session.PeerEnded && p.End != nil && p.End.Finding != signal.FindingNone {
		tile.Finding, tile.Next = t.Say("finding."+string(p.End.Finding)), t.Say("next."+string(p.End.Next))
	}
	return tile, again
}

// toCheck reports whether the network is in the way of a link that has ended.
func toCheck(p session.PeerSnapshot) bool {
	return p.State == session.PeerEnded && p.End != nil && p.End.Next == signal.NextCheckFirewall
}

// name is how a participant is called: guests have no name.
func (t Table) name(name string) string {
	if name == "" {
		return t.Say("name.guest")
	}
	return name
}

// peer words how a remote participant is, and why.
func (t Table) peer(p session.PeerSnapshot) string {
	params := []string{"name", t.name(p.Name)}
	state := "peer.state." + string(p.State)
	cause, target := p.Cause, ""
	if p.End != nil {
		cause, target = p.End.Cause, p.End.Target
	}
	if cause == signal.CauseNone {
		return t.Say(state, params...)
	}
	id := "peer.now." + string(cause)
	if p.State == session.PeerEnded {
		id = "peer." + string(cause)
	}
	if target != "" {
		return t.first(params, id+".here", id, state)
	}
	return t.first(params, id, state)
}
