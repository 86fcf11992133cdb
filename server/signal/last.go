package signal

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// What a browser says of a page that cannot say it any more.

// Gone is the body of POST /gone: what a page has left with its browser to be
// sent when it is destroyed (WHATWG fetch: fetchLater). A page that can say
// goodbye takes it back, so it tells of a page that could not.
type Gone struct {
	Room        string `json:"room"`
	Participant string `json:"participant"`
	Life        int64  `json:"life"`
	Key         string `json:"key"` // Welcome.ByeKey
}

// DecodeGone reads the body of POST /gone.
func DecodeGone(data []byte) (Gone, error) {
	var g Gone
	if len(data) > MaxBeacon {
		return g, &FieldError{Field: "body", Limit: "at most " + count(MaxBeacon) + " bytes", Got: "more", Err: ErrTooLarge}
	}
	if !utf8.Valid(data) {
		return g, ErrNotUTF8
	}
	if err := json.Unmarshal(data, &g); err != nil {
		return Gone{}, malformed(err)
	}
	return g, checkLife(g.Room, g.Participant, g.Life)
}

// The most that POST /reports takes: a report with a stack has a few KB, and a
// browser sends several at once.
const (
	MaxReports     = 64 << 10 // bytes
	MaxReportCount = 32
)

// ReportsType is the media type of reports (W3C Reporting API, section 6.2).
const ReportsType = "application/reports+json"

// CrashReport is one report of the type crash (WICG crash reporting) about a
// page that was in a room.
type CrashReport struct {
	Room   string
	Reason CrashReason
}

// CrashReason is why the browser says that a page died.
type CrashReason string

// The reasons that there are.
const (
	CrashUnknown      CrashReason = ""
	CrashOutOfMemory  CrashReason = "oom"
	CrashUnresponsive CrashReason = "unresponsive"
)

// Words is the reason as evidence.
func (r CrashReason) Words() string {
	switch r {
	case CrashOutOfMemory:
		return "crash report: out of memory"
	case CrashUnresponsive:
		return "crash report: unresponsive"
	}
	return "crash report"
}

// report is one element of what a browser sends (W3C Reporting API, 6.2). Of
// all the types only crash concerns a call.
type report struct {
	Type string          `json:"type"`
	URL  string          `json:"url"`
	Body json.RawMessage `json:"body"`
}

// DecodeReports reads the body of POST /reports: the crashes of pages of rooms
// in it. Reports of other types and of other pages are left out.
func DecodeReports(data []byte) ([]CrashReport, error) {
	if len(data) > MaxReports {
		return nil, &FieldError{Field: "body", Limit: "at most " + count(MaxReports) + " bytes", Got: "more", Err: ErrTooLarge}
	}
	if !utf8.Valid(data) {
		return nil, ErrNotUTF8
	}
	var all []report
	if err := json.Unmarshal(data, &all); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field == "" {
			return nil, &FieldError{Field: "body", Limit: "an array of reports", Got: clip(wrong.Value), Err: err}
		}
		return nil, malformed(err)
	}
	if len(all) > MaxReportCount {
		return nil, &FieldError{Field: "body", Limit: "at most " + count(MaxReportCount) + " reports", Got: count(len(all))}
	}
	var crashes []CrashReport
	for _, r := range all {
		page, err := url.Parse(r.URL)
		if r.Type != "crash" || err != nil {
			continue
		}
		room, found := strings.CutPrefix(page.Path, "/r/")
		if room = strings.TrimSuffix(room, "/"); !found || !ValidRoom(room) {
			continue
		}
		var body struct {
			Reason CrashReason `json:"reason"`
		}
		if len(r.Body) > 0 && json.Unmarshal(r.Body, &body) != nil {
			return nil, &FieldError{Field: "body.reason", Limit: "a string", Got: clip(string(r.Body))}
		}
		crashes = append(crashes, CrashReport{Room: room, Reason: body.Reason})
	}
	return crashes, nil
}
