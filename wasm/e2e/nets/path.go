package nets

import (
	"encoding/json"
	"fmt"

	"holdline/wasm/e2e/kit"
)

// Candidate is one end of a path, as getStats tells it. Where addresses are
// hidden Address is empty or a name.
type Candidate struct {
	Type          string `json:"candidateType"` // host, srflx, prflx or relay
	Address       string `json:"address"`
	Port          int    `json:"port"`
	Protocol      string `json:"protocol"`      // udp or tcp
	RelayProtocol string `json:"relayProtocol"` // to the relay: udp, tcp or tls; "" if it is none
	URL           string `json:"url"`           // of the STUN or TURN server; Chromium only
}

// Path is the way that a connection takes.
type Path struct {
	Local  Candidate `json:"local"`
	Remote Candidate `json:"remote"`
	Sent   int64     `json:"sent"`     // bytes
	Got    int64     `json:"received"` // bytes
}

func (p Path) String() string {
	text, _ := json.Marshal(p)
	return string(text)
}

// ObserveConnections has the page's documents to come keep every
// RTCPeerConnection that they make, whoever makes it, in the array
// __connections.
func ObserveConnections(p *kit.Page) {
	p.BeforeDocuments(`
		window.__connections = []
		window.RTCPeerConnection = class extends RTCPeerConnection {
			constructor(...args) {
				super(...args)
				__connections.push(this)
			}
		}`)
}

// LastConnection is the newest that ObserveConnections kept.
const LastConnection = `__connections.at(-1)`

// PathOf is the path of a connection, which a JavaScript expression gives. ok
// is false while it has none.
func PathOf(p *kit.Page, connection string) (path Path, ok bool) {
	var found *Path
	p.Eval(fmt.Sprintf(`(async () => {
		const all = Object.fromEntries([...await (%s).getStats()].map(([id, s]) => [id, s]))
		const transport = Object.values(all).find((s) => s.type === 'transport')
		const pairs = Object.values(all).filter((s) => s.type === 'candidate-pair')
		const pair = all[transport?.selectedCandidatePairId] ?? pairs.find((s) => s.selected) ?? pairs.find((s) => s.nominated && s.state === 'succeeded')
		return pair ? { local: all[pair.localCandidateId], remote: all[pair.remoteCandidateId], sent: pair.bytesSent, received: pair.bytesReceived } : null
	})()`, connection), &found)
	if found == nil {
		return Path{}, false
	}
	return *found, true
}
