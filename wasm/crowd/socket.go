package crowd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// socket is the page's WebSocket: what is sent waits in a queue, and the
// close is its last element.
type socket struct {
	page    *page
	attempt int
	cancel  context.CancelFunc

	mu     sync.Mutex
	ws     *websocket.Conn // nil until it is open
	queue  [][]byte
	code   websocket.StatusCode // to close with once the queue is written; 0 while open
	writes bool
}

// dial is new WebSocket.
func (g *page) dial(attempt int) *socket {
	ctx, cancel := context.WithCancel(context.Background())
	s := &socket{page: g, attempt: attempt, cancel: cancel}
	g.person.crowd.running.Go(func() { s.live(ctx) })
	return s
}

// live is the socket's whole life: what comes of it is put in its order, the
// close last.
func (s *socket) live(ctx context.Context) {
	defer s.cancel()
	c := s.page.person.crowd
	ws, response, err := websocket.Dial(ctx, c.url+"/ws", &websocket.DialOptions{HTTPClient: c.client, Subprotocols: []string{signal.Subprotocol}})
	if err != nil {
		if response != nil {
			err = errors.New(response.Status)
		}
		if ctx.Err() == nil {
			c.note("dial: " + kind(err))
		}
		s.page.put(session.SignalingClosed{Attempt: s.attempt, Code: 1006})
		return
	}
	ws.SetReadLimit(1 << 20)
	defer ws.CloseNow()
	s.mu.Lock()
	s.ws = ws
	s.wake()
	s.mu.Unlock()
	s.page.put(session.SignalingOpened{Attempt: s.attempt})
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			s.ended(err)
			return
		}
		c.Figures.Received.Add(1)
		ev := session.ReadSignaling(s.attempt, string(data))
		switch ev := ev.(type) {
		case session.SignalingReceived:
			s.look(ev.Envelope)
		case session.SignalingGarbled:
			c.fault("a message of the server does not decode", ev.Err)
		}
		s.page.put(ev)
	}
}

// look notes what the load test judges by.
func (s *socket) look(e signal.Envelope) {
	switch e.Type {
	case signal.TypeWelcome:
		var w signal.Welcome
		if err := e.Read(&w); err != nil {
			s.page.person.crowd.fault("a welcome does not decode", err.Error())
			return
		}
		s.page.person.welcomed(e.To, w)
	case signal.TypeError:
		var r signal.Refusal
		_ = e.Read(&r) // what does not decode shows as empty
		s.page.person.crowd.note("refused message: " + r.ID + " " + r.Field)
	}
}

// ended puts the end of the socket.
func (s *socket) ended(err error) {
	closed := session.SignalingClosed{Attempt: s.attempt, Code: 1006}
	if e, ok := errors.AsType[websocket.CloseError](err); ok {
		closed.Code, closed.Reason, closed.Clean = int(e.Code), e.Reason, true
	}
	s.mu.Lock()
	own := s.code != 0
	s.mu.Unlock()
	if !own {
		if closed.Clean {
			s.page.person.crowd.note(fmt.Sprintf("socket closed: %d %s", closed.Code, closed.Reason))
		} else {
			s.page.person.crowd.note("socket ended without a close")
		}
	}
	s.page.put(closed)
}

// send queues a message.
func (s *socket) send(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == 0 {
		s.queue = append(s.queue, data)
		s.wake()
	}
}

// close closes after what is queued, as a browser does; a socket that is not
// open yet is given up.
func (s *socket) close(code websocket.StatusCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code != 0 {
		return
	}
	s.code = code
	if s.ws == nil {
		s.cancel()
		return
	}
	s.wake()
}

// cut is a network that drops the connection without a word.
func (s *socket) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ws != nil {
		s.ws.CloseNow()
	}
}

// wake starts the writer if there is none. s.mu is held.
func (s *socket) wake() {
	if !s.writes && s.ws != nil && (len(s.queue) > 0 || s.code != 0) {
		s.writes = true
		s.page.person.crowd.running.Go(s.write)
	}
}

func (s *socket) write() {
	for {
		s.mu.Lock()
		batch, code := s.queue, s.code
		s.queue = nil
		if len(batch) == 0 && code == 0 {
			s.writes = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, data := range batch {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			err := s.ws.Write(ctx, websocket.MessageText, data)
			cancel()
			if err != nil {
				s.ws.CloseNow()
				return // the reader sees the end; writes stays set
			}
			s.page.person.crowd.Figures.Sent.Add(1)
		}
		if len(batch) == 0 {
			_ = s.ws.Close(code, "") // the reader sees the end
			return
		}
	}
}

// kind words an error without addresses, so that alike ones are counted together.
func kind(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, http.ErrServerClosed):
		return "end of stream"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	}
	text := err.Error()
	return text[strings.LastIndex(text, ": ")+1:]
}
