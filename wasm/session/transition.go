package session

import "holdline/server/signal"

// Transition is a way from one state to another; From is "" where it begins.
type Transition struct{ From, To, When string }

// The four machines of a session. Only what stands here may happen: the enterX
// functions count any other move in Nevers, and STATES.svg is drawn from here.
var (
	phaseTransitions = []Transition{
		{"", "lobby", "the page loads"},
		{"lobby", "joining", "Join, Go back in, or the record of a return"},
		{"joining", "joined", "welcome"},
		{"joined", "joining", "back from the bfcache"},
		{"joining", "ended", "Leave, or refused"},
		{"joined", "ended", "Leave, or refused"},
		{"ended", "joining", "Rejoin"},
	}
	signalingTransitions = []Transition{
		{"", "closed", "the page loads"},
		{"closed", "connecting", "join"},
		{"connecting", "open", "welcome"},
		{"lost", "open", "welcome after a retry"},
		{"connecting", "lost", "no welcome"},
		{"open", "lost", "closed, or silent"},
		{"connecting", "refused", "a final close code"},
		{"open", "refused", "a final close code"},
		{"lost", "refused", "a final close code"},
		{"connecting", "closed", "Leave, or a new life"},
		{"open", "closed", "Leave, or a new life"},
		{"lost", "closed", "Leave, or a new life"},
		{"refused", "closed", "Rejoin"},
	}
	linkTransitions = []Transition{
		{"", "negotiating", "somebody is there"},
		{"negotiating", "connected", "the control channel opens"},
		{"connected", "interrupted", "silence, or its channel closes"},
		{"interrupted", "recovering", "the remote can be reached: rung 1"},
		{"interrupted", "connected", "heard again"},
		{"recovering", "connected", "heard again"},
		{"negotiating", "ended", "bye, left, or given up"},
		{"connected", "ended", "bye, left, or given up"},
		{"interrupted", "ended", "bye, left, or given up"},
		{"recovering", "ended", "bye, left, or given up"},
		{"ended", "negotiating", "its next life, or a new connection"},
	}
	placeTransitions = []Transition{
		{"", "present", "the room says so"},
		{"", "leaving", "the room says so"},
		{"", "away", "the room says so"},
		{"present", "leaving", "beforeunload"},
		{"away", "leaving", "beforeunload"},
		{"leaving", "present", "stay"},
		{"away", "present", "back, or stay"},
		{"present", "away", "bye, freeze, stream ended, silence"},
		{"leaving", "away", "bye, freeze, stream ended, silence"},
		{"present", "left", "the room ends it; hangup at once"},
		{"leaving", "left", "the room ends it; hangup at once"},
		{"away", "left", "the room ends it; hangup at once"},
		{"left", "present", "a restarted room has it again"},
		{"left", "leaving", "a restarted room has it again"},
		{"left", "away", "a restarted room has it again"},
	}
)

var (
	phaseNames = [...]string{"lobby", "joining", "joined", "ended"}
	linkNames  = [...]string{"negotiating", "connected", "interrupted", "recovering", "ended"}
)

// moves counts a move that the table does not have.
func (s *Session) moves(table []Transition, from, to string) {
	if from == to {
		return
	}
	for _, t := range table {
		if t.From == from && t.To == to {
			return
		}
	}
	s.Nevers++
}

// place is where a participant stands for this page; "" before its first word.
func (p *peer) place() string {
	if p.Left {
		return "left"
	}
	return string(p.Presence)
}

// Machine is one of the four, for those who draw it.
type Machine struct {
	Name        string
	States      []string
	Transitions []Transition
}

// Machines lists the four.
func Machines() []Machine {
	return []Machine{
		{"the session", phaseNames[:], phaseTransitions},
		{"the signaling link", []string{
			string(SignalingStateClosed), string(SignalingStateConnecting), string(SignalingStateOpen), string(SignalingStateLost), string(SignalingStateRefused),
		}, signalingTransitions},
		{"a peer link", linkNames[:], linkTransitions},
		{"a remote participant", []string{
			string(signal.PresencePresent), string(signal.PresenceLeaving), string(signal.PresenceAway), "left",
		}, placeTransitions},
	}
}

// Decision is a row of the matrix, for those who draw it: what becomes of an
// event in each of the four states, of the session or of a peer link.
type Decision struct {
	Event  string
	OfLink bool
	Cells  [4]string // never, ignore, handle
}

// Decisions lists the matrix.
func Decisions() []Decision {
	words := [...]string{undecided: "undecided", never: "never", ignore: "ignore", handle: "handle"}
	var all []Decision
	for k := range kinds {
		d := Decision{Event: k.String(), OfLink: k >= kindNegotiationNeeded}
		cells := linkMatrix[k]
		if !d.OfLink {
			cells = phaseMatrix[k]
		}
		for i, v := range cells {
			d.Cells[i] = words[v]
		}
		all = append(all, d)
	}
	return all
}
