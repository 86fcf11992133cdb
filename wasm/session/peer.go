package session

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// peer is one remote participant: what it does, and the link to it.
type peer struct {
	ID          string
	Name        string
	Order       int
	Life        int64
	Presence    signal.PresenceState
	End         *End          // provisional while leaving or away, final once left
	Until       time.Duration // when its held place runs out; 0 while unknown
	Left        bool          // has no place any more
	EndedAt     time.Duration
	Goodbye     int  // the highest count of leaving, stay and bye in this life
	Bye         bool // this life is over
	Media       signal.Media
	Lane        string        // the remote's own signaling: "" or "lost"
	Hidden      bool          // the remote's page is hidden
	LAN         bool          // it and this page come to the server from one local network
	Networks    int           // how often its network has changed, as far as it is known here
	WantsICE    bool          // it asked in the band for fresh credentials
	ICEAskedAt  time.Duration // when the server was asked for it last
	Unknown     bool          // to the room; only the link says that it is there
	OffersUntil time.Duration // for how long what it has offered occupies this page (tooMuch)
	VouchAt     time.Duration // when to tell the server that it is heard here
	ChatOut     int64         // seq of the last chat message for this life
	ChatIn      int64         // the highest that came from this life
	Unsent      []unsentChat
	Link        link
}

// mostTakenOff bounds how many links of those who are off the page are remembered.
const mostTakenOff = 32

// live says whether the participant's page is there: for the room, or on a
// link that is heard while the room only misses its signaling.
func (p *peer) live() bool {
	return !p.Left && !p.Bye && (p.Presence != signal.PresenceAway || p.heardWhileAway())
}

func (p *peer) heardWhileAway() bool {
	return p.Presence == signal.PresenceAway && p.Link.State == linkConnected && (p.End == nil || !p.End.Cause.Said() && p.End.Cause != signal.CausePageCrashed)
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
	// A restarted server may have let a page in whose identity another page had
	// taken over, and left: a life that is over does not outrank it.
	older := p != nil && row.Life < p.Life && row.State == signal.PresencePresent && (p.Left || p.Bye)
	if p != nil && p.Left && (older || !(p.Bye && row.Life <= p.Life)) {
		// The room that had ended or forgotten somebody, has them again: a server
		// was restarted, and this page came back to it first. The generations go
		// on, for the other side may still have the last one.
		s.moves(placeTransitions, p.place(), string(row.State))
		p.Left, p.End, p.EndedAt, p.Link.End = false, nil, 0, nil
	}
	if p == nil {
		p = &peer{ID: row.Participant, Order: row.Order, Life: row.Life, Media: signal.Media{Microphone: true, Camera: true}}
		for _, gone := range s.TakenOff {
			if gone.Peer == p.ID && gone.Life == p.Life {
				p.Link = link{Generation: gone.Generation, State: linkEnded} // the other side may still have that one
			}
		}
		i, _ := slices.BinarySearchFunc(s.Peers, row.Order, func(p *peer, order int) int { return p.Order - order })
		s.Peers = slices.Insert(s.Peers, i, p)
		s.takeUp(p)
	}
	if older {
		s.newLife(p, row.Life)
	}
	if p.Left || row.Life < p.Life || row.Life == p.Life && row.Count < p.Goodbye {
		return // of the past: the control channel was faster
	}
	if row.Life > p.Life {
		s.newLife(p, row.Life)
	}
	p.Unknown = false
	p.Name, p.LAN, p.Goodbye, p.Bye = row.Name, row.LAN, max(p.Goodbye, row.Count), p.Bye || row.Bye
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
	p.Life, p.Goodbye, p.Bye, p.Lane, p.Hidden, p.Networks = life, 0, false, "", false, 0
	p.Link = link{}
	p.Media.Screen = false // a page that has just begun shares nothing
	p.ChatIn, p.ChatOut = 0, 0
	for i := range p.Unsent { // the next page has not seen them, or drops them by their ids
		p.ChatOut++
		p.Unsent[i].Seq, p.Unsent[i].Handed = p.ChatOut, false
	}
}

// meet makes the link to somebody who is there. Who came last offers; the
// other waits for the offer, but not for ever.
func (s *Session) meet(p *peer, offers bool) {
	if p.Link.Generation != 0 && (p.Link.State != linkEnded || p.Link.End != nil) {
		return // it is there, or was given up until the person presses Rejoin
	}
	if offers {
		s.newLink(p, p.Link.Generation+1, true)
		return
	}
	p.Link.OfferAt = s.now.Mono + s.policy.OfferAfter
}

func (s *Session) enterPresent(p *peer) {
	s.moves(placeTransitions, p.place(), string(signal.PresencePresent))
	if p.frozen() {
		p.Link.HeardAt, p.Link.BeatHeardAt = s.now.Mono, s.now.Mono
	}
	p.Presence, p.End, p.Until, p.VouchAt = signal.PresencePresent, nil, 0, 0
	s.Changes++
}

func (s *Session) enterAway(p *peer, st signal.PresenceState, end End, until time.Duration) {
	s.moves(placeTransitions, p.place(), string(st))
	p.Presence, p.End, p.Until = st, &end, until
	if p.heardWhileAway() {
		s.probe(p)
	}
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
	s.moves(placeTransitions, p.place(), "left")
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
		if g.Intent == signal.IntentFreeze {
			s.enterAway(p, signal.PresenceAway, end, s.now.Mono+s.policy.GraceFrozen)
			return
		}
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

// expiry is when p's held place runs out here; 0 is never. While there is a
// room, it decides, and a link that is heard proves that the page is there.
// Without a room p may be back without a word of it here, so it is given the
// time of the ladder on top.
func (s *Session) expiry(p *peer) time.Duration {
	switch {
	case p.Presence != signal.PresenceAway || p.Until == 0 || p.Link.State == linkConnected:
		return 0
	case s.Signaling.State != SignalingStateOpen:
		return p.Until + s.policy.RecoverWithin
	case p.Unknown:
		return p.Until // the room, restarted, never heard of p: what p said itself is the last word
	}
	return 0
}

// tickVouch tells the server about those who are away for it and heard here.
func (s *Session) tickVouch(p *peer) {
	if !due(p.VouchAt, s.now.Mono) || s.Signaling.State != SignalingStateOpen {
		return
	}
	p.VouchAt = 0
	if p.heardWhileAway() {
		p.VouchAt = s.now.Mono + s.vouchEvery()
		s.emit(SendSignaling{s.Signaling.Attempt, signal.Envelope{Type: signal.TypeVouch, To: p.ID, Life: s.Life, Ack: s.Signaling.InSeq}})
	}
}

// vouchEvery is half of the time for which the server says that a vouch counts.
func (s *Session) vouchEvery() time.Duration {
	if s.VouchFor <= 0 {
		return s.policy.VouchEvery
	}
	return min(s.policy.VouchEvery, s.VouchFor/2)
}

// tickPeers ends who is away too long while there is no room to say so, and
// takes the ended off the page.
func (s *Session) tickPeers() {
	now := s.now.Mono
	for _, p := range slices.Clone(s.Peers) {
		if p.Left {
			if now-p.EndedAt >= s.policy.ShowEndedFor {
				s.Peers = slices.DeleteFunc(s.Peers, func(q *peer) bool { return q == p })
				s.TakenOff = append(s.TakenOff, p.name())
				if len(s.TakenOff) > mostTakenOff {
					s.TakenOff = s.TakenOff[1:]
				}
				s.Changes++
			}
			continue
		}
		if due(s.expiry(p), now) {
			s.left(*p.End)
		}
	}
}
