package signal

// End is the end of a session or of one remote participant's part in it, or
// what it looks like so far. It is a value, never an error.
type End struct {
	Subject  string   `json:"subject"` // the participant it is about, or "server"; absolute, the page words it for its reader
	Cause    Cause    `json:"cause"`
	Layer    Layer    `json:"layer"`
	By       By       `json:"by"`
	Evidence []string `json:"evidence,omitempty"` // facts in the order they were seen, in English for the report
	Next     Next     `json:"next"`
	Target   string   `json:"target,omitempty"`  // page-navigated on the same site: the path it led to
	Finding  Finding  `json:"finding,omitempty"` // ice-failed and path-blocked: what the evidence says of the networks
	Revision int      `json:"revision"`          // grows with what becomes known; the room's final one wins
	Final    bool     `json:"final"`
}

// SubjectServer is the Subject of an End that is about the server.
const SubjectServer = "server"

// NewEnd is the End of subject by cause, with the layer, the doer and the
// next step that belong to the cause.
func NewEnd(subject string, cause Cause, evidence ...string) End {
	m, ok := meanings[cause]
	if !ok {
		m = meanings[CauseUnknown]
	}
	return End{Subject: subject, Cause: cause, Layer: m.Layer, By: m.By, Next: m.Next, Evidence: evidence}
}
