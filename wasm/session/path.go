package session

import "holdline/server/signal"

// Path is how packets go between this page and a remote participant, and how
// that way was found: what the page's panel draws. Times are milliseconds
// since the Unix epoch on the page's clock.
type Path struct {
	Since    float64    `json:"since"`          // when the search began: this connection, or its newest ICE restart
	State    PathState  `json:"state"`          // how far it is
	Local    Candidates `json:"local"`          // what this browser found
	Remote   Candidates `json:"remote"`         // what the other one said
	Checks   Checks     `json:"checks"`         // of pairs of the two
	Pair     *Pair      `json:"pair,omitempty"` // the chosen one, while there is one
	Took     float64    `json:"took,omitempty"` // ms from Since to connected; 0 until then
	Relayed  bool       `json:"relayed"`        // the pair goes through a relay
	Why      Why        `json:"why,omitempty"`  // and why it does
	Finding  Finding    `json:"finding,omitempty"`
	Consent  float64    `json:"consent,omitempty"`  // when the other side's browser last confirmed that it wants packets (RFC 7675); 0 where it is not known
	Heard    float64    `json:"heard"`              // when anything came
	RTT      float64    `json:"rtt"`                // ms, of the pair
	Loss     float64    `json:"loss"`               // of the packets that should have come in the last sample, 0 to 1
	In       float64    `json:"in"`                 // bit/s that came in the last sample
	Out      float64    `json:"out"`                // bit/s that went
	Sampled  float64    `json:"sampled"`            // when the sample was taken; plots draw a point for each new one
	Recovery []Recovery `json:"recovery,omitempty"` // the recoveries of this link, oldest first
}

// Finding is signal's, so that readers of a snapshot need one package.
type Finding = signal.Finding

// PathState is how far the search for a path is.
type PathState string

// The states of a path.
const (
	PathGathering PathState = "gathering" // looking for addresses
	PathChecking  PathState = "checking"  // both sides have some: pairs are tried
	PathConnected PathState = "connected"
	PathBroken    PathState = "broken" // it worked, and nothing comes any more
	PathFailed    PathState = "failed" // given up
)

// Candidates counts ICE candidates by their kind (RFC 8445, section 4).
type Candidates struct {
	Host            int  `json:"host"`            // addresses of the device itself
	Hidden          int  `json:"hidden"`          // of these, behind an mDNS name
	ServerReflexive int  `json:"serverReflexive"` // addresses of its NAT, as a STUN server saw them
	PeerReflexive   int  `json:"peerReflexive"`   // found out by the checks
	Relay           int  `json:"relay"`           // addresses at a relay
	Done            bool `json:"done"`            // there will be no more
}

// Checks counts candidate pairs by the state of their check.
type Checks struct {
	Waiting   int `json:"waiting"`
	Running   int `json:"running"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
}

// Pair is the chosen candidate pair.
type Pair struct {
	Local         Candidate `json:"local"`
	Remote        Candidate `json:"remote"`
	RelayProtocol string    `json:"relayProtocol,omitempty"` // how this page reaches its relay: udp, tcp or tls
}

// Candidate is one end of a pair.
type Candidate struct {
	Type     string `json:"type"`               // host, srflx, prflx or relay, as browsers say it
	Protocol string `json:"protocol,omitempty"` // udp or tcp
	Address  string `json:"address,omitempty"`  // where the browser tells it; in reports a pseudonym
	Port     int    `json:"port,omitempty"`
	Network  string `json:"network,omitempty"` // wifi, ethernet, cellular, … where the browser tells it
}

// Why says why a path is relayed, by an id worded in static/text.json.
type Why string

// The reasons, from what is known of both sides.
const (
	WhyNone       Why = ""
	WhySymmetric  Why = "symmetric"    // a NAT maps each destination anew, so nobody can be told where to send
	WhyUDPBlocked Why = "udp-blocked"  // UDP does not pass here
	WhyBlocked    Why = "blocked"      // a direct path was there, and was blocked
	WhyFiltered   Why = "filtered"     // both have direct addresses, and no packet passes between them
	WhyRemote     Why = "remote-relay" // the other side found nothing but a relay
	WhyOnlyRelay  Why = "only-relay"   // this side did
)

// The rungs of the ladder, as Recovery.Rung counts them; 0 is a path that came
// back by itself.
const (
	RungRestartICE    = rungRestartICE
	RungNewConnection = rungNewConnection
	RungRelayOnly     = rungRelayOnly
	RungWait          = rungWait
)

// Recovery is one time that the link was repaired, or was to be.
type Recovery struct {
	At     float64 `json:"at"`             // when it was interrupted
	Rung   int     `json:"rung"`           // the highest that was taken
	Took   float64 `json:"took,omitempty"` // ms until packets came again; 0 while it lasts, or where it failed
	Failed bool    `json:"failed,omitempty"`
	Cause  Cause   `json:"cause"` // as it was shown meanwhile
}

// PathStates lists every state of a path once.
func PathStates() []PathState {
	return []PathState{PathGathering, PathChecking, PathConnected, PathBroken, PathFailed}
}
