package page

import (
	"slices"
	"strings"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// over is a participant whose path is a pair of these types, then changed.
func over(local, remote string, change ...func(*session.Path)) session.PeerSnapshot {
	path := &session.Path{State: session.PathConnected, Pair: &session.Pair{
		Local: session.Candidate{Type: local, Protocol: "udp", Address: "192.168.1.20", Port: 50000, Network: "wifi"}, Remote: session.Candidate{Type: remote, Protocol: "udp"},
	}}
	for _, f := range change {
		f(path)
	}
	return ana(func(p *session.PeerSnapshot) { p.Path = path })
}

func relayed(why session.Why) func(*session.Path) {
	return func(p *session.Path) { p.Relayed, p.Why = true, why }
}

func searching(state session.PathState) func(*session.Path) {
	return func(p *session.Path) { p.State, p.Pair = state, nil }
}

func at(local, remote string) func(*session.Path) {
	return func(p *session.Path) { p.Pair.Local.Address, p.Pair.Remote.Address = local, remote }
}

func TestThePathInOneSentence(t *testing.T) {
	nobody := over("host", "host", func(p *session.Path) { p.Pair = nil })
	gone := over("host", "host")
	ended(signal.CauseHangup)(&gone)
	for _, tt := range []struct {
		peer       session.PeerSnapshot
		path, want string
	}{
		{ana(), "none", "No connection to Ana yet"},
		{over("host", "host"), "direct", "Direct: your browsers found each other in the same network"},
		{over("host", "host", at("2001:db8::1", "3f.local")), "direct", "Direct: your browsers found each other in the same network"},
		{over("host", "host", at("2001:db8::1", "2001:db8:1::2")), "direct", "Direct: your devices reach each other at addresses of their own"},
		{over("host", "host", at("fd00::1", "fe80::2")), "direct", "Direct: your browsers found each other in the same network"},
		{over("host", "prflx"), "direct", "Direct: packets go straight from browser to browser"},
		{over("srflx", "host"), "direct", "Direct: your browsers found each other through the routers in between (NAT)"},
		{over("prflx", "srflx"), "direct", "Direct: your browsers found each other through the routers in between (NAT)"},
		{nobody, "direct", "Direct: packets go straight from browser to browser"},
		{over("relay", "srflx", relayed(session.WhySymmetric)), "relayed", "Relayed through the server, because a router on the way gives each connection a new address (symmetric NAT)"},
		{over("host", "relay", relayed(session.WhyRemote)), "relayed", "Relayed through the server, because Ana’s browser found no other way out"},
		{over("relay", "relay", relayed(session.WhyBlocked)), "relayed", "Relayed through the server, because the direct path was blocked"},
		{over("relay", "relay", relayed(session.WhyNone)), "relayed", "Relayed: packets go through the server"},
		{over("relay", "relay", relayed("a-later-version-knows-it")), "relayed", "Relayed: packets go through the server"},
		{over("", "", searching(session.PathGathering)), "none", "Looking for addresses at which the browsers can reach each other"},
		{over("", "", searching(session.PathBroken)), "none", "Nothing comes through any more. Another way to Ana is being looked for."},
		{over("", "", searching(session.PathChecking)), "none", "Trying which of the addresses reach each other"},
		{over("", "", searching("a-later-version-knows-it")), "none", "No connection to Ana yet"},
		{gone, "none", "Ana left the call"},
	} {
		v := tables(t)["en"].panel(tt.peer, nil, now)
		if v.Path.Path != tt.path || v.Verdict != tt.want {
			t.Errorf("%+v: %s, %q, want %s, %q", tt.peer.Path, v.Path.Path, v.Verdict, tt.path, tt.want)
		}
		if v.Title != "Connection to Ana" {
			t.Errorf("title %q", v.Title)
		}
	}
}

func TestEveryStateReasonAndFindingOfAPathIsToldInBothLanguages(t *testing.T) {
	for language, table := range tables(t) {
		said := map[string]string{}
		tell := func(id string, p session.PeerSnapshot) {
			v := table.panel(p, nil, now)
			words := v.Verdict + v.More
			if v.Verdict == "" || strings.ContainsAny(words, "{}") {
				t.Errorf("%s: %s: %q", language, id, words)
			}
			if before, ok := said[words]; ok {
				t.Errorf("%s: %s and %s are both %q", language, before, id, words)
			}
			said[words] = id
		}
		tell("direct", over("host", "host"))
		tell("relayed", over("relay", "relay", relayed(session.WhyNone)))
		for _, why := range session.Whys() {
			tell(string(why), over("relay", "relay", relayed(why)))
		}
		for _, state := range session.PathStates() {
			if state != session.PathConnected {
				tell(string(state), over("", "", searching(state)))
			}
		}
		for _, finding := range signal.Findings() {
			tell(string(finding), over("", "", searching(session.PathFailed), func(p *session.Path) { p.Finding = finding }))
		}
	}
}

func TestTheStatusSaysThatTheDirectPathWasBlocked(t *testing.T) {
	blocked := over("relay", "relay", relayed(session.WhyBlocked))
	recovering := over("relay", "relay", relayed(session.WhyBlocked), searching(session.PathBroken))
	recovering.State, recovering.Cause = session.PeerRecovering, signal.CauseNetworkLost
	other := blocked
	other.Name = "Ben"
	sharing := blocked
	sharing.Screen = true
	for _, tt := range []struct {
		snapshot           session.Snapshot
		language           string
		status, tile, path string
	}{
		{call(session.StateConnected, blocked), "en", "The direct path to Ana was blocked. The call goes on through the server.", "Connected", "relayed"},
		{call(session.StateConnected, blocked), "zh", "到 Ana 的直连线路被阻断，通话改经服务器继续。", "已连接", "relayed"},
		{call(session.StateConnected, sharing), "en", "The direct path to Ana was blocked. The call goes on through the server. Ana shares the screen", "Connected", "relayed"},
		{call(session.StateConnected, blocked, other), "en", "The direct path to Ana was blocked. The call goes on through the server.", "Connected", "relayed"},
		{call(session.StateRecovering, recovering), "en", "Ana’s network is silent", "Ana’s network is silent", "none"},
		{call(session.StateConnected, over("relay", "relay", relayed(session.WhySymmetric))), "en", "In the call with Ana", "Connected", "relayed"},
		{call(session.StateConnected, over("host", "host", func(p *session.Path) { p.Why = session.WhyBlocked })), "en", "In the call with Ana", "Connected", "direct"},
	} {
		v := tables(t)[tt.language].View(tt.snapshot, now)
		if tile := v.Tiles[0]; v.Status != tt.status || tile.What != tt.tile || tile.Path.Path != tt.path {
			t.Errorf("status %q, tile %q, %s\nwant %q, %q, %s", v.Status, tile.What, tile.Path.Path, tt.status, tt.tile, tt.path)
		}
	}
}

func TestTheDetailsOfAPath(t *testing.T) {
	p := over("relay", "srflx", func(p *session.Path) {
		p.Local = session.Candidates{Host: 3, Hidden: 2, ServerReflexive: 1, Relay: 1, Done: true}
		p.Remote = session.Candidates{Host: 1, PeerReflexive: 2}
		p.Checks = session.Checks{Waiting: 3, Running: 2, Succeeded: 1, Failed: 4}
		p.Pair.RelayProtocol, p.Pair.Remote.Address, p.Pair.Remote.Port = "tls", "2001:db8::9", 443
		p.Took, p.Consent, p.Heard, p.Why = 96.4, now-3900, now-61_000, session.WhyFiltered
		p.Finding = signal.FindingPeersApart
	})
	v := tables(t)["en"].panel(p, rtts(24.5), now)
	if want := (PathAttributes{"direct", "connected", "filtered", "peers-apart", "relay", "srflx"}); v.Path != want {
		t.Errorf("attributes %+v, want %+v", v.Path, want)
	}
	if want := []Kind{{"3", "1"}, {"0", "2"}, {"1", "0"}, {"1", "0"}}; !slices.Equal(v.Kinds, want) {
		t.Errorf("kinds %v, want %v", v.Kinds, want)
	}
	if want := []string{"relayed · UDP · 192.168.1.20:50000 · Wi-Fi", "server-reflexive · UDP · [2001:db8::9]:443", "TLS over TCP", "96 ms", "3 s ago", "1 min ago"}; !slices.Equal(v.Facts, want) {
		t.Errorf("facts %q, want %q", v.Facts, want)
	}
	if v.Checks != "1 succeeded, 4 failed, 5 open" || v.Gathered != "Gathering goes on." || !strings.HasPrefix(v.Hidden, "2 of the") || v.Theirs != "Ana" {
		t.Errorf("%q, %q, %q, %q", v.Checks, v.Gathered, v.Hidden, v.Theirs)
	}
	if want := []string{"24.5", "0.0245", "245000", "2450000", "24500"}; !slices.Equal(v.Numbers, want) {
		t.Errorf("numbers %q, want %q", v.Numbers, want)
	}
	if late := tables(t)["en"].panel(p, rtts(24.5), now+plotGap+1); strings.Join(late.Numbers, "") != "" {
		t.Errorf("old numbers %q", late.Numbers)
	}
	p.Path.Remote.Done, p.Path.Local.Hidden, p.Path.Checks, p.Path.Consent, p.Path.Took = true, 0, session.Checks{}, 0, 0
	p.Path.Pair.Remote.Port = 0
	p.Path.Pair.Local.Address, p.Path.Pair.Local.Network, p.Path.Pair.Remote.Type = "3f.local", "satellite", "quantum"
	v = tables(t)["en"].panel(p, nil, now)
	if v.Gathered != "Both have gathered all." || v.Hidden != "" || v.Checks != "none yet" || v.Facts[3] != "" || v.Facts[4] != "" {
		t.Errorf("%q, %q, %q, %q", v.Gathered, v.Hidden, v.Checks, v.Facts)
	}
	if v.Facts[0] != "relayed · UDP · hidden (mDNS) · satellite" || v.Facts[1] != "quantum · UDP · 2001:db8::9" {
		t.Errorf("what browsers say and we have no words for: %q", v.Facts[:2])
	}
}

func TestTheRecoveriesOfALink(t *testing.T) {
	p := over("host", "host", func(p *session.Path) {
		p.Recovery = []session.Recovery{
			{At: now - 90_000, Rung: 0, Took: 640},
			{At: now - 60_000, Rung: session.RungWait, Failed: true, Cause: signal.CausePathBlocked},
			{At: now - 30_000, Rung: session.RungRelayOnly, Took: 7449, Cause: signal.CauseNetworkChanged},
			{At: now - 4200, Rung: 9, Cause: "a-later-version-knows-it"},
		}
	})
	want := []Recovery{
		{now - 4200, "", "Repaired", "for 4 s now", false},
		{now - 30_000, "Ana is changing networks", "Searched through the relay only (ICE restart)", "took 7.4 s", false},
		{now - 60_000, "The way to Ana is blocked; trying others", "Waited for a change of the network, and tried again", "failed", true},
		{now - 90_000, "", "Packets came again by themselves", "took 640 ms", false},
	}
	if got := tables(t)["en"].panel(p, nil, now).Recoveries; !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestAPanelWithoutRecoveriesSaysWhy(t *testing.T) {
	lost := over("", "", searching(session.PathFailed), func(p *session.Path) { p.Recovery = []session.Recovery{{At: now, Failed: true}} })
	for _, tt := range []struct {
		name string
		peer session.PeerSnapshot
		en   string
		zh   string
	}{
		{"before the first connection", ana(), "None: there was no path yet that could break.", "没有：还没有可能中断的线路。"},
		{"while a path is looked for", over("", "", searching(session.PathGathering)), "None: there was no path yet that could break.", "没有：还没有可能中断的线路。"},
		{"never found", over("", "", searching(session.PathFailed)), "None: there was no path yet that could break.", "没有：还没有可能中断的线路。"},
		{"connected", over("host", "host"), "None: the path has held since it was found.", "没有：线路找到后一直保持畅通。"},
		{"lost", lost, "", ""},
	} {
		for language, want := range map[string]string{"en": tt.en, "zh": tt.zh} {
			if got := tables(t)[language].panel(tt.peer, nil, now).Unbroken; got != want {
				t.Errorf("%s, %s: %q, want %q", tt.name, language, got, want)
			}
		}
	}
}

func TestTheHTMLHasARowForEachKindAndFact(t *testing.T) {
	html := source(t, "../../static/index.html")
	at := 0
	for _, k := range kinds {
		row := strings.Index(html[at:], `data-text="path.kind.`+k.id+`"`)
		if row < 0 {
			t.Fatalf("%s has no row behind the one before", k.id)
		}
		at += row
	}
	for _, id := range facts {
		if !strings.Contains(html, `<div data-fact="`+id+`" hidden>`) {
			t.Errorf("%s has no row", id)
		}
	}
}

func TestHowLongAgo(t *testing.T) {
	en := tables(t)["en"]
	for age, want := range map[float64]string{-50: "0 s ago", 0: "0 s ago", 999: "0 s ago", 59_999: "59 s ago", 60_000: "1 min ago", 3_600_000: "60 min ago"} {
		if got := en.since(now-age, now); got != want {
			t.Errorf("%v ms: %q, want %q", age, got, want)
		}
	}
	if got := en.since(0, now); got != "" {
		t.Errorf("never: %q", got)
	}
	for ms, want := range map[float64]string{0.4: "0 ms", 96.4: "96 ms", 999.4: "999 ms", 999.6: "1 s", 1640: "1.6 s", 61_000: "61 s"} {
		if got := en.duration(ms); got != want {
			t.Errorf("%v ms took %q, want %q", ms, got, want)
		}
	}
}

func TestWhichAddressesMeanSomethingInTheirOwnNetworkOnly(t *testing.T) {
	for address, want := range map[string]bool{
		"": true, "7f0e.local": true, "10.1.2.3": true, "172.16.0.1": true, "192.168.0.1": true, "fd12::1": true, "169.254.7.7": true, "fe80::1": true,
		"127.0.0.1": true, "::1": true, "203.0.113.7": false, "100.64.0.1": false, "2001:db8::1": false,
	} {
		if got := nearby(address); got != want {
			t.Errorf("nearby(%q) = %v", address, got)
		}
	}
}
