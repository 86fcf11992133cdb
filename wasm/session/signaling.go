package session

import (
	"strconv"
	"time"

	"holdline/server/signal"
)

// signalingLink is the link to the server.
type signalingLink struct {
	State    SignalingState
	Cause    Cause // why it is lost or refused
	Attempt  int   // counts sockets
	Tries    int   // since the last welcome
	Ever     bool  // this life was welcomed once
	Opened   bool  // this socket is, and hello was said
	Welcomed bool  // this socket was
	RetryAt  time.Duration
	HeardAt  time.Duration // anything came
	BeatAt   time.Duration // the next beat
	InSeq    int64         // the highest seq that came in this life
	DialedAt time.Duration // this socket
	Took     time.Duration // from dialing to open, of the last that opened; 0 while none did
	AskedAt  time.Duration // a beat that has to be answered soon; 0 while none has
	Echo     time.Duration // how long the last answer to such a one took
	Outbox   signal.Outbox
	Return   time.Duration // the server's goaway asked to wait as long
}

// forget starts a new life on this link.
func (l *signalingLink) forget() {
	*l = signalingLink{State: SignalingStateClosed, Attempt: l.Attempt, Took: l.Took, Echo: l.Echo, Outbox: signal.NewOutbox(signal.KeptMessages, signal.KeptBytes)}
}

// enterSignaling is the only function that writes the link's state.
func (s *Session) enterSignaling(st SignalingState, cause Cause) {
	if s.Signaling.State == st && s.Signaling.Cause == cause {
		return
	}
	was := s.Signaling.State
	s.moves(signalingTransitions, string(was), string(st))
	s.Signaling.State, s.Signaling.Cause = st, cause
	s.Changes++
	if (was == SignalingStateOpen) != (st == SignalingStateOpen) && st != SignalingStateRefused {
		s.tellLane() // who is refused ends now: its lane is nobody's concern
	}
}

func (s *Session) openSignaling() {
	l := &s.Signaling
	l.Attempt++
	l.Opened, l.Welcomed, l.RetryAt = false, false, 0
	l.HeardAt, l.DialedAt, l.AskedAt = s.now.Mono, s.now.Mono, 0
	if l.State != SignalingStateLost {
		s.enterSignaling(SignalingStateConnecting, "")
	}
	s.emit(OpenSignaling{l.Attempt})
}

func (s *Session) closeSignaling() {
	s.emit(CloseSignaling{s.Signaling.Attempt})
	s.Signaling.Attempt++ // what still comes of that socket is stale
	s.Signaling.Opened, s.Signaling.Welcomed = false, false
	s.Signaling.RetryAt = 0
}

// sayHello opens the conversation on a new socket.
func (s *Session) sayHello() {
	l := &s.Signaling
	l.HeardAt, l.Opened, l.Took = s.now.Mono, true, max(s.now.Mono-l.DialedAt, time.Millisecond)
	next := l.Outbox.Last + 1
	if len(l.Outbox.Kept) > 0 {
		next = l.Outbox.Kept[0].Seq
	}
	s.emit(SendSignaling{l.Attempt, signal.Envelope{
		Type: signal.TypeHello, Life: s.Life, Seq: next, Ack: l.InSeq,
		Payload: signal.Raw(signal.Hello{
			Room: s.Config.Room, Name: s.Name, Token: s.Token, Locked: s.Config.Locked, Nonce: strconv.FormatUint(s.Config.Seed, 36), Page: s.Config.Page, Count: s.Count, After: s.After, Roster: s.roster(),
		}),
	}})
}

// roster is whom this page knows to be in the room, for a server that was
// restarted and knows nobody. A page from the bfcache remembers too.
func (s *Session) roster() (rows []signal.Presence) {
	for _, p := range s.Peers {
		if p.Left && (p.End == nil || p.End.Final || p.Unknown) {
			continue // the room itself has said so, or does not know it any more
		}
		rows = append(rows, signal.Presence{Participant: p.ID, Name: p.Name, Life: p.Life, Order: p.Order, State: p.Presence, Count: p.Goodbye, Bye: p.Bye, End: p.End, Heard: p.Link.State == linkConnected})
	}
	return rows
}

// send sends to a participant through the server, now or as soon as there is
// a socket; it is kept until the server has it. While either side has no
// signaling it goes over the control channel as well: the four numbers tell
// the copies apart.
func (s *Session) send(p *peer, e signal.Envelope) {
	l := &s.Signaling
	if l.State != SignalingStateOpen || p.Lane == string(SignalingStateLost) || p.Presence == signal.PresenceAway {
		s.sendInBand(p, e)
	}
	e = l.Outbox.Put(e)
	if l.Welcomed {
		e.Ack = l.InSeq
		s.emit(SendSignaling{l.Attempt, e})
	}
}

func (s *Session) received(e signal.Envelope) {
	l := &s.Signaling
	if l.AskedAt != 0 {
		l.Echo, l.AskedAt = s.now.Mono-l.AskedAt, 0
	}
	l.HeardAt = s.now.Mono
	if e.Ack <= l.Outbox.Last {
		l.Outbox.Ack(e.Ack)
	}
	if e.Seq != 0 {
		if e.Seq <= l.InSeq {
			return // a copy of what came before the socket changed
		}
		l.InSeq = e.Seq
	}
	switch e.Type {
	case signal.TypeICE:
		if ice, err := e.ReadICE(); err == nil {
			s.takeICE(ice)
		}
	case signal.TypeWelcome:
		s.welcomed(e)
	case signal.TypeBeat:
		s.emit(SendSignaling{l.Attempt, signal.Envelope{Type: signal.TypeBeatBack, Ack: l.InSeq}})
	case signal.TypePresent, signal.TypeAway:
		var row signal.Presence
		if e.Read(&row) == nil {
			s.presence(row, false)
		}
	case signal.TypeLeft:
		var left signal.Left
		if e.Read(&left) == nil {
			s.left(left.End)
		}
	case signal.TypeGoaway:
		var g signal.Goaway
		if e.Read(&g) == nil {
			l.Return = time.Duration(min(max(g.Return, 0), 60_000)) * time.Millisecond
		}
	case signal.TypeDescription, signal.TypeCandidate, signal.TypeGaveUp:
		s.fromPeer(e)
	}
}

// welcomed enters the room, or is back in it.
func (s *Session) welcomed(e signal.Envelope) {
	var w signal.Welcome
	if e.Read(&w) != nil || e.To == "" {
		return
	}
	l := &s.Signaling
	if s.Participant != e.To {
		if s.Participant != "" {
			s.emit(ForgetStopped{s.Participant})
			s.renamed()
		}
		s.Participant = e.To
		s.emit(ClaimIdentity{e.To})
		s.Config.Locked = true
	}
	s.Token, s.ByeKey, s.Order = w.Token, w.ByeKey, w.Order
	if v := w.Limits.Vouch; v > 0 {
		s.VouchFor = time.Duration(min(max(v, 200), 60_000)) * time.Millisecond
	}
	l.Welcomed, l.Ever, l.Tries, l.Return = true, true, 0, 0
	l.BeatAt = s.now.Mono + s.policy.SignalingBeat
	s.dirty = true
	s.After, s.Former = "", w.Former
	if s.LeavingAt != 0 { // still here, on a new socket
		s.sayStay()
	}
	s.enterSignaling(SignalingStateOpen, "")
	if s.Phase != phaseJoined {
		s.enterPhase(phaseJoined)
	}
	for _, row := range w.Roster {
		s.presence(row, true)
	}
	for _, end := range w.Left {
		if s.peer(end.Subject) != nil {
			s.left(end)
		}
	}
	s.missing(w)
	if s.ICE.Moved && !s.Offline {
		s.networkChanged(true)
	} else {
		s.offerFirstAnew()
	}
	s.climbAgain()
	for _, k := range l.Outbox.Kept {
		k.Ack = l.InSeq
		s.emit(SendSignaling{l.Attempt, k})
	}
}

// offerFirstAnew offers first connections again that have no path yet: what was
// gathered may be of a network that went. That the socket was lost is a hint of
// it, and Firefox 153 gives no other.
func (s *Session) offerFirstAnew() {
	for _, p := range s.Peers {
		if l := &p.Link; l.State == linkNegotiating && l.RemoteAt != 0 && p.live() {
			s.offer(p, true)
		}
	}
}

// renamed is a page that came back too late and is somebody new now: the
// others have ended their links to it, and what is kept for them is of nobody.
func (s *Session) renamed() {
	s.Signaling.Outbox.Kept, s.Signaling.Outbox.Bytes = nil, 0
	s.anew()
}

// anew starts all links anew. Chat that waits goes out under its old id: if it
// had arrived, and only its acknowledgement had not, it is known by that.
func (s *Session) anew() {
	for _, p := range s.Peers {
		if !p.Left {
			s.closeLink(p)
			p.Link = link{}
		}
		p.ChatIn = 0 // for them this is the first that they say to it
		for i := range p.Unsent {
			p.Unsent[i].Handed = false
		}
	}
}

// missing ends those whom the room does not know any more, at the latest when
// their link does not work either.
func (s *Session) missing(w signal.Welcome) {
	for _, p := range s.Peers {
		if p.Left {
			continue
		}
		known := false
		for _, row := range w.Roster {
			known = known || row.Participant == p.ID
		}
		p.Unknown = !known
		if !known && p.Link.State != linkConnected {
			s.left(Diagnose(Evidence{Subject: p.ID, NotInRoom: true}))
		}
	}
}

// signalingClosed takes the end of the socket: a refusal that is final, or a
// loss that is tried again for as long as the page is open.
func (s *Session) signalingClosed(ev SignalingClosed) {
	l := &s.Signaling
	l.Opened, l.Welcomed = false, false
	row, ours := signal.CloseOf(ev.Code)
	if ours && row.Code == signal.CloseReplaced && !l.Ever && s.Token != "" {
		// Another page lives by the identity that this one came back with: a
		// duplicated tab. It goes on as somebody new.
		s.forgetIdentity()
		s.emit(ClearRecord{})
		s.join(s.Name)
		return
	}
	if ours && row.Final {
		s.enterSignaling(SignalingStateRefused, row.Cause)
		s.end(Diagnose(Evidence{Subject: s.Participant, Refused: row.Cause, Detail: ev.Reason}))
		return
	}
	cause := signal.CauseSignalingLost
	switch {
	case ours:
		cause = row.Cause
	case !l.Ever:
		cause = signal.CauseServerUnreachable
	case s.SleptAt != 0 && s.now.Mono-s.SleptAt < s.policy.SleptFor:
		cause = signal.CauseDeviceSlept
	}
	s.enterSignaling(SignalingStateLost, cause)
	s.retrySignaling(s.now.Mono)
}

// retrySignaling sets the time of the next try, from when the socket was lost
// or, where it never opened, was dialed in vain. A server that drained has said
// how long it will be away.
func (s *Session) retrySignaling(since time.Duration) {
	l := &s.Signaling
	wait := s.retryAfter()
	if l.Return > 0 {
		wait, l.Return = max(wait, l.Return+time.Duration(s.random()*float64(l.Return))), 0
	}
	l.Tries++
	l.RetryAt = max(since+wait, s.now.Mono+time.Millisecond)
}

// dialAnew tries at once, now that there is a network: also where a socket
// that was dialed into the void has not opened yet.
func (s *Session) dialAnew() {
	switch l := &s.Signaling; {
	case l.RetryAt != 0:
		l.RetryAt = s.now.Mono
	case !l.Opened && s.now.Mono-l.HeardAt >= s.policy.LookAfter:
		s.closeSignaling()
		s.openSignaling()
	}
}

// retryNow tries at once instead of at the next try, unless the server has said
// when to come back: it spreads the returns.
func (s *Session) retryNow() {
	if l := &s.Signaling; l.Cause != signal.CauseServerShutdown && l.RetryAt != 0 {
		l.RetryAt = s.now.Mono
	}
}

// tickSignaling beats, gives up a silent socket, and tries again.
func (s *Session) tickSignaling() {
	l, now := &s.Signaling, s.now.Mono
	if s.Phase != phaseJoining && s.Phase != phaseJoined {
		return
	}
	if due(l.RetryAt, now) {
		s.openSignaling()
		return
	}
	if l.RetryAt != 0 {
		return
	}
	if now-l.HeardAt >= s.patience() {
		cause := signal.CauseSignalingLost
		if !l.Ever {
			cause = signal.CauseServerUnreachable
		}
		since := now
		if !l.Opened {
			since = l.DialedAt
		}
		s.closeSignaling()
		s.enterSignaling(SignalingStateLost, cause)
		s.retrySignaling(since)
		return
	}
	if l.Welcomed && due(l.BeatAt, now) {
		s.beatSignaling()
		if s.now.Wall-s.SavedAt >= s.policy.SaveEvery.Milliseconds() {
			s.dirty = true
		}
	}
}

func (s *Session) beatSignaling() {
	l := &s.Signaling
	l.BeatAt = s.now.Mono + s.policy.SignalingBeat
	s.emit(SendSignaling{l.Attempt, signal.Envelope{Type: signal.TypeBeat, Ack: l.InSeq}})
}

// due says whether a timer that is set has come.
func due(at, now time.Duration) bool { return at != 0 && at <= now }

// ReadSignaling is the event of one message from the server.
func ReadSignaling(attempt int, text string) Event {
	e, err := signal.Decode([]byte(text), signal.Limits{Message: mostFromServer})
	if err != nil {
		return SignalingGarbled{attempt, err.Error()}
	}
	return SignalingReceived{attempt, e}
}

// mostFromServer is the longest message that a page takes from its server, in
// bytes: a welcome to a full room with all who left lately is about 40 KB.
const mostFromServer = 1 << 20
