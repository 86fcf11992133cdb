package session

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/server/signal"
)

// in is a session in the middle of its life, with Ben.
func in(ph phase, sig SignalingState, l linkState, place string) *Session {
	s := New(DefaultPolicy())
	s.Step(Time{1, 1}, Started{Config{Room: "tea", Name: "Ana", Seed: 1, JoinNow: ph != phaseLobby}})
	s.Participant, s.Phase = "ana", ph
	s.Signaling.State, s.Signaling.Attempt, s.Signaling.Opened, s.Signaling.Welcomed = sig, 1, sig == SignalingStateOpen, sig == SignalingStateOpen
	s.Signaling.HeardAt, s.Signaling.Ever = second, ph == phaseJoined
	p := &peer{ID: "ben", Life: 2, Order: 2, Presence: signal.PresenceState(place), Left: place == "left"}
	p.Link = link{State: l, Generation: 3, Attempt: 1, Ever: l != linkNegotiating, Control: l != linkNegotiating && l != linkEnded, HeardAt: second, BeatHeardAt: second}
	if place != "present" {
		end := signal.NewEnd("ben", signal.CausePageVanished)
		p.End = &end
	}
	s.Peers = []*peer{p}
	return s
}

const second = time.Second

func fromRoom(t signal.Type, payload any) Event {
	return SignalingReceived{1, signal.Envelope{Type: t, To: "ana", Payload: signal.Raw(payload)}}
}

// walk does one transition: by what happens, where it can happen.
type walk struct {
	machine, from, to string
	in                *Session
	events            []Event
}

func walks() []walk {
	const (
		session, lane, path, remote = "the session", "the signaling link", "a peer link", "a remote participant"
		open                        = SignalingStateOpen
	)
	ben := Link{"ben", 2, 3}
	welcome := fromRoom(signal.TypeWelcome, signal.Welcome{Token: "t"})
	row := func(st signal.PresenceState) Event {
		end := signal.NewEnd("ben", signal.CausePageVanished)
		return fromRoom(signal.TypePresent, signal.Presence{Participant: "ben", Name: "Ben", Life: 2, Order: 2, State: st, End: &end})
	}
	left := fromRoom(signal.TypeLeft, signal.Left{End: signal.End{Subject: "ben", Cause: signal.CausePageClosed, Revision: 9, Final: true}})
	refused := SignalingClosed{1, int(signal.CloseRemoved), "", true}
	lost := SignalingClosed{1, 1006, "", false}
	say := func(t signal.Type, count int) Event {
		return ControlReceived{ben, signal.Envelope{Type: t, Life: 2, Generation: 3, Payload: signal.Raw(signal.Goodbye{Count: count, Intent: signal.IntentClose})}}
	}
	beat := ControlReceived{ben, signal.Envelope{Type: signal.TypeBeat, Life: 2, Generation: 3, Payload: signal.Raw(signal.BeatCount{N: 1})}}
	bye := func(l linkState) *Session { return in(phaseJoined, open, l, "present") }
	own := func(ph phase) *Session { return in(ph, open, linkConnected, "present") }
	server := func(st SignalingState) *Session { return in(phaseJoined, st, linkConnected, "present") }
	newcomer := func() *Session { s := own(phaseJoined); s.Peers = nil; return s }
	held := func(place string) *Session { return in(phaseJoined, open, linkConnected, place) }
	lobby, refusedEnd := in(phaseLobby, SignalingStateClosed, linkEnded, "left"), in(phaseEnded, SignalingStateRefused, linkEnded, "left")
	return []walk{
		{session, "", "lobby", New(DefaultPolicy()), []Event{Started{Config{Room: "tea", Seed: 1}}}},
		{session, "lobby", "joining", lobby, []Event{JoinPressed{"Ana"}}},
		{session, "joining", "joined", in(phaseJoining, SignalingStateConnecting, linkConnected, "present"), []Event{welcome}},
		{session, "joined", "joining", own(phaseJoined), []Event{PageHide{Persisted: true}, PageShow{true}}},
		{session, "joining", "ended", own(phaseJoining), []Event{LeavePressed{}}},
		{session, "joined", "ended", own(phaseJoined), []Event{LeavePressed{}}},
		{session, "ended", "joining", in(phaseEnded, SignalingStateClosed, linkEnded, "left"), []Event{RejoinPressed{}}},

		{lane, "", "closed", New(DefaultPolicy()), []Event{Started{Config{Room: "tea", Seed: 1}}}},
		{lane, "closed", "connecting", in(phaseLobby, SignalingStateClosed, linkEnded, "left"), []Event{JoinPressed{"Ana"}}},
		{lane, "connecting", "open", in(phaseJoining, SignalingStateConnecting, linkConnected, "present"), []Event{welcome}},
		{lane, "lost", "open", server(SignalingStateLost), []Event{welcome}},
		{lane, "connecting", "lost", in(phaseJoining, SignalingStateConnecting, linkConnected, "present"), []Event{lost}},
		{lane, "open", "lost", server(open), []Event{lost}},
		{lane, "connecting", "refused", in(phaseJoining, SignalingStateConnecting, linkConnected, "present"), []Event{refused}},
		{lane, "open", "refused", server(open), []Event{refused}},
		{lane, "lost", "refused", server(SignalingStateLost), []Event{refused}},
		{lane, "connecting", "closed", in(phaseJoining, SignalingStateConnecting, linkConnected, "present"), []Event{LeavePressed{}}},
		{lane, "open", "closed", server(open), []Event{LeavePressed{}}},
		{lane, "lost", "closed", server(SignalingStateLost), []Event{LeavePressed{}}},
		{lane, "refused", "closed", refusedEnd, []Event{RejoinPressed{}}}, // and on to connecting

		{path, "", "negotiating", newcomer(), []Event{row("present")}},
		{path, "negotiating", "connected", bye(linkNegotiating), []Event{ControlOpened{ben}}},
		{path, "connected", "interrupted", server(SignalingStateLost), []Event{ConnectionStateChanged{ben, "failed"}}},
		{path, "interrupted", "recovering", bye(linkInterrupted), []Event{Tick{}}},
		{path, "interrupted", "connected", bye(linkInterrupted), []Event{beat}},
		{path, "recovering", "connected", bye(linkRecovering), []Event{beat}},
		{path, "negotiating", "ended", bye(linkNegotiating), []Event{left}},
		{path, "connected", "ended", bye(linkConnected), []Event{say(signal.TypeBye, 2)}},
		{path, "interrupted", "ended", bye(linkInterrupted), []Event{ConnectionRefused{ben, "err"}}},
		{path, "recovering", "ended", bye(linkRecovering), []Event{left}},
		{path, "ended", "negotiating", bye(linkEnded), []Event{RejoinPressed{}}},

		{remote, "", "present", newcomer(), []Event{row("present")}},
		{remote, "", "leaving", newcomer(), []Event{row("leaving")}},
		{remote, "", "away", newcomer(), []Event{row("away")}},
		{remote, "present", "leaving", held("present"), []Event{say(signal.TypeLeaving, 1)}},
		{remote, "away", "leaving", held("away"), []Event{say(signal.TypeLeaving, 1)}},
		{remote, "leaving", "present", held("leaving"), []Event{say(signal.TypeStay, 1)}},
		{remote, "away", "present", held("away"), []Event{row("present")}},
		{remote, "present", "away", held("present"), []Event{say(signal.TypeBye, 1)}},
		{remote, "leaving", "away", held("leaving"), []Event{row("away")}},
		{remote, "present", "left", held("present"), []Event{left}},
		{remote, "leaving", "left", held("leaving"), []Event{left}},
		{remote, "away", "left", held("away"), []Event{left}},
		{remote, "left", "present", held("left"), []Event{row("present")}},
		{remote, "left", "leaving", held("left"), []Event{row("leaving")}},
		{remote, "left", "away", held("left"), []Event{row("away")}},
	}
}

// stands says where each machine is.
func stands(s *Session, machine string) string {
	switch machine {
	case "the session":
		return phaseNames[s.Phase]
	case "the signaling link":
		return string(s.Signaling.State)
	case "a peer link":
		return linkNames[s.Peers[0].Link.State]
	}
	return s.Peers[0].place()
}

func TestEveryTransitionOfTheTablesHappens(t *testing.T) {
	done := map[string]bool{}
	for _, w := range walks() {
		name := w.machine + ": " + w.from + " → " + w.to
		done[name] = true
		if w.from != "" && stands(w.in, w.machine) != w.from {
			t.Errorf("%s begins in %q", name, stands(w.in, w.machine))
		}
		for _, ev := range w.events {
			w.in.Step(Time{2 * second, 1}, ev)
		}
		want := w.to
		if w.from == "refused" {
			want = "connecting"
		}
		if got := stands(w.in, w.machine); got != want || w.in.Nevers != 0 {
			t.Errorf("%s: got to %q, and %d things that cannot happen", name, got, w.in.Nevers)
		}
	}
	for _, m := range Machines() {
		for _, tr := range m.Transitions {
			if name := m.Name + ": " + tr.From + " → " + tr.To; !done[name] {
				t.Errorf("nothing here does %s", name)
			}
			if tr.From != "" && !slices.Contains(m.States, tr.From) || !slices.Contains(m.States, tr.To) || tr.When == "" {
				t.Errorf("%s: %+v is no transition", m.Name, tr)
			}
		}
	}
}

func TestAMoveThatNoTableHasIsCounted(t *testing.T) {
	for _, m := range Machines() {
		for _, from := range m.States {
			for _, to := range m.States {
				want := 1
				if from == to || slices.ContainsFunc(m.Transitions, func(tr Transition) bool { return tr.From == from && tr.To == to }) {
					want = 0
				}
				s := New(DefaultPolicy())
				s.moves(m.Transitions, from, to)
				if s.Nevers != want {
					t.Errorf("%s: %s → %s was counted %d times, want %d", m.Name, from, to, s.Nevers, want)
				}
			}
		}
	}
	s := in(phaseJoined, SignalingStateOpen, linkNegotiating, "present")
	s.enterLink(s.Peers[0], linkRecovering, "")
	if s.Nevers != 1 {
		t.Errorf("an undeclared move was counted %d times, want 1", s.Nevers)
	}
}

// writers are the functions that may write what the four machines stand on,
// because they ask the tables.
var writers = map[string][]string{
	"l.State":           {"enterLink"},
	"s.Phase":           {"enterPhase"},
	"s.Signaling.State": {"enterSignaling", "started"}, // started: the first state
	"p.Presence":        {"enterPresent", "enterAway"},
	"p.Left":            {"left", "presence"},
}

func TestOnlyWhoAsksTheTablesWritesTheStates(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				a, ok := n.(*ast.AssignStmt)
				if !ok {
					return true
				}
				for _, to := range a.Lhs {
					what := selector(to)
					if what == "p.Link.State" {
						what = "l.State"
					}
					if allowed := writers[what]; allowed != nil {
						seen[what] = true
						if !slices.Contains(allowed, fn.Name.Name) {
							t.Errorf("%s: %s writes %s", name, fn.Name.Name, what)
						}
					}
				}
				return true
			})
		}
	}
	for what := range writers {
		if !seen[what] {
			t.Errorf("nobody writes %s", what)
		}
	}
}

func selector(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return selector(e.X) + "." + e.Sel.Name
	}
	return ""
}
