package signal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// protocol is PROTOCOL.md and its examples: messages, and by their name the
// bodies of requests.
func protocol(t testing.TB) (text string, messages []string, bodies map[string][]string) {
	t.Helper()
	bodies = map[string][]string{}
	data, err := os.ReadFile("PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```json(?: (\\w+))?\n(.*?)\n```").FindAllStringSubmatch(string(data), -1) {
		if m[1] != "" {
			bodies[m[1]] = append(bodies[m[1]], m[2])
		} else {
			messages = append(messages, m[2])
		}
	}
	return string(data), messages, bodies
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
		TypeICE: &ICE{}, TypeRefresh: &Refresh{},
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
	case TypeICE:
		_, err = e.ReadICE()
	case TypeRefresh:
		_, err = e.ReadRefresh()
	default:
		if len(e.Payload) > 0 {
			err = e.Read(payloads()[e.Type])
		}
	}
	return err
}

func TestEveryExampleOfTheProtocolDecodes(t *testing.T) {
	_, messages, bodies := protocol(t)
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
	for name, decode := range map[string]func([]byte) (any, error){
		"beacon":  func(data []byte) (any, error) { _, err := DecodeBeacon(data); return &Beacon{}, err },
		"gone":    func(data []byte) (any, error) { _, err := DecodeGone(data); return &Gone{}, err },
		"reports": decodeExample,
	} {
		if len(bodies[name]) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, text := range bodies[name] {
			into, err := decode([]byte(text))
			if err != nil {
				t.Errorf("%s: %v: %s", name, err, text)
			}
			if err := strictly([]byte(text), into); err != nil {
				t.Errorf("%s: %v: %s", name, err, text)
			}
		}
	}
}

// decodeExample decodes reports; their form is the browser's, with more fields
// than the server reads.
func decodeExample(data []byte) (any, error) {
	crashes, err := DecodeReports(data)
	if err == nil && len(crashes) == 0 {
		err = errors.New("there is no crash in it")
	}
	return &[]map[string]any{}, err
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
		fmt.Sprintf("| ICE servers | %d, each with at most %d URLs; every text %d bytes |", maxICEServers, maxICEURLs, maxICEText),
		fmt.Sprintf("%d messages and %d KiB are kept", KeptMessages, KeptBytes>>10),
		"| page | " + pageLimit + " |",
		fmt.Sprintf("`POST /bye`, at most %d bytes", MaxBeacon),
		fmt.Sprintf("`POST /gone`, at most %d bytes", MaxBeacon),
		fmt.Sprintf("at most %d bytes and %d reports", MaxReports, MaxReportCount),
	} {
		if !strings.Contains(text, row) {
			t.Errorf("PROTOCOL.md does not say %q", row)
		}
	}
}
