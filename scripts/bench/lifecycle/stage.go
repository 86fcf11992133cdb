package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

// seat are the browsers of two persons, used call after call: neither comes
// for the first time.
type seat struct {
	ana, ben *kit.Profile
	notebook *kit.Notebook // of Ben's browser
}

// stage is one subject in one engine.
type stage struct {
	*measure.Trial // of what lives as long as the stage
	engine         kit.Engine
	subject        subject
	service        *service
	seats          []*seat
	rooms          atomic.Int64
}

// open starts the subject's servers and so many pairs' profiles. Ana's and
// Ben's browsers are two processes.
func (s *stage) open(anas, bens *kit.Browser, pairs int) {
	s.service = s.subject.serve(s.Trial)
	for range pairs {
		seat := &seat{ana: anas.NewProfile(s), ben: bens.NewProfile(s)}
		seat.notebook = seat.ben.NewNotebook(s, s.service.pages+"/healthz")
		s.seats = append(s.seats, seat)
	}
}

// plan is how often rows are measured.
type plan struct {
	runs   int      // of ours
	others int      // of the others, who wait for seconds
	only   []string // the names of rows; none is all
}

// of says how many runs of a row there are, and how many pairs at a time.
func (p plan) of(s subject, engine kit.Engine, r row) (runs, together int) {
	ours, others := p.runs, min(p.runs, p.others)
	if r.most > 0 {
		ours, others = min(ours, r.most), min(others, r.most)
	}
	switch {
	case s.ours:
		return ours, 1
	case slices.Contains(r.quick, engine):
		return others, 1
	default:
		return others, others
	}
}

// play measures a subject in an engine, row by row, until it is interrupted.
func (s *stage) play(ctx context.Context, p plan, anas, bens *kit.Browser, progress io.Writer, keep func(measurement) error) error {
	defer s.End()
	pairs := p.others
	if s.subject.ours {
		pairs = 1
	}
	if !s.Try(func() { s.open(anas, bens, pairs) }) {
		return fmt.Errorf("%s in %s: %s", s.subject.name, s.engine, s.Broken())
	}
	for _, r := range rows() {
		if len(p.only) > 0 && !slices.Contains(p.only, r.name) {
			continue
		}
		if why := r.action.Cannot(s.engine); why != "" {
			if err := keep(measurement{Engine: s.engine, Subject: s.subject.name, Row: r.name, Cannot: why}); err != nil {
				return err
			}
			continue
		}
		runs, together := p.of(s.subject, s.engine, r)
		for run := 1; run <= runs; run += together {
			all := s.measure(r, run, together)
			if err := ctx.Err(); err != nil {
				return err
			}
			for _, m := range all {
				fmt.Fprintln(progress, m)
				if err := keep(m); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
