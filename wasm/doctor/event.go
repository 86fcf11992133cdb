package doctor

import "holdline/server/signal"

// Event is a fact. Those that answer an order carry the number of the check-up
// that it was given in; answers to an older one are dropped.
type Event interface{ isEvent() }

// Browser is what is known of the browser without asking anybody.
type Browser struct {
	Agent          string   `json:"agent"` // navigator.userAgent
	PeerConnection bool     `json:"peerConnection"`
	Secure         bool     `json:"secure"`            // window.isSecureContext
	Missing        []string `json:"missing,omitempty"` // further parts that a call uses
	// TellsErrors says that a server that does not answer is told of before
	// gathering ends, by icecandidateerror: Chromium 156 does, Firefox 153
	// does not.
	TellsErrors bool `json:"tellsErrors"`
}

// Permission is PermissionState (W3C permissions, section 5), "" where the
// browser does not tell.
type Permission string

// The permissions.
const (
	PermissionGranted Permission = "granted"
	PermissionPrompt  Permission = "prompt"
	PermissionDenied  Permission = "denied"
)

// DeviceFacts are what the browser tells of a kind of device unasked.
type DeviceFacts struct {
	Permission Permission
	Count      int // of them, -1 where the browser does not tell
}

// Candidate is what RTCIceCandidate says (W3C webrtc-pc, section 4.8.1); what
// a browser leaves out is zero.
type Candidate struct {
	Type           string `json:"type"`
	Protocol       string `json:"protocol,omitempty"`
	Address        string `json:"address,omitempty"`
	Port           int    `json:"port,omitempty"`
	RelatedAddress string `json:"relatedAddress,omitempty"`
	RelatedPort    int    `json:"relatedPort,omitempty"`
	RelayProtocol  string `json:"relayProtocol,omitempty"`
	Network        string `json:"network,omitempty"` // Chromium's network-id
}

// The events.
type (
	// Started begins the first check-up.
	Started struct {
		Browser Browser
		Origin  string // of the page, for the words of what to ask for
	}
	// AgainPressed begins another one.
	AgainPressed struct{}
	// DevicesPressed asks for camera and microphone.
	DevicesPressed struct{}

	// ServerAnswered says what came of AskServer. Date is that of the answer's
	// header in ms since 1970, 0 where there is none; it is cut to seconds.
	ServerAnswered struct {
		Run    int
		Status int
		Date   int64
		Err    string // "" if there was an answer
	}

	// SocketOpened, ICETold, ICERefused and SocketClosed are what comes of
	// OpenSocket. ICERefused is a list of ICE servers that no page can use.
	SocketOpened struct{ Run int }
	ICETold      struct {
		Run int
		ICE signal.ICE
	}
	ICERefused struct {
		Run int
		Err string // what the browser says of it
	}
	SocketClosed struct {
		Run    int
		Code   int
		Reason string
	}

	// CandidateFound, CandidateFailed, GatheringDone and GatheringRefused are
	// what comes of Gather.
	CandidateFound struct {
		Run       int
		Check     CheckID
		Candidate Candidate
	}
	CandidateFailed struct {
		Run   int
		Check CheckID
		Code  int // of STUN (RFC 8489, section 14.8), or 701: no answer
		URL   string
		Text  string
	}
	GatheringDone struct {
		Run   int
		Check CheckID
	}
	GatheringRefused struct {
		Run   int
		Check CheckID
		Err   string
	}

	// LoopOpened, LoopPinged, LoopCarried and LoopFailed are what comes of
	// OpenLoop, in that order.
	LoopOpened struct{ Run int }
	LoopPinged struct {
		Run     int
		Median  float64 // ms there and back
		Slowest float64 // ms
	}
	LoopCarried struct {
		Run   int
		Bytes int64
		Took  float64 // ms
	}
	LoopFailed struct {
		Run int
		Err string
	}

	// DevicesSeen is what comes of LookAtDevices.
	DevicesSeen struct {
		Run                int
		Camera, Microphone DeviceFacts
	}
	// DeviceOpened is what comes of OpenDevices, for each of the two. Name is
	// getUserMedia's error, "" when it opened.
	DeviceOpened struct {
		Camera bool // else the microphone
		Name   string
	}
	// Tick says that the deadline has come.
	Tick struct{}
)

func (Started) isEvent()          {}
func (AgainPressed) isEvent()     {}
func (DevicesPressed) isEvent()   {}
func (ServerAnswered) isEvent()   {}
func (SocketOpened) isEvent()     {}
func (ICETold) isEvent()          {}
func (ICERefused) isEvent()       {}
func (SocketClosed) isEvent()     {}
func (CandidateFound) isEvent()   {}
func (CandidateFailed) isEvent()  {}
func (GatheringDone) isEvent()    {}
func (GatheringRefused) isEvent() {}
func (LoopOpened) isEvent()       {}
func (LoopPinged) isEvent()       {}
func (LoopCarried) isEvent()      {}
func (LoopFailed) isEvent()       {}
func (DevicesSeen) isEvent()      {}
func (DeviceOpened) isEvent()     {}
func (Tick) isEvent()             {}
