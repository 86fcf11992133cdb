package signal

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOfReportsOnlyTheCrashesOfRoomsAreRead(t *testing.T) {
	got, err := DecodeReports([]byte(`[
		{"type":"crash","age":1,"url":"https://x.example/r/blue?lang=en#a","body":{"reason":"oom","stack":"at f"}},
		{"type":"deprecation","url":"https://x.example/r/blue","body":{"id":"websql"}},
		{"type":"crash","url":"http://[::1]:8080/r/red/","body":{}},
		{"type":"crash","url":"/r/green"},
		{"type":"crash","url":"https://x.example/r/grey","body":null},
		{"type":"crash","url":"https://x.example/","body":{"reason":"unresponsive"}},
		{"type":"crash","url":"https://x.example/r/a b","body":{}},
		{"type":"crash","url":"","body":{}},
		{}
	]`))
	want := []CrashReport{{"blue", CrashOutOfMemory}, {"red", CrashUnknown}, {"green", CrashUnknown}, {"grey", CrashUnknown}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}

func TestWhatIsNotReportsIsRefusedByNameAndLimit(t *testing.T) {
	decode := func(body string) error {
		_, err := DecodeReports([]byte(body))
		return err
	}
	for _, tt := range []struct{ name, body, field, limit, got string }{
		{"an object", `{"type":"crash"}`, "body", "an array of reports", "object"},
		{"text", `"crash"`, "body", "an array of reports", "string"},
		{"an array of text", `["crash"]`, "body", "an array of reports", "string"},
		{"too many", "[" + strings.Repeat(`{},`, MaxReportCount) + `{}]`, "body", "at most 32 reports", "33"},
		{"too large", strings.Repeat(" ", MaxReports) + "[]", "body", "at most 65536 bytes", "more"},
		{"a type of another kind", `[{"type":{}}]`, "type", "a string", "object"},
		{"a url of another kind", `[{"url":3}]`, "url", "a string", "number"},
		{"a body of another kind", `[{"type":"crash","url":"/r/a","body":[1]}]`, "body.reason", "a string", "[1]"},
	} {
		wantField(t, tt.name, decode(tt.body), tt.field, tt.limit, tt.got)
	}
	if err := decode(strings.Repeat(" ", MaxReports) + "[]"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v, want ErrTooLarge", err)
	}
	if err := decode("[\"\xff\"]"); err != ErrNotUTF8 {
		t.Errorf("not UTF-8: %v", err)
	}
	if _, ok := errors.AsType[*SyntaxError](decode("[{]")); !ok {
		t.Errorf("malformed: %v", decode("[{]"))
	}
}

func TestAReasonThatIsNotKnownIsNotRepeated(t *testing.T) {
	for reason, want := range map[CrashReason]string{
		CrashOutOfMemory: "crash report: out of memory", CrashUnresponsive: "crash report: unresponsive",
		CrashUnknown: "crash report", "<script>": "crash report",
	} {
		if got := reason.Words(); got != want {
			t.Errorf("%q: %q, want %q", reason, got, want)
		}
	}
}

func FuzzDecodeReports(f *testing.F) {
	_, _, bodies := protocol(f)
	for _, text := range bodies["reports"] {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		crashes, err := DecodeReports(data)
		if err != nil && len(crashes) > 0 {
			t.Errorf("%d crashes and %v", len(crashes), err)
		}
		for _, c := range crashes {
			if !ValidRoom(c.Room) {
				t.Errorf("room %q", c.Room)
			}
		}
	})
}
