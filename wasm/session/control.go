package session

import (
	"slices"
	"strconv"

	"holdline/server/signal"
)

func itoa(n int) string { return strconv.Itoa(n) }

func (s *Session) controlOpened(p *peer) {
	l := &p.Link
	l.Control = true
	s.connected(p)
	s.sendControl(p, signal.TypeMedia, s.media())
	s.sendControl(p, signal.TypeLane, s.lane())
	if s.BeatAt == 0 {
		s.BeatAt = s.now.Mono
	}
}

func (s *Session) sendControl(p *peer, t signal.Type, payload any) {
	if p.Link.Control {
		s.emit(SendControl{p.name(), signal.Envelope{Type: t, Life: s.Life, Generation: p.Link.Generation, Ack: p.ChatIn, Payload: signal.Raw(payload)}})
	}
}

// sendInBand sends what is the server's to carry over the control channel: of
// the connection, or of the one that it replaces.
func (s *Session) sendInBand(p *peer, e signal.Envelope) {
	switch {
	case p.Link.Control:
		s.emit(SendControl{p.name(), e})
	case p.Link.Old != 0:
		s.emit(SendControl{p.oldName(), e})
	}
}

// inBand takes it.
func (s *Session) inBand(p *peer, e signal.Envelope) {
	switch e.Type {
	case signal.TypeDescription, signal.TypeCandidate, signal.TypeGaveUp:
		e.From = p.ID
		s.fromPeer(e)
	}
}

// control takes one message of the control channel.
func (s *Session) control(p *peer, e signal.Envelope) {
	if e.Life == p.Life {
		s.chatHeard(p, e.Ack)
	}
	switch e.Type {
	case signal.TypeBeat:
		var n signal.BeatCount
		if e.Read(&n) == nil {
			p.Hidden = n.Hidden
			s.sendControl(p, signal.TypeBeatBack, signal.BeatCount{N: n.N, Hidden: s.Hidden})
		}
	case signal.TypeBeatBack:
		var n signal.BeatCount
		if e.Read(&n) == nil {
			p.Hidden = n.Hidden
			s.beatBack(p, n.N)
		}
	case signal.TypeMedia:
		var m signal.Media
		if e.Read(&m) == nil && m != p.Media {
			p.Media = m
			s.Changes++
		}
	case signal.TypeLane:
		var lane signal.Lane
		if e.Read(&lane) == nil && lane.Signaling != p.Lane {
			p.Lane = lane.Signaling
			s.Changes++
			s.scouted(p)
		}
	case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
		s.goodbye(p, e)
	case signal.TypeRefresh:
		s.refreshFor(p)
	case signal.TypeICE:
		if ice, err := e.ReadICE(); err == nil && s.ICE.AskedAt != 0 && s.ICE.AskedOf == p.ID {
			ice.For, ice.Address = "", "" // of one's own address only the server knows
			s.takeICE(ice)
		}
	default:
		s.inBand(p, e)
	}
}

func (s *Session) lane() signal.Lane {
	if s.Signaling.State != SignalingStateOpen {
		return signal.Lane{Signaling: string(SignalingStateLost)}
	}
	return signal.Lane{Signaling: string(SignalingStateOpen)}
}

// tellLane says on the control channels whether one's own signaling is there.
func (s *Session) tellLane() {
	for _, p := range s.Peers {
		s.sendControl(p, signal.TypeLane, s.lane())
	}
}

func (s *Session) tellMedia() {
	for _, p := range s.Peers {
		s.sendControl(p, signal.TypeMedia, s.media())
	}
}

// tickBeats beats on all control channels at once, and samples statistics:
// every second, and with every beat of a link whose own beats are late.
func (s *Session) tickBeats() {
	now := s.now.Mono
	if !due(s.BeatAt, now) {
		return
	}
	every := s.policy.Beat
	if s.Hidden {
		every = s.policy.BeatHidden
	}
	s.Beats++
	s.BeatAt, s.BeatSentAt = 0, now
	for _, p := range s.Peers {
		l := &p.Link
		if l.State == linkEnded || l.Generation == 0 || !l.Ever && !l.Control {
			continue
		}
		s.BeatAt = now + every
		s.sendControl(p, signal.TypeBeat, signal.BeatCount{N: s.Beats, Hidden: s.Hidden})
		if now >= l.StatsAt || now-l.BeatHeardAt >= s.policy.LookAfter {
			l.StatsAt = now + s.policy.StatsEvery
			l.StatsAttempt++
			s.emit(SampleStats{p.name(), l.StatsAttempt})
		}
	}
}

// sayGoodbye says leaving, stay or bye on both lanes.
func (s *Session) sayGoodbye(t signal.Type, intent signal.Intent) {
	g := signal.Goodbye{Count: s.Count, Intent: intent}
	for _, p := range s.Peers {
		s.sendControl(p, t, g)
	}
	if s.Signaling.Opened {
		s.emit(SendSignaling{s.Signaling.Attempt, signal.Envelope{Type: t, Life: s.Life, Ack: s.Signaling.InSeq, Payload: signal.Raw(g)}})
	}
}

// tickLeaving takes leaving back when the page is still here: the person
// chose to stay, it was a download, or the answer was 204.
func (s *Session) tickLeaving() {
	if s.LeavingAt == 0 || s.now.Mono-s.LeavingAt < s.policy.StayAfter {
		return
	}
	s.sayStay()
}

func (s *Session) sayStay() {
	s.LeavingAt = 0
	s.Count++
	s.sayGoodbye(signal.TypeStay, "")
}

// prepareGoodbye keeps what the stub needs to say leaving and bye up to date.
func (s *Session) prepareGoodbye() {
	g := Goodbyes{Ask: s.AskToLeave}
	if s.Phase == phaseJoining || s.Phase == phaseJoined {
		g.Armed = s.Participant != ""
		g.Attempt, g.Room, g.Participant, g.Life, g.Count, g.Key = s.Signaling.Attempt, s.Config.Room, s.Participant, s.Life, s.Count, s.ByeKey
		for _, p := range s.Peers {
			if p.Link.Control && p.Link.State != linkEnded {
				g.Links = append(g.Links, p.name())
			}
		}
	}
	last := &s.Goodbyes
	same := g.Armed == last.Armed && g.Ask == last.Ask && g.Attempt == last.Attempt && g.Participant == last.Participant &&
		g.Life == last.Life && g.Count == last.Count && g.Key == last.Key && slices.Equal(g.Links, last.Links)
	if same || s.Gone {
		return
	}
	s.Goodbyes = g
	s.emit(PrepareGoodbye{g})
}
