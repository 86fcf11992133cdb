package sim

import (
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

type socketState int

const (
	socketConnecting socketState = iota
	socketOpen
	socketClosing
	socketClosed
)

// socket is a WebSocket with both its ends, which may disagree for long.
type socket struct {
	world    *World
	page     *page
	attempt  int
	state    socketState // as the page sees it
	toServer *pipe
	toPage   *pipe

	id      room.Conn // 0 until the server has it
	served  bool      // the server's end is there
	greeted bool      // hello was said
	code    signal.CloseCode
	heard   time.Duration // when anything came to the server
	tokens  float64       // of the rate limit
	tokenAt time.Duration
}

// dial opens a socket as a page does.
func (p *page) dial(attempt int) *socket {
	w := p.world
	s := &socket{world: w, page: p, attempt: attempt, toServer: newPipe(p.machine()), toPage: newPipe(p.machine())}
	s.toServer.send(s.accept)
	if p.machine().browser == firefox {
		s.doubt()
	}
	return s
}

// doubt is Firefox 153 on a dead uplink: it closes the socket after 11 s.
func (s *socket) doubt() {
	w := s.world
	if s.state == socketClosed {
		return
	}
	if s.page.machine().uplink != 0 {
		w.after(11*time.Second, func() {
			if s.page.machine().uplink != 0 && s.state != socketClosed {
				s.abandon()
				s.lost(1006, "")
				return
			}
			s.doubt()
		})
		return
	}
	w.after(3*time.Second, s.doubt)
}

// accept is the server's end of the handshake.
func (s *socket) accept() {
	w, sv := s.world, &s.world.server
	if !sv.serves() {
		s.toPage.send(func() { s.lost(1006, "") })
		return
	}
	sv.conns++
	s.id, s.served, s.heard = sv.conns, true, w.clock.now
	s.tokens, s.tokenAt = maxBurst, w.clock.now
	w.sockets = append(w.sockets, s)
	s.toPage.send(func() {
		if s.state == socketConnecting {
			s.state = socketOpen
			s.page.put(session.SignalingOpened{Attempt: s.attempt})
		}
	})
	w.after(sv.policy.DeadAfter, func() {
		if s.served && !s.greeted {
			s.shut(signal.CloseNoHello)
		}
	})
	s.watch()
	s.ping()
}

// ping is the server's; the browser answers without the page.
func (s *socket) ping() {
	s.world.after(s.world.server.policy.PingEvery, func() {
		if !s.served {
			return
		}
		s.toPage.send(func() {
			if s.state != socketClosed && s.page.machine().sends() {
				s.toServer.send(func() { s.heard = s.world.clock.now })
			}
		})
		s.ping()
	})
}

// watch gives up a page from which nothing comes.
func (s *socket) watch() {
	w := s.world
	w.at(s.heard+w.server.policy.DeadAfter, func() {
		switch {
		case !s.served:
		case w.clock.now-s.heard < w.server.policy.DeadAfter:
			s.watch()
		default:
			s.cease(room.Closed{Conn: s.id, Code: 1006, Silent: true, Ours: s.code != 0})
			s.toPage.send(func() { s.lost(1006, "") })
		}
	})
}

// cease is the end of the server's side; the room is told once.
func (s *socket) cease(ev room.Closed) {
	if !s.served {
		return
	}
	s.served = false
	s.world.forget(s)
	s.toServer.sever()
	if s.greeted {
		if s.code != 0 {
			row, _ := signal.CloseOf(int(s.code))
			ev = room.Closed{Conn: s.id, Ours: true, Code: int(s.code), Detail: row.Reason, Silent: ev.Silent}
		}
		s.world.server.step(ev)
	}
}

// read is a message that has come to the server.
func (s *socket) read(e signal.Envelope) {
	if !s.served {
		return
	}
	w, sv := s.world, &s.world.server
	s.heard = w.clock.now
	if s.code != 0 && !s.greeted {
		return
	}
	s.tokens = min(maxBurst, s.tokens+(w.clock.now-s.tokenAt).Seconds()*maxRate)
	s.tokenAt = w.clock.now
	if s.tokens--; s.tokens < 0 {
		w.failf("%s says more than %d messages a second", s.page, maxRate)
		return
	}
	w.onWire(&e, sv.policy.Limits)
	if s.greeted {
		if e.Type == signal.TypeCandidate && sv.speaks(s.id) { // else the room has closed the socket, and it is nobody's
			w.oracle.posted(s.page, e)
		}
		sv.step(room.Message{Conn: s.id, Envelope: e})
		return
	}
	hello, err := e.ReadHello(sv.policy.Limits)
	if e.Type != signal.TypeHello || err != nil {
		w.failf("%s opens with %s: %v", s.page, e.Type, err)
		return
	}
	s.greeted = true
	sv.sockets = append(sv.sockets, s)
	sv.step(room.Hello{Conn: s.id, Envelope: e, Hello: hello, NewID: w.newID()})
}

// write is the server's message to the page.
func (s *socket) write(e signal.Envelope) {
	if !s.served || s.code != 0 {
		return
	}
	if e.Type == signal.TypeWelcome {
		s.world.oracle.letIn(e.To)
	}
	s.toPage.send(func() {
		if s.state == socketOpen {
			s.world.onWire(&e, wireLimits)
			s.world.oracle.delivered(s.page, e)
			s.page.put(session.SignalingReceived{Attempt: s.attempt, Envelope: e})
		}
	})
}

// shut is the server's close, after all that it has written.
func (s *socket) shut(code signal.CloseCode) {
	if !s.served || s.code != 0 {
		return
	}
	s.code = code
	row, _ := signal.CloseOf(int(code))
	s.toPage.send(func() {
		s.lost(int(code), row.Reason)
		s.toServer.send(func() { s.cease(room.Closed{Conn: s.id, Code: int(code)}) })
	})
	s.world.after(5*time.Second, func() { s.cease(room.Closed{Conn: s.id, Code: 1006}) })
}

// lost is the end of the page's side.
func (s *socket) lost(code int, reason string) {
	if s.state == socketClosed {
		return
	}
	s.state = socketClosed
	s.page.put(session.SignalingClosed{Attempt: s.attempt, Code: code, Reason: reason, Clean: code != 1006})
}

// send is the page's message.
func (s *socket) send(e signal.Envelope) {
	if s.state == socketOpen {
		s.toServer.send(func() { s.read(e) })
	}
}

// close is the page's own close; its event comes once the server has answered.
func (s *socket) close(code int) {
	switch s.state {
	case socketConnecting, socketOpen:
		s.state = socketClosing
		s.toServer.send(func() {
			s.cease(room.Closed{Conn: s.id, Code: code})
			s.toPage.send(func() { s.lost(code, "") })
		})
	}
}

// abandon is the end of the socket by the browser or its process: the server
// sees code, or the end of the stream, after all that was sent before.
func (s *socket) abandon() {
	s.toServer.send(func() { s.cease(room.Closed{Conn: s.id, Code: 1006}) })
}

// drop is a browser that goes: a close frame, nobody waits for the answer.
func (s *socket) drop(code int) {
	if s.state == socketClosed {
		return
	}
	s.state = socketClosed
	s.toServer.send(func() { s.cease(room.Closed{Conn: s.id, Code: code}) })
}

// half lets the connection die without a word to either end.
func (s *socket) half() {
	s.toServer.sever()
	s.toPage.sever()
}

// reset kills it with a word to both ends.
func (s *socket) reset() {
	s.toServer.sever()
	s.world.after(s.world.latency(), func() {
		s.cease(room.Closed{Conn: s.id, Code: 1006})
	})
	s.world.after(s.world.latency(), func() { s.lost(1006, "") })
}
