package session

import (
	"slices"
	"time"
)

// The story of a path, for the page: what was found, what was chosen, and what
// was done when it broke.

// pathView is the path to p; nil before the first connection to it.
func (s *Session) pathView(p *peer) *Path {
	l := &p.Link
	if l.Generation == 0 {
		return nil
	}
	v := &Path{
		Since: s.epoch(l.Search.At), State: l.pathState(), Local: l.Search.Local, Remote: l.Search.Remote,
		Checks: l.Flow.Checks, Took: ms(l.Search.Took), Heard: s.epoch(l.HeardAt),
		RTT: l.Flow.RTT, Loss: l.Flow.Loss, In: l.Flow.In, Out: l.Flow.Out, Recovery: slices.Clone(l.Recoveries),
	}
	if l.End != nil && !p.Left { // who has left since ended by that
		v.Finding = l.End.Finding
	}
	if l.FlowAt != 0 {
		v.Sampled = s.epoch(l.FlowAt)
	}
	if l.Flow.Consent > 0 {
		v.Consent = s.epoch(l.FlowAt) - l.Flow.Consent
	}
	if pair := l.Flow.Pair; pair != nil && l.State != linkEnded && (v.State == PathConnected || v.State == PathBroken) {
		copied := *pair
		v.Pair, v.Relayed = &copied, pair.relayed()
		if v.Relayed {
			v.Why = s.whyRelayed(p)
		}
	}
	if l.BrokenAt != 0 {
		v.Recovery = append(v.Recovery, Recovery{At: s.epoch(l.BrokenAt), Rung: l.TopRung, Failed: l.State == linkEnded, Cause: l.Cause})
	}
	return v
}

func (l *link) pathState() PathState {
	switch l.State {
	case linkConnected:
		return PathConnected
	case linkInterrupted, linkRecovering:
		return PathBroken
	case linkEnded:
		return PathFailed
	}
	if l.Search.Local.all() > 0 && l.Search.Remote.all() > 0 {
		return PathChecking
	}
	return PathGathering
}

func (p *Pair) relayed() bool {
	return p != nil && (p.Local.Type == "relay" || p.Remote.Type == "relay")
}

// whyRow is a line of the table of reasons: the first that holds wins.
type whyRow struct {
	Why  Why
	When func(s *Session, p *peer) bool
}

// whyRows are the reasons for a relayed path, from the surest to the one that
// is left.
var whyRows = []whyRow{
	{WhyBlocked, func(_ *Session, p *peer) bool { return p.Link.Blocked }},
	{WhyUDPBlocked, func(s *Session, p *peer) bool {
		r := &p.Link.Reach
		return s.asked("stun") && !r.STUN && !r.udp() && r.stream()
	}},
	{WhySymmetric, func(_ *Session, p *peer) bool {
		return p.Link.Symmetric || p.Link.RemoteSymmetric
	}},
	{WhyRemote, func(_ *Session, p *peer) bool { return onlyRelayed(p.Link.All.Remote) }},
	{WhyOnlyRelay, func(_ *Session, p *peer) bool { return onlyRelayed(p.Link.All.Local) }},
	{WhyFiltered, func(*Session, *peer) bool { return true }},
}

func (s *Session) whyRelayed(p *peer) Why {
	for _, row := range whyRows {
		if row.When(s, p) {
			return row.Why
		}
	}
	return WhyNone
}

func onlyRelayed(n Candidates) bool { return n.Relay > 0 && n.all() == n.Relay }

// Whys lists every reason once.
func Whys() []Why {
	var all []Why
	for _, row := range whyRows {
		all = append(all, row.Why)
	}
	return all
}

// mostRecoveries bounds those that a link remembers.
const mostRecoveries = 16

// broke notes that the path of a link that worked is silent.
func (s *Session) broke(l *link) {
	if l.BrokenAt == 0 {
		l.BrokenAt, l.TopRung = max(s.now.Mono, 1), 0
		if pair := l.Flow.Pair; pair != nil && !samePair(pair, l.Left) {
			l.WasDirect = !pair.relayed()
		}
	}
}

// repaired notes that packets come again.
func (s *Session) repaired(l *link) {
	if l.Search.Took == 0 && l.Search.At != 0 {
		l.Search.Took = max(s.now.Mono-l.Search.At, time.Millisecond)
	}
	if l.BrokenAt == 0 {
		return
	}
	l.recovered(Recovery{At: s.epoch(l.BrokenAt), Rung: l.TopRung, Took: ms(s.now.Mono - l.BrokenAt), Cause: l.Cause})
	l.BrokenAt = 0
}

// recovered remembers a recovery that is over.
func (l *link) recovered(r Recovery) {
	if l.Recoveries = append(l.Recoveries, r); len(l.Recoveries) > mostRecoveries {
		l.Recoveries = l.Recoveries[1:]
	}
}

// paired takes the pair of a sample. Where a path was direct before it broke,
// and is relayed since, the direct one was blocked.
func (s *Session) paired(l *link, ev StatsSampled) {
	was, blocked := l.Flow.Pair, l.Blocked
	l.Flow, l.FlowAt = ev.Flow, max(s.now.Mono, 1)
	now := ev.Flow.Pair
	if l.State == linkConnected && now != nil && !samePair(now, l.Left) {
		switch {
		case !now.relayed():
			l.WasDirect, l.Blocked = true, false
		case l.WasDirect:
			l.WasDirect, l.Blocked = false, true
		}
	}
	if !samePair(was, now) || l.Blocked != blocked {
		s.Changes++
	}
}

// leaves forgets what a link knows of a network that either side has left: that
// no direct path is found from another one does not mean that one is blocked.
func (l *link) leaves() { l.WasDirect, l.Blocked, l.Left = false, false, l.Flow.Pair }

// remoteMoved takes how often the remote's network has changed.
func (s *Session) remoteMoved(p *peer, networks int) {
	if networks <= p.Networks {
		return
	}
	p.Networks = networks
	p.Link.All.Remote, p.Link.RemoteSymmetric = Candidates{}, false
	p.Link.leaves()
	s.Changes++
}
