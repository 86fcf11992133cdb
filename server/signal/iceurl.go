package signal

import (
	"strconv"
	"strings"
)

// ICEURLLimit says what ICEURL takes.
var ICEURLLimit = "stun:, stuns:, turn: or turns: with a host (RFC 7064, RFC 7065), at most " + count(maxICEText) + " bytes"

// check says what a browser would refuse the server for: new RTCPeerConnection
// throws, and no connection can be made (W3C webrtc-pc, section 4.4.1.6).
func (s ICEServer) check() error {
	for _, url := range s.URLs {
		scheme, ok := ICEURL(url)
		if !ok {
			return &FieldError{Field: "urls", Limit: ICEURLLimit, Got: quote(url)}
		}
		if !strings.HasPrefix(scheme, "turn") {
			continue
		}
		switch "" {
		case s.Username:
			return &FieldError{Field: "username", Limit: "one for " + scheme, Got: "none"}
		case s.Credential:
			return &FieldError{Field: "credential", Limit: "one for " + scheme, Got: "none"}
		}
	}
	return nil
}

// ICEURL takes a URL of a STUN or TURN server apart: its scheme, and whether
// the rest is a host, a port or none, and for TURN a transport or none. What it
// does not take, pages do not take, nor any of the URLs beside it.
func ICEURL(url string) (scheme string, ok bool) {
	scheme, rest, _ := strings.Cut(url, ":")
	rest, query, asks := strings.Cut(rest, "?")
	switch scheme {
	case "stun", "stuns":
		ok = !asks
	case "turn", "turns":
		ok = !asks || query == "transport=udp" || query == "transport=tcp"
	}
	host, port := rest, ""
	colon := strings.LastIndexByte(rest, ':')
	if strings.HasPrefix(rest, "[") { // an IPv6 address; a trace has a pseudonym for it
		end := strings.IndexByte(rest, ']')
		if end < 2 {
			return scheme, false
		}
		host = rest[1:end]
		if colon < end {
			colon = -1
		}
		ok = ok && (colon == end+1 || end+1 == len(rest))
	} else if colon >= 0 {
		host = rest[:colon]
		ok = ok && !strings.Contains(host, ":")
	}
	if colon >= 0 {
		port = rest[colon+1:]
		n, err := strconv.ParseUint(port, 10, 16)
		ok = ok && err == nil && n > 0
	}
	return scheme, ok && len(url) <= maxICEText && host != "" && !strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || strings.ContainsRune("/@#[]\\\"<>", c) })
}
