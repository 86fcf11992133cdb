package main

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// lobby knows the halls by their rooms' names.
type lobby struct {
	cfg   config
	key   []byte
	ice   *iceServers
	log   *slog.Logger
	start time.Time // origin of the rooms' clock

	// goaway ends, by sendAway, once every room was told that the server drains.
	goaway   context.Context
	sendAway context.CancelFunc

	// mu is taken before the mu of a hall, never while one is held.
	mu       sync.Mutex
	halls    map[string]*hall
	draining bool
	sockets  sync.WaitGroup // added to under mu, and never while draining

	open     atomic.Int64 // sockets that are talked with
	lastConn atomic.Int64

	reporters      addressLimit
	checkers       addressLimit
	unknownReports atomic.Int64 // crash reports of pages that nobody here knows
	welcomes       atomic.Int64
}

// admit counts a socket in; false once the server drains.
func (l *lobby) admit() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.draining {
		return false
	}
	l.sockets.Add(1)
	return true
}

// hall is one room with its sockets and its timer. The room decides; the hall
// carries out.
type hall struct {
	lobby *lobby
	name  string

	mu      sync.Mutex
	room    *room.Room
	sockets map[room.Conn]*socket
	// arrivals is how each participant came last: ice that somebody else fetches
	// for it leads to where it found the server.
	arrivals map[string]arrival
	timer    *time.Timer
	closed   bool // not in the lobby any more
}

// enter finds or makes the hall of a room and seats the socket; nil when the
// server has as many rooms as it may.
func (l *lobby) enter(name string, s *socket) *hall {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.halls[name]
	if h == nil {
		if len(l.halls) >= l.cfg.MaxRooms && !l.forgetOne() {
			return nil
		}
		// Microseconds since the Unix epoch grow faster than a room takes newcomers.
		first := int(time.Now().UnixMicro())
		h = &hall{lobby: l, name: name, room: room.New(name, l.key, l.cfg.Policy, first), sockets: map[room.Conn]*socket{}, arrivals: map[string]arrival{}}
		l.halls[name] = h
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets[s.id] = s
	return h
}

// forgetOne makes space: a room without people is kept only for those who may
// yet ask how it ended.
func (l *lobby) forgetOne() bool {
	for name, h := range l.halls {
		h.mu.Lock()
		empty := h.room.People() == 0 && len(h.sockets) == 0
		if empty {
			h.forget()
		}
		h.mu.Unlock()
		if empty {
			delete(l.halls, name)
			return true
		}
	}
	return false
}

func (l *lobby) find(name string) *hall {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.halls[name]
}

func (l *lobby) all() (halls []*hall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.halls {
		halls = append(halls, h)
	}
	return halls
}

// step gives the room one fact and carries out its orders.
func (h *hall) step(ev room.Event) {
	h.mu.Lock()
	now := time.Since(h.lobby.start)
	for _, a := range h.room.Step(now, ev) {
		h.perform(a)
	}
	if c, ok := ev.(room.Closed); ok {
		delete(h.sockets, c.Conn)
	}
	h.rearm(now)
	empty := h.room.Empty(now) && len(h.sockets) == 0
	h.mu.Unlock()
	if empty {
		h.lobby.drop(h)
	}
}

func (h *hall) perform(a room.Action) {
	switch a := a.(type) {
	case room.Send:
		if a.Envelope.Type == signal.TypeWelcome {
			h.lobby.welcomes.Add(1)
		}
		if s := h.sockets[a.Conn]; s != nil {
			s.send(a.Envelope)
		}
	case room.Issue:
		h.issue(a)
	case room.Revoke:
		delete(h.arrivals, a.Participant)
		h.lobby.ice.end(h.name, a.Participant)
	case room.Close:
		if s := h.sockets[a.Conn]; s != nil {
			s.close(a.Code)
		}
	}
}

// issue sends ice. What is for somebody else says nothing of where that one is.
func (h *hall) issue(a room.Issue) {
	s := h.sockets[a.Conn]
	if s == nil {
		return
	}
	at := s.at
	if a.For == "" {
		h.arrivals[a.Participant] = at
	} else if known, ok := h.arrivals[a.For]; ok {
		at = known
	}
	ice := h.lobby.ice.issue(at, h.name, cmp.Or(a.For, a.Participant), a.Participant)
	if ice.For = a.For; ice.For != "" {
		ice.Address = ""
	}
	s.send(signal.Envelope{Type: signal.TypeICE, Ack: a.Ack, Payload: signal.Raw(ice)})
}

// rearm sets the timer to the room's next deadline.
func (h *hall) rearm(now time.Duration) {
	at, ok := h.room.Deadline()
	if h.timer != nil {
		h.timer.Stop()
	}
	if !ok || h.closed {
		return
	}
	h.timer = time.AfterFunc(max(at-now, 0), func() { h.step(room.Tick{}) })
}

// drop takes an empty hall out of the lobby, unless somebody came meanwhile.
func (l *lobby) drop(h *hall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.room.Empty(time.Since(l.start)) && len(h.sockets) == 0 && l.halls[h.name] == h {
		h.forget()
		delete(l.halls, h.name)
	}
}

func (h *hall) forget() {
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
}

// encode writes a message of ours; its payload is JSON already.
func encode(e signal.Envelope) []byte {
	data, err := e.Encode()
	if err != nil {
		panic("holdline: encode: " + err.Error())
	}
	return data
}
