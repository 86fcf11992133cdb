package signal

// Cause says what happened, by a stable id that stands on the wire, in the
// DOM (data-cause) and in reports. All words for it live in static/text.json.
type Cause string

// The causes. By and Layer of each are in meanings; how each is known is in
// the two Diagnose tables (wasm/session and server/room).
const (
	CauseNone Cause = ""

	CauseHangup           Cause = "hangup"
	CausePageClosed       Cause = "page-closed"
	CausePageNavigated    Cause = "page-navigated"
	CausePageReloaded     Cause = "page-reloaded"
	CausePageVanished     Cause = "page-vanished"
	CausePageCrashed      Cause = "page-crashed"
	CausePageFrozen       Cause = "page-frozen"
	CausePageDiscarded    Cause = "page-discarded"
	CausePageUnresponsive Cause = "page-unresponsive"
	CauseClientFailed     Cause = "client-failed"
	CauseDeviceSlept      Cause = "device-slept"

	CauseNetworkLost       Cause = "network-lost"
	CauseNetworkChanged    Cause = "network-changed"
	CausePathBlocked       Cause = "path-blocked"
	CauseSignalingLost     Cause = "signaling-lost"
	CauseServerUnreachable Cause = "server-unreachable"
	CauseServerShutdown    Cause = "server-shutdown"

	CauseNegotiationFailed  Cause = "negotiation-failed"
	CauseNegotiationTimeout Cause = "negotiation-timeout"
	CauseICEFailed          Cause = "ice-failed"
	CauseDTLSFailed         Cause = "dtls-failed"

	CauseDeviceDenied  Cause = "device-denied"
	CauseDeviceMissing Cause = "device-missing"
	CauseDeviceLost    Cause = "device-lost"

	CauseRoomFull        Cause = "room-full"
	CauseNotAllowed      Cause = "not-allowed"
	CauseRemoved         Cause = "removed"
	CauseReplaced        Cause = "replaced"
	CauseVersionMismatch Cause = "version-mismatch"
	CauseTooMuch         Cause = "too-much"

	CauseUnsupportedBrowser Cause = "unsupported-browser"
	CauseUnknown            Cause = "unknown"
)

// Layer is where a session broke.
type Layer string

// The layers, from the person down to the packets and up to the program.
const (
	LayerPage      Layer = "page"
	LayerDevice    Layer = "device"
	LayerSignaling Layer = "signaling"
	LayerSDP       Layer = "sdp"
	LayerICE       Layer = "ice"
	LayerDTLS      Layer = "dtls"
	LayerApp       Layer = "app"
)

// By is who did it.
type By string

// Who can end a session.
const (
	ByPerson  By = "person"
	ByBrowser By = "browser"
	ByNetwork By = "network"
	ByServer  By = "server"
)

// Next is what the reader can do now, by an id worded in static/text.json.
type Next string

// The next steps.
const (
	NextNothing       Next = "nothing"         // it is meant to be so
	NextWait          Next = "wait"            // it may come back by itself
	NextRejoin        Next = "rejoin"          // press Rejoin
	NextReload        Next = "reload"          // load the page again
	NextCheckNetwork  Next = "check-network"   // look at one's own connection
	NextAllowDevice   Next = "allow-device"    // permit camera or microphone
	NextConnectDevice Next = "connect-device"  // plug one in
	NextAskOwner      Next = "ask-owner"       // ask who runs the server or the room
	NextOtherBrowser  Next = "other-browser"   // use a browser that can
	NextOtherRoom     Next = "other-room"      // start or join another room
	NextUseOtherTab   Next = "use-other-tab"   // the call goes on in another tab
	NextSaveReport    Next = "save-report"     // keep the report and send it to support
	NextCheckFirewall Next = "check-firewall"  // a firewall or the lack of a relay is in the way
	NextTryAgainLater Next = "try-again-later" // the server is away or busy
	NextUseHTTPS      Next = "use-https"       // the page needs https for the camera
)

type meaning struct {
	Layer Layer
	By    By
	Next  Next
}

// meanings gives each cause its layer, who is behind it, and what to do next.
var meanings = map[Cause]meaning{
	CauseHangup:             {LayerPage, ByPerson, NextNothing},
	CausePageClosed:         {LayerPage, ByPerson, NextNothing},
	CausePageNavigated:      {LayerPage, ByPerson, NextNothing},
	CausePageReloaded:       {LayerPage, ByPerson, NextWait},
	CausePageVanished:       {LayerPage, ByBrowser, NextWait},
	CausePageCrashed:        {LayerPage, ByBrowser, NextWait},
	CausePageFrozen:         {LayerPage, ByBrowser, NextWait},
	CausePageDiscarded:      {LayerPage, ByBrowser, NextWait},
	CausePageUnresponsive:   {LayerPage, ByBrowser, NextWait},
	CauseClientFailed:       {LayerApp, ByBrowser, NextReload},
	CauseDeviceSlept:        {LayerDevice, ByPerson, NextWait},
	CauseNetworkLost:        {LayerICE, ByNetwork, NextCheckNetwork},
	CauseNetworkChanged:     {LayerICE, ByNetwork, NextWait},
	CausePathBlocked:        {LayerICE, ByNetwork, NextCheckFirewall},
	CauseSignalingLost:      {LayerSignaling, ByNetwork, NextWait},
	CauseServerUnreachable:  {LayerSignaling, ByServer, NextTryAgainLater},
	CauseServerShutdown:     {LayerSignaling, ByServer, NextWait},
	CauseNegotiationFailed:  {LayerSDP, ByBrowser, NextSaveReport},
	CauseNegotiationTimeout: {LayerSDP, ByNetwork, NextRejoin},
	CauseICEFailed:          {LayerICE, ByNetwork, NextCheckFirewall},
	CauseDTLSFailed:         {LayerDTLS, ByNetwork, NextSaveReport},
	CauseDeviceDenied:       {LayerDevice, ByPerson, NextAllowDevice},
	CauseDeviceMissing:      {LayerDevice, ByPerson, NextConnectDevice},
	CauseDeviceLost:         {LayerDevice, ByPerson, NextConnectDevice},
	CauseRoomFull:           {LayerSignaling, ByServer, NextOtherRoom},
	CauseNotAllowed:         {LayerSignaling, ByServer, NextAskOwner},
	CauseRemoved:            {LayerSignaling, ByPerson, NextAskOwner},
	CauseReplaced:           {LayerSignaling, ByPerson, NextUseOtherTab},
	CauseVersionMismatch:    {LayerSignaling, ByServer, NextReload},
	CauseTooMuch:            {LayerSignaling, ByServer, NextTryAgainLater},
	CauseUnsupportedBrowser: {LayerApp, ByBrowser, NextOtherBrowser},
	CauseUnknown:            {LayerApp, ByBrowser, NextSaveReport},
}

// Causes lists every cause once, in the order of the design's table.
func Causes() []Cause {
	return []Cause{
		CauseHangup, CausePageClosed, CausePageNavigated, CausePageReloaded,
		CausePageVanished, CausePageCrashed, CausePageFrozen, CausePageDiscarded,
		CausePageUnresponsive, CauseClientFailed, CauseDeviceSlept,
		CauseNetworkLost, CauseNetworkChanged, CausePathBlocked,
		CauseSignalingLost, CauseServerUnreachable, CauseServerShutdown,
		CauseNegotiationFailed, CauseNegotiationTimeout, CauseICEFailed, CauseDTLSFailed,
		CauseDeviceDenied, CauseDeviceMissing, CauseDeviceLost,
		CauseRoomFull, CauseNotAllowed, CauseRemoved, CauseReplaced,
		CauseVersionMismatch, CauseTooMuch, CauseUnsupportedBrowser, CauseUnknown,
	}
}

// Nexts lists every next step once.
func Nexts() []Next {
	return []Next{
		NextNothing, NextWait, NextRejoin, NextReload, NextCheckNetwork, NextAllowDevice,
		NextConnectDevice, NextAskOwner, NextOtherBrowser, NextOtherRoom, NextUseOtherTab,
		NextSaveReport, NextCheckFirewall, NextTryAgainLater, NextUseHTTPS,
	}
}

// Said reports whether ends with this cause come from a goodbye or are the
// server's own decision: then a path that is still up proves nothing, and what
// the page finds out later changes nothing. Of the others a page may be back
// in a moment, or have lost no more than its signaling.
func (c Cause) Said() bool {
	switch c {
	case CauseHangup, CausePageClosed, CausePageNavigated, CausePageReloaded, CausePageFrozen, CauseClientFailed,
		CauseRoomFull, CauseNotAllowed, CauseRemoved, CauseReplaced, CauseVersionMismatch, CauseTooMuch:
		return true
	}
	return false
}
