package session

import (
	"encoding/json"
	"errors"
)

// names are the events as they stand in traces, by kind.
var names = [kinds]string{
	"Started", "JoinPressed", "LeavePressed", "RejoinPressed", "GoBackPressed", "StoppedClaimed", "Said", "DeviceSwitched", "AskChosen",
	"DeviceOpened", "DeviceFailed", "DeviceEnded", "BeforeUnload", "PageHide", "PageShow", "PageFrozen", "PageResumed",
	"VisibilityChanged", "NetworkChanged", "Tick",
	"SignalingOpened", "SignalingReceived", "SignalingGarbled", "SignalingClosed",
	"NegotiationNeeded", "LocalDescriptionSet", "RemoteDescriptionSet", "CandidateFound", "CandidateRefused",
	"CandidateFailed", "ConnectionStateChanged", "DTLSStateChanged", "ConnectionRefused",
	"ControlOpened", "ControlReceived", "ControlGarbled", "ControlClosed",
	"ChatOpened", "ChatReceived", "ChatClosed", "TrackReceived", "StatsSampled",
}

func (k kind) String() string { return names[k] }

// into decodes one kind of event.
func into[T Event](data []byte) (Event, error) {
	var ev T
	err := json.Unmarshal(data, &ev)
	return ev, err
}

var decoders = [kinds]func([]byte) (Event, error){
	into[Started], into[JoinPressed], into[LeavePressed], into[RejoinPressed], into[GoBackPressed], into[StoppedClaimed], into[Said], into[DeviceSwitched], into[AskChosen],
	into[DeviceOpened], into[DeviceFailed], into[DeviceEnded], into[BeforeUnload], into[PageHide], into[PageShow], into[PageFrozen], into[PageResumed],
	into[VisibilityChanged], into[NetworkChanged], into[Tick],
	into[SignalingOpened], into[SignalingReceived], into[SignalingGarbled], into[SignalingClosed],
	into[NegotiationNeeded], into[LocalDescriptionSet], into[RemoteDescriptionSet], into[CandidateFound], into[CandidateRefused],
	into[CandidateFailed], into[ConnectionStateChanged], into[DTLSStateChanged], into[ConnectionRefused],
	into[ControlOpened], into[ControlReceived], into[ControlGarbled], into[ControlClosed],
	into[ChatOpened], into[ChatReceived], into[ChatClosed], into[TrackReceived], into[StatsSampled],
}

// decodeEvent reads an event of a trace.
func decodeEvent(name string, data []byte) (Event, error) {
	for k, n := range names {
		if n == name {
			if len(data) == 0 {
				data = []byte("{}")
			}
			return decoders[k](data)
		}
	}
	return nil, errors.New("session: event: want a known name, got " + name)
}
