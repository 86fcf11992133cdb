package rtc

import "strings"

const setupAttribute = "a=setup:"

// setupOf is the first a=setup of a description, "" without one.
func setupOf(sdp string) string {
	for line := range strings.Lines(sdp) {
		if role, ok := strings.CutPrefix(line, setupAttribute); ok {
			return strings.TrimSpace(role)
		}
	}
	return ""
}

// keepSetup gives a later answer the a=setup that the remote has on this
// connection already, for the DTLS association stays what it is (RFC 8829,
// section 5.3.2). Firefox 153 answers active to each later offer, also where
// it had offered first and so is passive; Chromium 156 refuses that: "Failed to
// set SSL role for the transport" (TestEitherSideMayRestartICE). local and
// remote are the descriptions that were agreed on before, "" on the first.
func keepSetup(answer, localType, local, remote string) string {
	role := setupOf(remote)
	if localType == "answer" {
		role = map[string]string{"active": "passive", "passive": "active"}[setupOf(local)]
	}
	if role != "active" && role != "passive" {
		return answer
	}
	var b strings.Builder
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, setupAttribute) {
			line = setupAttribute + role + "\r\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
