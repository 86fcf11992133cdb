package doctor

import (
	"strings"
)

// mapping reads the NAT's mapping behaviour (RFC 4787, section 4.1) out of
// what two STUN servers saw of one socket. Two ports of one address are two
// servers here, so a NAT that maps by address alone passes for independent.
//
// Several mapped addresses prove a dependent mapping, if one socket has them
// all: sockets are told apart by Chromium's network-id, and elsewhere counted
// by the host candidates. A single one proves an independent mapping only if
// both servers answered: the search ended by itself, and without an error.
func (d *Doctor) mapping() Outcome {
	mapped := map[string][]string{} // by socket
	for _, c := range d.of(CheckNAT, "srflx") {
		socket := socketOf(family(c.Address), c)
		mapped[socket] = append(mapped[socket], join(c.Address, c.Port))
	}
	hosts := map[string]int{}
	for _, c := range d.of(CheckNAT, "host") {
		switch {
		case c.Protocol == "tcp":
		case c.hidden(): // behind a name may be either family
			hosts["ipv4"]++
			hosts["ipv6"]++
		default:
			hosts[family(c.Address)]++
		}
	}
	for socket, all := range mapped { // in any order
		sockets := 1
		if !strings.Contains(socket, "/") {
			sockets = max(1, hosts[socket])
		}
		if distinct(all) > sockets {
			return NATDependent
		}
	}
	switch {
	case !d.done[CheckNAT] || d.failure[CheckNAT].Code != 0:
		return NATUnclear
	case len(mapped) == 0 && d.at(CheckSTUN).Outcome == STUNSame:
		return NATNone
	case len(mapped) == 0:
		return NATUnclear
	case d.sees(mapped):
		return NATNone
	}
	return NATIndependent
}

// socketOf names the socket of a candidate as far as the browser tells it.
func socketOf(family string, c Candidate) string {
	if c.Network == "" {
		return family
	}
	return family + "/" + c.Network
}

// sees reports whether every mapped address is one of the device's own.
func (d *Doctor) sees(mapped map[string][]string) bool {
	own := map[string]bool{}
	for _, c := range d.of(CheckNAT, "host") {
		own[join(c.Address, c.Port)] = true
	}
	for _, all := range mapped { // in any order
		for _, a := range all {
			if !own[a] {
				return false
			}
		}
	}
	return true
}

func distinct(all []string) (n int) {
	seen := map[string]bool{}
	for _, a := range all {
		if !seen[a] {
			seen[a] = true
			n++
		}
	}
	return n
}

func family(address string) string {
	if strings.Contains(address, ":") {
		return "ipv6"
	}
	return "ipv4"
}

// concludeNAT gives the mapping its outcome. While STUN itself is not judged
// yet, a search that found nothing waits for that.
func (d *Doctor) concludeNAT() {
	outcome := d.mapping()
	if outcome == NATUnclear && d.done[CheckNAT] && d.is(CheckSTUN, StateRunning) {
		return
	}
	for i, c := range d.of(CheckNAT, "srflx") {
		if i < 8 {
			d.detail(CheckNAT, Detail{Name: DetailMapped, Text: join(c.Address, c.Port)})
		}
	}
	state := StatePassed
	switch outcome {
	case NATDependent:
		state = StateWarned
		d.detail(CheckNAT, Detail{Name: DetailMapping, Word: WordDependent})
	case NATIndependent:
		d.detail(CheckNAT, Detail{Name: DetailMapping, Word: WordIndependent, Number: float64(min(2, len(d.stun))), Unit: UnitCount})
	case NATUnclear:
		state = StateSkipped
	}
	d.conclude(CheckNAT, state, outcome)
	d.moveOn()
}
