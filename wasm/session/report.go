package session

import (
	"encoding/json"
	"fmt"
)

// ReportSchema is Report's Schema.
const ReportSchema = "holdline.report/1"

// Report is what a person saves and sends when something went wrong: what the
// page showed, and the trace that led there. REPORT.md describes it.
type Report struct {
	Schema   string    `json:"schema"`
	Version  string    `json:"version"` // of the client
	Browser  string    `json:"browser"` // navigator.userAgent
	At       float64   `json:"at"`      // ms since the Unix epoch
	Policy   Policy    `json:"policy"`
	Snapshot Snapshot  `json:"snapshot"`
	Trace    []Segment `json:"trace"`
}

// NewReport makes the report of a session.
func NewReport(s *Session, t *Trace, version, browser string) Report {
	snapshot := t.redact.snapshot(s.Snapshot())
	return Report{Schema: ReportSchema, Version: version, Browser: browser, At: snapshot.At, Policy: s.policy, Snapshot: snapshot, Trace: t.Segments()}
}

// ReadReport decodes a report and checks that it is one.
func ReadReport(data []byte) (Report, error) {
	r := Report{Policy: DefaultPolicy()} // for what an older one does not tell
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("session: report: %w", err)
	}
	if r.Schema != ReportSchema {
		return r, fmt.Errorf("session: report: schema: want %s, got %q", ReportSchema, r.Schema)
	}
	if len(r.Trace) == 0 {
		return r, fmt.Errorf("session: report: trace: want at least one segment, got none")
	}
	return r, nil
}
