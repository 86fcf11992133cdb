package page

import (
	"strings"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

const now = 1_700_000_000_000.0

var peerStates = []session.PeerState{session.PeerNegotiating, session.PeerConnected, session.PeerInterrupted,
	session.PeerRecovering, session.PeerAway, session.PeerEnded}

func ana(change ...func(*session.PeerSnapshot)) session.PeerSnapshot {
	p := session.PeerSnapshot{Participant: "ana", Name: "Ana", State: session.PeerConnected, Microphone: true, Camera: true}
	for _, f := range change {
		f(&p)
	}
	return p
}

func away(cause session.Cause, until float64) func(*session.PeerSnapshot) {
	return func(p *session.PeerSnapshot) { p.State, p.Cause, p.Until = session.PeerAway, cause, until }
}

func ended(cause session.Cause) func(*session.PeerSnapshot) {
	return func(p *session.PeerSnapshot) {
		p.State, p.Cause, p.EndedAt = session.PeerEnded, cause, now
		end := signal.NewEnd(p.Participant, cause)
		p.End = &end
	}
}

func call(state session.State, peers ...session.PeerSnapshot) session.Snapshot {
	on := session.Device{State: session.DeviceOn}
	return session.Snapshot{State: state, Signaling: session.SignalingStateOpen, Name: "Mira Holt", Microphone: on, Camera: on, Peers: peers}
}

func TestWhatAPeersTileSays(t *testing.T) {
	elsewhere := ended(signal.CausePageNavigated)
	here := func(p *session.PeerSnapshot) { elsewhere(p); p.End.Target = "/" }
	for _, tt := range []struct {
		peer     session.PeerSnapshot
		language string
		what     string
		hold     string
	}{
		{ana(), "en", "Connected", ""},
		{ana(ended(signal.CausePageClosed)), "en", "Ana closed the page", ""},
		{ana(ended(signal.CauseHangup)), "en", "Ana left the call", ""},
		{ana(elsewhere), "en", "Ana went to another page", ""},
		{ana(here), "en", "Ana went to another page of this site", ""},
		{ana(away(signal.CausePageReloaded, now+19_001)), "en", "Ana is reloading", "The place is held for 20 s"},
		{ana(away(signal.CauseNetworkLost, now+26_000)), "en", "Ana’s network is silent", "The place is held for 26 s"},
		{ana(away(signal.CauseNetworkLost, now-1)), "en", "Ana’s network is silent", ""},
		{ana(away("a-later-version-knows-it", 0)), "en", "Ana is away", ""},
		{ana(away(signal.CausePageReloaded, now+20_000)), "zh", "Ana 正在刷新页面", "位置保留 20 秒"},
		{ana(func(p *session.PeerSnapshot) { p.State, p.Name = session.PeerNegotiating, "" }), "en", "Connecting to Guest", ""},
		{ana(func(p *session.PeerSnapshot) { p.Cause = signal.CauseSignalingLost }), "en", "Ana has lost the server; the call goes on", ""},
	} {
		tile, _ := tables(t)[tt.language].tile(tt.peer, now)
		if tile.What != tt.what || tile.Hold != tt.hold {
			t.Errorf("%s %s: %q, %q, want %q, %q", tt.peer.State, tt.peer.Cause, tile.What, tile.Hold, tt.what, tt.hold)
		}
	}
}

func TestAPathThatWasNotFoundIsNeverBareOnTheTile(t *testing.T) {
	for language, table := range tables(t) {
		for _, cause := range []signal.Cause{signal.CauseICEFailed, signal.CausePathBlocked} {
			for _, finding := range signal.Findings() {
				p := ana(ended(cause), func(p *session.PeerSnapshot) {
					p.End.Finding = finding
					p.Path = &session.Path{State: session.PathFailed, Finding: finding}
				})
				tile, _ := table.tile(p, now)
				if want := table["finding."+string(finding)]; want == "" || tile.Finding != want {
					t.Errorf("%s: %s, %s: the tile says %q, want %q", language, cause, finding, tile.Finding, want)
				}
				if want := table["next.check-firewall"]; tile.Next != want {
					t.Errorf("%s: %s, %s: to do is %q, want %q", language, cause, finding, tile.Next, want)
				}
				if v := table.panel(p, nil, now); v.More != tile.Finding || v.Next != tile.Next {
					t.Errorf("%s: %s, %s: the panel says %q, %q", language, cause, finding, v.More, v.Next)
				}
			}
		}
	}
	for name, p := range map[string]session.PeerSnapshot{
		"connected": ana(), "closed the page": ana(ended(signal.CausePageClosed)), "away": ana(away(signal.CauseNetworkLost, now)),
	} {
		if tile, _ := tables(t)["en"].tile(p, now); tile.Finding+tile.Next != "" {
			t.Errorf("%s: the tile says %q, %q", name, tile.Finding, tile.Next)
		}
	}
}

func TestRejoinIsOfferedForALinkThatEndedAndNobodyElse(t *testing.T) {
	table := tables(t)["en"]
	for want, p := range map[bool]session.PeerSnapshot{
		true:  ana(ended(signal.CauseDTLSFailed), func(p *session.PeerSnapshot) { p.Rejoin = true }),
		false: ana(ended(signal.CauseHangup)),
	} {
		if tile, _ := table.tile(p, now); tile.Rejoin != want {
			t.Errorf("%s: the tile offers it: %v, want %v", p.Cause, tile.Rejoin, want)
		}
		if v := table.panel(p, nil, now); v.Rejoin != want {
			t.Errorf("%s: the panel offers it: %v, want %v", p.Cause, v.Rejoin, want)
		}
	}
}

func TestTheDoctorIsOfferedWhereTheNetworkIsInTheWayAndNowhereElse(t *testing.T) {
	table := tables(t)["en"]
	for _, cause := range signal.Causes() {
		p := ana(ended(cause))
		want := cause == signal.CauseICEFailed || cause == signal.CausePathBlocked
		if tile, _ := table.tile(p, now); tile.ToCheck != want {
			t.Errorf("%s: the tile offers it: %v, want %v", cause, tile.ToCheck, want)
		}
		if v := table.panel(p, nil, now); v.ToCheck != want {
			t.Errorf("%s: the panel offers it: %v, want %v", cause, v.ToCheck, want)
		}
		p.State, p.Cause = session.PeerRecovering, cause
		if tile, _ := table.tile(p, now); tile.ToCheck || table.panel(p, nil, now).ToCheck {
			t.Errorf("%s: it is offered while the link recovers", cause)
		}
	}
}

func TestEveryStateAndCauseIsWorded(t *testing.T) {
	states := []session.State{session.StateJoining, session.StateWaiting, session.StateConnected, session.StateRecovering, session.StateEnded}
	for language, table := range tables(t) {
		for _, cause := range append(signal.Causes(), signal.CauseNone) {
			for _, state := range peerStates {
				p := ana(func(p *session.PeerSnapshot) { p.State, p.Cause = state, cause })
				if words := table.peer(p); words == "" || strings.Contains(words, "{") {
					t.Errorf("%s: peer %s %s: %q", language, state, cause, words)
				}
			}
			for _, state := range states {
				s := call(state, ana())
				s.Cause = cause
				if words := table.status(s); words == "" || strings.Contains(words, "{") {
					t.Errorf("%s: %s %s: %q", language, state, cause, words)
				}
			}
		}
	}
}

func TestTheCountdownAsksForTheNextSecond(t *testing.T) {
	en := tables(t)["en"]
	v := en.View(call(session.StateWaiting, ana(away(signal.CauseNetworkLost, now+26_000)), ana(away(signal.CauseNetworkLost, now+4_250))), now)
	if v.Again != 250 {
		t.Errorf("again in %v ms, want 250", v.Again)
	}
	if v := en.View(call(session.StateConnected, ana()), now); v.Again != 0 {
		t.Errorf("again in %v ms with no countdown", v.Again)
	}
}

func TestStatusSpeaksOfTheMostPressing(t *testing.T) {
	named := func(name string, change ...func(*session.PeerSnapshot)) session.PeerSnapshot {
		p := ana(change...)
		p.Name = name
		return p
	}
	lost := call(session.StateRecovering, ana())
	lost.Cause, lost.Signaling = signal.CauseSignalingLost, session.SignalingStateLost
	asking := call(session.StateLobby)
	asking.Camera.State = session.DeviceAsking
	for _, tt := range []struct {
		snapshot session.Snapshot
		want     string
	}{
		{call(session.StateLobby), ""},
		{asking, "Your browser asks whether Holdline may use camera and microphone."},
		{call(session.StateJoining), "Joining the room"},
		{call(session.StateWaiting), "In the room. Nobody else is here yet."},
		{call(session.StateWaiting, ana(ended(signal.CausePageClosed))), "Ana closed the page"},
		{call(session.StateConnected, ana()), "In the call with Ana"},
		{call(session.StateConnected, ana(), named("Bo")), "In the call with Ana and Bo"},
		{call(session.StateConnected, ana(), named("Bo"), named("Cy")), "In the call with Ana, Bo and Cy"},
		{call(session.StateConnected, ana(), named("Bo"), named("Cy"), named("Di")), "In the call with Ana, Bo and 2 others"},
		{call(session.StateConnected, ana(ended(signal.CauseHangup)), named("Bo", away(signal.CausePageReloaded, now+9000))), "Bo is reloading"},
		{lost, "The server is out of reach. Reconnecting."},
		{call(session.StateEnded), "Not in the call"},
	} {
		if got := tables(t)["en"].status(tt.snapshot); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.snapshot.State, got, tt.want)
		}
	}
}

func TestStageCells(t *testing.T) {
	gone := ana(ended(signal.CauseHangup))
	for _, tt := range []struct {
		name       string
		snapshot   session.Snapshot
		cells      int
		invite     bool
		selfInCell bool
	}{
		{"alone", call(session.StateWaiting), 1, true, false},
		{"one to one", call(session.StateConnected, ana()), 1, false, false},
		{"three", call(session.StateConnected, ana(), ana()), 3, false, true},
		{"one has just gone", call(session.StateWaiting, gone), 2, true, false},
		{"one may come back", call(session.StateWaiting, ana(away(signal.CausePageReloaded, now+9000))), 1, false, false},
	} {
		v := tables(t)["en"].View(tt.snapshot, now)
		if v.Cells != tt.cells || v.Invite != tt.invite || v.SelfInCell != tt.selfInCell {
			t.Errorf("%s: %d cells, invite %v, self in cell %v, want %d, %v, %v", tt.name, v.Cells, v.Invite, v.SelfInCell, tt.cells, tt.invite, tt.selfInCell)
		}
	}
}

func TestDeviceProblemsInWords(t *testing.T) {
	missing := func(cause session.Cause) session.Device {
		return session.Device{State: session.DeviceMissing, Cause: cause}
	}
	on := session.Device{State: session.DeviceOn}
	for _, tt := range []struct {
		name               string
		microphone, camera session.Device
		want               []string
	}{
		{"both on", on, on, nil},
		{"not wanted", session.Device{State: session.DeviceOff}, session.Device{State: session.DeviceOff}, nil},
		{"both denied", missing(signal.CauseDeviceDenied), missing(signal.CauseDeviceDenied), []string{"Camera and microphone are not allowed"}},
		{"no camera", on, missing(signal.CauseDeviceMissing), []string{"No camera was found"}},
		{"no microphone", missing(signal.CauseDeviceMissing), on, []string{"No microphone was found"}},
		{"each its own", missing(signal.CauseDeviceDenied), missing(signal.CauseDeviceLost), []string{"microphone is not allowed", "camera stopped"}},
		{"plain http", missing(signal.CauseUnsupportedBrowser), missing(signal.CauseUnsupportedBrowser), []string{"https"}},
		{"no cause told", on, missing(signal.CauseNone), []string{"No camera was found"}},
	} {
		got := tables(t)["en"].deviceNotice(tt.microphone, tt.camera)
		if (len(tt.want) == 0) != (got == "") {
			t.Errorf("%s: %q", tt.name, got)
		}
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q does not say %q", tt.name, got, want)
			}
		}
	}
}

func TestEveryDeviceNoticeIsWorded(t *testing.T) {
	for language, table := range tables(t) {
		for _, of := range []string{"both", "camera", "microphone"} {
			for _, cause := range signal.Causes() {
				id := "device." + of + "." + deviceProblem(session.Device{State: session.DeviceMissing, Cause: cause})
				if table[id] == "" {
					t.Errorf("%s: %s: no words", language, id)
				}
			}
		}
	}
}

func TestControlsNameWhatPressingThemDoes(t *testing.T) {
	en := tables(t)["en"]
	s := call(session.StateConnected, ana())
	s.Microphone.State, s.Camera.State = session.DeviceMuted, session.DeviceAsking
	v := en.View(s, now)
	if v.Microphone.On || en.Say(v.Microphone.Name) != "Unmute microphone" {
		t.Errorf("muted: %+v", v.Microphone)
	}
	if !v.Camera.On || en.Say(v.Camera.Name) != "Turn camera off" {
		t.Errorf("asking: %+v", v.Camera)
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "  ": "", "ana": "A", "Ana Ruiz": "AR", "Jean  de la Cruz": "JC", "王小明": "小明", "李": "李",
		"éva": "É", "(bob) smith": "BS", "דנה לוי": "דל", "🙂 Pat": "🙂P", "—": "—",
	} {
		if got := initials(name); got != want {
			t.Errorf("initials(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestTheOfferToGoBackSaysWhoAndWhen(t *testing.T) {
	const minute, hour = 60_000.0, 3_600_000.0
	for _, tt := range []struct {
		age      float64
		language string
		words    string
		again    float64
	}{
		{0, "en", "Your browser stopped while you were in this call as Ana, less than a minute ago.", minute},
		{-5000, "en", "Your browser stopped while you were in this call as Ana, less than a minute ago.", minute},
		{59_000, "en", "Your browser stopped while you were in this call as Ana, less than a minute ago.", 1000},
		{minute, "en", "Your browser stopped while you were in this call as Ana, a minute ago.", minute},
		{2*minute + 10_000, "en", "Your browser stopped while you were in this call as Ana, 2 minutes ago.", 50_000},
		{hour - 1, "en", "Your browser stopped while you were in this call as Ana, 59 minutes ago.", 1},
		{hour, "en", "Your browser stopped while you were in this call as Ana, an hour ago.", minute},
		{11.9 * hour, "en", "Your browser stopped while you were in this call as Ana, 11 hours ago.", minute},
		{5 * minute, "zh", "您以“Ana”的名字在此通话中时，浏览器停止了运行，5 分钟前。", minute},
	} {
		s := call(session.StateLobby)
		s.Back = &session.Back{Name: "Ana", At: now - tt.age}
		v := tables(t)[tt.language].View(s, now)
		if v.Back != tt.words || v.Status != tt.words || v.Again != tt.again {
			t.Errorf("%v ms ago: %q, status %q, again in %v; want %q, again in %v", tt.age, v.Back, v.Status, v.Again, tt.words, tt.again)
		}
	}
	s := call(session.StateLobby)
	if v := tables(t)["en"].View(s, now); v.Back != "" || v.Again != 0 {
		t.Errorf("without an offer: %q, again in %v", v.Back, v.Again)
	}
	s.Back, s.Microphone.State = &session.Back{Name: "Ana", At: now}, session.DeviceAsking
	if v := tables(t)["en"].View(s, now); v.Back == "" || !strings.Contains(v.Status, "Your browser asks") {
		t.Errorf("while the browser asks the status is %q", v.Status)
	}
}
