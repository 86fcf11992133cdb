package main

import (
	"encoding/json"
	"fmt"
	"math"

	"holdline/wasm/e2e/kit"
)

// figure is a time in milliseconds, or late.
type figure float64

// late is what did not come within patience: more than any time.
var late = figure(math.Inf(1))

const lateText = "not within 40 s"

// after is the time from one moment to another; 0 is one that did not come.
func after(at, since float64) *figure {
	f := figure(at - since)
	if at == 0 || f > figure(patience.Milliseconds()) {
		f = late
	}
	return &f
}

// MarshalJSON writes a number with one decimal, or "not within 40 s".
func (f figure) MarshalJSON() ([]byte, error) {
	if f == late {
		return json.Marshal(lateText)
	}
	return fmt.Appendf(nil, "%.1f", float64(f)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *figure) UnmarshalJSON(text []byte) error {
	if string(text) == `"`+lateText+`"` {
		*f = late
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// measurement is a line of the raw file: one pair in one row.
type measurement struct {
	Engine   kit.Engine `json:"engine"`
	Subject  string     `json:"subject"`
	Row      string     `json:"row"`
	Run      int        `json:"run,omitempty"`
	Together int        `json:"together,omitempty"` // pairs that waited at the same time
	Known    *figure    `json:"known,omitempty"`    // until the other side shows something
	Sign     string     `json:"sign,omitempty"`     // what it shows first
	Back     *figure    `json:"back,omitempty"`     // until the call is as before
	Gap      *figure    `json:"gap,omitempty"`      // the longest between two remote frames; only of a pair that was alone
	Cannot   string     `json:"cannot,omitempty"`   // why the engine's driver cannot do it
	Failure  string     `json:"failure,omitempty"`  // what kept it from being measured
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
	Machine  string                `json:"machine"`
	Browsers map[kit.Engine]string `json:"browsers"`
	Holdline string                `json:"holdline"`
	PeerJS   string                `json:"peerjs"`
	Load     string                `json:"load"` // the machine's load average at the start
}
