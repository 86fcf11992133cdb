package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/time/rate"

	"holdline/server/signal"
)

// A page checks once when it is opened, and again when its person asks.
const (
	checkEvery = 2 * time.Second // from one address
	checkBurst = 10
)

// check serves a page that only checks its network: ice, then beats, for a
// bounded time. It is in no room.
func (l *lobby) check(ctx context.Context, s *socket, limit *rate.Limiter) {
	if !l.checkers.allow(s.at.from, time.Now()) {
		s.close(signal.CloseBusy)
		return
	}
	somebody := newParticipant()
	defer l.ice.endCheck(somebody)
	s.send(signal.Envelope{Type: signal.TypeICE, Payload: signal.Raw(l.ice.issueCheck(s.at, somebody))})
	over := time.AfterFunc(l.cfg.Relay.CheckFor, func() { s.close(signal.CloseBye) })
	defer over.Stop()
	for {
		data, err := s.read(ctx, l.cfg.Policy.Limits.Message)
		switch {
		case err != nil:
			s.ended = err
			if errors.Is(err, signal.ErrTooLarge) {
				s.refuse(err)
				s.close(signal.CloseTooLarge)
			}
			return
		case !limit.Allow():
			s.close(signal.CloseTooMuch)
			return
		}
		e, err := signal.Decode(data, l.cfg.Policy.Limits)
		switch {
		case err != nil:
			s.refuse(err)
		case e.Type == signal.TypeBeat:
			s.send(signal.Envelope{Type: signal.TypeBeatBack})
		default:
			s.refuse(&signal.FieldError{Field: "type", Limit: "only beats after check", Got: string(e.Type)})
		}
	}
}
