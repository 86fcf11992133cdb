package session

import (
	"encoding/json"

	"holdline/server/signal"
)

// Action is an order. The driver carries them out in their order; what an
// order brings about comes back as an event.
type Action interface{ action() }

type (
	// OpenSignaling opens a socket to the server.
	OpenSignaling struct{ Attempt int }
	// SendSignaling sends on the socket of this attempt.
	SendSignaling struct {
		Attempt  int
		Envelope signal.Envelope
	}
	// CloseSignaling closes it.
	CloseSignaling struct{ Attempt int }

	// CreatePeerConnection makes the RTCPeerConnection of a link, with its
	// control and chat channels and, on the side that offers, one transceiver
	// for sound and one for picture. A screen that is shared gets one more, on
	// the side that shares.
	CreatePeerConnection struct {
		Link
		Offers     bool
		ICEServers []signal.ICEServer
	}
	// SetLocalDescription lets the browser make and set the offer or the
	// answer that its signaling state asks for.
	SetLocalDescription struct {
		Link
		Attempt int
		Restart bool // restart ICE first
		Relay   bool // with relayed candidates only; the next one without goes back to all
		// ICEServers are those to restart with: their credentials are fresh. None
		// keep those that are there.
		ICEServers []signal.ICEServer
	}
	// SetRemoteDescription sets what the remote sent; an offer in the middle
	// of one's own rolls that back.
	SetRemoteDescription struct {
		Link
		Attempt     int
		Description signal.Description
		// ICEServers are those to answer an offer with that restarts ICE; none keep
		// those that are there.
		ICEServers []signal.ICEServer
	}
	// AddCandidate adds a remote candidate.
	AddCandidate struct {
		Link
		Candidate json.RawMessage
	}
	// SampleStats reads the statistics once.
	SampleStats struct {
		Link
		Attempt int
	}
	// ClosePeerConnection closes it and its channels.
	ClosePeerConnection struct{ Link }
	// SendControl sends on the control channel.
	SendControl struct {
		Link
		Envelope signal.Envelope
	}
	// SendChat sends on the chat channel.
	SendChat struct {
		Link
		Envelope signal.Envelope
	}

	// OpenDevices asks for microphone and camera.
	OpenDevices struct{ Microphone, Camera bool }
	// SwitchDevice mutes or unmutes a live track.
	SwitchDevice struct {
		Device DeviceKind
		On     bool
	}
	// OpenScreen lets the person pick a screen, a window or a tab to share.
	OpenScreen struct{}
	// CloseScreen stops sharing it.
	CloseScreen struct{}
	// CloseDevices stops all tracks.
	CloseDevices struct{}

	// PrepareGoodbye lays leaving and bye ready for the stub.
	PrepareGoodbye struct{ Goodbyes Goodbyes }
	// SaveRecord keeps the record for the next page of this tab.
	SaveRecord struct{ Record Record }
	// ClearRecord forgets it, and lets go of the identity.
	ClearRecord struct{}
	// ClaimIdentity takes the Web Lock of a new identity.
	ClaimIdentity struct{ Participant string }
	// SaveStopped keeps the record for any tab, should this browser stop; the
	// stub forgets it with a goodbye.
	SaveStopped struct{ Record Record }
	// ForgetStopped forgets it.
	ForgetStopped struct{ Participant string }
	// ClaimStopped takes the Web Lock of an identity whose page stopped, and
	// tells whether it could.
	ClaimStopped struct{ Participant string }
)

func (OpenSignaling) action()        {}
func (SendSignaling) action()        {}
func (CloseSignaling) action()       {}
func (CreatePeerConnection) action() {}
func (SetLocalDescription) action()  {}
func (SetRemoteDescription) action() {}
func (AddCandidate) action()         {}
func (SampleStats) action()          {}
func (ClosePeerConnection) action()  {}
func (SendControl) action()          {}
func (SendChat) action()             {}
func (OpenDevices) action()          {}
func (SwitchDevice) action()         {}
func (OpenScreen) action()           {}
func (CloseScreen) action()          {}
func (CloseDevices) action()         {}
func (PrepareGoodbye) action()       {}
func (SaveRecord) action()           {}
func (ClearRecord) action()          {}
func (ClaimIdentity) action()        {}
func (SaveStopped) action()          {}
func (ForgetStopped) action()        {}
func (ClaimStopped) action()         {}

// Goodbyes is everything that the stub needs to say leaving and bye without
// Go: numbers that are already right, and the socket and channels to say it on.
type Goodbyes struct {
	Armed       bool   // in a call: there is somebody to tell
	Ask         bool   // ask "Leave the call?"
	Attempt     int    // the socket's
	Links       []Link // whose control channels are open
	Room        string
	Participant string
	Life        int64
	Count       int // the last one used: leaving is the next, bye the one after
	Key         string
}
