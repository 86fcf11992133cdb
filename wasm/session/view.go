package session

import (
	"slices"
	"time"

	"holdline/server/signal"
)

// epoch turns a monotonic time into the page's milliseconds since 1970.
func (s *Session) epoch(t time.Duration) float64 { return s.Config.Origin + ms(t) }

// Revision grows with every change that a page shows.
func (s *Session) Revision() int64 { return s.Changes }

// Snapshot is a copy of everything that a page shows.
func (s *Session) Snapshot() Snapshot {
	v := Snapshot{
		At: s.epoch(s.now.Mono), State: s.shownState(), Signaling: s.Signaling.State,
		Former: s.Former, Room: s.Config.Room, Name: s.Name, Participant: s.Participant, Life: s.Life,
		Microphone: s.Microphone.view(), Camera: s.Camera.view(), Screen: s.Screen.view(),
		Peers: []PeerSnapshot{}, Messages: slices.Clone(s.Messages), AskToLeave: s.AskToLeave,
	}
	if v.Messages == nil {
		v.Messages = []ChatMessage{}
	}
	if s.Phase == phaseLobby && s.Offer != nil {
		v.Back = &Back{Name: s.Offer.Name, At: float64(s.Offer.At)}
	}
	for i := range v.Messages {
		v.Messages[i].Sent = v.Messages[i].Mine && !s.unsent(v.Messages[i].ID)
	}
	switch {
	case s.End != nil:
		end := *s.End
		v.End, v.Cause = &end, end.Cause
	case s.Signaling.State == SignalingStateLost:
		v.Cause = s.Signaling.Cause
	}
	for _, p := range s.Peers {
		v.Peers = append(v.Peers, s.peerView(p))
	}
	return v
}

func (d device) view() Device { return Device{State: d.State, Cause: d.Cause, Error: d.Error} }

// shownState words the phase, the lanes and the links as one state.
func (s *Session) shownState() State {
	switch s.Phase {
	case phaseLobby:
		return StateLobby
	case phaseJoining:
		return StateJoining
	case phaseEnded:
		return StateEnded
	}
	live, connected := false, false
	for _, p := range s.Peers {
		if p.live() && p.Link.State != linkEnded {
			live = true
			connected = connected || p.Link.State == linkConnected
		}
	}
	switch {
	case s.Signaling.State != SignalingStateOpen, live && !connected:
		return StateRecovering
	case !live:
		return StateWaiting
	}
	return StateConnected
}

// peerView words one participant: what it does outranks what its link does,
// except that a link that is heard proves that the page is there.
func (s *Session) peerView(p *peer) PeerSnapshot {
	v := PeerSnapshot{
		Participant: p.ID, Name: p.Name, Microphone: p.Media.Microphone, Camera: p.Media.Camera, Screen: p.Media.Screen, Generation: p.Link.Generation,
	}
	if p.End != nil {
		end := *p.End
		v.End, v.Cause = &end, end.Cause
	}
	if p.Until != 0 {
		v.Until = s.epoch(p.Until)
	}
	v.Path = s.pathView(p)
	switch {
	case p.Left:
		v.State, v.EndedAt = PeerEnded, s.epoch(p.EndedAt)
	case !p.Bye && p.heardWhileAway():
		v.State, v.Cause, v.End, v.Until = PeerConnected, signal.CauseSignalingLost, nil, 0
	case !p.live(), p.Presence == signal.PresenceLeaving:
		v.State = PeerAway
	default:
		s.linkView(p, &v)
	}
	return v
}

func (s *Session) linkView(p *peer, v *PeerSnapshot) {
	l := &p.Link
	v.Cause = l.Cause
	switch l.State {
	case linkNegotiating:
		v.State = PeerNegotiating
	case linkConnected:
		v.State = PeerConnected
		switch {
		case l.Unresponsive:
			v.Cause = signal.CausePageUnresponsive
		case p.Lane == string(SignalingStateLost):
			v.Cause = signal.CauseSignalingLost
		}
	case linkInterrupted:
		v.State = PeerInterrupted
	case linkRecovering:
		v.State = PeerRecovering
	case linkEnded:
		v.State, v.EndedAt = PeerEnded, s.epoch(p.EndedAt)
		if l.End != nil {
			end := *l.End
			v.End, v.Rejoin = &end, true
		}
	}
}
