package doctor

import "time"

// Policy is how long what may take.
type Policy struct {
	// ServerWithin is how long the server may take to answer by HTTP: 5 s.
	ServerWithin time.Duration
	// SocketWithin is how long the WebSocket may take to open and to tell the ICE
	// servers: 6 s.
	SocketWithin time.Duration
	// AddressesWithin is how long to look for the device's own addresses: 2 s.
	// Chromium 156 without a default route never says that there are none.
	AddressesWithin time.Duration
	// STUNWithin is when STUN is judged silent: after 3 s. Gathering itself ends
	// only after 11 to 40 s.
	STUNWithin time.Duration
	// RelayWithin is when a relay over UDP is judged silent: after 4 s, for an
	// allocation takes two round trips.
	RelayWithin time.Duration
	// StreamWithin is when one over TCP or TLS is: after 6 s, for their handshakes
	// come first.
	StreamWithin time.Duration
	// LoopWithin is how long the loop may take, its measurements included: 15 s.
	LoopWithin time.Duration
	// DevicesWithin is how long the browser may take to tell of devices: 3 s.
	DevicesWithin time.Duration
	// ClockWithin is how far the clocks may be apart: 1 min. The date of an
	// answer is cut to seconds.
	ClockWithin time.Duration
	// LoopRate is what a call with a small picture needs: 500 kbit/s.
	LoopRate float64
}

// DefaultPolicy is what the page uses.
func DefaultPolicy() Policy {
	return Policy{
		ServerWithin: 5 * time.Second, SocketWithin: 6 * time.Second, AddressesWithin: 2 * time.Second, STUNWithin: 3 * time.Second,
		RelayWithin: 4 * time.Second, StreamWithin: 6 * time.Second, LoopWithin: 15 * time.Second, DevicesWithin: 3 * time.Second,
		ClockWithin: time.Minute, LoopRate: 500_000,
	}
}

// What the measurement of the loop may take at most: enough to be past the
// start of SCTP's congestion control, and little enough for a phone's contract.
const (
	LoopTime  = 3 * time.Second
	LoopBytes = 4 << 20
)
