package doctor

import (
	"encoding/json"
	"fmt"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// ReportSchema is Report's Schema.
const ReportSchema = "holdline.check/1"

// Report is what a person saves or copies, and sends to who can help.
// REPORT.md describes it.
type Report struct {
	Schema  string `json:"schema"`
	Version string `json:"version"` // of the client
	Words   string `json:"words"`   // the verdict, as the page worded it
	Snapshot
}

// Report makes the report of the check-up as it is. Addresses become pseudonyms
// that keep their kind, the same one for the same address; credentials are in
// no snapshot.
func (d *Doctor) Report(version, words string) Report {
	s, name := d.Snapshot(), session.Pseudonyms()
	for _, c := range s.Checks {
		for i := range c.Details {
			if c.Details[i].Name != DetailBrowser { // a version may look like an address
				c.Details[i].Text = name(c.Details[i].Text)
			}
		}
	}
	for i := range s.Candidates {
		c := &s.Candidates[i]
		c.Address, c.RelatedAddress = name(c.Address), name(c.RelatedAddress)
	}
	for i := range s.Asks {
		s.Asks[i].Host = name(s.Asks[i].Host)
	}
	return Report{Schema: ReportSchema, Version: version, Words: words, Snapshot: s}
}

// ReadReport decodes a report and checks that it is one.
func ReadReport(data []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("doctor: report: %w", err)
	}
	if r.Schema != ReportSchema {
		return r, &signal.FieldError{Field: "schema", Limit: ReportSchema, Got: fmt.Sprintf("%q", r.Schema)}
	}
	return r, nil
}
