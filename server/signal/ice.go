package signal

// ICEServer is RTCIceServer (W3C webrtc-pc, section 4.2.4).
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"` // secret
}

// ICE is the payload of ice: what a page needs to find paths to others. The
// server says it before each welcome, and when it is asked with refresh.
type ICE struct {
	For      string      `json:"for,omitempty"`      // whose the credentials are, and whom to pass them on to, in the answer to a refresh for somebody else
	Servers  []ICEServer `json:"servers"`            // none where the server has neither STUN nor TURN
	Lifetime int64       `json:"lifetime,omitempty"` // ms for which the credentials open new allocations; 0 where there are none
	Address  string      `json:"address,omitempty"`  // from which the server sees the page's socket come, without port, and for a page on the server's own machine that one's in the LAN; "" with For; secret
}

// Refresh is the payload of refresh: the page asks the server, or while its
// signaling is lost a remote page, for ice with fresh credentials.
type Refresh struct {
	For string `json:"for,omitempty"` // somebody else in the room, whose signaling is lost; "" for the page itself
}

// The most that ICE may say: a server has a handful of addresses.
const (
	maxICEServers = 16
	maxICEURLs    = 16
	maxICEText    = 512 // bytes of a URL, a username or a credential
)

// ReadICE decodes and checks the payload of ice.
func (e Envelope) ReadICE() (ICE, error) {
	var ice ICE
	if err := e.Read(&ice); err != nil {
		return ice, err
	}
	switch {
	case ice.For != "" && !ValidParticipant(ice.For):
		return ice, &FieldError{Field: "for", Limit: participantLimit, Got: quote(ice.For)}
	case len(ice.Servers) > maxICEServers:
		return ice, &FieldError{Field: "servers", Limit: "at most " + count(maxICEServers), Got: count(len(ice.Servers))}
	case ice.Lifetime < 0:
		return ice, &FieldError{Field: "lifetime", Limit: "0 or more", Got: number(ice.Lifetime)}
	}
	for _, server := range ice.Servers {
		if len(server.URLs) > maxICEURLs {
			return ice, &FieldError{Field: "urls", Limit: "at most " + count(maxICEURLs), Got: count(len(server.URLs))}
		}
		for _, text := range append([]string{server.Username, server.Credential}, server.URLs...) {
			if len(text) > maxICEText {
				return ice, &FieldError{Field: "servers", Limit: "at most " + count(maxICEText) + " bytes of text", Got: count(len(text)) + " bytes"}
			}
		}
		if err := server.check(); err != nil {
			return ice, err
		}
	}
	return ice, nil
}

// ReadRefresh decodes and checks the payload of refresh, which may be missing.
func (e Envelope) ReadRefresh() (Refresh, error) {
	var r Refresh
	if len(e.Payload) == 0 {
		return r, nil
	}
	if err := e.Read(&r); err != nil {
		return r, err
	}
	if r.For != "" && !ValidParticipant(r.For) {
		return r, &FieldError{Field: "for", Limit: participantLimit, Got: quote(r.For)}
	}
	return r, nil
}
