package session

// kind numbers the events, for the matrix and the trace.
type kind int

const (
	kindStarted kind = iota
	kindJoinPressed
	kindLeavePressed
	kindRejoinPressed
	kindGoBackPressed
	kindStoppedClaimed
	kindSaid
	kindDeviceSwitched
	kindAskChosen
	kindDeviceOpened
	kindDeviceFailed
	kindDeviceEnded
	kindBeforeUnload
	kindPageHide
	kindPageShow
	kindPageFrozen
	kindPageResumed
	kindVisibilityChanged
	kindNetworkChanged
	kindTick
	kindSignalingOpened
	kindSignalingReceived
	kindSignalingGarbled
	kindSignalingClosed

	kindNegotiationNeeded // the first of the kinds that belong to a link
	kindLocalDescriptionSet
	kindRemoteDescriptionSet
	kindCandidateFound
	kindCandidateRefused
	kindCandidateFailed
	kindConnectionStateChanged
	kindDTLSStateChanged
	kindConnectionRefused
	kindControlOpened
	kindControlReceived
	kindControlGarbled
	kindControlClosed
	kindChatOpened
	kindChatReceived
	kindChatClosed
	kindTrackReceived
	kindStatsSampled

	kinds
)

// verdict is what becomes of an event in a state.
type verdict byte

const (
	undecided verdict = iota // a hole in the matrix; a test finds it
	never                    // cannot happen: counted, and an error in the simulation
	ignore                   // can happen and changes nothing
	handle
)

// row parses a line of the matrix: n, i or h for each state.
func row(cells string) (r [4]verdict) {
	for i := range r {
		switch cells[i] {
		case 'n':
			r[i] = never
		case 'i':
			r[i] = ignore
		case 'h':
			r[i] = handle
		}
	}
	return r
}

// phaseMatrix decides, for the events of the page and of signaling, by phase:
// lobby, joining, joined, ended.
var phaseMatrix = [kindNegotiationNeeded][4]verdict{
	kindStarted:           row("hnnn"),
	kindJoinPressed:       row("hiii"), // a second press
	kindLeavePressed:      row("ihhi"),
	kindRejoinPressed:     row("iihh"), // joined: for links that ended
	kindGoBackPressed:     row("hiii"),
	kindStoppedClaimed:    row("hiii"), // the person may have joined meanwhile
	kindSaid:              row("iihi"),
	kindDeviceSwitched:    row("hhhi"),
	kindAskChosen:         row("hhhh"),
	kindDeviceOpened:      row("hhhi"),
	kindDeviceFailed:      row("hhhi"),
	kindDeviceEnded:       row("hhhi"),
	kindBeforeUnload:      row("ihhi"), // the stub listens only in a call, and may be a step behind
	kindPageHide:          row("ihhi"),
	kindPageShow:          row("ihhi"),
	kindPageFrozen:        row("ihhi"),
	kindPageResumed:       row("ihhi"),
	kindVisibilityChanged: row("hhhh"),
	kindNetworkChanged:    row("ihhi"),
	kindTick:              row("nhhh"), // nothing is due in the lobby
	kindSignalingOpened:   row("nhhi"),
	kindSignalingReceived: row("nhhi"),
	kindSignalingGarbled:  row("nhhi"),
	kindSignalingClosed:   row("nhhi"),
}

// linkMatrix decides, for the events of a link, by its state: negotiating,
// connected, interrupted, recovering. An ended link has no RTCPeerConnection,
// so everything that still comes of it is stale.
var linkMatrix = [kinds][4]verdict{
	kindNegotiationNeeded:      row("hhhh"),
	kindLocalDescriptionSet:    row("hhhh"),
	kindRemoteDescriptionSet:   row("hhhh"),
	kindCandidateFound:         row("hhhh"),
	kindCandidateRefused:       row("hhhh"),
	kindCandidateFailed:        row("hhhh"),
	kindConnectionStateChanged: row("hhhh"),
	kindDTLSStateChanged:       row("hhhh"),
	kindConnectionRefused:      row("hhhh"), // the remote's newer generation may ask for a connection at any time
	kindControlOpened:          row("hhhh"),
	kindControlReceived:        row("hhhh"),
	kindControlGarbled:         row("hhhh"),
	kindControlClosed:          row("hhhh"),
	kindChatOpened:             row("hhhh"),
	kindChatReceived:           row("hhhh"),
	kindChatClosed:             row("iiii"), // the control channel of the same association tells
	kindTrackReceived:          row("iiii"), // the adapter shows it; no decision hangs on it
	kindStatsSampled:           row("hhhh"),
}

func (Started) kind() kind                { return kindStarted }
func (JoinPressed) kind() kind            { return kindJoinPressed }
func (LeavePressed) kind() kind           { return kindLeavePressed }
func (RejoinPressed) kind() kind          { return kindRejoinPressed }
func (GoBackPressed) kind() kind          { return kindGoBackPressed }
func (StoppedClaimed) kind() kind         { return kindStoppedClaimed }
func (Said) kind() kind                   { return kindSaid }
func (DeviceSwitched) kind() kind         { return kindDeviceSwitched }
func (AskChosen) kind() kind              { return kindAskChosen }
func (DeviceOpened) kind() kind           { return kindDeviceOpened }
func (DeviceFailed) kind() kind           { return kindDeviceFailed }
func (DeviceEnded) kind() kind            { return kindDeviceEnded }
func (BeforeUnload) kind() kind           { return kindBeforeUnload }
func (PageHide) kind() kind               { return kindPageHide }
func (PageShow) kind() kind               { return kindPageShow }
func (PageFrozen) kind() kind             { return kindPageFrozen }
func (PageResumed) kind() kind            { return kindPageResumed }
func (VisibilityChanged) kind() kind      { return kindVisibilityChanged }
func (NetworkChanged) kind() kind         { return kindNetworkChanged }
func (Tick) kind() kind                   { return kindTick }
func (SignalingOpened) kind() kind        { return kindSignalingOpened }
func (SignalingReceived) kind() kind      { return kindSignalingReceived }
func (SignalingGarbled) kind() kind       { return kindSignalingGarbled }
func (SignalingClosed) kind() kind        { return kindSignalingClosed }
func (NegotiationNeeded) kind() kind      { return kindNegotiationNeeded }
func (LocalDescriptionSet) kind() kind    { return kindLocalDescriptionSet }
func (RemoteDescriptionSet) kind() kind   { return kindRemoteDescriptionSet }
func (CandidateFound) kind() kind         { return kindCandidateFound }
func (CandidateRefused) kind() kind       { return kindCandidateRefused }
func (CandidateFailed) kind() kind        { return kindCandidateFailed }
func (ConnectionStateChanged) kind() kind { return kindConnectionStateChanged }
func (DTLSStateChanged) kind() kind       { return kindDTLSStateChanged }
func (ConnectionRefused) kind() kind      { return kindConnectionRefused }
func (ControlOpened) kind() kind          { return kindControlOpened }
func (ControlReceived) kind() kind        { return kindControlReceived }
func (ControlGarbled) kind() kind         { return kindControlGarbled }
func (ControlClosed) kind() kind          { return kindControlClosed }
func (ChatOpened) kind() kind             { return kindChatOpened }
func (ChatReceived) kind() kind           { return kindChatReceived }
func (ChatClosed) kind() kind             { return kindChatClosed }
func (TrackReceived) kind() kind          { return kindTrackReceived }
func (StatsSampled) kind() kind           { return kindStatsSampled }
