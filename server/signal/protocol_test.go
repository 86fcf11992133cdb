package signal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// protocol is PROTOCOL.md and its examples.
func protocol(t testing.TB) (text string, messages, beacons []string) {
	t.Helper()
	data, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```json( beacon)?\n(.*?)\n```").FindAllStringSubmatch(string(data), -1) {
		if m[1] != "" {
			beacons = append(beacons, m[2])
		} else {
			messages = append(messages, m[2])
		}
	}
	return string(data), messages, beacons
}

// strictly decodes data into v and refuses fields that v does not have.
func strictly(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// iceCandidate is RTCIceCandidateInit (WebRTC, section 4.8.1), which the
// programs pass on unread.
type iceCandidate struct {
	Candidate        string  `json:"candidate"`
	SDPMid           *string `json:"sdpMid"`
	SDPMLineIndex    *int    `json:"sdpMLineIndex"`
	UsernameFragment *string `json:"usernameFragment"`
}

// payloads has what each type's payload is decoded into.
func payloads() map[Type]any {
	return map[Type]any{
		TypeHello: &Hello{}, TypeWelcome: &Welcome{}, TypePresent: &Presence{}, TypeAway: &Presence{}, TypeLeft: &Left{},
		TypeGoaway: &Goaway{}, TypeError: &Refusal{}, TypeBeat: &BeatCount{}, TypeBeatBack: &BeatCount{},
		TypeLeaving: &Goodbye{}, TypeStay: &Goodbye{}, TypeBye: &Goodbye{}, TypeDescription: &Description{},
		TypeCandidate: &iceCandidate{}, TypeGaveUp: &GaveUp{}, TypeMedia: &Media{}, TypeLane: &Lane{}, TypeChat: &Chat{},
	}
}

// read is the reader of e's payload.
func read(e Envelope) error {
	var err error
	switch e.Type {
	case TypeHello:
		_, err = e.ReadHello(DefaultLimits)
	case TypeLeaving, TypeStay, TypeBye:
		_, err = e.ReadGoodbye()
	case TypeDescription:
		_, err = e.ReadDescription()
	default:
		if len(e.Payload) > 0 {
			err = e.Read(payloads()[e.Type])
		}
	}
	return err
}

func TestEveryExampleOfTheProtocolDecodes(t *testing.T) {
	_, messages, beacons := protocol(t)
	shown := map[Type]bool{}
	for _, text := range messages {
		e, err := Decode([]byte(text), DefaultLimits)
		if err != nil {
			t.Errorf("%v: %s", err, text)
			continue
		}
		shown[e.Type] = true
		if err := strictly([]byte(text), &Envelope{}); err != nil {
			t.Errorf("envelope: %v: %s", err, text)
		}
		if err := read(e); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		if len(e.Payload) > 0 {
			if err := strictly(e.Payload, payloads()[e.Type]); err != nil {
				t.Errorf("payload: %v: %s", err, text)
			}
		}
	}
	for typ := range rules {
		if !shown[typ] {
			t.Errorf("%s has no example", typ)
		}
	}
	if len(beacons) == 0 {
		t.Error("the beacon has no example")
	}
	for _, text := range beacons {
		if _, err := DecodeBeacon([]byte(text)); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		if err := strictly([]byte(text), &Beacon{}); err != nil {
			t.Errorf("beacon: %v: %s", err, text)
		}
	}
}

func TestTheProtocolListsTheCloseCodes(t *testing.T) {
	text, _, _ := protocol(t)
	got := regexp.MustCompile(`(?m)^\| 4\d{3} \|.*$`).FindAllString(text, -1)
	var want []string
	for _, c := range Closes {
		want = append(want, fmt.Sprintf("| %d | `%s` | %s | %s |", c.Code, c.Cause, map[bool]string{true: "yes", false: "no"}[c.Final], c.Reason))
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("the table in PROTOCOL.md is\n%s\nwant\n%s", g, w)
	}
}

func TestTheProtocolNamesTheLimits(t *testing.T) {
	text, _, _ := protocol(t)
	for _, row := range []string{
		fmt.Sprintf("| message | %d bytes |", DefaultLimits.Message),
		fmt.Sprintf("| name | 1 to %d code points,", DefaultLimits.Name),
		"| room | 1 to 64 letters, digits, `-` and `_` |",
		"| participant | " + participantLimit + " |",
		fmt.Sprintf("| every number | 0 to %d |", maxNumber),
		fmt.Sprintf("| token | %d bytes |", maxToken),
		fmt.Sprintf("| nonce | %d bytes |", maxNonce),
		fmt.Sprintf("| target | %d bytes |", maxTarget),
		fmt.Sprintf("| chat text | %d code points |", MaxChat),
		fmt.Sprintf("%d messages and %d KiB are kept", KeptMessages, KeptBytes>>10),
		fmt.Sprintf("`POST /bye`, at most %d bytes", MaxBeacon),
	} {
		if !strings.Contains(text, row) {
			t.Errorf("PROTOCOL.md does not say %q", row)
		}
	}
}
