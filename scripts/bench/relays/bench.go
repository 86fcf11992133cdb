//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"os"
	"slices"
	"time"
)

// What a measurement takes.
const (
	flowsAtOnce = 4 // clients under load

	warmUp  = 300 * time.Millisecond
	loadFor = 1500 * time.Millisecond

	echoes    = 4000
	echoEvery = 500 * time.Microsecond // 2,000 a second

	quiet      = 0.05            // the share of both cores that others may have
	tries      = 4               // of a measurement that was disturbed
	retakeSpan = 5 * time.Minute // from the start on: the bench has an end

	warmUpAllocations = 50 // what a server makes once for all is there then
	allocations       = 1000
)

// plan is what the bench measures.
type plan struct {
	runs                    int
	server, transport, what string // "" is all
	serverCore, clientCore  int
	retakeUntil             time.Time
	interrupted             context.Context
	keep                    func(measurement) error
}

// play measures all, the servers in turn: what else the machine does meets both.
func (p plan) play() error {
	for run := 1; run <= p.runs; run++ {
		for _, of := range programs {
			if p.server != "" && p.server != of.name {
				continue
			}
			if err := p.under(of, run, p.traffic); err != nil {
				return err
			}
			for _, transport := range transports {
				memory := func(s *server, of program, run int) error {
					return p.note(s, of, run, transport, kindMemory, s.memory)
				}
				if err := p.under(of, run, memory); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// under does something with a server that was just started.
func (p plan) under(of program, run int, do func(s *server, of program, run int) error) error {
	s, err := of.start(p.interrupted, p.serverCore)
	if err != nil {
		return err
	}
	defer s.stop()
	return do(s, of, run)
}

// traffic measures what a server relays.
func (p plan) traffic(s *server, of program, run int) error {
	for _, transport := range transports {
		for _, d := range []direction{toPeers, fromPeers} {
			throughput := func(transport string, m *measurement) error { return s.throughput(transport, d, m) }
			if err := p.note(s, of, run, transport, kind(d), throughput); err != nil {
				return err
			}
		}
		roundTrip := func(transport string, m *measurement) error { return s.roundTrip(transport, echoes, echoEvery, m) }
		if err := p.note(s, of, run, transport, kindRoundTrip, roundTrip); err != nil {
			return err
		}
	}
	return nil
}

// note takes a measurement and keeps it.
func (p plan) note(s *server, of program, run int, transport string, k kind, take func(transport string, m *measurement) error) error {
	if p.transport != "" && p.transport != transport || p.what != "" && p.what != string(k) {
		return nil
	}
	if err := p.interrupted.Err(); err != nil {
		return err
	}
	m := leastDisturbed(k, func() bool { return time.Now().Before(p.retakeUntil) }, func() measurement {
		m := measurement{Server: of.name, Transport: transport, Kind: k, Run: run}
		if err := p.disturbed(s, &m, take); err != nil {
			m.Failure = err.Error()
		}
		return m
	})
	fmt.Fprintln(os.Stderr, m)
	return p.keep(m)
}

// leastDisturbed takes a measurement. Where others had too much of the cores it
// takes it again, as often as it may, and gives the one that was disturbed
// least, whatever its figures. Memory is as it is.
func leastDisturbed(k kind, mayRetake func() bool, take func() measurement) measurement {
	m := take()
	for try := 1; try < tries && m.Failure == "" && m.Others > quiet && k != kindMemory && mayRetake(); try++ {
		if again := take(); again.Failure != "" || again.Others < m.Others {
			m = again
		}
	}
	return m
}

// disturbed takes a measurement, and how much others had of the cores meanwhile.
func (p plan) disturbed(s *server, m *measurement, take func(transport string, m *measurement) error) error {
	began := time.Now()
	before, err := p.others(s)
	if err != nil {
		return err
	}
	if err := take(m.Transport, m); err != nil {
		return err
	}
	after, err := p.others(s)
	if err != nil {
		return err
	}
	// The system counts the cores' time by ticks: it may be a little off.
	m.Others = rounded(max(0, (after-before).Seconds()/time.Since(began).Seconds()/2), 3)
	return nil
}

// others is what neither the server nor the client has used of the two cores.
func (p plan) others(s *server) (time.Duration, error) {
	all, err := busyTime(p.serverCore, p.clientCore)
	if err != nil {
		return 0, err
	}
	for _, pid := range []int{s.cmd.Process.Pid, os.Getpid()} {
		used, err := processorTime(pid)
		if err != nil {
			return 0, err
		}
		all -= used
	}
	return all, nil
}

// openAll opens flows, and gives what closes them.
func (s *server) openAll(transport string, count int, m *measurement) (flows []*flow, closeAll func(), err error) {
	closeAll = func() {
		for _, f := range flows {
			f.Close()
		}
	}
	for range count {
		f, err := s.open(transport)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("flow %d: %w", len(flows)+1, err)
		}
		flows = append(flows, f)
		if f.client.tls != nil {
			m.Cipher = tls.CipherSuiteName(f.client.tls.ConnectionState().CipherSuite)
		}
	}
	return flows, closeAll, nil
}

// usage is what was used of the processor, and relayed, until a moment.
type usage struct {
	at             time.Time
	server         time.Duration
	received, lost int
}

func (s *server) usage(flows []*flow) (u usage, err error) {
	u.at = time.Now()
	if u.server, err = processorTime(s.cmd.Process.Pid); err != nil {
		return u, err
	}
	for _, f := range flows {
		u.received += f.received
		u.lost += f.lost
	}
	return u, nil
}

// throughput is what comes through while the server has always more to do.
func (s *server) throughput(transport string, d direction, m *measurement) error {
	flows, closeAll, err := s.openAll(transport, flowsAtOnce, m)
	if err != nil {
		return err
	}
	defer closeAll()
	for _, f := range flows {
		if err := f.head(d); err != nil {
			return err
		}
	}
	during := func(span time.Duration) error {
		end := time.Now().Add(span)
		return load(flows, func(now time.Time) bool { return now.After(end) })
	}
	if err := during(warmUp); err != nil {
		return err
	}
	from, err := s.usage(flows)
	if err != nil {
		return err
	}
	if err := during(loadFor); err != nil {
		return err
	}
	to, err := s.usage(flows)
	if err != nil {
		return err
	}
	return m.over(from, to)
}

// over fills in what was relayed between two moments.
func (m *measurement) over(from, to usage) error {
	packets, lost := float64(to.received-from.received), float64(to.lost-from.lost)
	span := to.at.Sub(from.at).Seconds()
	if packets == 0 {
		return fmt.Errorf("nothing came through in %.1f s, %.0f packets were lost", span, lost)
	}
	m.Packets = math.Round(packets / span)
	m.Lost = rounded(max(0, lost)/(packets+max(0, lost)), 4) // below 0: what was given up before came after all
	m.Cost = rounded((to.server-from.server).Seconds()/packets*1e6, 3)
	m.Busy = rounded((to.server-from.server).Seconds()/span, 3)
	return nil
}

// roundTrip is how long packets take at a rate that keeps no server busy.
func (s *server) roundTrip(transport string, count int, period time.Duration, m *measurement) error {
	flows, closeAll, err := s.openAll(transport, 1, m)
	if err != nil {
		return err
	}
	defer closeAll()
	if _, err := flows[0].echo(count/20, period); err != nil { // to warm up
		return err
	}
	took, err := flows[0].echo(count, period)
	if err != nil {
		return err
	}
	if len(took) == 0 {
		return fmt.Errorf("none of %d packets came back", count)
	}
	slices.Sort(took)
	m.P50, m.P99 = micros(percentile(took, 50)), micros(percentile(took, 99))
	m.Lost = rounded(1-float64(len(took))/float64(count), 4)
	return nil
}

// percentile is the smallest of sorted times that so many percent do not pass.
func percentile(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func micros(d time.Duration) float64 { return rounded(float64(d.Nanoseconds())/1000, 1) }

func rounded(f float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(f*scale) / scale
}

// memory is what an allocation with a channel costs the server.
func (s *server) memory(transport string, m *measurement) error {
	_, closeFirst, err := s.openAll(transport, warmUpAllocations, m)
	if err != nil {
		return err
	}
	defer closeFirst()
	before, err := resident(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	_, closeAll, err := s.openAll(transport, allocations, m)
	if err != nil {
		return err
	}
	defer closeAll()
	after, err := resident(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	m.Bytes = float64(after-before) / allocations
	return nil
}
