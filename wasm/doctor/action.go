package doctor

import "holdline/server/signal"

// Action is an order. Run is the check-up's number, which its answers carry.
type Action interface{ isAction() }

// The actions.
type (
	// AskServer asks the server by HTTP, past every cache.
	AskServer struct{ Run int }
	// OpenSocket opens the WebSocket, says check, and beats: the server takes the
	// relay's credentials back once it is closed.
	OpenSocket struct{ Run int }
	// CloseSocket closes it.
	CloseSocket struct{ Run int }
	// Gather makes a connection that gathers candidates with these servers, and
	// with Relay only those of a relay.
	Gather struct {
		Run     int
		Check   CheckID
		Servers []signal.ICEServer
		Relay   bool
	}
	// StopGathering closes it.
	StopGathering struct {
		Run   int
		Check CheckID
	}
	// OpenLoop connects two connections of this page through the relay, measures
	// the round trip and then how much goes through, at most LoopBytes in LoopTime.
	OpenLoop struct {
		Run     int
		Servers []signal.ICEServer
	}
	// CloseLoop closes them.
	CloseLoop struct{ Run int }
	// LookAtDevices asks the browser what it tells unasked.
	LookAtDevices struct{ Run int }
	// OpenDevices asks for camera and microphone; they are let go at once, when
	// both have answered.
	OpenDevices struct{}
)

func (AskServer) isAction()     {}
func (OpenSocket) isAction()    {}
func (CloseSocket) isAction()   {}
func (Gather) isAction()        {}
func (StopGathering) isAction() {}
func (OpenLoop) isAction()      {}
func (CloseLoop) isAction()     {}
func (LookAtDevices) isAction() {}
func (OpenDevices) isAction()   {}
