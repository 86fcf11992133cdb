package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"holdline/server/room"
	"holdline/server/signal"
)

// socket is one page's WebSocket: a bounded queue to write, with a writer only
// while it is not empty, and a watchdog.
type socket struct {
	ws        *websocket.Conn
	log       *slog.Logger
	id        room.Conn
	at        arrival
	deadAfter time.Duration
	dead      *time.Timer   // runs out when nothing came for deadAfter
	done      chan struct{} // closed once the close is done

	mu      sync.Mutex
	queue   [][]byte
	bytes   int
	writing bool
	failed  bool             // a write has; nothing is written any more
	code    signal.CloseCode // to close with once the queue is written; 0 while open

	silent atomic.Bool
	ended  error // why reading stopped; read by the reader's goroutine only
}

// The most that may wait to be written to one page. A description of eight
// participants each fits many times over.
const (
	queuedMessages = 1024
	queuedBytes    = 4 << 20
)

// send queues a message. A page that does not read is closed, so that it
// cannot hold up the server.
func (s *socket) send(e signal.Envelope) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code != 0 || s.failed {
		return
	}
	if data := encode(e); len(s.queue) < queuedMessages && s.bytes+len(data) <= queuedBytes {
		s.queue = append(s.queue, data)
		s.bytes += len(data)
	} else {
		s.code = signal.CloseSlow
		s.queue, s.bytes = nil, 0
	}
	s.wake()
}

// refuse tells the page what was wrong with its message.
func (s *socket) refuse(err error) {
	s.log.Debug("message refused", "error", err)
	s.send(signal.Envelope{Type: signal.TypeError, Payload: signal.Raw(signal.RefusalOf(err))})
}

// close closes the socket after what is queued; the first code counts.
func (s *socket) close(code signal.CloseCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.code == 0 {
		s.code = code
		s.wake()
	}
}

// wake starts the writer if there is none. s.mu is held.
func (s *socket) wake() {
	if !s.writing {
		s.writing = true
		go s.write()
	}
}

// write writes until the queue is empty, then closes if it should. A write
// that hangs ends when the watchdog closes the socket. One that fails leaves the
// end to the reader: how the page's browser closed may lie there unread.
func (s *socket) write() {
	for {
		s.mu.Lock()
		batch, code := s.queue, s.code
		s.queue, s.bytes = nil, 0
		if len(batch) == 0 && code == 0 {
			s.writing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		for _, data := range batch {
			if s.ws.Write(context.Background(), websocket.MessageText, data) != nil {
				s.mu.Lock()
				s.failed, s.queue, s.bytes = true, nil, 0
				s.mu.Unlock()
				break
			}
		}
		if code != 0 && len(batch) == 0 {
			row, _ := signal.CloseOf(int(code))
			// Close waits 5 s for the page's answer at most; the reader sees the end.
			if s.ws.Close(websocket.StatusCode(code), row.Reason) != nil {
				s.ws.CloseNow()
			}
			close(s.done)
			return // writing stays set: nothing is written any more
		}
	}
}

// flushed returns when a close that was begun is done; then the socket is
// gone, whatever the page does.
func (s *socket) flushed() {
	s.mu.Lock()
	closing := s.code != 0
	s.mu.Unlock()
	if closing {
		<-s.done
	}
	s.ws.CloseNow()
}

// read reads one message of at most limit bytes.
func (s *socket) read(ctx context.Context, limit int) ([]byte, error) {
	kind, r, err := s.ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(lively{r, s}, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, &signal.FieldError{Field: "message", Limit: fmt.Sprintf("at most %d bytes", limit), Got: "more", Err: signal.ErrTooLarge}
	}
	if kind != websocket.MessageText {
		data = nil // Decode calls it malformed: messages are text
	}
	return data, nil
}

// watch pings. Its answers are what keeps a page alive that has nothing to say.
func (s *socket) watch(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if s.ws.Ping(ctx) != nil {
			return // as where a write fails
		}
		s.alive()
	}
}

// alive says that something came.
func (s *socket) alive() { s.dead.Reset(s.deadAfter) }

// lively is a message that says with every piece that its socket is alive: on
// a slow path the answers to pings stand in line behind it.
type lively struct {
	io.Reader
	socket *socket
}

func (l lively) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	l.socket.alive()
	return n, err
}

// fallSilent gives up a page from which nothing came for deadAfter: cut, which
// ends the context of the reader, cuts the connection without a goodbye that
// nobody would hear.
func (s *socket) fallSilent(cut context.CancelFunc) {
	s.silent.Store(true) // before the reader can notice
	s.log.Debug("socket silent")
	cut()
}

// closed words the end of the socket for the room.
func (s *socket) closed() room.Closed {
	s.mu.Lock()
	code := s.code
	s.mu.Unlock()
	if row, ours := signal.CloseOf(int(code)); ours {
		return room.Closed{Conn: s.id, Ours: true, Code: int(code), Detail: row.Reason, Silent: s.silent.Load()}
	}
	c := room.Closed{Conn: s.id, Code: 1006, Silent: s.silent.Load()}
	if e, ok := errors.AsType[websocket.CloseError](s.ended); ok {
		c.Code, c.Detail = int(e.Code), e.Reason
	}
	return c
}
