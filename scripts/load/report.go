package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"holdline/wasm/crowd"
)

// mostShown is how many faults of a kind are told in full.
const mostShown = 5

// report prints the figures and the faults, and returns how many of these
// there are.
func (l *load) report(w io.Writer) (faults int) {
	f := &l.crowd.Figures
	row := func(what string, value any) { fmt.Fprintf(w, "  %-44s %v\n", what, value) }
	fmt.Fprintf(w, "\n== Figures: %d clients in %d rooms for %v, seed %d\n", l.clients, l.clients/2, l.duration, l.seed)
	row("joins", f.Joins.Load())
	row("resumes", f.Resumes.Load())
	row("signaling messages, sent / received", fmt.Sprint(f.Sent.Load(), " / ", f.Received.Load()))
	row("control messages between the pages", f.Control.Load())
	row("chat messages, said / carried", fmt.Sprint(f.Said.Load(), " / ", f.Chat.Load()))
	for d := range deeds {
		row("deed: "+deedNames[d], l.deeds[d].Load())
	}
	fmt.Fprintf(w, "\n== Restarts\n  %-24s %10s %12s %14s %16s %18s\n", "", "ended in", "came back", "all attached", "peak joins in 1 s", "peak in 100 ms")
	for _, r := range l.restarts {
		fmt.Fprintf(w, "  %-24s %10s %12s %14s %16d %18d\n", r.name, seconds(r.ended.Sub(l.start.Add(r.at))), seconds(r.back.Sub(r.ended)),
			seconds(r.attached.Sub(r.back)), crowd.Peak(r.returns, time.Second), crowd.Peak(r.returns, 100*time.Millisecond))
	}
	fmt.Fprintf(w, "\n== The server\n  %-30s %10s %10s %12s %9s %7s %13s %12s\n", "", "RSS", "heap", "goroutines", "sockets", "rooms", "participants", "descriptors")
	for _, m := range l.moments {
		fmt.Fprintf(w, "  %-30s %7.1f MB %7.1f MB %12d %9d %7d %13d %12d\n", m.name, float64(m.RSS)/1e6, float64(m.Heap)/1e6, m.Goroutines, m.Sockets, m.Rooms, m.Participants, m.Descriptors)
	}
	if len(l.pictures) > 0 {
		fmt.Fprintf(w, "\n== The two browsers\n")
		for _, p := range l.pictures {
			fmt.Fprintf(w, "  %-8s %s\n", p.name, p.words)
		}
	}
	fmt.Fprintf(w, "\n== What else was seen, by kind\n")
	notes, faulty := f.Notes(), f.Faults()
	for _, kind := range sorted(notes) {
		row(kind, notes[kind])
	}
	fmt.Fprintf(w, "\n== Faults\n")
	for _, kind := range sorted(faulty) {
		all := faulty[kind]
		faults += len(all)
		row(kind, len(all))
		for _, detail := range all[:min(len(all), mostShown)] {
			fmt.Fprintf(w, "      %s\n", detail)
		}
	}
	if faults == 0 {
		fmt.Fprintln(w, "  none")
	}
	return faults
}

func sorted[T any](m map[string]T) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
