package doctor

// CheckID names a check; it stands in the DOM (data-check) and in reports.
type CheckID string

// The checks, in the order in which they are shown.
const (
	CheckSupport     CheckID = "support"       // the browser has what a call needs
	CheckServer      CheckID = "server"        // the server answers by HTTP
	CheckSocket      CheckID = "socket"        // its WebSocket opens, and tells the ICE servers
	CheckClock       CheckID = "clock"         // this device's clock is the server's
	CheckAddresses   CheckID = "addresses"     // host candidates
	CheckHiding      CheckID = "hiding"        // whether they are behind mDNS names
	CheckSTUN        CheckID = "stun"          // STUN over UDP
	CheckNAT         CheckID = "nat"           // the NAT's mapping (RFC 4787, section 4.1)
	CheckRelayUDP    CheckID = "relay-udp"     // TURN over UDP
	CheckRelayTCP    CheckID = "relay-tcp"     // TURN over TCP
	CheckRelayTLS    CheckID = "relay-tls"     // TURN over TLS
	CheckRelayTLS443 CheckID = "relay-tls-443" // TURN over TLS on the port of HTTPS
	CheckLoop        CheckID = "loop"          // there and back through the relay
	CheckCamera      CheckID = "camera"
	CheckMicrophone  CheckID = "microphone"
)

// Group is what checks are shown under.
type Group string

// The groups.
const (
	GroupBrowser Group = "browser"
	GroupServer  Group = "server"
	GroupOthers  Group = "others"
	GroupDevices Group = "devices"
)

// checks are all checks with their groups.
var checks = []struct {
	id    CheckID
	group Group
}{
	{CheckSupport, GroupBrowser},
	{CheckServer, GroupServer}, {CheckSocket, GroupServer}, {CheckClock, GroupServer},
	{CheckAddresses, GroupOthers}, {CheckHiding, GroupOthers}, {CheckSTUN, GroupOthers}, {CheckNAT, GroupOthers},
	{CheckRelayUDP, GroupOthers}, {CheckRelayTCP, GroupOthers}, {CheckRelayTLS, GroupOthers}, {CheckRelayTLS443, GroupOthers},
	{CheckLoop, GroupOthers},
	{CheckCamera, GroupDevices}, {CheckMicrophone, GroupDevices},
}

// relays are the checks of the ways to the relay, the best first.
var relays = []CheckID{CheckRelayUDP, CheckRelayTCP, CheckRelayTLS, CheckRelayTLS443}

// CheckIDs lists every check once.
func CheckIDs() (ids []CheckID) {
	for _, c := range checks {
		ids = append(ids, c.id)
	}
	return ids
}

// Groups lists every group once.
func Groups() []Group { return []Group{GroupBrowser, GroupServer, GroupOthers, GroupDevices} }

// State is how far a check is.
type State string

// The states of a check.
const (
	StateWaiting State = "waiting"
	StateRunning State = "running"
	StatePassed  State = "passed"
	StateWarned  State = "warned"  // calls work, but something is to be said
	StateFailed  State = "failed"  //
	StateSkipped State = "skipped" // there was nothing to check, or no way to
)

// States lists every state once.
func States() []State {
	return []State{StateWaiting, StateRunning, StatePassed, StateWarned, StateFailed, StateSkipped}
}

// Check is one question and what came of it.
type Check struct {
	ID      CheckID  `json:"id"`
	Group   Group    `json:"group"`
	State   State    `json:"state"`
	Outcome Outcome  `json:"outcome,omitempty"` // "" until there is one
	Took    float64  `json:"took,omitempty"`    // ms from its start to its outcome
	Details []Detail `json:"details,omitempty"`
}

// Detail is one technical fact: a text, a word, or a number with its unit.
type Detail struct {
	Name   DetailName `json:"name"`
	Text   string     `json:"text,omitempty"` // as a browser, a server or a specification words it
	Word   Word       `json:"word,omitempty"` // as the page words it, with Number as its count
	Number float64    `json:"number,omitempty"`
	Unit   Unit       `json:"unit,omitempty"` // of Number; "" where there is none
}

// Word is what a detail says in words of ours, by an id worded in
// static/text.json.
type Word string

// The words.
const (
	WordYes         Word = "yes"
	WordNo          Word = "no"
	WordDependent   Word = "dependent"   // the mapping, on the destination
	WordIndependent Word = "independent" // of it, as far as count STUN addresses can tell
)

// Words lists every word once.
func Words() []Word { return []Word{WordYes, WordNo, WordDependent, WordIndependent} }

// Unit is that of a detail's number.
type Unit string

// The units.
const (
	UnitMilliseconds Unit = "ms"
	UnitSeconds      Unit = "s"
	UnitBits         Unit = "bit/s"
	UnitBytes        Unit = "bytes"
	UnitCount        Unit = "count"
)

// DetailName names a fact, by an id worded in static/text.json.
type DetailName string

// The details.
const (
	DetailBrowser    DetailName = "browser"    // navigator.userAgent
	DetailMissing    DetailName = "missing"    // what the browser lacks
	DetailSecure     DetailName = "secure"     // whether the context is
	DetailURL        DetailName = "url"        // that was asked
	DetailStatus     DetailName = "status"     // of HTTP
	DetailClose      DetailName = "close"      // code of a WebSocket
	DetailError      DetailName = "error"      // as the browser words it
	DetailServers    DetailName = "servers"    // ICE servers that the server told
	DetailLifetime   DetailName = "lifetime"   // of the relay's credentials
	DetailAddress    DetailName = "address"    // from which the server sees the page come
	DetailOffset     DetailName = "offset"     // of this clock from the server's
	DetailHost       DetailName = "host"       // candidates of that kind
	DetailHidden     DetailName = "hidden"     // of these, behind names
	DetailCandidate  DetailName = "candidate"  // one that was found
	DetailMapped     DetailName = "mapped"     // address that STUN saw
	DetailMapping    DetailName = "mapping"    // RFC 4787, section 4.1
	DetailRoundTrip  DetailName = "round-trip" // median
	DetailSlowest    DetailName = "slowest"    // round trip
	DetailThroughput DetailName = "throughput"
	DetailCarried    DetailName = "carried"    // in the measurement
	DetailConnected  DetailName = "connected"  // time until the loop stood
	DetailTransport  DetailName = "transport"  // by which the relay was reached
	DetailPermission DetailName = "permission" // as navigator.permissions tells it
	DetailFound      DetailName = "found"      // devices of that kind
)

// DetailNames lists every detail's name once.
func DetailNames() []DetailName {
	return []DetailName{
		DetailBrowser, DetailMissing, DetailSecure, DetailURL, DetailStatus, DetailClose, DetailError, DetailServers, DetailLifetime,
		DetailAddress, DetailOffset, DetailHost, DetailHidden, DetailCandidate, DetailMapped, DetailMapping,
		DetailRoundTrip, DetailSlowest, DetailThroughput, DetailCarried, DetailConnected, DetailTransport, DetailPermission, DetailFound,
	}
}
