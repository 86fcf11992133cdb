package main

import (
	"context"
	"errors"
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
	deadAfter time.Duration
	done      chan struct{} // closed once the close is done

	mu      sync.Mutex
	queue   [][]byte
	bytes   int
	writing bool
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
	if s.code != 0 {
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
// that hangs ends when the watchdog closes the socket.
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
				s.ws.CloseNow()
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
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(data) > limit {
		return nil, signal.ErrTooLarge
	}
	if kind != websocket.MessageText {
		data = nil // Decode calls it malformed: messages are text
	}
	return data, nil
}

// watch pings; a page that does not answer within deadAfter of its last ping's
// answer is silent, and its socket is closed.
func (s *socket) watch(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		wait, cancel := context.WithTimeout(ctx, max(s.deadAfter-every, every))
		err := s.ws.Ping(wait)
		late := wait.Err() != nil && ctx.Err() == nil
		cancel()
		if err != nil {
			if late {
				s.silent.Store(true)
				s.log.Debug("socket silent")
			}
			s.ws.CloseNow()
			return
		}
	}
}

// closed words the end of the socket for the room.
func (s *socket) closed() room.Closed {
	c := room.Closed{Conn: s.id, Code: 1006, Silent: s.silent.Load()}
	if e, ok := errors.AsType[websocket.CloseError](s.ended); ok {
		c.Code, c.Detail = int(e.Code), e.Reason
	}
	return c
}
