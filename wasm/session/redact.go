package session

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"holdline/server/signal"
)

// redactor takes secrets and what people write out of a trace. Addresses
// become pseudonyms that keep their kind, the same one for the same address
// throughout a trace.
type redactor struct {
	addresses []string // index: the pseudonym's number
}

const redacted = "redacted"

// event is ev as it may be kept.
func (r *redactor) event(ev Event) Event {
	switch ev := ev.(type) {
	case Started:
		ev.Config = r.config(ev.Config)
		return ev
	case Said:
		ev.Text = veil(ev.Text)
		return ev
	case ChatReceived:
		ev.Chat.Text = veil(ev.Chat.Text)
		return ev
	case SignalingReceived:
		ev.Envelope = r.envelope(ev.Envelope)
		return ev
	case ControlReceived:
		ev.Envelope = r.envelope(ev.Envelope)
		return ev
	case LocalDescriptionSet:
		ev.SDP, ev.Err = r.sdp(ev.SDP), r.text(ev.Err)
		return ev
	case RemoteDescriptionSet:
		ev.Err = r.text(ev.Err)
		return ev
	case CandidateFound:
		ev.Candidate = r.candidate(ev.Candidate)
		return ev
	case CandidateRefused:
		ev.Err = r.text(ev.Err)
		return ev
	case CandidateFailed:
		ev.URL, ev.Text = r.text(ev.URL), r.text(ev.Text)
		return ev
	}
	return ev
}

func (r *redactor) config(c Config) Config {
	c.ICEServers = slices.Clone(c.ICEServers)
	for i := range c.ICEServers {
		c.ICEServers[i].Username, c.ICEServers[i].Credential = hide(c.ICEServers[i].Username), hide(c.ICEServers[i].Credential)
	}
	if c.Record != nil {
		record := *c.Record
		record.Token, record.Messages = hide(record.Token), veilAll(record.Messages)
		c.Record = &record
	}
	return c
}

// envelope redacts by type: what carries secrets has them taken out of its
// payload, which stays valid.
func (r *redactor) envelope(e signal.Envelope) signal.Envelope {
	switch e.Type {
	case signal.TypeWelcome:
		var w signal.Welcome
		if e.Read(&w) != nil {
			e.Payload = nil
			return e
		}
		w.Token, w.ByeKey = hide(w.Token), hide(w.ByeKey)
		e.Payload = signal.Raw(w)
	case signal.TypeDescription:
		var d signal.Description
		if e.Read(&d) != nil {
			e.Payload = nil
			return e
		}
		d.SDP = r.sdp(d.SDP)
		e.Payload = signal.Raw(d)
	case signal.TypeCandidate:
		e.Payload = r.candidate(e.Payload)
	}
	return e
}

// state is a checkpoint: the machine as JSON, redacted as events are.
func (r *redactor) state(st state) []byte {
	var copied state
	if json.Unmarshal(signal.Raw(st), &copied) != nil {
		panic("session: the state is not plain data")
	}
	copied.Config = r.config(copied.Config)
	copied.Token, copied.ByeKey, copied.Goodbyes.Key = hide(copied.Token), hide(copied.ByeKey), hide(copied.Goodbyes.Key)
	copied.Messages = veilAll(copied.Messages)
	for i, k := range copied.Signaling.Outbox.Kept {
		copied.Signaling.Outbox.Kept[i] = r.envelope(k)
	}
	for _, p := range copied.Peers {
		p.Link.Offer, p.Link.Answer = r.sdp(p.Link.Offer), r.sdp(p.Link.Answer)
		for i := range p.Link.Evidence {
			p.Link.Evidence[i] = r.text(p.Link.Evidence[i])
		}
		for i := range p.Unsent {
			p.Unsent[i].Text = veil(p.Unsent[i].Text)
		}
	}
	return signal.Raw(copied)
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// veil keeps the length of what people write, and where its spaces are.
func veil(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return c
		}
		return '·'
	}, text)
}

func veilAll(messages []ChatMessage) []ChatMessage {
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].Text = veil(messages[i].Text)
	}
	return messages
}

// secretLines are the SDP attributes that are credentials or name a key.
var secretLines = []string{"a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=crypto:", "a=tls-id:", "a=identity:"}

func (r *redactor) sdp(sdp string) string {
	if sdp == "" {
		return ""
	}
	lines := strings.Split(sdp, "\n")
	for i, line := range lines {
		for _, secret := range secretLines {
			if strings.HasPrefix(line, secret) {
				line = secret + redacted + "\r"
			}
		}
		lines[i] = r.text(line)
	}
	return strings.Join(lines, "\n")
}

func (r *redactor) candidate(raw json.RawMessage) json.RawMessage {
	var c map[string]any
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	if text, ok := c["candidate"].(string); ok {
		c["candidate"] = r.text(text)
	}
	if _, ok := c["usernameFragment"].(string); ok {
		c["usernameFragment"] = redacted
	}
	return signal.Raw(c)
}

// text replaces addresses, and the ufrag of a candidate line.
func (r *redactor) text(text string) string {
	words := strings.Split(text, " ")
	for i, w := range words {
		if i > 0 && words[i-1] == "ufrag" {
			words[i] = redacted
			continue
		}
		words[i] = r.word(w)
	}
	return strings.Join(words, " ")
}

// word replaces the address in a word such as 10.0.0.1, [2001:db8::1]:3478 or
// stun:192.0.2.1:3478?transport=udp.
func (r *redactor) word(w string) string {
	trimmed := strings.TrimRight(w, "\r.,;)")
	if name, ok := r.pseudonym(strings.Trim(trimmed, "[]")); ok {
		return name + w[len(trimmed):]
	}
	for start := 0; start < len(w); start++ {
		if start > 0 && w[start-1] != ':' && w[start-1] != '/' && w[start-1] != '=' && w[start-1] != '(' {
			continue
		}
		for end := len(w); end > start; end-- {
			if end < len(w) && !strings.ContainsRune(":?/)]", rune(w[end])) && w[end-1] != ']' {
				continue
			}
			if name, ok := r.pseudonym(strings.Trim(w[start:end], "[]")); ok {
				return w[:start] + name + w[end:]
			}
		}
	}
	return w
}

// pseudonym names an address by its kind and a number.
func (r *redactor) pseudonym(s string) (name string, ok bool) {
	kind := ""
	if a, err := netip.ParseAddr(s); err == nil {
		kind = kindOfAddress(a)
		if a.IsUnspecified() {
			return s, true
		}
	} else if strings.HasSuffix(s, ".local") {
		kind = "mdns"
	} else {
		return "", false
	}
	n := slices.Index(r.addresses, s)
	if n < 0 {
		n = len(r.addresses)
		r.addresses = append(r.addresses, s)
	}
	return kind + "-" + strconv.Itoa(n+1), true
}

func kindOfAddress(a netip.Addr) string {
	kind := "ipv4-"
	if a.Is6() {
		kind = "ipv6-"
	}
	switch {
	case a.IsLoopback():
		return kind + "loopback"
	case a.IsLinkLocalUnicast():
		return kind + "link-local"
	case a.IsPrivate():
		return kind + "private"
	}
	return kind + "public"
}
