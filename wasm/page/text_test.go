package page

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/doctor"
	"holdline/wasm/session"
)

func tables(t *testing.T) map[string]Table {
	t.Helper()
	text, err := os.ReadFile("../../static/text.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]Table
	if err := json.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}
	return tables
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestBothLanguagesHaveTheSameIDsAndPlaceholders(t *testing.T) {
	tables := tables(t)
	if got := slices.Sorted(maps.Keys(tables)); !slices.Equal(got, []string{"en", "zh"}) {
		t.Fatalf("languages %v, want en and zh", got)
	}
	en, zh := tables["en"], tables["zh"]
	for id, words := range en {
		if strings.TrimSpace(words) == "" || strings.TrimSpace(zh[id]) == "" {
			t.Errorf("%s: no words in English or in Chinese", id)
		}
		in := func(s string) []string { return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1))) }
		if !slices.Equal(in(words), in(zh[id])) {
			t.Errorf("%s: placeholders %v in English, %v in Chinese", id, in(words), in(zh[id]))
		}
	}
	for id := range zh {
		if _, ok := en[id]; !ok {
			t.Errorf("%s: only in Chinese", id)
		}
	}
}

// composed are the ids that the page puts together out of a prefix and an id
// of the protocol.
func composed() []string {
	var ids []string
	for _, c := range signal.Causes() {
		for _, prefix := range []string{"peer.", "peer.now.", "self.", "self.more.", "self.now."} {
			ids = append(ids, prefix+string(c))
		}
	}
	for _, n := range signal.Nexts() {
		ids = append(ids, "next."+string(n))
	}
	for _, l := range []signal.Layer{signal.LayerPage, signal.LayerDevice, signal.LayerSignaling, signal.LayerSDP, signal.LayerICE, signal.LayerDTLS, signal.LayerApp} {
		ids = append(ids, "layer."+string(l))
	}
	for _, b := range []signal.By{signal.ByPerson, signal.ByBrowser, signal.ByNetwork, signal.ByServer} {
		ids = append(ids, "by."+string(b))
	}
	for _, f := range signal.Findings() {
		ids = append(ids, "finding."+string(f))
	}
	for _, w := range session.Whys() {
		ids = append(ids, "path.relayed."+string(w))
	}
	for _, s := range session.PathStates() {
		if s != session.PathConnected { // that is direct or relayed
			ids = append(ids, "path.state."+string(s))
		}
	}
	for rung := range session.RungWait + 1 { // of the ladder
		ids = append(ids, "path.rung."+strconv.Itoa(rung))
	}
	for _, t := range []string{"type.host", "type.srflx", "type.prflx", "type.relay", "over.udp", "over.tcp", "over.tls", "network.wifi",
		"network.ethernet", "network.cellular", "network.bluetooth", "network.vpn", "network.unknown"} {
		ids = append(ids, "path."+t)
	}
	for _, v := range append(doctor.VerdictIDs(), "load-failed", "client-failed") {
		ids = append(ids, "check.verdict."+string(v), "check.more."+string(v))
	}
	for _, o := range doctor.Outcomes() {
		ids = append(ids, "check.says."+string(o))
	}
	for _, a := range doctor.AskIDs() {
		ids = append(ids, "check.ask."+string(a))
	}
	for _, d := range doctor.DetailNames() {
		ids = append(ids, "check.detail."+string(d))
	}
	for _, w := range doctor.Words() {
		ids = append(ids, "check.word."+string(w))
	}
	for _, c := range doctor.CheckIDs() {
		ids = append(ids, "check.name."+string(c))
	}
	for _, s := range doctor.States() {
		ids = append(ids, "check.state."+string(s))
	}
	for _, g := range doctor.Groups() {
		ids = append(ids, "check.now."+string(g))
	}
	return append(ids, "peer.page-navigated.here", "peer.now.page-navigated.here", "self.load-failed", "self.more.load-failed")
}

func TestEveryIDOfTheProtocolHasWords(t *testing.T) {
	for language, table := range tables(t) {
		for _, id := range composed() {
			if table[id] == "" {
				t.Errorf("%s: %s: no words", language, id)
			}
		}
	}
}

func source(t *testing.T, names ...string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// sources are the files of this package that word things.
var sources = []string{"view.go", "back.go", "peer.go", "path.go", "panel.go", "plot.go", "units.go", "chat_js.go", "page_js.go", "check.go"}

var (
	htmlID   = regexp.MustCompile(`data-text(?:-label|-placeholder)?="([^"]+)"`)
	scriptID = regexp.MustCompile(`(?:text|notify|shell\.status)\('([^']+)'[,)]|complain\('[^']+', '([^']+)'`)
	goID     = regexp.MustCompile(`Say\("([^"]+)"[,)]`)
)

func TestEveryIDThatTheSourcesNameHasWords(t *testing.T) {
	en := tables(t)["en"]
	named := map[string]bool{}
	note := func(pattern *regexp.Regexp, text string) {
		matches := pattern.FindAllStringSubmatch(text, -1)
		if len(matches) == 0 {
			t.Errorf("%v matches nothing", pattern)
		}
		for _, m := range matches {
			named[strings.Join(m[1:], "")] = true
		}
	}
	note(htmlID, source(t, "../../static/index.html"))
	note(scriptID, source(t, "../../static/boot.js", "../../static/shell.js", "../../static/check.js", "../../static/elsewhere.js"))
	note(goID, source(t, sources...))
	for id := range named {
		if en[id] == "" {
			t.Errorf("%s: no words", id)
		}
	}
}

func TestNoWordsLieUnused(t *testing.T) {
	all := source(t, append([]string{"../../static/index.html", "../../static/boot.js", "../../static/shell.js", "../../static/check.js", "../../static/elsewhere.js"}, sources...)...)
	used := composed()
	for id := range tables(t)["en"] {
		family := strings.HasPrefix(id, "device.") || strings.HasPrefix(id, "peer.state.")
		if !family && !slices.Contains(used, id) && !strings.Contains(all, `"`+id+`"`) && !strings.Contains(all, `'`+id+`'`) {
			t.Errorf("%s is used nowhere", id)
		}
	}
}

// The shell's HTML is English before text.json is there: the same words.
func TestTheHTMLSaysWhatTheEnglishTableSays(t *testing.T) {
	en := tables(t)["en"]
	html := source(t, "../../static/index.html")
	for _, m := range regexp.MustCompile(`data-text="([^"]+)"[^>]*>([^<]+)<`).FindAllStringSubmatch(html, -1) {
		if en[m[1]] != m[2] {
			t.Errorf("%s: %q in the HTML, %q in the table", m[1], m[2], en[m[1]])
		}
	}
	for _, m := range regexp.MustCompile(`(?:aria-label|placeholder)="([^"]+)" data-text-(?:label|placeholder)="([^"]+)"`).FindAllStringSubmatch(html, -1) {
		if en[m[2]] != m[1] {
			t.Errorf("%s: %q in the HTML, %q in the table", m[2], m[1], en[m[2]])
		}
	}
}

// The page's contract in the README names these controls.
func TestContractAccessibleNamesInEnglish(t *testing.T) {
	en := tables(t)["en"]
	for id, want := range map[string]string{
		"start.call": "Start a call", "room": "Room", "name": "Your name", "language": "Language",
		"join": "Join", "go-back": "Go back in", "leave": "Leave", "rejoin": "Rejoin", "copy-link": "Copy link", "save-report": "Save report",
		"check.again": "Check again", "check.copy": "Copy report", "check.devices": "Check camera and microphone", "check.link": "Check your connection",
		"microphone.mute": "Mute microphone", "microphone.unmute": "Unmute microphone",
		"camera.off": "Turn camera off", "camera.on": "Turn camera on", "message": "Message", "send": "Send", "path.title": "Connection to {name}",
		"elsewhere": "Open on another device",
	} {
		if en[id] != want {
			t.Errorf("%s = %q, want %q", id, en[id], want)
		}
	}
}

func TestSayIsolatesRightToLeftNames(t *testing.T) {
	words := Table{"x": "{name} left"}
	if got, want := words.Say("x", "name", "Ana"), "Ana left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := words.Say("x", "name", "דנה"), "\u2068דנה\u2069 left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestARungHasItsOwnWords(t *testing.T) {
	for rung, word := range map[int]string{session.RungRestartICE: "ICE restart", session.RungNewConnection: "new connection", session.RungRelayOnly: "relay only", session.RungWait: "Waited"} {
		if id := "path.rung." + strconv.Itoa(rung); !strings.Contains(tables(t)["en"][id], word) {
			t.Errorf("%s is %q, want something with %q", id, tables(t)["en"][id], word)
		}
	}
}

// One word for one thing: in Chinese a relay is 中继 and a path 线路.
func TestInChineseARelayAndAPathHaveOneWordEach(t *testing.T) {
	for id, words := range tables(t)["zh"] {
		for _, other := range []string{"中转", "中继服务器", "路径", "直接线路"} {
			if strings.Contains(words, other) {
				t.Errorf("%s says %s: %q", id, other, words)
			}
		}
	}
}
