package main

import (
	"errors"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"holdline/server/room"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// without clears every environment twin for one test.
func without(t *testing.T) {
	t.Helper()
	for _, g := range new(config).settings(new(float64)) {
		for _, s := range g.settings {
			t.Setenv(s.env(), "")
		}
	}
}

func TestTheHelpReadsAsItsGoldenFile(t *testing.T) {
	wantHelp(t, "usage.txt")
	wantHelp(t, "usage-relay.txt", "relay")
}

func wantHelp(t *testing.T, file string, command ...string) {
	t.Helper()
	code, got, stderr := runOnce(t, append(command, "-h")...)
	if code != exitOK || stderr != "" {
		t.Fatalf("run = %d, stderr %q", code, stderr)
	}
	golden := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("-h differs from %s (go test ./server -update writes it):\n%s", golden, got)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > usageWidth {
			t.Errorf("%d columns, want at most %d: %s", n, usageWidth, line)
		}
	}
	if _, long, _ := runOnce(t, append(command, "--help")...); long != got {
		t.Error("--help differs from -h")
	}
}

func TestTheDefaultsAreThePolicysOwn(t *testing.T) {
	without(t)
	t.Setenv("XDG_STATE_HOME", "/var/state")
	got, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config{
		Addr:           "127.0.0.1:8080",
		State:          "/var/state/holdline",
		OwnCertificate: true,
		QR:             "auto",
		LogLevel:       slog.LevelWarn,
		MaxRate:        100,
		MaxBurst:       300,
		MaxRooms:       10000,
		MaxConnections: 10000,
		MaxReturns:     1000,
		Drain:          5 * time.Second,
		Policy:         room.DefaultPolicy(),
		Relay: relayConfig{
			Credentials: 10 * time.Minute, Keep: 12 * time.Hour, Lifetime: 10 * time.Minute, Max: 2000, Rate: 1000, RateEach: 50,
			CheckCredentials: time.Minute, CheckFor: 2 * time.Minute,
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("parseConfig() =\n%+v, want\n%+v", got, want)
	}
}

func TestTheStateFolderFollowsTheXDGSpecification(t *testing.T) {
	without(t)
	for _, tt := range []struct{ xdg, home, want string }{
		{"/x", "/home/ana", "/x/holdline"},
		{"", "/home/ana", "/home/ana/.local/state/holdline"},
		{"relative", "/home/ana", "/home/ana/.local/state/holdline"},
	} {
		t.Setenv("XDG_STATE_HOME", tt.xdg)
		t.Setenv("HOME", tt.home)
		if c, err := parseConfig(nil); err != nil || c.State != tt.want {
			t.Errorf("state for XDG_STATE_HOME=%q HOME=%q = %q, %v, want %q", tt.xdg, tt.home, c.State, err, tt.want)
		}
	}
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	if _, err := parseConfig(nil); err == nil || !strings.Contains(err.Error(), "--state") {
		t.Errorf("without a home folder: %v, want an error that names --state", err)
	}
}

// samples has one value for every flag, none of them the default.
var samples = map[string]string{
	"addr": "[::1]:0", "tls-cert": "c.pem", "tls-key": "k.pem", "origins": "https://a.example, http://B.example:8080",
	"relay-addr": ":3478", "stun-port": "off", "relay-host": "turn.example.org", "relay-public-address": "203.0.113.9, 2001:db8::9",
	"relay-allow": "private,10.0.0.0/8", "relay-ports": "50000-50999", "relay-credentials": "5m", "relay-keep": "1h", "relay-lifetime": "1m", "relay-max": "0", "relay-max-each": "7", "relay-max-address": "8", "relay-rate": "20", "relay-rate-each": "2",
	"relay-control": "127.0.0.1:3480", "turn": "stun:a.example, turns:[::1]:443?transport=tcp", "turn-secret": "s",
	"own-certificate": "false", "qr": "never", "state": "/s", "log-level": "debug",
	"max-room": "3", "max-name": "10", "max-rooms": "7", "max-connections": "9", "max-message": "20000",
	"max-rate": "50", "max-burst": "60", "max-returns": "70", "debug-addr": "[::1]:6060",
	"ping": "1s", "dead-after": "30s", "return-window": "1m", "return-window-reload": "2m",
	"grace-closed": "0s", "grace-silent": "4m", "keep-left": "1m", "return-after": "2s", "drain": "9s", "time-scale": "0.5",
}

func TestEveryFlagHasAnEnvironmentTwinThatTheFlagOutranks(t *testing.T) {
	without(t)
	t.Setenv("HOME", "/home/ana")
	defaults, err := parseConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range new(config).settings(new(float64)) {
		for _, s := range g.settings {
			t.Run(s.name, func(t *testing.T) {
				sample, ok := samples[s.name]
				if !ok {
					t.Fatal("has no sample")
				}
				var rest []string // so that the certificate and its key come together
				switch s.name {
				case "tls-cert":
					rest = []string{"--tls-key", "k.pem"}
				case "tls-key":
					rest = []string{"--tls-cert", "c.pem"}
				case "relay-control":
					rest = []string{"--relay-addr", ":3478"}
				case "turn":
					rest = []string{"--turn-secret", "s"}
				case "turn-secret":
					rest = []string{"--turn", "stun:a.example"}
				case "max-burst":
					rest = []string{"--max-rate", "1"}
				}
				byFlag, err := parseConfig(append(rest, "--"+s.name, sample))
				if err != nil {
					t.Fatal(err)
				}
				if reflect.DeepEqual(byFlag, defaults) {
					t.Errorf("--%s %s changes nothing", s.name, sample)
				}
				t.Setenv(s.env(), sample)
				if byEnv, err := parseConfig(rest); err != nil || !reflect.DeepEqual(byEnv, byFlag) {
					t.Errorf("%s=%s gives %+v, %v, want %+v", s.env(), sample, byEnv, err, byFlag)
				}
				t.Setenv(s.env(), "not\x01valid")
				if both, err := parseConfig(append(rest, "--"+s.name, sample)); err != nil || !reflect.DeepEqual(both, byFlag) {
					t.Errorf("flag and twin give %+v, %v, want %+v", both, err, byFlag)
				}
			})
		}
	}
}

func TestNobodyHasAllOfTheRelayUnlessTheOperatorSaysSo(t *testing.T) {
	without(t)
	for _, tt := range []struct {
		args               []string
		all, address, each int
	}{
		{nil, 2000, 1000, 100},
		{[]string{"--relay-max", "30"}, 30, 15, 7},
		{[]string{"--relay-max", "0"}, 0, 1, 1},
		{[]string{"--relay-max-address", "7"}, 2000, 7, 100},
		{[]string{"--relay-max-each", "150"}, 2000, 1000, 150},
		{[]string{"--relay-ports", "50000-50099"}, 100, 50, 25},
		{[]string{"--relay-ports", "50000-50000"}, 1, 1, 1},
		{[]string{"--relay-ports", "1024-65535"}, 2000, 1000, 100},
		{[]string{"--relay-ports", "50000-50099", "--relay-max", "40"}, 40, 20, 10},
		{[]string{"--relay-ports", "50000-50099", "--relay-max-address", "100", "--relay-max-each", "60"}, 100, 100, 60},
	} {
		got, err := parseConfig(tt.args)
		if r := got.Relay; err != nil || r.max() != tt.all || r.maxAddress() != tt.address || r.maxEach() != tt.each {
			t.Errorf("%q: %d, %d of an address, %d of a participant, %v, want %d, %d and %d", tt.args, r.max(), r.maxAddress(), r.maxEach(), err, tt.all, tt.address, tt.each)
		}
	}
}

func TestTimeScaleShortensEveryTimeButTheDrainAndWhatBrowsersRefresh(t *testing.T) {
	without(t)
	got, err := parseConfig([]string{"--time-scale", "0.1", "--ping", "2s", "--drain", "3s"})
	if err != nil {
		t.Fatal(err)
	}
	want := room.DefaultPolicy()
	want.PingEvery = 2 * time.Second
	want = want.Scale(0.1)
	if got.Relay.Credentials != time.Minute || got.Relay.CheckCredentials != 6*time.Second || got.Relay.CheckFor != 12*time.Second || got.Relay.Lifetime != 10*time.Minute {
		t.Errorf("relay = %+v, want a tenth of 10m, 1m and 2m, and a lifetime of 10m", got.Relay)
	}
	if got.Policy != want || got.Policy.PingEvery != 200*time.Millisecond || got.Drain != 3*time.Second {
		t.Errorf("policy = %+v, drain = %v, want %+v and 3s", got.Policy, got.Drain, want)
	}
}

func TestOriginsAreNormalised(t *testing.T) {
	without(t)
	got, err := parseConfig([]string{"--origins", "https://a.example, HTTP://B.example:8080"})
	want := []string{"https://a.example", "http://b.example:8080"}
	if err != nil || !reflect.DeepEqual(got.Origins, want) {
		t.Errorf("origins = %q, %v, want %q", got.Origins, err, want)
	}
}

func TestBadValuesAreRefusedWithFlagLimitAndWhatCame(t *testing.T) {
	without(t)
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"--addr", "8080"}, []string{"--addr", "HOLDLINE_ADDR", "HOST:PORT", `"8080"`}},
		{[]string{"--addr", "localhost:http"}, []string{"--addr", "65535", `"localhost:http"`}},
		{[]string{"--addr", ":65536"}, []string{"--addr", "65535", `":65536"`}},
		{[]string{"--addr", ":-1"}, []string{"--addr", "65535", `":-1"`}},
		{[]string{"--addr", ":"}, []string{"--addr", "65535", `":"`}},
		{[]string{"--addr", "::1:80"}, []string{"--addr", "HOST:PORT", `"::1:80"`}},
		{[]string{"--max-room", "1"}, []string{"--max-room", "2 to 64", `"1"`}},
		{[]string{"--max-room", "65"}, []string{"--max-room", "2 to 64", `"65"`}},
		{[]string{"--max-room", "eight"}, []string{"--max-room", "2 to 64", `"eight"`}},
		{[]string{"--max-room", ""}, []string{"--max-room", "2 to 64", `""`}},
		{[]string{"--max-name", "0"}, []string{"--max-name", "1 to 256", `"0"`}},
		{[]string{"--max-rooms", "1e9"}, []string{"--max-rooms", "1 to 1000000", `"1e9"`}},
		{[]string{"--max-connections", "-5"}, []string{"--max-connections", "1 to 1000000", `"-5"`}},
		{[]string{"--max-message", "64KiB"}, []string{"--max-message", "16384 to 1048576", `"64KiB"`}},
		{[]string{"--max-rate", "99999999999999999999"}, []string{"--max-rate", "1 to 10000", `"99999999999999999999"`}},
		{[]string{"--max-burst", "0"}, []string{"--max-burst", "1 to 100000", `"0"`}},
		{[]string{"--max-burst", "20"}, []string{"--max-burst", "--max-rate", "20 and 100"}},
		{[]string{"--max-returns", "0"}, []string{"--max-returns", "1 to 1000000", `"0"`}},
		{[]string{"--debug-addr", "6060"}, []string{"--debug-addr", "HOLDLINE_DEBUG_ADDR", "HOST:PORT", `"6060"`}},
		{[]string{"--keep-left", "25h"}, []string{"--keep-left", "24h", `"25h"`}},
		{[]string{"--return-after", "0"}, []string{"--return-after", "100ms", `"0"`}},
		{[]string{"--ping", "5"}, []string{"--ping", "unit", `"5"`}},
		{[]string{"--ping", "1ms"}, []string{"--ping", "100ms", `"1ms"`}},
		{[]string{"--dead-after", "4s"}, []string{"--dead-after", "--ping", "4s and 5s"}},
		{[]string{"--return-window", "-1s"}, []string{"--return-window", "0s", `"-1s"`}},
		{[]string{"--return-window-reload", "2h"}, []string{"--return-window-reload", "1h", `"2h"`}},
		{[]string{"--grace-closed", "soon"}, []string{"--grace-closed", "1h", `"soon"`}},
		{[]string{"--grace-silent", "61m"}, []string{"--grace-silent", "1h", `"61m"`}},
		{[]string{"--drain", "11m"}, []string{"--drain", "10m", `"11m"`}},
		{[]string{"--time-scale", "0"}, []string{"--time-scale", "0.001 to 1", `"0"`}},
		{[]string{"--time-scale", "2"}, []string{"--time-scale", "0.001 to 1", `"2"`}},
		{[]string{"--time-scale", "NaN"}, []string{"--time-scale", "0.001 to 1", `"NaN"`}},
		{[]string{"--log-level", "loud"}, []string{"--log-level", "debug, info, warn or error", `"loud"`}},
		{[]string{"--origins", "example.org"}, []string{"--origins", "https://example.org", `"example.org"`}},
		{[]string{"--origins", "https://*.example.org"}, []string{"--origins", `"https://*.example.org"`}},
		{[]string{"--origins", "https://a.example/"}, []string{"--origins", `"https://a.example/"`}},
		{[]string{"--origins", "https://a.example,"}, []string{"--origins", `"https://a.example,"`}},
		{[]string{"--origins", "ftp://a.example"}, []string{"--origins", `"ftp://a.example"`}},
		{[]string{"--relay-addr", "3478"}, []string{"--relay-addr", "IP:PORT", `"3478"`}},
		{[]string{"--relay-addr", "turn.example.org:3478"}, []string{"--relay-addr", "IP:PORT", `"turn.example.org:3478"`}},
		{[]string{"--relay-addr", ":0"}, []string{"--relay-addr", "1 to 65535", `":0"`}},
		{[]string{"--stun-port", "0"}, []string{"--stun-port", "off", "1 to 65535", `"0"`}},
		{[]string{"--relay-host", "a.example:3478"}, []string{"--relay-host", "without a port", `"a.example:3478"`}},
		{[]string{"--relay-host", "a b"}, []string{"--relay-host", `"a b"`}},
		{[]string{"--relay-public-address", "192.0.2.1,192.0.2.2"}, []string{"--relay-public-address", "one IPv4", `"192.0.2.1,192.0.2.2"`}},
		{[]string{"--relay-public-address", "0.0.0.0"}, []string{"--relay-public-address", `"0.0.0.0"`}},
		{[]string{"--relay-allow", "lan"}, []string{"--relay-allow", "private", `"lan"`}},
		{[]string{"--relay-ports", "1-2"}, []string{"--relay-ports", "1024 to 65535", `"1-2"`}},
		{[]string{"--relay-keep", "1s"}, []string{"--relay-keep", "1m", `"1s"`}},
		{[]string{"--relay-lifetime", "10s"}, []string{"--relay-lifetime", "20s to 1h0m0s", `"10s"`}},
		{[]string{"--relay-lifetime", "2h"}, []string{"--relay-lifetime", "20s to 1h0m0s", `"2h"`}},
		{[]string{"--relay-max-address", "0"}, []string{"--relay-max-address", "1 to 1000000", `"0"`}},
		{[]string{"--relay-credentials", "1s"}, []string{"--relay-credentials", "10s", `"1s"`}},
		{[]string{"--relay-max", "-1"}, []string{"--relay-max", "0 to 1000000", `"-1"`}},
		{[]string{"--relay-max-each", "0"}, []string{"--relay-max-each", "1 to 10000", `"0"`}},
		{[]string{"--relay-rate", "0"}, []string{"--relay-rate", "1 to 1000000", `"0"`}},
		{[]string{"--relay-rate-each", "1.5"}, []string{"--relay-rate-each", `"1.5"`}},
		{[]string{"--relay-control", "3480"}, []string{"--relay-control", "HOST:PORT", `"3480"`}},
		{[]string{"--relay-control", ":3480"}, []string{"--relay-control", "--relay-addr"}},
		{[]string{"--relay-control", ":3480", "--relay-addr", "off"}, []string{"--relay-control", "--relay-addr", "off"}},
		{[]string{"--turn", "http://a.example"}, []string{"--turn", "turns:", `"http://a.example"`}},
		{[]string{"--turn", "turn:"}, []string{"--turn", "stuns:", "turns:", `"turn:"`}},
		{[]string{"--turn", "TURN:a"}, []string{"--turn", `"TURN:a"`}},
		{[]string{"--turn", "stun:a,turn:u@a:3478"}, []string{"--turn", `"stun:a,turn:u@a:3478"`}},
		{[]string{"--turn", "turn:a:0"}, []string{"--turn", `"turn:a:0"`}},
		{[]string{"--turn", "turn:a:65536"}, []string{"--turn", `"turn:a:65536"`}},
		{[]string{"--turn", "turn:a?"}, []string{"--turn", `"turn:a?"`}},
		{[]string{"--turn", "turn:a/b"}, []string{"--turn", `"turn:a/b"`}},
		{[]string{"--turn", "turn:a#x"}, []string{"--turn", `"turn:a#x"`}},
		{[]string{"--turn", "turn:" + strings.Repeat("a", 508)}, []string{"--turn", "512 bytes"}},
		{[]string{"--turn", strings.Repeat("turn:a,", 16) + "turn:a"}, []string{"--turn", "up to 16"}},
		{[]string{"--turn", "turn:a.example", "--relay-addr", ":1"}, []string{"--turn", "--relay-addr"}},
		{[]string{"--turn-secret", "s"}, []string{"--turn-secret", "--turn"}},
		{[]string{"--turn", "stun:a.example,turns:a.example"}, []string{"--turn", "--turn-secret"}},
		{[]string{"--own-certificate", "no"}, []string{"--own-certificate", "true or false", `"no"`}},
		{[]string{"--qr", "yes"}, []string{"--qr", "always, never or auto", `"yes"`}},
		{[]string{"--tls-cert", "c.pem"}, []string{"--tls-cert", "--tls-key", `"c.pem" and ""`}},
		{[]string{"--tls-key", "k.pem"}, []string{"--tls-cert", "--tls-key", `"" and "k.pem"`}},
		{[]string{"--adr", ":1"}, []string{"-adr"}},
		{[]string{"--addr"}, []string{"-addr"}},
		{[]string{"serve"}, []string{`"serve"`}},
	} {
		_, err := parseConfig(tt.args)
		if err == nil {
			t.Errorf("%q: no error", tt.args)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %s in it", tt.args, err, want)
			}
		}
	}
	t.Setenv("HOLDLINE_MAX_ROOM", "many")
	if _, err := parseConfig(nil); err == nil || !strings.Contains(err.Error(), "HOLDLINE_MAX_ROOM") || !strings.Contains(err.Error(), `"many"`) {
		t.Errorf("bad twin: %v", err)
	}
}

func TestHelpAndVersionAreNotErrorsOfUsage(t *testing.T) {
	for flagName, want := range map[string]error{"-h": flag.ErrHelp, "-help": flag.ErrHelp, "--help": flag.ErrHelp, "--version": errVersion, "-version": errVersion} {
		if _, err := parseConfig([]string{flagName}); !errors.Is(err, want) {
			t.Errorf("parseConfig(%s) = %v, want %v", flagName, err, want)
		}
	}
	t.Setenv("HOLDLINE_VERSION", "1.2.3") // a deployment's own; not a twin
	if _, err := parseConfig(nil); err != nil {
		t.Errorf("with HOLDLINE_VERSION: %v", err)
	}
}
