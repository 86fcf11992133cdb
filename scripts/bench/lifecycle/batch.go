package main

import (
	_ "embed"
	"fmt"
	"sync"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
)

const (
	// patience is how long the other side may take to know, and a call to come
	// back: 40 s. Chromium gives a connection up 15 to 18 s after the last
	// packet, Firefox after 26 to 30 s.
	patience = 40 * time.Second
	// aftermath is for how long the pictures' gaps are watched once it is back.
	aftermath = time.Second
	// glance is between two looks at a page's notes. The page notes the times.
	glance = 100 * time.Millisecond
)

//go:embed watch.js
var watch string

// notes are what watch.js has noted. Times are in milliseconds since 1970, 0
// is not yet.
type notes struct {
	Known    float64 `json:"known"`
	Sign     string  `json:"sign"`
	Attached float64 `json:"attached"`
	Moves    float64 `json:"moves"`
	Gap      float64 `json:"gap"`
}

// pair is a call of which Ben acts and Ana observes.
type pair struct {
	*measure.Trial
	seat     *seat
	ana, ben *kit.Page
	began    float64 // when Ben's side was acted on
	since    float64 // when it was taken back; 0 is never
	measurement
}

// batch are the pairs that wait at the same time.
type batch struct {
	*stage
	row   row
	pairs []*pair
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1000 }

// each does a step with all pairs that have not failed, at the same time.
func (b *batch) each(step func(p *pair)) {
	var all sync.WaitGroup
	for _, p := range b.pairs {
		all.Go(func() { p.Try(func() { step(p) }) })
	}
	all.Wait()
}

// measure does a row with so many pairs. run is the number of the first.
func (s *stage) measure(r row, run, together int) []measurement {
	b := &batch{stage: s, row: r}
	for i := range together {
		b.pairs = append(b.pairs, &pair{Trial: &measure.Trial{}, seat: s.seats[i], measurement: measurement{
			Engine: s.engine, Subject: s.subject.name, Row: r.name, Run: run + i, Together: together,
		}})
	}
	outer := &measure.Trial{} // of what the pairs share
	defer outer.End()
	defer func() {
		var all sync.WaitGroup
		for _, p := range b.pairs {
			all.Go(p.End)
		}
		all.Wait()
	}()
	bens := make([]*kit.Profile, together)
	for i, p := range b.pairs {
		bens[i] = p.seat.ben
	}
	if r.aloneInBrowser(s.engine) {
		outer.Try(func() {
			browser := kit.StartFor(outer, s.engine)
			for i := range bens {
				bens[i] = browser.NewProfile(outer)
			}
		})
	}
	if why := outer.Broken(); why != "" {
		for _, p := range b.pairs {
			p.Try(func() { p.Fatalf("Ben's browser: %s", why) })
		}
	}
	signaling := s.service.signaling.URL
	toBen := signaling
	if r.name == rowCut {
		toBen = s.service.proxy.URL
	}
	for i, p := range b.pairs { // one after the other: starting is what costs most
		p.Try(func() { p.call(b, bens[i], signaling, toBen) })
	}
	b.each(func(p *pair) {
		signalingOnly := r.back == attached
		p.ana.Eval(fmt.Sprintf("(%s)('Ben', %t)", watch, signalingOnly), nil)
		if signalingOnly {
			p.ben.Eval(fmt.Sprintf("(%s)('Ana', %t)", watch, signalingOnly), nil)
		}
	})
	if r.act != nil {
		r.act(b)
	} else {
		b.perform()
	}
	b.each(func(p *pair) { p.conclude(r) })
	var done []measurement
	for _, p := range b.pairs {
		p.Failure = p.Broken()
		done = append(done, p.measurement)
	}
	return done
}

// call opens both pages in a room of their own and waits until they see each
// other move.
func (p *pair) call(b *batch, ben *kit.Profile, toAna, toBen string) {
	room := fmt.Sprintf("r%d", b.rooms.Add(1))
	address := b.service.address
	p.ana = p.seat.ana.NewPage(p, "about:blank")
	p.ana.Open(address(toAna, room, "Ana"))
	p.ana.Until("Ana is in the room", `document.documentElement.dataset.signaling === 'open'`)
	p.ben = ben.NewPage(p, "about:blank")
	if b.row.noted {
		p.seat.notebook.Watch(p.ben)
	}
	p.ben.Open(address(toBen, room, "Ben"))
	for _, side := range []struct {
		page  *kit.Page
		other string
	}{{p.ana, "Ben"}, {p.ben, "Ana"}} {
		tile := fmt.Sprintf(`document.querySelector('[data-peer][data-name=%q][data-state=connected][data-cause=""] video')`, side.other)
		side.page.Until("the picture of "+side.other+" moves", kit.Frames+`(`+tile+`) > 10`)
	}
	if b.row.noted {
		p.seat.notebook.Clear()
	}
}

// perform does the row's action to all pairs.
func (b *batch) perform() {
	action := b.row.action
	if action.NeedsAddress {
		action = action.To(b.service.pages + "/")
	}
	if b.row.aloneInBrowser(b.engine) {
		for i, p := range b.pairs {
			if p.Broken() != "" {
				continue
			}
			p.Try(func() { p.began = p.ben.Do(action) })
			for _, other := range b.pairs[i+1:] { // it has reached them all
				other.began = p.began
			}
			return
		}
	}
	b.each(func(p *pair) {
		p.began = p.ben.Do(action)
		if b.row.noted {
			p.began = p.seat.notebook.Acted()
		}
		if action.Name == kit.Freeze.Name {
			p.waits(p.ana, p.began, func(n notes) bool { return n.Known > 0 })
			p.takenBack(p.ben.Do(kit.Thaw))
		}
	})
}

func (b *batch) leave() {
	b.each(func(p *pair) {
		p.ben.Press("Leave")
		p.began = p.seat.notebook.Acted()
	})
}

// cut takes Ben's way to the signaling away for a while.
func (b *batch) cut() {
	b.breakSignaling(b.service.proxy.Cut, b.service.proxy.Mend)
}

// restart kills the server, and starts it again after a while.
func (b *batch) restart() {
	b.breakSignaling(b.service.signaling.Kill, b.service.signaling.Restart)
}

func (b *batch) breakSignaling(take, giveBack func()) {
	at := now()
	take()
	for _, p := range b.pairs {
		p.began = at
	}
	time.Sleep(b.row.away)
	// The stage owns the servers: one that does not come back ends it.
	b.Try(giveBack)
	back := now()
	b.each(func(p *pair) {
		if why := b.Broken(); why != "" {
			p.Fatalf("the signaling did not come back: %s", why)
		}
		p.takenBack(back)
		if p.Together > 1 {
			return // the pictures of many pairs wait for each other, too
		}
		// Over as long a time for each, however late it comes back.
		time.Sleep(time.Duration(back-now())*time.Millisecond + aftermath)
		var n notes
		p.ana.Eval(`window.bench.read()`, &n)
		gap := measure.Figure(n.Gap)
		p.Gap = &gap
	})
}

// takenBack has both pages note from a moment on when all is well again.
func (p *pair) takenBack(at float64) {
	p.since = at
	for _, page := range []*kit.Page{p.ana, p.ben} {
		page.Eval(fmt.Sprintf(`window.bench && (window.bench.since = %f)`, at), nil)
	}
}

// waits looks at a page's notes until they say enough, or patience has passed
// since a moment.
func (p *pair) waits(page *kit.Page, since float64, enough func(notes) bool) (n notes) {
	deadline := since + float64(patience.Milliseconds())
	for {
		page.Eval(`window.bench.read()`, &n)
		if enough(n) || now() > deadline {
			return n
		}
		time.Sleep(glance)
	}
}

// conclude waits for what is still to come, and takes the figures.
func (p *pair) conclude(r row) {
	known := func(n notes) bool { return n.Known > 0 }
	n := notes{}
	switch r.back {
	case noRecovery:
		n = p.waits(p.ana, p.began, known)
	case pictureMoves:
		n = p.waits(p.ana, max(p.began, p.since), func(n notes) bool { return n.Moves > 0 })
		p.Back = after(n.Moves, max(p.since, p.began))
	case attached:
		is := func(n notes) bool { return n.Attached > 0 }
		a, b := p.waits(p.ana, p.since, is), p.waits(p.ben, p.since, is)
		p.Back = after(max(a.Attached, b.Attached), p.since)
		if a.Attached == 0 || b.Attached == 0 {
			p.Back = after(0, p.since)
		}
		n = p.waits(p.ana, p.began, known)
	}
	p.Known, p.Sign = after(n.Known, p.began), n.Sign
}
