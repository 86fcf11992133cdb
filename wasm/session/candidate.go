package session

import (
	"encoding/json"
	"strconv"
	"strings"

	"holdline/server/signal"
)

// iceCandidate is what the machine reads of a candidate-attribute (RFC 8839,
// section 5.1), and of the extensions that Chromium adds to it.
type iceCandidate struct {
	Component string // 1, and 2 of RTCP, for which Firefox 153 has a socket of its own until it is answered
	Protocol  string // udp, tcp
	Address   string
	Port      string
	Type      string // host, srflx, prflx, relay
	Network   string // Chromium's network-id: candidates of one interface share it
}

// lastCandidate says whether raw is the end of the candidates: an empty one
// (RFC 8838, section 8.2; W3C webrtc-pc, section 4.8.1.1).
func lastCandidate(raw json.RawMessage) bool {
	var init struct {
		Candidate *string `json:"candidate"`
	}
	return json.Unmarshal(raw, &init) == nil && init.Candidate != nil && *init.Candidate == ""
}

// parseCandidate reads RTCIceCandidateInit; ok is false for the end of the
// candidates, and for what is none.
func parseCandidate(raw json.RawMessage) (c iceCandidate, ok bool) {
	var init struct {
		Candidate string `json:"candidate"`
	}
	if json.Unmarshal(raw, &init) != nil {
		return c, false
	}
	words := strings.Fields(strings.TrimPrefix(init.Candidate, "a="))
	if len(words) < 8 || !strings.HasPrefix(words[0], "candidate:") || words[6] != "typ" {
		return c, false
	}
	c = iceCandidate{Component: words[1], Protocol: strings.ToLower(words[2]), Address: words[4], Port: words[5], Type: words[7]}
	if !number16(c.Port) {
		return c, false
	}
	for i := 8; i+1 < len(words); i += 2 {
		if words[i] == "network-id" && number16(words[i+1]) {
			c.Network = words[i+1]
		}
	}
	return c, true
}

// number16 says whether a word of a candidate is a number of 16 bits: nothing
// else that another page may write in its place is kept.
func number16(word string) bool {
	_, err := strconv.ParseUint(word, 10, 16)
	return err == nil
}

// hidden says whether the address stands behind an mDNS name; a replayed trace
// has a pseudonym for it.
func (c iceCandidate) hidden() bool {
	return strings.HasSuffix(c.Address, ".local") || strings.HasPrefix(c.Address, "mdns-")
}

// revealed is the candidate with an address for its mDNS name, for networks on
// which the name does not resolve. ok is false where it needs none.
func revealed(raw json.RawMessage, address string) (json.RawMessage, bool) {
	c, ok := parseCandidate(raw)
	if !ok || !c.hidden() || c.Type != "host" || c.Protocol != "udp" || address == "" {
		return nil, false
	}
	var init map[string]json.RawMessage
	var line string
	if json.Unmarshal(raw, &init) != nil || json.Unmarshal(init["candidate"], &line) != nil {
		return nil, false
	}
	words := strings.Fields(line)
	priority := words[3]
	words[0] = otherFoundation(words[0])
	if n, err := strconv.ParseUint(priority, 10, 32); err == nil && n > 0 {
		words[3] = strconv.FormatUint(n-1, 10) // no two have one priority (section 5.1.2)
	}
	words[4] = address
	init["candidate"] = signal.Raw(strings.Join(words, " "))
	return signal.Raw(init), true
}

// mostFoundation is the longest foundation (RFC 8839, section 5.1).
const mostFoundation = len("candidate:") + 32

// otherFoundation is one for another base (RFC 8445, section 5.1.1.3).
func otherFoundation(foundation string) string {
	start := foundation[:min(len(foundation), mostFoundation-1)]
	if other := start + "L"; other != foundation {
		return other
	}
	return start + "M"
}

// count adds a candidate.
func (n *Candidates) count(c iceCandidate) {
	switch c.Type {
	case "host":
		n.Host++
		if c.hidden() {
			n.Hidden++
		}
	case "srflx":
		n.ServerReflexive++
	case "prflx":
		n.PeerReflexive++
	case "relay":
		n.Relay++
	}
}

// all is how many there are.
func (n Candidates) all() int { return n.Host + n.ServerReflexive + n.PeerReflexive + n.Relay }
