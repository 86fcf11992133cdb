package session

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"holdline/server/signal"
)

// ufragLine is the SDP attribute whose change restarts ICE: the machine compares
// them, so a trace has a pseudonym for each.
const ufragLine = "a=ice-ufrag:"

// secretLines are the SDP attributes that are credentials or name a key.
var secretLines = []string{"a=ice-pwd:", "a=fingerprint:", "a=crypto:", "a=tls-id:", "a=identity:"}

// Pseudonyms gives a function that replaces the addresses in texts by names of
// their kind, the same name for the same address.
func Pseudonyms() func(text string) string { return new(redactor).text }

// candidateFields are those of RTCIceCandidateInit.
var candidateFields = []string{"candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"}

func (r *redactor) candidate(raw json.RawMessage) json.RawMessage {
	var c map[string]any
	if json.Unmarshal(raw, &c) != nil {
		return nil
	}
	stays := map[string]any{}
	for _, field := range candidateFields {
		switch v := c[field].(type) {
		case string:
			stays[field] = r.text(v)
		case float64:
			stays[field] = v
		}
	}
	if _, ok := stays["usernameFragment"]; ok {
		stays["usernameFragment"] = redacted
	}
	return signal.Raw(stays)
}

func (r *redactor) texts(all []string) []string {
	all = slices.Clone(all)
	for i := range all {
		all[i] = r.text(all[i])
	}
	return all
}

// text takes the secrets out of a text: a session description, a candidate,
// or an error that may quote one.
func (r *redactor) text(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = r.line(line)
	}
	return strings.Join(lines, "\n")
}

func (r *redactor) line(line string) string {
	for _, secret := range secretLines {
		if at := strings.Index(line, secret); at >= 0 {
			end := ""
			if strings.HasSuffix(line, "\r") {
				end = "\r"
			}
			line = line[:at] + secret + redacted + end
		}
	}
	if at := strings.Index(line, ufragLine); at >= 0 {
		ufrag := strings.TrimRight(line[at+len(ufragLine):], "\r")
		line = line[:at] + ufragLine + r.ufrag(ufrag) + line[at+len(ufragLine)+len(ufrag):]
	}
	words := strings.Split(line, " ")
	for i, w := range words {
		if i > 0 && strings.EqualFold(words[i-1], "ufrag") && w != "" {
			words[i] = redacted
			continue
		}
		words[i] = r.word(w)
	}
	return strings.Join(words, " ")
}

// word replaces the addresses in a word such as 10.0.0.1, [2001:db8::1]:3478,
// stun:192.0.2.1:3478?transport=udp or 10.0.0.1:80->10.0.0.2:90.
func (r *redactor) word(w string) string {
	var b strings.Builder
	for at := 0; at < len(w); {
		end := at
		for end < len(w) && ofAddress(w[end]) {
			end++
		}
		if end == at {
			b.WriteByte(w[at])
			at++
			continue
		}
		b.WriteString(r.run(w[at:end]))
		at = end
	}
	return b.String()
}

// longestAddress bounds the search: an IPv6 address with its zone, and an
// mDNS name, which is a UUID (RFC 8828 and its mDNS draft), are shorter.
const longestAddress = 64

// run replaces the addresses in a text of letters, digits and what joins them,
// at each place the longest.
func (r *redactor) run(w string) string {
	var b strings.Builder
	done := 0
	for start := 0; start < len(w); start++ {
		if start > 0 && alphanumeric(w[start-1]) && !(digit(w[start]) && !digit(w[start-1])) {
			continue // in the middle of a word or a number
		}
		for end := min(len(w), start+longestAddress); end > start+1; end-- {
			if end < len(w) && alphanumeric(w[end]) && alphanumeric(w[end-1]) {
				continue
			}
			if name, ok := r.pseudonym(w[start:end]); ok {
				b.WriteString(w[done:start] + name)
				done = end
				start = end - 1
				break
			}
		}
	}
	return b.String() + w[done:]
}

func ofAddress(c byte) bool {
	return alphanumeric(c) || c == '.' || c == ':' || c == '-' || c == '%' || c == '_'
}
func digit(c byte) bool { return '0' <= c && c <= '9' }
func alphanumeric(c byte) bool {
	return digit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// pseudonym names an address by its kind and a number.
func (r *redactor) pseudonym(s string) (name string, ok bool) {
	kind := ""
	if strings.Count(s, ":") < 2 && strings.Count(s, ".") != 3 && !strings.HasSuffix(s, "l") && !strings.HasSuffix(s, "L") {
		return "", false
	}
	if a, err := netip.ParseAddr(s); err == nil {
		if a.IsUnspecified() {
			return s, true
		}
		a = a.Unmap()
		kind, s = kindOfAddress(a), a.String()
	} else if name := strings.ToLower(s); len(name) > len(".local") && strings.HasSuffix(name, ".local") {
		kind, s = "mdns", name
	} else {
		return "", false
	}
	return kind + "-" + r.number(s), true
}

// ufrag names a username fragment by a number.
func (r *redactor) ufrag(s string) string {
	if s == "" {
		return ""
	}
	return "ufrag-" + r.number("ufrag "+s)
}

// number is the same one for the same secret throughout a trace.
func (r *redactor) number(s string) string {
	n := slices.Index(r.known, s)
	if n < 0 {
		n = len(r.known)
		r.known = append(r.known, s)
	}
	return strconv.Itoa(n + 1)
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
