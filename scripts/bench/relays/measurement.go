//go:build linux

package main

import (
	"encoding/json"

	"holdline/scripts/bench/measure"
)

// setting is the first line of the raw file: what was measured, and on what.
type setting struct {
	measure.Setting
	Coturn string `json:"coturn"` // its version
}

// kind is what is measured of a relay over a transport; a direction is one.
type kind string

const (
	kindToPeers   = kind(toPeers)
	kindFromPeers = kind(fromPeers)
	kindRoundTrip = kind("round trip")
	kindMemory    = kind("memory")
)

// measurement is a line of the raw file.
type measurement struct {
	Server    string `json:"server"`
	Transport string `json:"transport"`
	Kind      kind   `json:"kind"`
	Run       int    `json:"run"`
	Cipher    string `json:"cipher,omitempty"`  // of TLS
	Failure   string `json:"failure,omitempty"` // what kept it from being measured

	Others float64 `json:"others"` // the share of both cores that neither server nor client had

	// Of a direction.
	Packets float64 `json:"packets,omitempty"` // that came through, a second
	Cost    float64 `json:"cost,omitempty"`    // µs of the server's processor time a packet
	Busy    float64 `json:"busy,omitempty"`    // the server's share of its core

	// Of round trips, in µs.
	P50 float64 `json:"p50,omitempty"`
	P99 float64 `json:"p99,omitempty"`

	// Of a direction and of round trips: the share that was lost.
	Lost float64 `json:"lost,omitempty"`

	Bytes float64 `json:"bytes,omitempty"` // resident, an allocation
}

func (m measurement) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
