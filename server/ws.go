package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"holdline/server/room"
	"holdline/server/signal"
)

// newSignaling is the signaling of the program: rooms that live as long as
// somebody has a place in them, and the sockets of their participants.
func newSignaling(cfg config, key []byte, ice *iceServers, log *slog.Logger) signaling {
	l := &lobby{
		cfg: cfg, key: key, ice: ice, log: log, start: time.Now(), halls: map[string]*hall{},
		reporters: addressLimit{rate: reportRate, burst: reportBurst},
		checkers:  addressLimit{rate: rate.Every(checkEvery), burst: checkBurst},
	}
	l.goaway, l.sendAway = context.WithCancel(context.Background())
	return l
}

// ServeSocket speaks holdline.v1 with one page until either side ends it.
func (l *lobby) ServeSocket(w http.ResponseWriter, r *http.Request) {
	if !l.admit() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "the server drains", http.StatusServiceUnavailable)
		return
	}
	defer l.sockets.Done()
	protocol, refusal := chooseProtocol(r)
	if refusal != "" {
		http.Error(w, refusal, http.StatusBadRequest)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:    []string{protocol},
		OriginPatterns:  l.cfg.Origins,
		CompressionMode: websocket.CompressionDisabled, // messages are small, and a window per socket is not
	})
	if err != nil {
		l.log.Info("socket refused", "error", err)
		return // Accept has answered
	}
	ws.SetReadLimit(-1) // read applies the limit itself, to say which one
	s := &socket{ws: ws, log: l.log, id: room.Conn(l.lastConn.Add(1)), at: arrivalOf(r), deadAfter: l.cfg.Policy.DeadAfter, done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.dead = time.AfterFunc(s.deadAfter, func() { s.fallSilent(cancel) })
	defer s.dead.Stop()
	go s.watch(ctx, l.cfg.Policy.PingEvery)
	if protocol != signal.Subprotocol {
		s.close(signal.CloseVersionMismatch)
	} else {
		l.talk(ctx, s)
	}
	s.flushed()
}

// talk has the whole conversation with one page, if the server has room for it.
func (l *lobby) talk(ctx context.Context, s *socket) {
	defer l.open.Add(-1)
	if l.open.Add(1) > int64(l.cfg.MaxConnections) {
		s.close(signal.CloseBusy)
		return
	}
	// Who is in a room hears goaway before this closes the socket.
	stop := context.AfterFunc(l.goaway, func() { s.close(signal.CloseGoaway) })
	defer stop()
	if h := l.converse(ctx, s); h != nil {
		h.step(s.closed()) // at once: a page may take its time to answer the close
	}
}

// chooseProtocol picks the subprotocol to accept with: ours, or another
// version of it, whose page is then told in words that it knows.
func chooseProtocol(r *http.Request) (protocol, refusal string) {
	var asked []string
	for _, header := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(header, ",") {
			asked = append(asked, strings.TrimSpace(p))
		}
	}
	if slices.Contains(asked, signal.Subprotocol) {
		return signal.Subprotocol, ""
	}
	for _, p := range asked {
		if strings.HasPrefix(p, "holdline.") {
			return p, ""
		}
	}
	return "", "Sec-WebSocket-Protocol: want " + signal.Subprotocol + ", got " + clip(strings.Join(asked, ", "))
}

func clip(s string) string {
	const most = 80
	if s == "" {
		return "nothing"
	}
	return s[:min(len(s), most)]
}

// converse reads the socket to its end, hello or check first, and returns the
// hall that it was let into.
func (l *lobby) converse(ctx context.Context, s *socket) (h *hall) {
	limit := rate.NewLimiter(rate.Limit(l.cfg.MaxRate), l.cfg.MaxBurst)
	helloBy := time.AfterFunc(l.cfg.Policy.DeadAfter, func() { s.close(signal.CloseNoHello) })
	defer helloBy.Stop()
	for {
		data, err := s.read(ctx, l.cfg.Policy.Limits.Message)
		if err != nil {
			s.ended = err
			if errors.Is(err, signal.ErrTooLarge) {
				s.refuse(err)
				s.close(signal.CloseTooLarge)
			}
			return h
		}
		if !limit.Allow() {
			s.close(signal.CloseTooMuch)
			return h
		}
		e, err := signal.Decode(data, l.cfg.Policy.Limits)
		switch {
		case err != nil && h == nil:
			s.refuse(err)
			s.close(signal.CloseBadHello)
			return nil
		case err != nil:
			s.refuse(err)
		case h != nil:
			h.step(room.Message{Conn: s.id, Envelope: e})
		case e.Type == signal.TypeCheck:
			if helloBy.Stop() { // else the close is under way
				l.check(ctx, s, limit)
			}
			return nil
		default:
			hello, err := readHello(e, l.cfg.Policy.Limits)
			if err != nil {
				s.refuse(err)
				s.close(signal.CloseBadHello)
				return nil
			}
			if !helloBy.Stop() {
				return nil // too late: the close is under way
			}
			if h = l.enter(hello.Room, s); h == nil {
				s.close(signal.CloseBusy)
				return nil
			}
			h.step(room.Hello{Conn: s.id, Envelope: e, Hello: hello, NewID: newParticipant(), Address: s.at.remote})
		}
	}
}

func readHello(e signal.Envelope, limits signal.Limits) (signal.Hello, error) {
	if e.Type != signal.TypeHello {
		return signal.Hello{}, &signal.FieldError{Field: "type", Limit: "hello or check first", Got: string(e.Type)}
	}
	return e.ReadHello(limits)
}

// newParticipant is an id that nobody can foresee: 80 random bits.
func newParticipant() string {
	var b [10]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// ServeBye takes a beacon: 204 when it is believed or comes too late to
// matter, 403 when its key is wrong, 400 when it is not one.
func (l *lobby) ServeBye(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r, signal.MaxBeacon)
	if !ok {
		return
	}
	b, err := signal.DecodeBeacon(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !room.ValidByeKey(l.key, b) {
		l.log.Info("beacon refused: its key is not the one for this room, participant and life")
		http.Error(w, "key: not the one for this room, participant and life", http.StatusForbidden)
		return
	}
	if h := l.find(b.Room); h != nil {
		h.step(room.Beacon{Beacon: b})
	}
	w.WriteHeader(http.StatusNoContent)
}

// readBody reads a body of at most so many bytes, or refuses the request.
func readBody(w http.ResponseWriter, r *http.Request, most int64) (body []byte, ok bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		http.Error(w, fmt.Sprintf("body: want at most %d bytes: %v", most, err), http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return body, true
}

// Drain tells every page to come back later and waits for the sockets to go.
func (l *lobby) Drain(ctx context.Context) {
	l.mu.Lock()
	l.draining = true
	l.mu.Unlock()
	// They come back over as long a time as they were asked to wait, so many of
	// them are asked to wait longer.
	wait := time.Duration(l.open.Load()) * time.Second / time.Duration(l.cfg.MaxReturns)
	for _, h := range l.all() {
		h.step(room.Drain{Return: wait})
	}
	l.sendAway()
	gone := make(chan struct{})
	go func() { l.sockets.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}
