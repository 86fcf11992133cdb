//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/scripts/bench/measure"
)

func TestProcessorTimeIsReadWhateverTheProgramIsCalled(t *testing.T) {
	text := "7 (a) name (b) S 1 7 7 0 -1 4194560 100 0 0 0 12 34 0 0 20 0 1 0 300\n"
	if got, err := parseStat(text); err != nil || got != 460*time.Millisecond {
		t.Errorf("parseStat = %v, %v, want 460ms", got, err)
	}
	for _, broken := range []string{"", "7 (a) S 1", strings.Replace(text, "34", "x", 1)} {
		if got, err := parseStat(broken); err == nil {
			t.Errorf("parseStat(%q) = %v, want an error", broken, got)
		}
	}
}

func TestResidentMemoryIsInBytes(t *testing.T) {
	if got, err := parseResident("00400000-7fff [rollup]\nRss:                2048 kB\nPss: 7 kB\n"); err != nil || got != 2<<20 {
		t.Errorf("parseResident = %d, %v, want 2 MiB", got, err)
	}
	for _, broken := range []string{"Pss: 7 kB\n", "Rss: x kB\n"} {
		if got, err := parseResident(broken); err == nil {
			t.Errorf("parseResident(%q) = %d, want an error", broken, got)
		}
	}
}

func TestACoreIsBusyWithAllButIdleAndWaiting(t *testing.T) {
	text := "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4000 5000 6 7 8 900 1000\ncpu10 1 1 1 1 1 1 1 1 0 0\n"
	if got, err := parseCore(text, 0); err != nil || got != 270*time.Millisecond {
		t.Errorf("parseCore = %v, %v, want 270ms", got, err)
	}
	for core, broken := range []string{"", "cpu1 x\n"} {
		if got, err := parseCore(broken, core); err == nil {
			t.Errorf("parseCore(%q, %d) = %v, want an error", broken, core, got)
		}
	}
}

func TestAPercentileIsOneOfTheTimes(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tt := range []struct {
		sorted        []time.Duration
		percent, want int
	}{{hundred, 50, 50}, {hundred, 99, 99}, {hundred[:1], 50, 1}, {hundred[:3], 50, 2}, {hundred[:3], 99, 3}, {hundred[:3], 0, 1}} {
		if got := percentile(tt.sorted, tt.percent); int(got) != tt.want {
			t.Errorf("percentile(1 to %d, %d) = %d, want %d", len(tt.sorted), tt.percent, got, tt.want)
		}
	}
}

func TestThroughputIsWhatCameBetweenTwoMoments(t *testing.T) {
	at := time.Unix(1000, 0)
	from := usage{at: at, server: time.Second, received: 1000, lost: 1000}
	var m measurement
	to := usage{at: at.Add(2 * time.Second), server: 2800 * time.Millisecond, received: 301_000, lost: 4030}
	if err := m.over(from, to); err != nil {
		t.Fatal(err)
	}
	if m.Packets != 150_000 || m.Cost != 6 || m.Busy != 0.9 || m.Lost != 0.01 {
		t.Errorf("got %+v, want 150,000 packets/s of 6 µs, 90 %% busy, 1 %% lost", m)
	}
	to.lost = 0 // what had been given up came late
	if err := m.over(from, to); err != nil || m.Lost != 0 {
		t.Errorf("lost %v, %v, want 0", m.Lost, err)
	}
	if err := m.over(from, from); err == nil {
		t.Error("that nothing came through is no failure")
	}
}

func TestWhatOthersDisturbedIsTakenAgain(t *testing.T) {
	for _, tt := range []struct {
		name   string
		kind   kind
		others []float64 // of the tries
		may    bool
		want   float64
		taken  int
	}{
		{"a quiet one", kindToPeers, []float64{0.05, 0}, true, 0.05, 1},
		{"quiet at last", kindRoundTrip, []float64{0.3, 0.4, 0.01, 0}, true, 0.01, 3},
		{"never quiet", kindToPeers, []float64{0.3, 0.2, 0.4, 0.5, 0}, true, 0.2, 4},
		{"no time left", kindToPeers, []float64{0.3, 0}, false, 0.3, 1},
		{"memory", kindMemory, []float64{0.3, 0}, true, 0.3, 1},
		{"a failure", kindToPeers, []float64{0.3, -1, 0}, true, 0, 2},
	} {
		taken := 0
		m := leastDisturbed(tt.kind, func() bool { return tt.may }, func() measurement {
			others := tt.others[taken]
			taken++
			if others < 0 {
				return measurement{Failure: "it fell over"}
			}
			return measurement{Others: others}
		})
		if m.Others != tt.want || taken != tt.taken {
			t.Errorf("%s: the one with %v after %d tries, want %v and %d", tt.name, m.Others, taken, tt.want, tt.taken)
		}
	}
}

func TestThousandsAreSet(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 999.4: "999", 999.5: "1,000", 1_000_007: "1,000,007", 123_456: "123,456"} {
		if got := thousands(f); got != want {
			t.Errorf("thousands(%v) = %q, want %q", f, got, want)
		}
	}
}

// sample is a run with each kind of measurement.
func sample() results {
	return results{
		setting{measure.Setting{Machine: "2 cores (a model), headless", Holdline: "holdline v1", Load: "0.10"}, "coturn 1.2"},
		[]measurement{
			{Server: "Holdline", Transport: overUDP, Kind: kindToPeers, Run: 1, Packets: 100_000, Cost: 9, Busy: 0.991},
			{Server: "Holdline", Transport: overUDP, Kind: kindToPeers, Run: 2, Packets: 120_000, Others: 0.07, Cost: 8, Busy: 0.94, Lost: 0.0009},
			{Server: "coturn", Transport: overUDP, Kind: kindToPeers, Run: 1, Packets: 200_000, Cost: 4, Busy: 0.99, Lost: 0.02},
			{Server: "coturn", Transport: overUDP, Kind: kindToPeers, Run: 2, Failure: "it fell over"},
			{Server: "Holdline", Transport: overTLS, Kind: kindRoundTrip, Run: 1, Cipher: "AES", P50: 80.4, P99: 1234.5},
			{Server: "Holdline", Transport: overTCP, Kind: kindMemory, Run: 2, Others: 0.5, Bytes: 20480},
		},
	}
}

func TestTheTableSaysWhatWasMeasuredAndWhatNot(t *testing.T) {
	table := sample().table()
	for _, want := range []string{
		"| relayed without pause | Holdline: packets/s | coturn 1.2: packets/s |",
		"| from clients over UDP to peers | 110,000 / 120,000 (1.06 Gbit/s) | 200,000 / 200,000 (1.92 Gbit/s); up to 2.0 % lost; 1 failed to be measured | 8.5 µs / 9.0 µs | 4.0 µs / 4.0 µs;",
		"| from peers to clients over UDP | not measured | not measured | not measured | not measured |",
		"| TLS | round trip to an echo at 2,000 packets/s, median | 80 µs / 80 µs | not measured |",
		"| TLS | the same, 99th percentile | 1234 µs / 1234 µs | not measured |",
		"| TCP | memory of an allocation | 20.0 KiB / 20.0 KiB | not measured |",
		"n = 2, the servers in turn.",
		"a server used at least 94 % of its core.",
		"TLS: AES, a record a packet. Other programs had more than 5 % of the two cores during 1 of 5 measurements of time, and at most 7 %. 2 cores (a model); holdline v1;",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}

func TestOnlyAFailureOfOursFailsTheBench(t *testing.T) {
	r := sample()
	if got := r.verdict(); got != nil {
		t.Errorf("verdict %q of coturn's failure", got)
	}
	r.measurements = append(r.measurements, measurement{Server: "Holdline", Transport: overTCP, Kind: kindMemory, Run: 3, Failure: "no memory"})
	if got, want := r.verdict(), []string{"TCP, memory, run 3: no memory"}; !slices.Equal(got, want) {
		t.Errorf("verdict %q, want %q", got, want)
	}
}

func TestTheREADMEHasAPlaceForTheTable(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := measure.Between(string(text), target, ""); err != nil {
		t.Error(err)
	}
}
