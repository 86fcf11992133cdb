package session

import (
	"encoding/json"

	"holdline/server/signal"
)

// Event is a fact. Events of a link name the remote participant and the
// generation of its RTCPeerConnection; those that answer an order bring back
// its attempt.
type Event interface{ kind() kind }

// Facts about the page and the person.
type (
	// Started is the first event of every session.
	Started struct{ Config Config }

	// JoinPressed says that the person wants in, under this name.
	JoinPressed struct{ Name string }
	// LeavePressed says that the person hangs up.
	LeavePressed struct{}
	// RejoinPressed says that the person wants in again after an end.
	RejoinPressed struct{}
	// GoBackPressed says that the person wants back in as who this browser was
	// when it stopped.
	GoBackPressed struct{}
	// StoppedClaimed answers ClaimStopped.
	StoppedClaimed struct {
		Participant string
		Locked      bool // this page holds the identity's Web Lock
		Taken       bool // another tab does
	}
	// Said is a chat message that the person wrote.
	Said struct{ Text string }
	// DeviceSwitched says that the person wants a device on or off.
	DeviceSwitched struct {
		Device DeviceKind
		On     bool
	}
	// AskChosen says whether the person wants to be asked "Leave the call?".
	AskChosen struct{ On bool }

	// DeviceOpened says that getUserMedia or getDisplayMedia gave a live track.
	DeviceOpened struct{ Device DeviceKind }
	// DeviceFailed says that it did not, with the error's name.
	DeviceFailed struct {
		Device DeviceKind
		Name   string
	}
	// DeviceEnded says that a track ended by itself; the screen's, that the
	// person pressed the browser's own "Stop sharing".
	DeviceEnded struct{ Device DeviceKind }

	// BeforeUnload says that the page may go; the stub has sent leaving.
	BeforeUnload struct {
		Intent signal.Intent
		Target string
	}
	// PageHide says that the page goes; the stub has sent bye.
	PageHide struct {
		Intent    signal.Intent
		Target    string
		Persisted bool
	}
	// PageShow says that the page is shown again; Persisted from the bfcache.
	PageShow struct{ Persisted bool }
	// PageFrozen says that the browser is about to freeze the page, PageResumed
	// that it has let it go on (W3C page lifecycle).
	PageFrozen struct{}
	// PageResumed is the other end of PageFrozen.
	PageResumed struct{}
	// VisibilityChanged says whether anybody can see the page.
	VisibilityChanged struct{ Hidden bool }
	// NetworkChanged is the browser's hint: online, offline, another kind.
	NetworkChanged struct{ Online bool }
	// Tick says that Deadline has come.
	Tick struct{}
)

// Facts about the signaling link.
type (
	// SignalingOpened says that the socket of this attempt is open.
	SignalingOpened struct{ Attempt int }
	// SignalingReceived is one message from the server.
	SignalingReceived struct {
		Attempt  int
		Envelope signal.Envelope
	}
	// SignalingGarbled is a message from the server that does not decode.
	SignalingGarbled struct {
		Attempt int
		Err     string
	}
	// SignalingClosed is the end of the socket, after its last message.
	SignalingClosed struct {
		Attempt int
		Code    int
		Reason  string
		Clean   bool
	}
)

// Link names one RTCPeerConnection: the remote participant, its life, and the
// generation.
type Link struct {
	Peer       string
	Life       int64
	Generation int
}

func (l Link) link() Link { return l }

// linkOf is the link that an event belongs to; ok is false for the others.
func linkOf(ev Event) (l Link, ok bool) {
	if of, is := ev.(interface{ link() Link }); is {
		return of.link(), true
	}
	return Link{}, false
}

// Facts about a peer link.
type (
	// NegotiationNeeded is the browser's event of that name.
	NegotiationNeeded struct{ Link }
	// LocalDescriptionSet answers SetLocalDescription.
	LocalDescriptionSet struct {
		Link
		Attempt int
		Type    string
		SDP     string
		Err     string
	}
	// RemoteDescriptionSet answers SetRemoteDescription.
	RemoteDescriptionSet struct {
		Link
		Attempt int
		Err     string
	}
	// CandidateFound is a local candidate, as the browser's own JSON; the one
	// with the empty candidate line ends them.
	CandidateFound struct {
		Link
		Candidate     json.RawMessage
		URL           string // of the server that it comes from, where the browser tells
		RelayProtocol string // udp, tcp or tls: how this page reaches the relay, where the browser tells
	}
	// CandidateRefused says that the browser did not take a remote candidate.
	CandidateRefused struct {
		Link
		Err string
	}
	// CandidateFailed is the browser's icecandidateerror.
	CandidateFailed struct {
		Link
		Code int
		URL  string
		Text string
	}
	// ConnectionStateChanged is RTCPeerConnection.connectionState.
	ConnectionStateChanged struct {
		Link
		State string
	}
	// DTLSStateChanged is RTCDtlsTransport.state.
	DTLSStateChanged struct {
		Link
		State string
	}
	// ConnectionRefused says that no RTCPeerConnection could be made.
	ConnectionRefused struct {
		Link
		Err string
	}
	// ControlOpened says that the control channel is open.
	ControlOpened struct{ Link }
	// ControlReceived is one message on it.
	ControlReceived struct {
		Link
		Envelope signal.Envelope
	}
	// ControlGarbled is one that does not decode.
	ControlGarbled struct {
		Link
		Err string
	}
	// ControlClosed says that the control channel is closed for good.
	ControlClosed struct{ Link }
	// ChatOpened, ChatReceived and ChatClosed are the same for the chat channel.
	ChatOpened struct{ Link }
	// ChatReceived is one chat message.
	ChatReceived struct {
		Link
		Seq  int64
		Chat signal.Chat
	}
	// ChatClosed says that the chat channel is closed for good.
	ChatClosed struct{ Link }
	// TrackReceived says that a remote track has arrived.
	TrackReceived struct {
		Link
		Device DeviceKind
	}
	// StatsSampled answers SampleStats. Packets counts everything that came
	// from the remote: RTP, data, STUN responses.
	StatsSampled struct {
		Link
		Attempt int
		Packets int64
		Age     float64 // ms since the last of them came, as far as the browser tells; else 0
		Media   int64   // RTP packets among them
		Flow    Flow
	}
)

// Flow is what a sample says of the path beyond signs of life. Rates are of
// the time since the sample before.
type Flow struct {
	Pair    *Pair   // the chosen one, nil while there is none
	Checks  Checks  // of all pairs
	RTT     float64 // ms
	Loss    float64 // of the RTP packets that should have come, 0 to 1
	In      float64 // bit/s
	Out     float64 // bit/s
	Consent float64 // ms since the other side's browser last answered a check of the pair; 0 where the browser does not tell
}

// DeviceKind is a kind of capture device.
type DeviceKind string

// The devices. The screen is one to the person; to the browser it is a
// capture of its own, which is picked anew each time.
const (
	Microphone DeviceKind = "microphone"
	Camera     DeviceKind = "camera"
	Screen     DeviceKind = "screen"
)

// Config is what the page knows when the session starts.
type Config struct {
	Room       string  `json:"room"`
	Name       string  `json:"name"`
	JoinNow    bool    `json:"joinNow"`    // no lobby
	Microphone bool    `json:"microphone"` // wanted
	Camera     bool    `json:"camera"`     // wanted
	Screen     bool    `json:"screen"`     // the browser can capture one; a phone's cannot
	Origin     float64 `json:"origin"`     // performance.timeOrigin, ms
	Seed       uint64  `json:"seed"`       // for jitter; tells this page from another that claims its life
	Record     *Record `json:"record"`     // what the last page of this tab left, or nil
	Locked     bool    `json:"locked"`     // this page holds the identity's Web Lock
	Page       string  `json:"page"`       // what the server called this page when it served it; "" where the browser does not tell
	Navigation string  `json:"navigation"` // the navigation entry's type: navigate, reload, back_forward

	After      signal.After       `json:"after,omitempty"` // how the last page of the record ended, if it could not say
	Stopped    []Stopped          `json:"stopped,omitempty"`
	AskToLeave bool               `json:"askToLeave"`
	Hidden     bool               `json:"hidden"`
	ChecksWait bool               `json:"checksWait,omitempty"` // this browser's checks must not overtake its answer
	ICEServers []signal.ICEServer `json:"iceServers,omitempty"` // until the server names its own
}

// Stopped is a record of this room in the browser's localStorage: a page of it
// is in the call, or stopped without a goodbye.
type Stopped struct {
	Record Record `json:"record"`
	Alive  bool   `json:"alive"` // a tab holds the identity's Web Lock; false where there are none
}

// Record is what a page leaves in sessionStorage for the next one of its tab,
// and in localStorage for any tab, should the whole browser stop.
type Record struct {
	Room        string        `json:"room"`
	Name        string        `json:"name"`
	Participant string        `json:"participant"`
	Life        int64         `json:"life"`
	Began       int64         `json:"began"` // ms since the Unix epoch: the participant's first life
	Token       string        `json:"token"`
	Microphone  bool          `json:"microphone"` // was on
	Camera      bool          `json:"camera"`     // was on
	At          int64         `json:"at"`         // ms since the Unix epoch: when it was saved
	Messages    []ChatMessage `json:"messages,omitempty"`
	// Undelivered are those of one's own messages that somebody has not acknowledged.
	Undelivered []Undelivered `json:"undelivered,omitempty"`
}

// Undelivered is a message of a record, by its id, and the participants that
// may not have it yet.
type Undelivered struct {
	ID string   `json:"id"`
	To []string `json:"to"`
}
