//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	payloadSize = 1200 // bytes: about what browsers put into a packet of video
	atOnce      = 16   // packets that a flow sends in one write
	// window is how many packets of a flow may be under way: the default receive
	// buffer of Linux (208 KiB) holds about 90 of them.
	window = 2 * atOnce
	// lostAfter is how long nothing may come of a flow until what is under way
	// is taken for lost.
	lostAfter = 50 * time.Millisecond
)

// direction is which way packets go through a relay.
type direction string

const (
	toPeers   direction = "to peers"   // ChannelData comes in, datagrams go out
	fromPeers direction = "from peers" // the other way round
)

// flow is a client, its peer, and what is under way between them.
type flow struct {
	client *client
	peer   *wire
	buffer []byte

	direction            direction
	batch                []byte // what send sends
	size                 int    // of one in the batch
	sent, received, lost int
	moved                time.Time // when something was sent after all had come, or came
}

// open makes an allocation and a peer that it has a channel to.
func (s *server) open(transport string) (*flow, error) {
	f := &flow{buffer: make([]byte, 64<<10)}
	if err := f.connect(s, transport); err != nil {
		f.Close()
		return nil, err
	}
	f.client.waits, f.peer.waits = false, false
	return f, nil
}

func (f *flow) connect(s *server, transport string) (err error) {
	if f.client, err = s.allocate(transport); err != nil {
		return err
	}
	var at netip.AddrPort
	if f.peer, at, err = listenUDP(f.client.relayed.Addr()); err != nil {
		return err
	}
	if err := f.peer.connect(f.client.relayed); err != nil {
		return err
	}
	return f.client.bind(at)
}

// Close ends the client; over UDP its allocation runs out with the server.
func (f *flow) Close() {
	if f.client != nil {
		f.client.Close()
	}
	if f.peer != nil {
		f.peer.Close()
	}
}

// head sets which way send sends.
func (f *flow) head(d direction) error {
	one, from, segments := frame(make([]byte, payloadSize)), f.client.wire, !f.client.stream
	if d == fromPeers {
		one, from, segments = make([]byte, payloadSize), f.peer, true
	}
	f.direction, f.batch, f.size = d, bytes.Repeat(one, atOnce), len(one)
	f.sent, f.received, f.lost, f.moved = 0, 0, 0, time.Now()
	if segments {
		return from.segment(len(one))
	}
	return nil
}

func (f *flow) underWay() int { return f.sent - f.received - f.lost }

// send sends as much as may be under way.
func (f *flow) send(now time.Time) (err error) {
	if waiting := f.underWay(); waiting > 0 && now.Sub(f.moved) > lostAfter {
		f.lost += waiting
	}
	for err == nil && f.underWay()+atOnce <= window {
		if f.underWay() <= 0 {
			f.moved = now
		}
		if f.direction == toPeers {
			err = f.client.send(f.batch, f.size)
		} else {
			_, err = f.peer.Write(f.batch)
		}
		f.sent += atOnce
	}
	return err
}

// take receives what has come.
func (f *flow) take(now time.Time) error {
	before := f.received
	count := func(p []byte) {
		if len(p) == payloadSize {
			f.received++
		}
	}
	var err error
	if f.direction == toPeers {
		err = drain(f.peer, f.buffer, func(p []byte) error { count(p); return nil })
	} else {
		err = f.client.receive(f.buffer, count)
	}
	if f.received > before {
		f.moved = now
		f.lost += min(0, f.underWay()) // some were late
	}
	return err
}

// load keeps flows full until enough says so. It never sleeps: whoever sends to
// a sleeper pays for waking it, and that would be the server.
func load(flows []*flow, enough func(now time.Time) bool) error {
	for now := time.Now(); !enough(now); now = time.Now() {
		for _, f := range flows {
			if err := f.take(now); err != nil {
				return fmt.Errorf("receive: %w", err)
			}
			if err := f.send(now); err != nil {
				return fmt.Errorf("send: %w", err)
			}
		}
	}
	return nil
}

// echo sends count packets through the relay to the peer and back, one each
// period, and gives how long each that came back was on its way. It sends one
// at a time, whatever has become of the one before.
func (f *flow) echo(count int, period time.Duration) (took []time.Duration, err error) {
	packet := frame(make([]byte, payloadSize))
	if !f.client.stream {
		if err := f.client.segment(0); err != nil {
			return nil, err
		}
	}
	if err := f.peer.segment(0); err != nil {
		return nil, err
	}
	begun := make([]time.Time, 0, count)
	back := func(p []byte) {
		if n := int(binary.BigEndian.Uint64(p)); n < len(begun) { // all are of payloadSize
			took = append(took, time.Since(begun[n]))
		}
	}
	next := time.Now()
	end := next.Add(time.Duration(count)*period + lostAfter)
	for now := next; now.Before(end) && len(took) < count; now = time.Now() {
		wake := end
		if len(begun) < count {
			wake = next
		}
		if _, err := poll(wake.Sub(now), unix.POLLIN, f.peer, f.client.wire); err != nil {
			return nil, fmt.Errorf("wait: %w", err)
		}
		if len(begun) < count && !time.Now().Before(next) {
			binary.BigEndian.PutUint64(packet[header:], uint64(len(begun)))
			begun = append(begun, time.Now())
			next = next.Add(period)
			if err := f.client.send(packet, len(packet)); err != nil {
				return nil, fmt.Errorf("send: %w", err)
			}
		}
		err := drain(f.peer, f.buffer, func(p []byte) error { _, err := f.peer.Write(p); return err })
		if err != nil {
			return nil, fmt.Errorf("echo: %w", err)
		}
		if err := f.client.receive(f.buffer, back); err != nil {
			return nil, fmt.Errorf("receive: %w", err)
		}
	}
	return took, nil
}
