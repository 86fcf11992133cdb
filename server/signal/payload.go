package signal

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"
)

// Hello opens a socket. Envelope.Life is the page's life, Envelope.Ack the
// last seq it got in this life, Envelope.Seq the first that it will send.
type Hello struct {
	Room   string `json:"room"`
	Name   string `json:"name"`
	Token  string `json:"token,omitempty"`  // from the last welcome; without it, a newcomer
	Locked bool   `json:"locked,omitempty"` // the page holds the Web Lock of this identity: no other tab of this browser lives by it
	Nonce  string `json:"nonce,omitempty"`  // of this page: tells two pages apart that came by one identity to the same life
	Page   string `json:"page,omitempty"`   // what the server called the page when it served it; crash reports name it; secret

	Count  int        `json:"count,omitempty"`  // the goodbyes of this life so far: being here outranks them
	After  After      `json:"after,omitempty"`  // what is known of how the last page, or the last hour, ended
	Roster []Presence `json:"roster,omitempty"` // whom the page knows to be in the room, for a server that was restarted
}

// After is what a page finds out about its own past only once it is back.
type After string

// What a page may come back from.
const (
	AfterCrash   After = "crash"   // the last page left no mark of a goodbye
	AfterDiscard After = "discard" // document.wasDiscarded
	AfterSleep   After = "sleep"   // the clocks jumped
)

// Cause is what the others' End becomes by what the page says on its return.
func (a After) Cause() (c Cause, ok bool) {
	switch a {
	case AfterCrash:
		return CausePageCrashed, true
	case AfterDiscard:
		return CausePageDiscarded, true
	case AfterSleep:
		return CauseDeviceSlept, true
	}
	return CauseNone, false
}

// Welcome answers Hello. Envelope.To is the participant that the page now is.
type Welcome struct {
	Name    string     `json:"name"`
	Order   int        `json:"order"`            // place in the room's order; kept over returns
	Token   string     `json:"token"`            // resumes this participant; secret
	ByeKey  string     `json:"byeKey"`           // for the beacon to /bye in this life; secret
	Resumed bool       `json:"resumed"`          // the same participant as the token said
	Former  *End       `json:"former,omitempty"` // came back too late: what the others were told
	Roster  []Presence `json:"roster"`           // everybody else who has a place, in order
	Left    []End      `json:"left,omitempty"`   // who left lately, newest last
	Limits  RoomLimits `json:"limits"`
}

// RoomLimits is what a page needs to know of the server's policy.
type RoomLimits struct {
	Participants int   `json:"participants"`
	Message      int   `json:"message"` // bytes
	Beat         int64 `json:"beat"`    // ms between the beats that the server expects
	Dead         int64 `json:"dead"`    // ms of silence after which the server gives the socket up
	Vouch        int64 `json:"vouch"`   // ms for which one vouch counts: it is repeated twice as often
}

// PresenceState is where a participant stands for the room.
type PresenceState string

// A participant with a place is in one of these.
const (
	PresencePresent PresenceState = "present"
	PresenceLeaving PresenceState = "leaving" // may be leaving: beforeunload, not yet pagehide
	PresenceAway    PresenceState = "away"    // no page right now; the place is held
)

// Presence is one participant as the room sees it: the payload of present
// and away, and a row of the roster.
type Presence struct {
	Participant string        `json:"participant"`
	Name        string        `json:"name"`
	Life        int64         `json:"life"`
	Order       int           `json:"order"`
	State       PresenceState `json:"state"`
	Count       int           `json:"count,omitempty"`     // the highest goodbye count of this life that the room has seen
	Bye         bool          `json:"bye,omitempty"`       // this life is over: only the next one comes back
	End         *End          `json:"end,omitempty"`       // provisional, while leaving or away
	Remaining   int64         `json:"remaining,omitempty"` // ms until the held place runs out
	Heard       bool          `json:"heard,omitempty"`     // in a page's own roster: its link works
	LAN         bool          `json:"lan,omitempty"`       // it and the reader come to the server from one local network
}

// Left is the payload of left.
type Left struct {
	End End `json:"end"`
}

// Goaway says that the server drains.
type Goaway struct {
	Return int64 `json:"return"` // ms after which the page should come again
}

// Refusal is the payload of error: one message was refused.
type Refusal struct {
	ID    string `json:"id"`              // stable: malformed, bad-field, unknown-peer, second-hello, not-joined
	Field string `json:"field,omitempty"` // what was wrong
	Limit string `json:"limit,omitempty"` // what is allowed
	Got   string `json:"got,omitempty"`   // what came
}

// Intent is why a page goes, as far as it can tell.
type Intent string

// The intents of leaving and bye.
const (
	IntentHangup   Intent = "hangup"   // a person pressed Leave
	IntentClose    Intent = "close"    // the page goes, and no navigation is under way
	IntentReload   Intent = "reload"   // the page goes to itself
	IntentNavigate Intent = "navigate" // a link, a form or the address bar
	IntentTraverse Intent = "traverse" // history, back or forward
	IntentUnload   Intent = "unload"   // a navigation or a reload, it cannot be told which
	IntentFailed   Intent = "failed"   // the client's own program stopped
	IntentUnknown  Intent = "unknown"  // beforeunload without a hint
	IntentFreeze   Intent = "freeze"   // the browser freezes the page: it stays, and does nothing
)

// Cause is what a goodbye with this intent amounts to until more is known.
func (i Intent) Cause() Cause {
	switch i {
	case IntentHangup:
		return CauseHangup
	case IntentFailed:
		return CauseClientFailed
	case IntentFreeze:
		return CausePageFrozen
	case IntentReload:
		return CausePageReloaded
	case IntentNavigate, IntentTraverse, IntentUnload:
		// Firefox 153 closes the socket before pagehide on a reload and on a
		// navigation, never on a close; which of the two an unload is shows at
		// the next load.
		return CausePageNavigated
	}
	return CausePageClosed
}

// Goodbye is the payload of leaving, stay and bye. The three share one
// counter per life: the highest wins, and bye is terminal for that life.
type Goodbye struct {
	Count  int    `json:"count"`
	Intent Intent `json:"intent,omitempty"`
	Target string `json:"target,omitempty"` // the path that a navigation on the same site leads to
}

// Beacon is the body of POST /bye: a goodbye by another road, for a page
// whose socket is gone already.
type Beacon struct {
	Room        string  `json:"room"`
	Participant string  `json:"participant"`
	Life        int64   `json:"life"`
	Key         string  `json:"key"` // Welcome.ByeKey
	Goodbye     Goodbye `json:"goodbye"`
}

// Description is the payload of description (RFC 8829).
type Description struct {
	Type     string `json:"type"` // offer, answer
	SDP      string `json:"sdp"`
	Networks int    `json:"networks,omitempty"` // how often the sender's network has changed in this life
}

// GaveUp is the payload of gave-up: why the sender ended the link. The End's
// subject is the recipient.
type GaveUp struct {
	End End `json:"end"`
}

// Media is the payload of media: what the sender captures and sends now.
type Media struct {
	Microphone bool `json:"microphone"`
	Camera     bool `json:"camera"`
	Screen     bool `json:"screen"` // in a video section of its own
}

// Lane is the payload of lane.
type Lane struct {
	Signaling string `json:"signaling"` // open, lost
}

// BeatCount is the payload of beat and beat-back on the control channel.
type BeatCount struct {
	N      int64 `json:"n"`
	Hidden bool  `json:"hidden,omitempty"` // the sender's page is hidden: its timers tick at 1 Hz
}

// Chat is the payload of chat.
type Chat struct {
	ID   string  `json:"id"`
	Text string  `json:"text"`
	At   float64 `json:"at"` // ms since the Unix epoch, the sender's clock
}

// Raw encodes a payload. The payload types here always can be.
func Raw(payload any) json.RawMessage {
	b, err := json.Marshal(payload)
	if err != nil {
		panic("signal: payload: " + err.Error()) // our own bug: a type that is not JSON
	}
	return b
}

// Read decodes the payload of e into v; the error names the field, or the
// payload when it is not an object.
func (e Envelope) Read(v any) error {
	err := json.Unmarshal(e.Payload, v)
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*FieldError](malformed(err)); ok {
		return f
	}
	return &FieldError{Field: "payload", Limit: "the payload of " + string(e.Type), Got: clip(string(e.Payload)), Err: err}
}

// ReadHello decodes and checks a hello.
func (e Envelope) ReadHello(limits Limits) (Hello, error) {
	var h Hello
	if err := e.Read(&h); err != nil {
		return h, err
	}
	if !ValidRoom(h.Room) {
		return h, &FieldError{Field: "room", Limit: roomLimit, Got: quote(h.Room)}
	}
	if err := CheckName(h.Name, limits.Name); err != nil {
		return h, err
	}
	if h.Count < 0 {
		return h, &FieldError{Field: "count", Limit: "0 or more", Got: number(int64(h.Count))}
	}
	if len(h.Nonce) > maxNonce {
		return h, &FieldError{Field: "nonce", Limit: "at most " + count(maxNonce) + " bytes", Got: count(len(h.Nonce)) + " bytes"}
	}
	if h.Page != "" && !ValidPage(h.Page) {
		return h, &FieldError{Field: "page", Limit: pageLimit, Got: quote(h.Page)}
	}
	if len(h.Token) > maxToken {
		return h, &FieldError{Field: "token", Limit: "at most " + count(maxToken) + " bytes", Got: count(len(h.Token)) + " bytes"}
	}
	return h, nil
}

// ReadGoodbye decodes and checks the payload of leaving, stay and bye.
func (e Envelope) ReadGoodbye() (Goodbye, error) {
	var g Goodbye
	if err := e.Read(&g); err != nil {
		return g, err
	}
	return g, g.check()
}

func (g Goodbye) check() error {
	switch g.Intent {
	case "", IntentHangup, IntentClose, IntentReload, IntentNavigate, IntentTraverse, IntentUnload, IntentFailed, IntentUnknown, IntentFreeze:
	default:
		return &FieldError{Field: "intent", Limit: "a known intent", Got: quote(string(g.Intent))}
	}
	if g.Count < 1 {
		return &FieldError{Field: "count", Limit: "1 or more", Got: number(int64(g.Count))}
	}
	if len(g.Target) > maxTarget {
		return &FieldError{Field: "target", Limit: "at most " + count(maxTarget) + " bytes", Got: count(len(g.Target)) + " bytes"}
	}
	return nil
}

// ReadDescription decodes and checks an offer or an answer.
func (e Envelope) ReadDescription() (Description, error) {
	var d Description
	if err := e.Read(&d); err != nil {
		return d, err
	}
	if d.Type != "offer" && d.Type != "answer" {
		return d, &FieldError{Field: "type", Limit: "offer or answer", Got: quote(d.Type)}
	}
	if d.SDP == "" {
		return d, &FieldError{Field: "sdp", Limit: "a session description", Got: "nothing"}
	}
	if d.Networks < 0 {
		return d, &FieldError{Field: "networks", Limit: "at least 0", Got: strconv.Itoa(d.Networks)}
	}
	return d, nil
}

// DecodeBeacon reads the body of POST /bye.
func DecodeBeacon(data []byte) (Beacon, error) {
	var b Beacon
	if len(data) > MaxBeacon {
		return b, &FieldError{Field: "body", Limit: "at most " + count(MaxBeacon) + " bytes", Got: "more", Err: ErrTooLarge}
	}
	if !utf8.Valid(data) {
		return b, ErrNotUTF8
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return Beacon{}, malformed(err)
	}
	if err := checkLife(b.Room, b.Participant, b.Life); err != nil {
		return b, err
	}
	return b, b.Goodbye.check()
}

// checkLife reports what is wrong with the name of one life.
func checkLife(room, participant string, life int64) error {
	switch {
	case !ValidRoom(room):
		return &FieldError{Field: "room", Limit: roomLimit, Got: quote(room)}
	case !ValidParticipant(participant):
		return &FieldError{Field: "participant", Limit: participantLimit, Got: quote(participant)}
	case life < 1:
		return &FieldError{Field: "life", Limit: "1 or more", Got: number(life)}
	}
	return nil
}
