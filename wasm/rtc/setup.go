package rtc

import "regexp"

var setupLine = regexp.MustCompile(`(?m)^a=setup:(active|passive|actpass)`)

// setupOf is the first a=setup of a description, "" without one.
func setupOf(sdp string) string {
	m := setupLine.FindStringSubmatch(sdp)
	if m == nil {
		return ""
	}
	return m[1]
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
	return setupLine.ReplaceAllString(answer, "a=setup:"+role)
}
