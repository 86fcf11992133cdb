package doctor

import (
	"net"
	"strconv"
	"strings"

	"holdline/server/signal"
)

// endpoint is where an ICE server's URL leads (RFC 7064, RFC 7065).
type endpoint struct {
	scheme    string // stun, stuns, turn or turns
	host      string
	port      int
	transport string // udp, tcp or tls
}

// parse reads a URL such as turns:relay.example:443?transport=tcp; ok is false
// for what is none.
func parse(url string) (e endpoint, ok bool) {
	scheme, rest, ok := strings.Cut(url, ":")
	rest, query, _ := strings.Cut(rest, "?")
	e = endpoint{scheme: strings.ToLower(scheme), host: rest, port: 3478, transport: "udp"}
	switch e.scheme {
	case "stun", "turn":
		if strings.EqualFold(query, "transport=tcp") {
			e.transport = "tcp"
		}
	case "stuns", "turns":
		e.transport, e.port = "tls", 5349
	default:
		return e, false
	}
	if host, port, err := net.SplitHostPort(rest); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil {
			return e, false
		}
		e.host, e.port = host, n
	} else {
		e.host = strings.Trim(rest, "[]")
	}
	return e, ok && e.host != ""
}

// check is the one that a URL of a relay belongs to.
func (e endpoint) check() CheckID {
	switch {
	case e.transport == "udp":
		return CheckRelayUDP
	case e.transport == "tcp":
		return CheckRelayTCP
	case e.port == 443:
		return CheckRelayTLS443
	}
	return CheckRelayTLS
}

// sorted deals the servers' URLs out to the checks. STUN's are one server, in
// their order.
func sorted(all []signal.ICEServer) (stun []string, relay map[CheckID][]signal.ICEServer) {
	relay = map[CheckID][]signal.ICEServer{}
	for _, s := range all {
		for _, url := range s.URLs {
			e, ok := parse(url)
			switch {
			case !ok:
			case e.scheme == "stun" && e.transport == "udp":
				stun = append(stun, url)
			case e.scheme == "turn" || e.scheme == "turns":
				id := e.check()
				relay[id] = append(relay[id], signal.ICEServer{URLs: []string{url}, Username: s.Username, Credential: s.Credential})
			}
		}
	}
	return stun, relay
}
