//go:build linux

package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// results are what the raw file holds.
type results struct {
	setting      setting
	measurements []measurement
}

// column is a figure of measurements, and how a person reads its median and maximum.
type column struct {
	of    func(measurement) float64
	words func(median, most float64) string
}

var (
	packets = column{func(m measurement) float64 { return m.Packets }, func(median, most float64) string {
		return fmt.Sprintf("%s / %s (%.2f Gbit/s)", thousands(median), thousands(most), median*payloadSize*8/1e9)
	}}
	cost   = column{func(m measurement) float64 { return m.Cost }, in("%.1f", "µs")}
	p50    = column{func(m measurement) float64 { return m.P50 }, in("%.0f", "µs")}
	p99    = column{func(m measurement) float64 { return m.P99 }, in("%.0f", "µs")}
	memory = column{func(m measurement) float64 { return m.Bytes / 1024 }, in("%.1f", "KiB")}
)

func in(format, unit string) func(median, most float64) string {
	return func(median, most float64) string {
		return fmt.Sprintf(format+" %s / "+format+" %s", median, unit, most, unit)
	}
}

// thousands writes 123456 as 123,456.
func thousands(f float64) string {
	n := int(math.Round(f))
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(float64(n/1000)), n%1000)
}

// table is the README's, in Markdown.
func (r results) table() string {
	var b strings.Builder
	ours, other := programs[0].name, r.setting.Coturn
	fmt.Fprintf(&b, "| relayed without pause | %[1]s: packets/s | %[2]s: packets/s | %[1]s: processor time of a packet | %[2]s: processor time of a packet |\n| --- | --- | --- | --- | --- |\n", ours, other)
	for _, transport := range transports {
		for _, d := range []struct {
			kind  kind
			label string
		}{{kindToPeers, "from clients over %s to peers"}, {kindFromPeers, "from peers to clients over %s"}} {
			cells := []string{fmt.Sprintf(d.label, transport)}
			for _, c := range []column{packets, cost} {
				for _, p := range programs {
					cells = append(cells, r.cell(p.name, transport, d.kind, c))
				}
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	fmt.Fprintf(&b, "\n| client over | figure | %s | %s |\n| --- | --- | --- | --- |\n", ours, other)
	for _, l := range []struct {
		kind   kind
		label  string
		column column
	}{
		{kindRoundTrip, "round trip to an echo at 2,000 packets/s, median", p50},
		{kindRoundTrip, "the same, 99th percentile", p99},
		{kindMemory, "memory of an allocation", memory},
	} {
		for _, transport := range transports {
			cells := []string{transport, l.label}
			for _, p := range programs {
				cells = append(cells, r.cell(p.name, transport, l.kind, l.column))
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	return b.String() + "\n" + r.note()
}

// note says how the figures came about.
func (r results) note() string {
	runs, busy := 0, math.Inf(1)
	timed, disturbed, others := 0, 0, 0.0
	var ciphers []string
	for _, m := range r.measurements {
		runs = max(runs, m.Run)
		if m.Packets > 0 {
			busy = min(busy, m.Busy)
		}
		if m.Kind != kindMemory {
			timed++
			others = max(others, m.Others)
			if m.Others > quiet {
				disturbed++
			}
		}
		if m.Cipher != "" && !slices.Contains(ciphers, m.Cipher) {
			ciphers = append(ciphers, m.Cipher)
		}
	}
	share := ""
	if !math.IsInf(busy, 1) {
		share = fmt.Sprintf("Relaying so, a server used at least %.0f %% of its core. ", busy*100)
	}
	machine := strings.TrimSuffix(r.setting.Machine, ", headless") // there is no browser here
	return fmt.Sprintf("Median / maximum; n = %d, the servers in turn. Packets of %s bytes, on the loopback interface, from one client program on one core to a server on another. "+
		"Without pause: %d clients, %d packets of each under way. %sMemory: what %s more allocations with a channel add to the resident set. "+
		"TLS: %s, a record a packet. Other programs had more than %.0f %% of the two cores during %d of %d measurements of time, and at most %.0f %%. %s; %s; load average at the start %s.\n",
		runs, thousands(payloadSize), flowsAtOnce, window, share, thousands(allocations),
		strings.Join(ciphers, " and "), quiet*100, disturbed, timed, others*100, machine, r.setting.Holdline, r.setting.Load)
}

// cell is a server's median and maximum of a figure, how much was lost where
// it matters, and how often it failed.
func (r results) cell(server, transport string, k kind, c column) string {
	var all []float64
	failed, lost := 0, 0.0
	for _, m := range r.measurements {
		switch {
		case m.Server != server || m.Transport != transport || m.Kind != k:
		case m.Failure != "":
			failed++
		default:
			all, lost = append(all, c.of(m)), max(lost, m.Lost)
		}
	}
	var parts []string
	if len(all) > 0 {
		slices.Sort(all)
		n := len(all)
		parts = append(parts, c.words((all[(n-1)/2]+all[n/2])/2, all[n-1]))
	}
	if lost >= 0.001 {
		parts = append(parts, fmt.Sprintf("up to %.1f %% lost", lost*100))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed to be measured", failed))
	}
	if parts == nil {
		return "not measured"
	}
	return strings.Join(parts, "; ")
}

// verdict names what of ours did not work.
func (r results) verdict() (broken []string) {
	for _, m := range r.measurements {
		if m.Server == programs[0].name && m.Failure != "" {
			broken = append(broken, fmt.Sprintf("%s, %s, run %d: %s", m.Transport, m.Kind, m.Run, m.Failure))
		}
	}
	return broken
}
