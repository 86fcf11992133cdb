package session

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// peer is one remote participant: what it does, and the link to it.
type peer struct {
	ID       string
	Name     string
	Order    int
	Life     int64
	Presence signal.PresenceState
	End      *End          // provisional while leaving or away, final once left
	Until    time.Duration // when its held place runs out; 0 while unknown
	Left     bool          // has no place any more
	EndedAt  time.Duration
	Goodbye  int  // the highest count of leaving, stay and bye in this life
	Bye      bool // this life is over
	Media    signal.Media
	Lane     string // the remote's own signaling: "" or "lost"
	Hidden   bool   // the remote's page is hidden
	Unsent   []signal.Chat
	Link     link
}

// live says whether the participant's page is there.
func (p *peer) live() bool {
	return !p.Left && p.Presence != signal.PresenceAway && !p.Bye
}

func (s *Session) peer(id string) *peer {
	for _, p := range s.Peers {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// presence takes a row of the room: somebody is present, leaving or away. In
// a welcome this side is the one that came, so it makes the offers.
func (s *Session) presence(row signal.Presence, welcome bool) {
	if row.Participant == s.Participant || row.Participant == "" {
		return
	}
	p := s.peer(row.Participant)
	if p != nil && p.Left && !(p.Bye && row.Life <= p.Life) {
		// The room that had ended or forgotten somebody, has them again: a server
		// was restarted, and this page came back to it first.
		s.Peers = slices.DeleteFunc(s.Peers, func(q *peer) bool { return q == p })
		p = nil
	}
	if p == nil {
		p = &peer{ID: row.Participant, Order: row.Order, Life: row.Life, Media: signal.Media{Microphone: true, Camera: true}}
		i, _ := slices.BinarySearchFunc(s.Peers, row.Order, func(p *peer, order int) int { return p.Order - order })
		s.Peers = slices.Insert(s.Peers, i, p)
	}
	if p.Left || row.Life < p.Life || row.Life == p.Life && row.Count < p.Goodbye {
		return // of the past: the control channel was faster
	}
	if row.Life > p.Life {
		s.newLife(p, row.Life)
	}
	p.Name, p.Goodbye = row.Name, max(p.Goodbye, row.Count)
	switch row.State {
	case signal.PresencePresent:
		back := p.Presence == signal.PresenceAway
		s.enterPresent(p)
		s.meet(p, welcome)
		if back {
			s.climbAnew(p)
		}
	default:
		end := signal.NewEnd(p.ID, signal.CauseUnknown)
		if row.End != nil {
			end = *row.End
		}
		var until time.Duration
		if row.Remaining > 0 {
			until = s.now.Mono + time.Duration(row.Remaining)*time.Millisecond
		}
		s.enterAway(p, row.State, end, until)
	}
}

// newLife forgets everything of the participant's last page.
func (s *Session) newLife(p *peer, life int64) {
	s.closeLink(p)
	p.Life, p.Goodbye, p.Bye, p.Lane, p.Hidden = life, 0, false, "", false
	p.Link = link{}
}

// meet makes the link to somebody who is there. Who came last offers; the
// other waits for the offer, but not for ever.
func (s *Session) meet(p *peer, offers bool) {
	if p.Link.Generation != 0 {
		return
	}
	if offers {
		s.newLink(p, 1, true)
		return
	}
	p.Link.OfferAt = s.now.Mono + s.policy.OfferAfter
}

func (s *Session) enterPresent(p *peer) {
	p.Presence, p.End, p.Until = signal.PresencePresent, nil, 0
	s.Changes++
}

func (s *Session) enterAway(p *peer, st signal.PresenceState, end End, until time.Duration) {
	p.Presence, p.End, p.Until = st, &end, until
	s.Changes++
}

// left ends a participant for good, with the room's word for it.
func (s *Session) left(end End) {
	p := s.peer(end.Subject)
	if p == nil || p.Left && p.End != nil && p.End.Final && p.End.Revision >= end.Revision {
		return
	}
	s.closeLink(p)
	if !p.Left {
		p.EndedAt = s.now.Mono
	}
	p.Left, p.End, p.Until, p.Unsent = true, &end, 0, nil
	s.Changes++
}

// goodbye takes leaving, stay and bye from the control channel. The highest
// count of a life wins, and bye is its last word.
func (s *Session) goodbye(p *peer, e signal.Envelope) {
	g, err := e.ReadGoodbye()
	if err != nil || e.Life != p.Life || p.Bye || p.Left || g.Count <= p.Goodbye {
		return
	}
	p.Goodbye = g.Count
	end := Diagnose(Evidence{Subject: p.ID, Said: e.Type, Intent: g.Intent, Target: g.Target})
	switch e.Type {
	case signal.TypeLeaving:
		s.enterAway(p, signal.PresenceLeaving, end, 0)
	case signal.TypeStay:
		s.enterPresent(p)
	case signal.TypeBye:
		p.Bye = true
		s.closeLink(p)
		if g.Intent == signal.IntentHangup {
			s.left(end) // the room's word follows, with a higher revision
			return
		}
		window := s.policy.ReturnWindow
		if end.Cause == signal.CausePageReloaded {
			window = s.policy.ReturnWindowReload
		}
		s.enterAway(p, signal.PresenceAway, end, s.now.Mono+window)
	}
}

// expires says whether p's held place runs out here: while there is a room,
// it decides, and a link that is heard proves that the page is there.
func (s *Session) expires(p *peer) bool {
	return p.Presence == signal.PresenceAway && s.Signaling.State != SignalingStateOpen && p.Link.State != linkConnected
}

// tickPeers ends who is away too long while there is no room to say so, and
// takes the ended off the page.
func (s *Session) tickPeers() {
	now := s.now.Mono
	for _, p := range slices.Clone(s.Peers) {
		if p.Left {
			if now-p.EndedAt >= s.policy.ShowEndedFor {
				s.Peers = slices.DeleteFunc(s.Peers, func(q *peer) bool { return q == p })
				s.Changes++
			}
			continue
		}
		if s.expires(p) && due(p.Until, now) {
			s.left(*p.End)
		}
	}
}
