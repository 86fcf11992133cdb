package page

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/doctor"
)

// checked is a snapshot with one check.
func checked(c doctor.Check) doctor.Snapshot {
	return doctor.Snapshot{Run: 1, Browser: doctor.Browser{Secure: true}, Verdict: "fine", Checks: []doctor.Check{c}}
}

func TestACheckSaysWhatCameOfItWithItsNumbers(t *testing.T) {
	en := tables(t)["en"]
	for _, tt := range []struct {
		check doctor.Check
		want  string
	}{
		{doctor.Check{ID: doctor.CheckLoop, State: doctor.StatePassed, Outcome: doctor.LoopCarries, Details: []doctor.Detail{
			{Name: doctor.DetailRoundTrip, Number: 23.6, Unit: doctor.UnitMilliseconds}, {Name: doctor.DetailThroughput, Number: 8.04e6, Unit: doctor.UnitBits},
		}}, "It carries 8 Mbit/s, and takes 24 ms there and back."},
		{doctor.Check{ID: doctor.CheckClock, State: doctor.StateWarned, Outcome: doctor.ClockOff, Details: []doctor.Detail{
			{Name: doctor.DetailOffset, Number: -420.5, Unit: doctor.UnitSeconds},
		}}, "It is off by 7 min against the server’s. Set this device’s clock."},
		{doctor.Check{ID: doctor.CheckRelayUDP, State: doctor.StateFailed, Outcome: doctor.RelayRefuses, Details: []doctor.Detail{
			{Name: doctor.DetailError, Text: "401 Unauthorized"},
		}}, "The relay answers, and refuses: 401 Unauthorized."},
		{doctor.Check{ID: doctor.CheckCamera, State: doctor.StateRunning, Outcome: doctor.DeviceAsks}, ""},
		{doctor.Check{ID: doctor.CheckSTUN, State: doctor.StateWaiting}, ""},
	} {
		if got := en.CheckView(checked(tt.check)).Rows[0].Says; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.check.ID, got, tt.want)
		}
	}
}

func TestWordsOfOutcomesNameOnlyWhatIsThere(t *testing.T) {
	filled := regexp.MustCompile(`\{(status|error|offset|rate|time)\}`)
	for language, table := range tables(t) {
		for _, o := range doctor.Outcomes() {
			if left := filled.ReplaceAllString(table["check.says."+string(o)], ""); strings.Contains(left, "{") {
				t.Errorf("%s: %s has a place that nothing fills: %s", language, o, left)
			}
		}
	}
}

func TestAmountsAreAsShortAsOneReadsThem(t *testing.T) {
	for want, got := range map[string]string{
		"3":          amount(3, doctor.UnitCount),
		"24 ms":      amount(23.6, doctor.UnitMilliseconds),
		"1.5 ms":     amount(1.46, doctor.UnitMilliseconds),
		"3 s":        amount(3000, doctor.UnitMilliseconds),
		"-0.5 s":     amount(-0.5, doctor.UnitSeconds),
		"90 s":       amount(90, doctor.UnitSeconds),
		"60 min":     amount(3600, doctor.UnitSeconds),
		"480 kbit/s": amount(480_000, doctor.UnitBits),
		"34 Mbit/s":  amount(33_554_432, doctor.UnitBits),
		"4.2 MB":     amount(4<<20, doctor.UnitBytes),
		"20 kB":      amount(20_000, doctor.UnitBytes),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestWhatIsUnderWayIsSaidByGroups(t *testing.T) {
	en := tables(t)["en"]
	s := doctor.New(doctor.DefaultPolicy()).Snapshot()
	s.Run, s.Running = 1, true
	said := []string{}
	for i := range s.Checks {
		if words := en.CheckView(s).Status; len(said) == 0 || said[len(said)-1] != words {
			said = append(said, words)
		}
		s.Checks[i].State = doctor.StatePassed
	}
	want := []string{"Looking at this browser", "Trying the way to the server", "Trying the ways to others", "Looking for camera and microphone"}
	if !slices.Equal(said, want) {
		t.Errorf("%q", said)
	}
	s.Running = false
	if words := en.CheckView(s).Status; words != "" {
		t.Errorf("done, and it says %q", words)
	}
	s.Asking = true
	if v := en.CheckView(s); v.Status != en.Say("device.asking") || v.Offers {
		t.Errorf("while the browser asks it says %q and offers to ask: %v", v.Status, v.Offers)
	}
}

func TestTheVerdictComesWithWhatToAskFor(t *testing.T) {
	for language, want := range map[string]string{
		"en": "Allow outgoing UDP to call.example, port 3478.",
		"zh": "允许通往 call.example 端口 3478 的 UDP 出站连接。",
	} {
		s := checked(doctor.Check{ID: doctor.CheckSTUN, State: doctor.StateFailed, Outcome: doctor.STUNSilent})
		s.Verdict, s.Finding = "udp-blocked", signal.FindingUDPBlocked
		s.Asks = []doctor.Ask{{ID: doctor.AskAllow, Protocol: "UDP", Host: "call.example", Port: 3478}}
		v := tables(t)[language].CheckView(s)
		if v.ID != "udp-blocked" || v.Finding != "udp-blocked" || v.State != "done" || v.Done != 1 || fmt.Sprint(v.Asks) != "["+want+"]" {
			t.Errorf("%+v", v)
		}
		if v.Verdict == "" || v.More == "" || v.Verdict == v.More {
			t.Errorf("%s: %q, %q", language, v.Verdict, v.More)
		}
	}
}
