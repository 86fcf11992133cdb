package session

import (
	"encoding/json"
	"strings"
	"time"

	"holdline/server/signal"
)

// search is what looking for a path has found: with one set of ICE
// credentials, or over all of a link.
type search struct {
	At        time.Duration
	Took      time.Duration // until it was connected; 0 until then
	Local     Candidates
	Remote    Candidates
	NAT       nat // in front of this page
	RemoteNAT nat // and of the other
}

// search begins anew: with a connection, and with each ICE restart.
func (s *Session) search(p *peer) {
	p.Link.Search = search{At: max(s.now.Mono, 1)}
	p.Link.asks(s.now.Mono)
	s.Changes++
}

// found takes a local candidate. Where the remote is on the same local network
// it is told the address behind an mDNS name as well: on networks that drop
// multicast the name resolves nowhere.
func (s *Session) found(p *peer, ev CandidateFound) {
	l := &p.Link
	s.tellCandidate(p, ev.Candidate)
	c, ok := parseCandidate(ev.Candidate)
	if !ok {
		if lastCandidate(ev.Candidate) {
			l.Search.Local.Done = true
		}
		return
	}
	l.Reach.answers(ev, c)
	l.Search.Local.count(c)
	l.All.Local.count(c)
	l.Search.NAT.learn(c)
	l.Symmetric = l.Symmetric || l.Search.NAT.symmetric()
	s.Changes++
	if p.LAN && !loopback(s.ICE.Address) {
		if extra, ok := revealed(ev.Candidate, s.ICE.Address); ok {
			s.tellCandidate(p, extra)
		}
	}
}

func (s *Session) tellCandidate(p *peer, candidate json.RawMessage) {
	l := &p.Link
	if l.Found = append(l.Found, candidate); len(l.Found) > mostFound {
		l.Found = l.Found[1:]
	}
	s.send(p, s.toPeer(p, signal.TypeCandidate, candidate))
}

// mostCandidates bounds the remote candidates of one description: a device with
// eight networks has about a hundred.
const mostCandidates = 256

// remoteCandidate takes a remote candidate, as long as there are not too many.
func (s *Session) remoteCandidate(p *peer, raw json.RawMessage) {
	l := &p.Link
	if l.Came++; l.Came > mostCandidates {
		if l.Came == mostCandidates+1 {
			l.note("more than " + itoa(mostCandidates) + " remote candidates for one description: the others are left out")
		}
		return
	}
	s.heardOf(p, raw)
	s.takeCandidate(p, raw)
}

// heardOf notes what a remote candidate says.
func (s *Session) heardOf(p *peer, raw json.RawMessage) {
	l := &p.Link
	c, ok := parseCandidate(raw)
	if !ok {
		l.Search.Remote.Done = l.Search.Remote.Done || lastCandidate(raw)
		return
	}
	l.Search.Remote.count(c)
	l.All.Remote.count(c)
	l.Search.RemoteNAT.learn(c)
	l.RemoteSymmetric = l.RemoteSymmetric || l.Search.RemoteNAT.symmetric()
	s.Changes++
}

// loopback says whether the server saw a page of its own machine, whose address
// means another one to everybody else; a replayed trace has a pseudonym for it.
func loopback(address string) bool {
	return strings.HasPrefix(address, "127.") || address == "::1" || strings.Contains(address, "-loopback-")
}
