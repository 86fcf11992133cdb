package doctor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/server/signal"
)

// iceTold begins the checks that need the ICE servers.
func (d *Doctor) iceTold(ice signal.ICE) {
	if d.told || !d.is(CheckSocket, StateRunning) {
		return
	}
	d.ice, d.told = ice, true
	d.stun, d.relay = sorted(ice.Servers)
	for _, s := range ice.Servers {
		for _, url := range s.URLs {
			d.detail(CheckSocket, Detail{Name: DetailServers, Text: url})
		}
	}
	if ice.Lifetime > 0 {
		d.detail(CheckSocket, number(DetailLifetime, float64(ice.Lifetime)/1000, UnitSeconds))
	}
	if ice.Address != "" {
		d.detail(CheckSocket, Detail{Name: DetailAddress, Text: ice.Address})
	}
	d.finish(CheckSocket, StatePassed, SocketOpen)
	if !d.browser.PeerConnection {
		return
	}
	d.beginSTUN()
	for _, id := range relays {
		within := d.policy.StreamWithin
		if id == CheckRelayUDP {
			within = d.policy.RelayWithin
		}
		d.probe(id, within, d.relay[id], true)
	}
	d.moveOn()
}

func (d *Doctor) beginSTUN() {
	one, two := d.stun[:min(1, len(d.stun))], d.stun[:min(2, len(d.stun))]
	d.probe(CheckSTUN, d.policy.STUNWithin, servers(one), false)
	switch len(two) {
	case 0:
		d.finish(CheckNAT, StateSkipped, NotOffered)
	case 1:
		d.finish(CheckNAT, StateSkipped, NATOneAddress)
	default:
		d.probe(CheckNAT, d.policy.STUNWithin, servers(two), false)
	}
}

func servers(urls []string) (all []signal.ICEServer) {
	for _, url := range urls {
		all = append(all, signal.ICEServer{URLs: []string{url}})
	}
	return all
}

// probe asks these servers, if there are any.
func (d *Doctor) probe(id CheckID, within time.Duration, servers []signal.ICEServer, relay bool) {
	if len(servers) == 0 {
		d.finish(id, StateSkipped, NotOffered)
		return
	}
	for _, s := range servers {
		d.detail(id, Detail{Name: DetailURL, Text: s.URLs[0]})
	}
	d.start(id, within)
	d.do(Gather{Run: d.run, Check: id, Servers: servers, Relay: relay})
}

// candidateFound notes a candidate of a check that still runs.
func (d *Doctor) candidateFound(ev CandidateFound) {
	c := ev.Candidate
	if !d.is(ev.Check, StateRunning) || c.Type == "" {
		return
	}
	d.found = append(d.found, Found{ev.Check, c})
	d.detail(ev.Check, Detail{Name: DetailCandidate, Text: c.words()})
	switch {
	case ev.Check == CheckSTUN && c.Type == "srflx":
		d.conclude(CheckSTUN, StatePassed, STUNAnswers)
	case c.Type == "relay" && ev.Check != CheckSTUN && ev.Check != CheckNAT && ev.Check != CheckAddresses:
		d.conclude(ev.Check, StatePassed, RelayAnswers)
	case ev.Check == CheckNAT && d.mapping() == NATDependent:
		d.concludeNAT()
	}
	d.moveOn()
}

// words are a candidate's kind and addresses, as the browser tells them.
func (c Candidate) words() string {
	words := c.Type + " " + c.Protocol + " " + join(c.Address, c.Port)
	if c.RelatedAddress != "" && c.RelatedPort != 0 {
		words += " raddr " + join(c.RelatedAddress, c.RelatedPort)
	}
	if c.RelayProtocol != "" {
		words += " by " + c.RelayProtocol
	}
	return words
}

func join(address string, port int) string {
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	return address + ":" + strconv.Itoa(port)
}

// noAnswer is the code of a server that did not answer (W3C webrtc-pc, section
// 4.8.1.3); the others are the server's own.
const noAnswer = 701

func (d *Doctor) candidateFailed(ev CandidateFailed) {
	if !d.is(ev.Check, StateRunning) {
		return
	}
	d.failure[ev.Check] = ev
	said := Detail{Name: DetailError, Text: strings.TrimSpace(strconv.Itoa(ev.Code) + " " + ev.Text)}
	if !slices.Contains(d.at(ev.Check).Details, said) { // once for each of the device's networks
		d.detail(ev.Check, said)
	}
	if isRelay(ev.Check) && ev.Code != noAnswer {
		d.refused = strings.TrimSpace(strconv.Itoa(ev.Code) + " " + ev.Text)
		d.conclude(ev.Check, StateFailed, RelayRefuses)
	}
	d.moveOn()
}

func isRelay(id CheckID) bool {
	for _, r := range relays {
		if r == id {
			return true
		}
	}
	return false
}

func (d *Doctor) gatheringRefused(ev GatheringRefused) {
	if d.is(ev.Check, StateRunning) {
		d.detail(ev.Check, Detail{Name: DetailError, Text: ev.Err})
		d.done[ev.Check] = true
		d.probeSilent(ev.Check)
	}
}

// gatheringDone is the end of a search that found what it found.
func (d *Doctor) gatheringDone(id CheckID) {
	if !d.is(id, StateRunning) {
		return
	}
	d.done[id] = true
	switch {
	case id == CheckAddresses:
		d.addressesDone()
	case id == CheckSTUN && d.sameAddress():
		d.conclude(CheckSTUN, StatePassed, STUNSame)
		d.moveOn()
	case id == CheckSTUN && !d.browser.TellsErrors && d.failure[id].Code == 0 && d.is(CheckRelayUDP, StateRunning):
		// Whether STUN answered that there is no NAT, or nothing did, shows when
		// the relay answers over UDP, or does not.
	case id == CheckNAT:
		d.concludeNAT()
	default:
		d.probeSilent(id)
	}
}

// sameAddress reports that STUN told no address but the device's own: gathering
// came to its end early and without an error, in a browser that tells of
// errors, or where a relay answers over UDP, or none could.
func (d *Doctor) sameAddress() bool {
	return d.done[CheckSTUN] && d.failure[CheckSTUN].Code == 0 && len(d.of(CheckSTUN, "host")) > 0 &&
		(d.browser.TellsErrors || d.is(CheckRelayUDP, StatePassed) || d.is(CheckRelayUDP, StateSkipped))
}

// of are the candidates of a type that a check found.
func (d *Doctor) of(id CheckID, kind string) (all []Candidate) {
	for _, f := range d.found {
		if f.Check == id && f.Type == kind {
			all = append(all, f.Candidate)
		}
	}
	return all
}

// probeSilent is the end of a check whose server did not answer.
func (d *Doctor) probeSilent(id CheckID) {
	switch {
	case id == CheckAddresses:
		d.addressesDone()
		return
	case id == CheckSTUN && d.sameAddress():
		d.conclude(id, StatePassed, STUNSame)
	case id == CheckSTUN:
		d.conclude(id, StateFailed, STUNSilent)
	case id == CheckNAT:
		d.concludeNAT()
		return
	default:
		d.conclude(id, StateFailed, RelaySilent)
	}
	d.moveOn()
}

// conclude finishes a check that has a connection, and closes that.
func (d *Doctor) conclude(id CheckID, s State, o Outcome) {
	d.finish(id, s, o)
	d.do(StopGathering{d.run, id})
}

// addressesDone judges the device's own addresses, and whether they are hidden.
func (d *Doctor) addressesDone() {
	host := d.of(CheckAddresses, "host")
	hidden := 0
	for _, c := range host {
		if c.hidden() {
			hidden++
		}
	}
	d.detail(CheckAddresses, number(DetailHost, float64(len(host)), UnitCount))
	d.start(CheckHiding, 0)
	d.detail(CheckHiding, number(DetailHidden, float64(hidden), UnitCount))
	switch {
	case len(host) == 0:
		d.conclude(CheckAddresses, StateFailed, AddressesNone)
		d.finish(CheckHiding, StateSkipped, HidingAll)
	case hidden > 0:
		d.conclude(CheckAddresses, StatePassed, AddressesFound)
		d.finish(CheckHiding, StatePassed, HidingNames)
	default:
		d.conclude(CheckAddresses, StatePassed, AddressesFound)
		d.finish(CheckHiding, StatePassed, HidingNone)
	}
	d.moveOn()
}

// hidden reports whether an mDNS name stands for the address.
func (c Candidate) hidden() bool { return strings.HasSuffix(strings.ToLower(c.Address), ".local") }

// moveOn looks at what waits for other checks: STUN's silence and the mapping
// for the relay over UDP, the loop for all ways to the relay.
func (d *Doctor) moveOn() {
	if !d.told {
		return
	}
	if d.is(CheckSTUN, StateRunning) && d.done[CheckSTUN] && !d.is(CheckRelayUDP, StateRunning) {
		d.probeSilent(CheckSTUN)
		return
	}
	if d.is(CheckNAT, StateRunning) && d.done[CheckNAT] {
		d.concludeNAT()
	}
	if d.is(CheckLoop, StateWaiting) {
		d.beginLoop()
	}
}
