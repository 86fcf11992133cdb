package session

import (
	"encoding/json"
	"reflect"
	"testing"

	"holdline/server/signal"
)

var testLink = Link{Peer: "ben", Life: 2, Generation: 3}

var testFlow = Flow{Pair: &Pair{Local: Candidate{Type: "relay", Protocol: "udp", Address: "192.0.2.1", Port: 5000, Network: "wifi"}, Remote: Candidate{Type: "host"}, RelayProtocol: "tls"},
	Checks: Checks{1, 2, 3, 4}, RTT: 3.5, Loss: 0.1, In: 1000, Out: 2000, Consent: 30}

// everyEvent has one event of every kind, with every field set.
var everyEvent = []Event{
	Started{Config{Room: "tea", Name: "Ana", JoinNow: true, Microphone: true, Camera: true, Origin: 1.5, Seed: 1<<64 - 1,
		Record: &Record{Room: "tea", Name: "Ana", Participant: "ana", Life: 1, Token: "t", Microphone: true, Camera: true, Messages: []ChatMessage{{ID: "ana-1-1"}}},
		Locked: true, Navigation: "reload", AskToLeave: true, Hidden: true, ICEServers: []signal.ICEServer{{URLs: []string{"stun:a"}, Username: "u", Credential: "c"}}}},
	JoinPressed{"Ana"}, LeavePressed{}, RejoinPressed{}, GoBackPressed{}, StoppedClaimed{"p", true, false}, Said{"hello"}, DeviceSwitched{Camera, true}, AskChosen{true},
	DeviceOpened{Camera}, DeviceFailed{Microphone, "NotFoundError"}, DeviceEnded{Camera},
	BeforeUnload{signal.IntentReload, "/r/tea"}, PageHide{signal.IntentNavigate, "/", true}, PageShow{true}, PageFrozen{}, PageResumed{},
	VisibilityChanged{true}, NetworkChanged{true}, Tick{},
	SignalingOpened{1}, SignalingReceived{1, signal.Envelope{Type: signal.TypeBeat, Ack: 4}}, SignalingGarbled{1, "malformed"}, SignalingClosed{1, 4001, "why", true},
	NegotiationNeeded{testLink}, LocalDescriptionSet{testLink, 1, "offer", "v=0", "err"}, RemoteDescriptionSet{testLink, 1, "err"},
	CandidateFound{testLink, json.RawMessage(`{"candidate":""}`), "turn:a", "tls"}, CandidateRefused{testLink, "err"}, CandidateFailed{testLink, 701, "stun:a", "text"},
	ConnectionStateChanged{testLink, "failed"}, DTLSStateChanged{testLink, "failed"}, ConnectionRefused{testLink, "err"},
	ControlOpened{testLink}, ControlReceived{testLink, signal.Envelope{Type: signal.TypeBeat, Life: 2, Payload: json.RawMessage(`{"n":1}`)}},
	ControlGarbled{testLink, "err"}, ControlClosed{testLink},
	ChatOpened{testLink}, ChatReceived{testLink, 1, signal.Chat{ID: "ben-2-1", Text: "hello", At: 1.5}}, ChatClosed{testLink},
	TrackReceived{testLink, Camera}, StatsSampled{testLink, 1, 2, 15, 1, testFlow},
}

func TestMatrixDecidesEveryKindInEveryState(t *testing.T) {
	for k := range kinds {
		cells := linkMatrix[k]
		if k < kindNegotiationNeeded {
			cells = phaseMatrix[k]
		}
		for state, v := range cells {
			if v == undecided {
				t.Errorf("%s in state %d is undecided", k, state)
			}
		}
	}
}

func TestEventsOfALinkAreThoseThatTheLinkMatrixDecides(t *testing.T) {
	for _, ev := range everyEvent {
		if _, of := linkOf(ev); of != (ev.kind() >= kindNegotiationNeeded) {
			t.Errorf("%s: belongs to a link: %v, but its kind is %d", ev.kind(), of, ev.kind())
		}
	}
}

func TestEveryKindHasOneNameAndSurvivesTheCodec(t *testing.T) {
	if len(everyEvent) != int(kinds) {
		t.Fatalf("%d events, want one of each of %d kinds", len(everyEvent), kinds)
	}
	seen := map[string]bool{}
	for i, ev := range everyEvent {
		if ev.kind() != kind(i) {
			t.Errorf("event %d is a %s", i, ev.kind())
		}
		name := ev.kind().String()
		if want := reflect.TypeOf(ev).Name(); name != want || seen[name] {
			t.Errorf("kind %d is called %q, want %q, once", i, name, want)
		}
		seen[name] = true
		got, err := decodeEvent(name, signal.Raw(ev))
		if err != nil || !reflect.DeepEqual(got, ev) {
			t.Errorf("%s after encoding: %+v, %v, want %+v", name, got, err, ev)
		}
	}
	if _, err := decodeEvent("Nonsense", nil); err == nil {
		t.Error("an unknown name decodes")
	}
}

// Whatever comes in whatever state, no step panics, and what the matrix says
// cannot happen is counted.
func TestEveryEventIsTakenInEveryState(t *testing.T) {
	for _, phase := range []phase{phaseLobby, phaseJoining, phaseJoined, phaseEnded} {
		for st := linkNegotiating; st <= linkEnded; st++ {
			for _, ev := range everyEvent {
				s := New(DefaultPolicy())
				s.Step(Time{1, 1}, Started{Config{Room: "tea", Name: "Ana", Seed: 1, JoinNow: phase != phaseLobby}})
				s.Participant, s.Phase = "ana", phase
				s.Signaling.Attempt = 1
				s.Peers = []*peer{{ID: "ben", Life: 2, Presence: signal.PresencePresent, Link: link{State: st, Generation: 3, Attempt: 1, StatsAttempt: 1, Control: st == linkConnected}}}
				s.Step(Time{2, 1}, ev)
				if l, ok := linkOf(ev); !ok && phaseMatrix[ev.kind()][phase] == never && s.Nevers != 1 {
					t.Errorf("%s in phase %d: counted %d times, want 1 (%v)", ev.kind(), phase, s.Nevers, l)
				}
			}
		}
	}
}
