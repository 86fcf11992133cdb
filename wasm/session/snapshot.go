package session

// Snapshot is what the page renders and what JS callers read: a copy that
// later steps do not touch. All times are milliseconds since the Unix epoch
// on the page's clock (performance.timeOrigin + performance.now()).
type Snapshot struct {
	At          float64        `json:"at"`
	State       State          `json:"state"`
	Signaling   SignalingState `json:"signaling"`
	Cause       Cause          `json:"cause"`            // of End, else of what passes now (signaling-lost, …), else ""
	End         *End           `json:"end,omitempty"`    // this side's own end
	Former      *End           `json:"former,omitempty"` // came back too late: what the others were told of one's last stay
	Back        *Back          `json:"back,omitempty"`   // in the lobby: go back in as who this browser was when it stopped
	Room        string         `json:"room"`
	Name        string         `json:"name"`
	Participant string         `json:"participant"` // "" until the server's first welcome
	Life        int64          `json:"life"`
	Microphone  Device         `json:"microphone"`
	Camera      Device         `json:"camera"`
	Screen      Device         `json:"screen"`
	Peers       []PeerSnapshot `json:"peers"` // in the room's order, ended ones included
	Messages    []ChatMessage  `json:"messages"`
	AskToLeave  bool           `json:"askToLeave"` // whether closing the page asks "Leave the call?"
}

// Back is the lobby's offer to go back into a call in which this browser
// stopped without a goodbye.
type Back struct {
	Name string  `json:"name"` // under which it was in the call
	At   float64 `json:"at"`   // when it was there last
}

// State is the page's state, as in <html data-state>. The page itself adds
// "start" and "check", which have no session.
type State string

// The states of a session as a person sees them.
const (
	StateLobby      State = "lobby"      // not joined: name and preview
	StateJoining    State = "joining"    // Join was pressed, no welcome yet
	StateWaiting    State = "waiting"    // in the room, no live peer
	StateConnected  State = "connected"  // at least one live peer is connected, signaling is open
	StateRecovering State = "recovering" // no live peer is connected, or one's own signaling is lost
	StateEnded      State = "ended"      // one's own session ended
)

// SignalingState is the state of the link to the server.
type SignalingState string

// The states of the signaling link.
const (
	SignalingStateClosed     SignalingState = "closed"
	SignalingStateConnecting SignalingState = "connecting"
	SignalingStateOpen       SignalingState = "open"
	SignalingStateLost       SignalingState = "lost"
	SignalingStateRefused    SignalingState = "refused"
)

// PeerState is a remote participant's state, as in data-state of its element.
type PeerState string

// The states of a remote participant. What the participant does (away,
// ended) outranks what the link does.
const (
	PeerNegotiating PeerState = "negotiating"
	PeerConnected   PeerState = "connected"
	PeerInterrupted PeerState = "interrupted"
	PeerRecovering  PeerState = "recovering"
	PeerAway        PeerState = "away"
	PeerEnded       PeerState = "ended"
)

// PeerSnapshot is one remote participant.
type PeerSnapshot struct {
	Participant string    `json:"participant"`
	Name        string    `json:"name"`
	State       PeerState `json:"state"`
	Cause       Cause     `json:"cause"`           // why it is not simply connected; "" when it is
	End         *End      `json:"end,omitempty"`   // provisional while away, final once ended
	Until       float64   `json:"until,omitempty"` // when its held place runs out; 0 when nothing runs out
	EndedAt     float64   `json:"endedAt,omitempty"`
	Microphone  bool      `json:"microphone"`     // it sends sound (not muted)
	Camera      bool      `json:"camera"`         // it sends picture
	Screen      bool      `json:"screen"`         // it shares its screen
	Generation  int       `json:"generation"`     // of the RTCPeerConnection in use
	Rejoin      bool      `json:"rejoin"`         // its link ended and it is still in the room: RejoinPressed makes a new one
	Path        *Path     `json:"path,omitempty"` // of the link; nil before its first connection
}

// DeviceState is the state of the own microphone, camera or screen.
type DeviceState string

// The states of a device.
const (
	DeviceOff     DeviceState = "off"     // not wanted (media=none or media=audio); the screen: not shared
	DeviceAsking  DeviceState = "asking"  // getUserMedia or the picker of getDisplayMedia is under way
	DeviceOn      DeviceState = "on"      // captured and sent
	DeviceMuted   DeviceState = "muted"   // captured, sends silence or black; a screen never is
	DeviceMissing DeviceState = "missing" // there is none, or it is not permitted: see Cause
)

// Device is the own microphone, camera or screen.
type Device struct {
	State DeviceState `json:"state"`
	Cause Cause       `json:"cause"`           // device-denied, device-missing, device-lost, unsupported-browser (no secure context; for the screen, no way to capture it), or ""
	Error string      `json:"error,omitempty"` // the browser's error name, for the report
}

// ChatMessage is one line of the chat.
type ChatMessage struct {
	ID   string  `json:"id"`   // unique within the session
	From string  `json:"from"` // participant; one's own for Mine
	Name string  `json:"name"`
	Text string  `json:"text"`
	At   float64 `json:"at"`
	Mine bool    `json:"mine"`
	Sent bool    `json:"sent"` // for Mine: handed to every live participant's channel
}
