package signal

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxBeacon is the most that POST /bye takes, in bytes.
const MaxBeacon = 8 << 10

// MaxChat is the longest chat text, in code points.
const MaxChat = 4000

const (
	maxToken  = 1 << 10 // bytes; ours are about 150
	maxNonce  = 32      // bytes; ours are up to 13
	maxTarget = 2 << 10 // bytes of a path
	maxPage   = 32      // bytes; ours are 26

	roomLimit        = "1 to 64 letters, digits, - and _"
	participantLimit = "1 to 32 lower-case letters and digits"
	pageLimit        = "1 to 32 letters and digits"
)

// What Decode refuses a message for, besides *SyntaxError and *FieldError.
var (
	ErrTooLarge = errors.New("signal: message too large")
	ErrNotUTF8  = errors.New("signal: message is not UTF-8")
)

// SyntaxError is a message that is not the JSON that it should be.
type SyntaxError struct{ Err error }

func (e *SyntaxError) Error() string { return "signal: malformed message: " + e.Err.Error() }
func (e *SyntaxError) Unwrap() error { return e.Err }

// malformed words what the JSON decoder refused: a field of another kind by
// the field's name, everything else as a SyntaxError.
func malformed(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok || wrong.Field == "" {
		return &SyntaxError{err}
	}
	return &FieldError{Field: wrong.Field, Limit: kind(wrong.Type), Got: clip(wrong.Value), Err: err}
}

// kind names the JSON that a Go type is read from.
func kind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}

// FieldError is one field with a value that is not allowed.
type FieldError struct {
	Field string // its name on the wire
	Limit string // what is allowed
	Got   string // what came, clipped
	Err   error  // what it wraps, or nil
}

func (e *FieldError) Error() string {
	return "signal: " + e.Field + ": want " + e.Limit + ", got " + e.Got
}
func (e *FieldError) Unwrap() error { return e.Err }

// RefusalOf words err, from Decode or a payload's reader, for the sender.
func RefusalOf(err error) Refusal {
	if f, ok := errors.AsType[*FieldError](err); ok {
		return Refusal{ID: "bad-field", Field: f.Field, Limit: f.Limit, Got: f.Got}
	}
	return Refusal{ID: "malformed", Field: "message", Limit: "a JSON object in UTF-8", Got: clip(err.Error())}
}

// ValidRoom reports whether s can name a room.
func ValidRoom(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && all(s, func(c byte) bool {
		return lower(c) || 'A' <= c && c <= 'Z' || digit(c) || c == '-' || c == '_'
	})
}

// ValidParticipant reports whether s can be a participant's id.
func ValidParticipant(s string) bool {
	return len(s) >= 1 && len(s) <= 32 && all(s, func(c byte) bool { return lower(c) || digit(c) })
}

// ValidPage reports whether s can be what a server called a page.
func ValidPage(s string) bool {
	return len(s) >= 1 && len(s) <= maxPage && all(s, func(c byte) bool { return lower(c) || 'A' <= c && c <= 'Z' || digit(c) })
}

func lower(c byte) bool { return 'a' <= c && c <= 'z' }
func digit(c byte) bool { return '0' <= c && c <= '9' }

func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

// CheckName reports what is wrong with a participant's name. Control
// characters and marks that turn the writing direction are refused: they
// could dress one person up as another.
func CheckName(name string, most int) error {
	limit := "1 to " + count(most) + " characters"
	if n := utf8.RuneCountInString(name); n > most {
		return &FieldError{Field: "name", Limit: limit, Got: count(n) + " characters"}
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return &FieldError{Field: "name", Limit: "no control characters and no direction marks", Got: strconv.QuoteRuneToASCII(r)}
		}
	}
	if !strings.ContainsFunc(name, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return &FieldError{Field: "name", Limit: limit, Got: "nothing that can be seen"}
	}
	return nil
}

func quote(s string) string { return strconv.QuoteToASCII(clip(s)) }
func count(n int) string    { return strconv.Itoa(n) }
func number(n int64) string { return strconv.FormatInt(n, 10) }

// clip shortens what came, so that an error about 10,000 characters is not
// itself that long.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
