package doctor

// Outcome is what came of a check, by an id worded in static/text.json.
type Outcome string

// The outcomes.
const (
	SupportComplete Outcome = "support-complete"
	SupportInsecure Outcome = "support-insecure" // no https: no camera
	SupportLacking  Outcome = "support-lacking"  // no RTCPeerConnection

	ServerAnswers Outcome = "server-answers"
	ServerRefuses Outcome = "server-refuses" // another status than 200
	ServerSilent  Outcome = "server-silent"

	SocketOpen       Outcome = "socket-open"
	SocketMute       Outcome = "socket-mute"        // opened, and told no ICE servers
	SocketBadServers Outcome = "socket-bad-servers" // told some that no browser takes
	SocketRefused    Outcome = "socket-refused"
	SocketSilent     Outcome = "socket-silent"

	ClockRight   Outcome = "clock-right"
	ClockOff     Outcome = "clock-off"
	ClockUnknown Outcome = "clock-unknown"

	AddressesFound Outcome = "addresses-found"
	AddressesNone  Outcome = "addresses-none"

	HidingNames Outcome = "hiding-names" // mDNS names stand for the addresses
	HidingNone  Outcome = "hiding-none"
	HidingAll   Outcome = "hiding-all" // nothing was found at all

	STUNAnswers Outcome = "stun-answers"
	STUNSame    Outcome = "stun-same" // it answered that there is no NAT
	STUNSilent  Outcome = "stun-silent"

	NATNone        Outcome = "nat-none"
	NATIndependent Outcome = "nat-independent"
	NATDependent   Outcome = "nat-dependent"
	NATUnclear     Outcome = "nat-unclear"
	NATOneAddress  Outcome = "nat-one-address" // the server has one STUN address only

	RelayAnswers Outcome = "relay-answers"
	RelayRefuses Outcome = "relay-refuses"
	RelaySilent  Outcome = "relay-silent"

	LoopCarries Outcome = "loop-carries"
	LoopSlow    Outcome = "loop-slow"
	LoopBroken  Outcome = "loop-broken"
	LoopNoRelay Outcome = "loop-no-relay" // none answered

	NotOffered     Outcome = "not-offered"     // the server has nothing of the kind
	ServersUnknown Outcome = "servers-unknown" // the server could not be asked

	DeviceReady   Outcome = "device-ready"    // opened, or allowed
	DeviceAsks    Outcome = "device-asks"     // the browser will ask
	DeviceDenied  Outcome = "device-denied"   //
	DeviceMissing Outcome = "device-missing"  //
	DeviceBusy    Outcome = "device-busy"     // there and allowed, and does not open
	DeviceNoHTTPS Outcome = "device-no-https" //
)

// Outcomes lists every outcome once.
func Outcomes() []Outcome {
	return []Outcome{
		SupportComplete, SupportInsecure, SupportLacking, ServerAnswers, ServerRefuses, ServerSilent,
		SocketOpen, SocketMute, SocketBadServers, SocketRefused, SocketSilent, ClockRight, ClockOff, ClockUnknown, AddressesFound, AddressesNone,
		HidingNames, HidingNone, HidingAll, STUNAnswers, STUNSame, STUNSilent,
		NATNone, NATIndependent, NATDependent, NATUnclear, NATOneAddress, RelayAnswers, RelayRefuses, RelaySilent,
		LoopCarries, LoopSlow, LoopBroken, LoopNoRelay, NotOffered, ServersUnknown,
		DeviceReady, DeviceAsks, DeviceDenied, DeviceMissing, DeviceBusy, DeviceNoHTTPS,
	}
}
