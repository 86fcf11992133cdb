package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"holdline/server/relay"
)

func TestAServerRevokesWhatTheOnesBeforeItHaveIssued(t *testing.T) {
	folder := t.TempDir()
	start := time.Unix(1_000_000, 0)
	for _, tt := range []struct {
		name      string
		at        time.Duration
		life      time.Duration
		wantUntil time.Duration
	}{
		{"the first", 0, time.Hour, 0},
		{"its next, with shorter ones", 10 * time.Minute, time.Minute, 70 * time.Minute},
		{"a third, soon after", 12 * time.Minute, time.Minute, 70 * time.Minute},
		{"a fourth, when all of that is over", 5 * time.Hour, time.Minute, 5*time.Hour + time.Minute},
	} {
		until, err := issuedBefore(folder, tt.life, start.Add(tt.at))
		if want := start.Add(tt.wantUntil); err != nil || !until.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", tt.name, until, err, want)
		}
	}
	for text, want := range map[string]time.Duration{`{"life":60,"un`: 0, `{"life":9000000000,"until":9000000000}`: longestCredentials} {
		if err := os.WriteFile(filepath.Join(folder, "credentials"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if until, err := issuedBefore(folder, time.Minute, start); err != nil || !until.Equal(start.Add(want)) {
			t.Errorf("%s: %v, %v, want %v", text, until, err, start.Add(want))
		}
	}
	if _, err := issuedBefore(filepath.Join(folder, "gone"), time.Minute, start); err == nil {
		t.Error("it is kept in no folder")
	}

	// A server with the defaults, after one whose credentials lived for a day.
	if _, err := issuedBefore(folder, longestCredentials, time.Now()); err != nil {
		t.Fatal(err)
	}
	ice, _, stop, err := openICE(config{Addr: "127.0.0.1:0", State: folder, Relay: relayConfig{Addr: "127.0.0.1:3478", Control: "127.0.0.1:1", Credentials: 10 * time.Minute, CheckCredentials: time.Minute}}, hallKey, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	var got relay.Revocation
	ice.revoke = func(rev relay.Revocation) { got = rev }
	if ice.end("blue", "ana"); got.Until < time.Now().Add(longestCredentials-patience).Unix() {
		t.Errorf("ana is revoked until %v, want a day on", time.Unix(got.Until, 0))
	}
	if ice.endCheck("eve"); got.Until > time.Now().Add(time.Minute).Unix() {
		t.Errorf("who only checked is revoked until %v, want a minute on", time.Unix(got.Until, 0))
	}
}
