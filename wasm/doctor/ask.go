package doctor

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

// Ask is something to ask an administrator for: of the network, or of the
// server.
type Ask struct {
	ID       AskID  `json:"id"`
	Protocol string `json:"protocol,omitempty"` // UDP, TCP or TLS
	Host     string `json:"host,omitempty"`
	Port     int    `json:"port,omitempty"`
	Code     string `json:"code,omitempty"` // what the relay said
}

// AskID names what is asked for, worded in static/text.json.
type AskID string

// What can be asked for.
const (
	AskAllow            AskID = "allow"             // connections to this host, port and protocol
	AskAllowWebSocket   AskID = "allow-websocket"   // to this host and port
	AskServerRunning    AskID = "server-running"    // whether it is
	AskRelayRunning     AskID = "relay-running"     // whether the relay is, and is let in
	AskRelayCredentials AskID = "relay-credentials" // the relay refuses the server's own
	AskRelayPasses      AskID = "relay-passes"      // the relay may send to its own addresses
	AskSetUpRelay       AskID = "set-up-relay"
	AskSetUpSTUN        AskID = "set-up-stun"
	AskRelayOn443       AskID = "relay-on-443"  // the one way that is left
	AskAllowCamera      AskID = "allow-camera"  // so that the browser shows its addresses
	AskDefaultRoute     AskID = "default-route" // the device has none
	AskUseHTTPS         AskID = "use-https"
	AskSetClock         AskID = "set-clock"
	AskOtherBrowser     AskID = "other-browser"
	AskAllowDevice      AskID = "allow-device"
)

// AskIDs lists everything that can be asked for once.
func AskIDs() []AskID {
	return []AskID{
		AskAllow, AskAllowWebSocket, AskServerRunning, AskRelayRunning, AskRelayCredentials, AskRelayPasses, AskSetUpRelay, AskSetUpSTUN,
		AskRelayOn443, AskAllowCamera, AskDefaultRoute, AskUseHTTPS, AskSetClock, AskOtherBrowser, AskAllowDevice,
	}
}

// asks says what to ask for where the verdict is this one.
func (d *Doctor) asks(v Verdict) []Ask {
	host, port := hostOf(d.origin)
	udp := d.allow(slices.Concat(d.stun, d.urls(CheckRelayUDP)))
	streams := d.allow(slices.Concat(d.urls(CheckRelayTCP), d.urls(CheckRelayTLS), d.urls(CheckRelayTLS443)))
	switch v {
	case "unsupported-browser":
		return []Ask{{ID: AskOtherBrowser}}
	case "server-unreachable", "server-mute":
		return []Ask{{ID: AskServerRunning, Host: host, Port: port}}
	case "socket-blocked":
		return []Ask{{ID: AskAllowWebSocket, Protocol: "TCP", Host: host, Port: port}}
	case "no-candidates":
		return []Ask{{ID: AskDefaultRoute}, {ID: AskAllowCamera}}
	case "relay-refused":
		return []Ask{{ID: AskRelayCredentials, Code: d.refused}}
	case "nothing-answers":
		return d.unless443(slices.Concat(udp, streams), host)
	case "only-443", "udp-blocked":
		return udp
	case "relay-silent":
		return append(slices.Concat(d.allow(d.urls(CheckRelayUDP)), streams), Ask{ID: AskRelayRunning})
	case "relay-broken":
		return []Ask{{ID: AskRelayPasses}}
	case "no-relay", "fine-no-relay":
		return []Ask{{ID: AskSetUpRelay}}
	case "no-servers":
		return []Ask{{ID: AskSetUpSTUN}, {ID: AskSetUpRelay}}
	case "stun-silent":
		if len(d.stun) == 0 {
			return []Ask{{ID: AskSetUpSTUN}}
		}
		return d.allow(d.stun)
	case "clock-off":
		return []Ask{{ID: AskSetClock}}
	case "insecure":
		return []Ask{{ID: AskUseHTTPS}}
	case "device-denied":
		return []Ask{{ID: AskAllowDevice}}
	}
	return nil
}

// unless443 adds the way that firewalls leave open, where the server lacks it.
func (d *Doctor) unless443(all []Ask, host string) []Ask {
	if len(d.relay[CheckRelayTLS443]) == 0 {
		all = append(all, Ask{ID: AskRelayOn443, Protocol: "TLS", Host: host, Port: 443})
	}
	return all
}

func (d *Doctor) urls(id CheckID) (all []string) {
	for _, s := range d.relay[id] {
		all = append(all, s.URLs...)
	}
	return all
}

// allow asks for what the URLs lead to, each once.
func (d *Doctor) allow(urls []string) (all []Ask) {
	for _, u := range urls {
		e, ok := parse(u)
		a := Ask{ID: AskAllow, Protocol: map[string]string{"udp": "UDP", "tcp": "TCP", "tls": "TLS"}[e.transport], Host: e.host, Port: e.port}
		if ok && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}

// hostOf splits the origin of a page, which is scheme://host or
// scheme://host:port (RFC 6454, section 6.1).
func hostOf(origin string) (host string, port int) {
	scheme, rest, _ := strings.Cut(origin, "://")
	if host, digits, err := net.SplitHostPort(rest); err == nil {
		port, _ := strconv.Atoi(digits) // a browser writes no other
		return host, port
	}
	port = 80
	if scheme == "https" {
		port = 443
	}
	return strings.Trim(rest, "[]"), port
}
