package main

import (
	"encoding/json"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

// after is the time from one moment to another; 0 is one that did not come.
func after(at, since float64) *measure.Figure {
	f := measure.After(at, since, patience)
	return &f
}

// measurement is a line of the raw file: one pair in one row.
type measurement struct {
	Engine   kit.Engine      `json:"engine"`
	Subject  string          `json:"subject"`
	Row      string          `json:"row"`
	Run      int             `json:"run,omitempty"`
	Together int             `json:"together,omitempty"` // pairs that waited at the same time
	Known    *measure.Figure `json:"known,omitempty"`    // until the other side shows something
	Sign     string          `json:"sign,omitempty"`     // what it shows first
	Back     *measure.Figure `json:"back,omitempty"`     // until the call is as before
	Gap      *measure.Figure `json:"gap,omitempty"`      // the longest between two remote frames; only of a pair that was alone
	Cannot   string          `json:"cannot,omitempty"`   // why the engine's driver cannot do it
	Failure  string          `json:"failure,omitempty"`  // what kept it from being measured
}

func (m measurement) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// setting is the first line of the raw file: what was measured, and on what.
type setting struct {
	measure.Setting
	Browsers map[kit.Engine]string `json:"browsers"`
	PeerJS   string                `json:"peerjs"`
}
