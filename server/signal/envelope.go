package signal

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Type names a message.
type Type string

// The messages. Their payloads are in payload.go.
const (
	TypeHello       Type = "hello"       // page to server: the first message of a socket
	TypeWelcome     Type = "welcome"     // server to page: the answer to hello
	TypePresent     Type = "present"     // server to page: somebody came, or came back, or stays
	TypeAway        Type = "away"        // server to page: somebody's place is held until a deadline
	TypeLeft        Type = "left"        // server to page: somebody is gone, with the final End
	TypeGoaway      Type = "goaway"      // server to page: the server drains
	TypeError       Type = "error"       // server to page: a message was refused; nothing else changed
	TypeBeat        Type = "beat"        // both ways, both lanes: the page itself is alive
	TypeBeatBack    Type = "beat-back"   // both ways, both lanes: the answer to a beat
	TypeLeaving     Type = "leaving"     // page, both lanes: maybe leaving
	TypeStay        Type = "stay"        // page, both lanes: leaving is taken back
	TypeBye         Type = "bye"         // page, both lanes and the beacon: this life is over
	TypeDescription Type = "description" // page to page: an offer or an answer
	TypeCandidate   Type = "candidate"   // page to page: an ICE candidate, or the end of them
	TypeGaveUp      Type = "gave-up"     // page to page: this side ended the link, with its End
	TypeICE         Type = "ice"         // server to page, and page to page in the band: ICE servers with credentials
	TypeRefresh     Type = "refresh"     // page to server, and page to page in the band: asks for ice
	TypeCheck       Type = "check"       // page to server: instead of hello, from a page that only checks its network
	TypeVouch       Type = "vouch"       // page to server: somebody who is away for the server is heard here
	TypeMedia       Type = "media"       // page to page, control channel: what is muted
	TypeLane        Type = "lane"        // page to page, control channel: the state of one's own signaling
	TypeChat        Type = "chat"        // page to page, chat channel
)

// Envelope is one message. The server reads everything but the payload of
// messages that are addressed to a participant.
type Envelope struct {
	Type        Type            `json:"type"`
	From        string          `json:"from,omitempty"`        // participant; set by the server, never believed from a page
	To          string          `json:"to,omitempty"`          // participant
	Life        int64           `json:"life,omitempty"`        // of the sender: one per page load, growing
	ToLife      int64           `json:"toLife,omitempty"`      // of the recipient: for another life it is dropped
	Generation  int             `json:"generation,omitempty"`  // one per RTCPeerConnection of a pair of lives
	Negotiation int             `json:"negotiation,omitempty"` // one per offer within the generation; an answer carries its offer's
	Seq         int64           `json:"seq,omitempty"`         // per sender's life and direction; only what is kept has one
	Ack         int64           `json:"ack,omitempty"`         // the highest seq that came from the other end
	Payload     json.RawMessage `json:"payload,omitempty"`
}

// Limits bound what Decode accepts.
type Limits struct {
	Message int // bytes of one message
	Name    int // code points of a participant's name
}

// DefaultLimits are what the server uses unless its flags say otherwise, and
// what pages use for what comes over the control channel. A description of a
// page with eight transceivers is about 12 KB.
var DefaultLimits = Limits{Message: 64 << 10, Name: 64}

// Decode reads one message and checks every field of the envelope. The
// payload is checked by its own decoder. Errors are ErrTooLarge,
// ErrNotUTF8, *SyntaxError or *FieldError.
func Decode(data []byte, limits Limits) (Envelope, error) {
	var e Envelope
	if len(data) > limits.Message {
		return e, &FieldError{Field: "message", Limit: "at most " + count(limits.Message) + " bytes", Got: count(len(data)) + " bytes", Err: ErrTooLarge}
	}
	if !utf8.Valid(data) {
		return e, ErrNotUTF8
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return Envelope{}, malformed(err)
	}
	return e, e.check()
}

// Encode writes the message. It fails for nothing but a payload that is not
// JSON. It does not escape for HTML: that could make a payload that is passed
// on six times as long.
func (e Envelope) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (e Envelope) check() error {
	rule, known := rules[e.Type]
	switch {
	case !known:
		return &FieldError{Field: "type", Limit: "a known message type", Got: quote(string(e.Type))}
	case e.From != "" && !ValidParticipant(e.From):
		return &FieldError{Field: "from", Limit: participantLimit, Got: quote(e.From)}
	case e.To != "" && !ValidParticipant(e.To):
		return &FieldError{Field: "to", Limit: participantLimit, Got: quote(e.To)}
	case rule.to && e.To == "":
		return &FieldError{Field: "to", Limit: participantLimit, Got: "nothing"}
	case rule.life && e.Life < 1:
		return &FieldError{Field: "life", Limit: "1 or more", Got: number(e.Life)}
	case rule.link && e.Generation < 1:
		return &FieldError{Field: "generation", Limit: "1 or more", Got: number(int64(e.Generation))}
	case rule.link && e.Negotiation < 1:
		return &FieldError{Field: "negotiation", Limit: "1 or more", Got: number(int64(e.Negotiation))}
	case rule.payload && len(e.Payload) == 0:
		return &FieldError{Field: "payload", Limit: "an object", Got: "nothing"}
	case len(e.Payload) > 0 && e.Payload[0] != '{':
		return &FieldError{Field: "payload", Limit: "an object", Got: clip(string(e.Payload))}
	}
	for _, n := range []struct {
		field string
		value int64
	}{
		{"life", e.Life}, {"toLife", e.ToLife},
		{"generation", int64(e.Generation)}, {"negotiation", int64(e.Negotiation)},
		{"seq", e.Seq}, {"ack", e.Ack},
	} {
		if n.value < 0 || n.value > maxNumber {
			return &FieldError{Field: n.field, Limit: "0 to " + number(maxNumber), Got: number(n.value)}
		}
	}
	return nil
}

// maxNumber is the largest integer that every JSON reader keeps exactly:
// 2^53-1 (RFC 8259, section 6).
const maxNumber = 1<<53 - 1

// rule says which fields a type cannot do without.
type rule struct{ to, life, link, payload bool }

var rules = map[Type]rule{
	TypeHello:       {life: true, payload: true},
	TypeWelcome:     {payload: true},
	TypePresent:     {payload: true},
	TypeAway:        {payload: true},
	TypeLeft:        {payload: true},
	TypeGoaway:      {payload: true},
	TypeError:       {payload: true},
	TypeBeat:        {},
	TypeBeatBack:    {},
	TypeLeaving:     {life: true, payload: true},
	TypeStay:        {life: true, payload: true},
	TypeBye:         {life: true, payload: true},
	TypeDescription: {to: true, life: true, link: true, payload: true},
	TypeCandidate:   {to: true, life: true, link: true, payload: true},
	TypeGaveUp:      {to: true, life: true, link: true, payload: true},
	TypeICE:         {payload: true},
	TypeRefresh:     {},
	TypeCheck:       {},
	TypeVouch:       {to: true},
	TypeMedia:       {payload: true},
	TypeLane:        {payload: true},
	TypeChat:        {payload: true},
}
