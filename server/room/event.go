package room

import (
	"net/netip"
	"time"

	"holdline/server/signal"
)

// Conn names one socket. The server counts them up from 1 and never uses one
// twice; 0 is none.
type Conn int64

// Event is a fact.
type Event interface{ event() }

type (
	// Hello is the first message of a socket, decoded and checked.
	Hello struct {
		Conn     Conn
		Envelope signal.Envelope
		Hello    signal.Hello
		NewID    string     // a fresh participant id, in case this is a newcomer
		Address  netip.Addr // from which the socket comes; the zero value where that says nothing
	}

	// Message is every later one.
	Message struct {
		Conn     Conn
		Envelope signal.Envelope
	}

	// Closed says that a socket is gone: the page closed it, the network cut
	// it, or the server itself gave it up (Silent).
	Closed struct {
		Conn   Conn
		Code   int    // close code, 1006 when the stream just ended
		Ours   bool   // the server closed it, with Code; what a page says with a code of ours counts for nothing
		Detail string // for the evidence
		Silent bool   // pings were not answered: the network, not the page
	}

	// Beacon is a goodbye that came to /bye with a valid key.
	Beacon struct{ Beacon signal.Beacon }

	// Gone says that a page was destroyed: what it had left with its browser
	// for that came to /gone with a valid key.
	Gone struct {
		Participant string
		Life        int64
	}

	// Crashed is a browser's report that a page has crashed. It names the page
	// as the server did when it served it.
	Crashed struct {
		Page   string
		Reason signal.CrashReason
	}

	// Remove says that somebody is to be put out of the room.
	Remove struct{ Participant string }

	// Drain says that the server stops. Return is how long the pages should
	// wait before they come again, if that is longer than the policy's.
	Drain struct{ Return time.Duration }

	// Tick says that Deadline has come.
	Tick struct{}
)

func (Hello) event()   {}
func (Message) event() {}
func (Closed) event()  {}
func (Beacon) event()  {}
func (Gone) event()    {}
func (Crashed) event() {}
func (Remove) event()  {}
func (Drain) event()   {}
func (Tick) event()    {}

// Action is an order.
type Action interface{ action() }

type (
	// Send sends one message on a socket.
	Send struct {
		Conn     Conn
		Envelope signal.Envelope
	}

	// Issue sends ice on a socket, with credentials of its participant, or of the
	// one For whom it asks and to whom it passes them on. For is said along with
	// them, and they lead to where that one found the server.
	Issue struct {
		Conn        Conn
		Participant string
		For         string
		Ack         int64
	}

	// Revoke ends what a participant holds at the relay: it has left for good.
	Revoke struct{ Participant string }

	// Close closes a socket.
	Close struct {
		Conn Conn
		Code signal.CloseCode
	}
)

func (Send) action()   {}
func (Issue) action()  {}
func (Revoke) action() {}
func (Close) action()  {}
