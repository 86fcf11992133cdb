package signal

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestWhatIsNotAMessageIsMalformed(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":           ``,
		"text":              `hello`,
		"half an object":    `{"type":"beat"`,
		"two objects":       `{"type":"beat"}{"type":"beat"}`,
		"an array":          `[{"type":"beat"}]`,
		"a string":          `"beat"`,
		"a number":          `4`,
		"nested too deeply": strings.Repeat("[", 60_000),
		"a nested payload":  `{"type":"beat","payload":` + strings.Repeat(`{"a":`, 11_000) + `1` + strings.Repeat("}", 11_000) + `}`,
	} {
		_, err := Decode([]byte(data), Limits{Message: 1 << 20, Name: 64})
		if _, ok := errors.AsType[*SyntaxError](err); !ok {
			t.Errorf("%s: %v, want a *SyntaxError", name, err)
			continue
		}
		if r := RefusalOf(err); r.ID != "malformed" || r.Field != "message" || r.Limit != "a JSON object in UTF-8" || r.Got == "" {
			t.Errorf("%s: refusal = %+v", name, r)
		}
	}
	_, err := Decode([]byte("{\"type\":\"beat\xff\"}"), DefaultLimits)
	if err != ErrNotUTF8 || RefusalOf(err).ID != "malformed" {
		t.Errorf("not UTF-8: %v, want %v", err, ErrNotUTF8)
	}
}

func TestDecodeNamesTheFieldTheLimitAndWhatCame(t *testing.T) {
	const link = `"to":"bo","life":1,"generation":1,"negotiation":1,"payload":{}`
	for _, tt := range []struct{ name, message, field, limit, got string }{
		{"null", `null`, "type", "a known message type", `""`},
		{"no type", `{}`, "type", "a known message type", `""`},
		{"an unknown type", `{"type":"shout"}`, "type", "a known message type", `"shout"`},
		{"a type of 10,000 characters", `{"type":"` + strings.Repeat("é", 10_000) + `"}`, "type", "a known message type", `"` + strings.Repeat(`\u00e9`, 31)},
		{"a type that is a number", `{"type":1}`, "type", "a string", "number"},
		{"from", `{"type":"beat","from":"Ana"}`, "from", participantLimit, `"Ana"`},
		{"to of 33", `{"type":"beat","to":"` + strings.Repeat("a", 33) + `"}`, "to", participantLimit, `"aaaa`},
		{"to with a mark", "{\"type\":\"beat\",\"to\":\"a\u202eb\"}", "to", participantLimit, `"a\u202eb"`},
		{"no to", `{"type":"description","life":1,"generation":1,"negotiation":1,"payload":{}}`, "to", participantLimit, "nothing"},
		{"no life", `{"type":"hello","payload":{}}`, "life", "1 or more", "0"},
		{"a negative life of a bye", `{"type":"bye","life":-3,"payload":{}}`, "life", "1 or more", "-3"},
		{"no generation", `{"type":"candidate","to":"bo","life":1,"negotiation":1,"payload":{}}`, "generation", "1 or more", "0"},
		{"no negotiation", `{"type":"candidate","to":"bo","life":1,"generation":1,"payload":{}}`, "negotiation", "1 or more", "0"},
		{"no payload", `{"type":"hello","life":1}`, "payload", "an object", "nothing"},
		{"a payload of null", `{"type":"hello","life":1,"payload":null}`, "payload", "an object", "null"},
		{"a payload that is an array", `{"type":"hello","life":1,"payload":[1]}`, "payload", "an object", "[1]"},
		{"a beat's payload that is text", `{"type":"beat","payload":"x"}`, "payload", "an object", `"x"`},
		{"a negative life of a beat", `{"type":"beat","life":-1}`, "life", "0 to 9007199254740991", "-1"},
		{"a negative toLife", `{"type":"description","toLife":-1,` + link + `}`, "toLife", "0 to 9007199254740991", "-1"},
		{"a negative generation", `{"type":"beat","generation":-1}`, "generation", "0 to 9007199254740991", "-1"},
		{"a negative negotiation", `{"type":"beat","negotiation":-1}`, "negotiation", "0 to 9007199254740991", "-1"},
		{"a negative seq", `{"type":"beat","seq":-1}`, "seq", "0 to 9007199254740991", "-1"},
		{"a negative ack", `{"type":"beat","ack":-1}`, "ack", "0 to 9007199254740991", "-1"},
		{"an ack beyond 2^53", `{"type":"beat","ack":9007199254740992}`, "ack", "0 to 9007199254740991", "9007199254740992"},
		{"a seq beyond 64 bits", `{"type":"beat","seq":99999999999999999999}`, "seq", "a whole number", "number 99999999999999999999"},
		{"a float", `{"type":"hello","life":1.5,"payload":{}}`, "life", "a whole number", "number 1.5"},
		{"an exponent", `{"type":"hello","life":1e3,"payload":{}}`, "life", "a whole number", "number 1e3"},
		{"a number in quotes", `{"type":"hello","life":"1","payload":{}}`, "life", "a whole number", "string"},
	} {
		_, err := Decode([]byte(tt.message), DefaultLimits)
		wantField(t, tt.name, err, tt.field, tt.limit, tt.got)
	}
	_, err := Decode(bytes.Repeat([]byte(" "), 101), Limits{Message: 100})
	wantField(t, "oversized", err, "message", "at most 100 bytes", "101 bytes")
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("oversized: %v, want ErrTooLarge", err)
	}
	if _, err := Decode([]byte(`{"type":"beat"}`+strings.Repeat(" ", 85)), Limits{Message: 100}); err != nil {
		t.Errorf("exactly as large as it may be: %v", err)
	}
}

// wantField checks a FieldError; got is how what came begins.
func wantField(t *testing.T, name string, err error, field, limit, got string) {
	t.Helper()
	f, ok := errors.AsType[*FieldError](err)
	if !ok {
		t.Errorf("%s: %v, want a *FieldError", name, err)
		return
	}
	if f.Field != field || f.Limit != limit || !strings.HasPrefix(f.Got, got) || len(f.Got) > 300 {
		t.Errorf("%s: %v, want %s: want %s, got %s", name, err, field, limit, got)
	}
	if r := RefusalOf(err); r != (Refusal{ID: "bad-field", Field: f.Field, Limit: f.Limit, Got: f.Got}) {
		t.Errorf("%s: refusal = %+v", name, r)
	}
}

func envelope(typ Type, payload string) Envelope {
	return Envelope{Type: typ, Payload: json.RawMessage(payload)}
}

func TestAPayloadsReaderNamesTheFieldTheLimitAndWhatCame(t *testing.T) {
	hello := func(payload string) error {
		_, err := envelope(TypeHello, payload).ReadHello(DefaultLimits)
		return err
	}
	goodbye := func(payload string) error {
		_, err := envelope(TypeBye, payload).ReadGoodbye()
		return err
	}
	describe := func(payload string) error {
		_, err := envelope(TypeDescription, payload).ReadDescription()
		return err
	}
	quoted := func(s string) string { return string(Raw(s)) }
	const named = `"room":"r","name":"Ana"`
	for _, tt := range []struct {
		name              string
		err               error
		field, limit, got string
	}{
		{"no room", hello(`{"name":"Ana"}`), "room", roomLimit, `""`},
		{"a room of 65", hello(`{"name":"Ana","room":"` + strings.Repeat("r", 65) + `"}`), "room", roomLimit, `"rrrr`},
		{"a room of 10,000", hello(`{"name":"Ana","room":"` + strings.Repeat("r", 10_000) + `"}`), "room", roomLimit, `"rrrr`},
		{"a room with a slash", hello(`{"name":"Ana","room":"a/b"}`), "room", roomLimit, `"a/b"`},
		{"a room with a control character", hello(`{"name":"Ana","room":"a\u0000b"}`), "room", roomLimit, `"a\x00b"`},
		{"a room with a direction mark", hello(`{"name":"Ana","room":"a\u202eb"}`), "room", roomLimit, `"a\u202eb"`},
		{"a room that is a number", hello(`{"name":"Ana","room":7}`), "room", "a string", "number"},
		{"no name", hello(`{"room":"r"}`), "name", "1 to 64 characters", "nothing"},
		{"a name of 10,000", hello(`{"room":"r","name":` + quoted(strings.Repeat("字", 10_000)) + `}`), "name", "1 to 64 characters", "10000 characters"},
		{"a nonce that is too long", hello(`{` + named + `,"nonce":"` + strings.Repeat("n", 33) + `"}`), "nonce", "at most 32 bytes", "33 bytes"},
		{"a token that is too long", hello(`{` + named + `,"token":"` + strings.Repeat("t", 1025) + `"}`), "token", "at most 1024 bytes", "1025 bytes"},
		{"locked that is text", hello(`{` + named + `,"locked":"yes"}`), "locked", "true or false", "string"},
		{"an array for a hello", hello(`[]`), "payload", "the payload of hello", "[]"},
		{"an unknown intent", goodbye(`{"count":1,"intent":"sleep"}`), "intent", "a known intent", `"sleep"`},
		{"no count", goodbye(`{"intent":"close"}`), "count", "1 or more", "0"},
		{"a negative count", goodbye(`{"count":-1}`), "count", "1 or more", "-1"},
		{"half a count", goodbye(`{"count":0.5}`), "count", "a whole number", "number 0.5"},
		{"a long target", goodbye(`{"count":1,"target":"/` + strings.Repeat("x", 2048) + `"}`), "target", "at most 2048 bytes", "2049 bytes"},
		{"a rollback", describe(`{"type":"rollback","sdp":"v=0"}`), "type", "offer or answer", `"rollback"`},
		{"no sdp", describe(`{"type":"offer"}`), "sdp", "a session description", "nothing"},
		{"networks below 0", describe(`{"type":"offer","sdp":"v=0","networks":-1}`), "networks", "at least 0", "-1"},
	} {
		wantField(t, tt.name, tt.err, tt.field, tt.limit, tt.got)
	}
	var chat Chat
	wantField(t, "a chat's time", envelope(TypeChat, `{"at":"now"}`).Read(&chat), "at", "a number", "string")
	var welcome Welcome
	wantField(t, "a roster", envelope(TypeWelcome, `{"roster":{}}`).Read(&welcome), "roster", "an array", "object")
	wantField(t, "limits", envelope(TypeWelcome, `{"limits":[]}`).Read(&welcome), "limits", "an object", "array")
}

func TestABeaconsReaderNamesTheFieldTheLimitAndWhatCame(t *testing.T) {
	beacon := func(data string) error { _, err := DecodeBeacon([]byte(data)); return err }
	for _, tt := range []struct{ name, data, field, limit, got string }{
		{"a bad room", `{"room":"a b","participant":"ana","life":1,"goodbye":{"count":1}}`, "room", roomLimit, `"a b"`},
		{"no participant", `{"room":"r","life":1,"goodbye":{"count":1}}`, "participant", participantLimit, `""`},
		{"no life", `{"room":"r","participant":"ana","goodbye":{"count":1}}`, "life", "1 or more", "0"},
		{"no goodbye", `{"room":"r","participant":"ana","life":1}`, "count", "1 or more", "0"},
		{"an unknown intent", `{"room":"r","participant":"ana","life":1,"goodbye":{"count":1,"intent":"nap"}}`, "intent", "a known intent", `"nap"`},
		{"half a life", `{"room":"r","participant":"ana","life":0.5,"goodbye":{"count":1}}`, "life", "a whole number", "number 0.5"},
		{"too large", strings.Repeat(" ", MaxBeacon+1), "body", "at most 8192 bytes", "more"},
	} {
		wantField(t, tt.name, beacon(tt.data), tt.field, tt.limit, tt.got)
	}
	if err := beacon("{\"room\":\"\xff\"}"); err != ErrNotUTF8 {
		t.Errorf("not UTF-8: %v, want %v", err, ErrNotUTF8)
	}
	if _, ok := errors.AsType[*SyntaxError](beacon(`bye`)); !ok {
		t.Error("text is not a *SyntaxError")
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{
		"A", "Ana María", "O’Neill-Smith", "李小龍", "محمد", "👩‍👩‍👧‍👦", "🙂", strings.Repeat("字", 64), strings.Repeat("🙂", 64), " padded ", "e\u0301",
	} {
		if err := CheckName(name, 64); err != nil {
			t.Errorf("CheckName(%q) = %v, want nil", name, err)
		}
	}
	const marks, length = "no control characters and no direction marks", "1 to 64 characters"
	for _, tt := range []struct{ name, limit, got string }{
		{"", length, "nothing that can be seen"},
		{"   ", length, "nothing that can be seen"},
		{"\u3000\u00a0", length, "nothing that can be seen"},
		{"\u200b\u200d", length, "nothing that can be seen"}, // zero width
		{strings.Repeat("字", 65), length, "65 characters"},
		{strings.Repeat("a", 10_000), length, "10000 characters"},
		{"a\x00b", marks, `'\x00'`},
		{"a\nb", marks, `'\n'`},
		{"a\tb", marks, `'\t'`},
		{"a\x7fb", marks, `'\x7f'`},
		{"a\u0085b", marks, `'\u0085'`},
		{"\u202eanA", marks, `'\u202e'`}, // right-to-left override
		{"a\u200fb", marks, `'\u200f'`},  // right-to-left mark
		{"a\u2066b", marks, `'\u2066'`},  // left-to-right isolate
		{"a\u061cb", marks, `'\u061c'`},  // Arabic letter mark
		{"a\u2028b", marks, `'\u2028'`},
		{"a\u2029b", marks, `'\u2029'`},
	} {
		wantField(t, tt.name, CheckName(tt.name, 64), "name", tt.limit, tt.got)
	}
}

func TestRoomsAndParticipants(t *testing.T) {
	for s, want := range map[string][2]bool{
		"":                      {false, false},
		"a":                     {true, true},
		"A":                     {true, false},
		"a-b_9":                 {true, false},
		"k3v7":                  {true, true},
		strings.Repeat("a", 32): {true, true},
		strings.Repeat("a", 33): {true, false},
		strings.Repeat("a", 64): {true, false},
		strings.Repeat("a", 65): {false, false},
		"é":                     {false, false},
		"a b":                   {false, false},
		"a/b":                   {false, false},
		"..":                    {false, false},
	} {
		if got := [2]bool{ValidRoom(s), ValidParticipant(s)}; got != want {
			t.Errorf("%q is a room, a participant: %v, want %v", s, got, want)
		}
	}
}

func TestWhatIsPassedOnGrowsByTheEnvelopeOnly(t *testing.T) {
	text := `{"type":"candidate","to":"bo","life":1,"generation":1,"negotiation":1,"payload":{"candidate":"` + strings.Repeat("<&>\u2028", 1000) + `"}}`
	e, err := Decode([]byte(text), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Encode()
	if err != nil || string(data) != text {
		t.Errorf("encoded: %d bytes, %v; want the same %d bytes", len(data), err, len(text))
	}
}

func FuzzDecode(f *testing.F) {
	_, messages, _ := protocol(f)
	for _, m := range messages {
		f.Add([]byte(m))
	}
	f.Add([]byte(`{"type":"beat","payload":{"a":"<\u2028\ud800"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data, DefaultLimits)
		if err != nil {
			if r := RefusalOf(err); r.ID == "" || r.Field == "" || len(r.Got) > 1000 {
				t.Fatalf("refusal of %v: %+v", err, r)
			}
			return
		}
		if err := read(e); err != nil && RefusalOf(err).Field == "" {
			t.Fatalf("refusal of %v: %+v", err, RefusalOf(err))
		}
		again, err := e.Encode()
		if err != nil {
			t.Fatalf("encode what decoded: %v", err)
		}
		e2, err := Decode(again, Limits{Message: 10 * len(data), Name: 64})
		if err != nil {
			t.Fatalf("decode %s: %v", again, err)
		}
		var compact bytes.Buffer
		if len(e.Payload) > 0 {
			if err := json.Compact(&compact, e.Payload); err != nil {
				t.Fatal(err)
			}
			e.Payload = compact.Bytes()
		}
		if !reflect.DeepEqual(e, e2) {
			t.Fatalf("%+v became %+v", e, e2)
		}
	})
}

func FuzzDecodeBeacon(f *testing.F) {
	_, _, bodies := protocol(f)
	for _, b := range bodies["beacon"] {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := DecodeBeacon(data)
		if err != nil {
			return
		}
		if b2, err := DecodeBeacon(Raw(b)); err != nil && !errors.Is(err, ErrTooLarge) || err == nil && b2 != b {
			t.Fatalf("%+v became %+v, %v", b, b2, err)
		}
	})
}
