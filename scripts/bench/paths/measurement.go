package main

import (
	"encoding/json"

	"holdline/scripts/bench/measure"
)

// measurement is a line of the raw file: one call in one row.
type measurement struct {
	Subject string                    `json:"subject"`
	Row     string                    `json:"row"`
	Run     int                       `json:"run"`
	Figures map[string]measure.Figure `json:"figures,omitempty"` // in milliseconds, on the page that took longer
	Route   string                    `json:"route,omitempty"`   // the way that the call went, at the end
	Said    string                    `json:"said,omitempty"`    // what the pages say at the end
	Offset  float64                   `json:"offset"`            // how far a page's clock was from the bench's at most, in milliseconds
	Failure string                    `json:"failure,omitempty"` // what kept it from being measured
}

func (m measurement) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// The keys of the figures.
const (
	figureConnected  = "connected"
	figureData       = "data"
	figurePicture    = "picture"
	figureDataGap    = "data gap"
	figurePictureGap = "picture gap"
	figureShown      = "shown"
	figureTold       = "told"
	figureRouted     = "routed" // until the kernel takes the other uplink: only in the raw file
)

// setting is the first line of the raw file: what was measured, and on what.
type setting struct {
	measure.Setting
	Browser string `json:"browser"`
}
