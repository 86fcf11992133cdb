package main

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/kit"
	"holdline/wasm/e2e/nets"
)

const (
	// settled is for how long a call goes on before something happens to it: 4 s,
	// in which Chromium has gathered what it falls back to.
	settled = 4 * time.Second
	// glance is between two looks at the pages' notes. The pages note the times.
	glance = 300 * time.Millisecond
	// apart is how far the page's clock and the bench's may be: 20 ms, a
	// hundredth of the shortest goal between the two.
	apart = 20.0
)

//go:embed watch.js
var watch string

// pair is one call of Ana and Ben.
type pair struct {
	*measure.Trial
	*world
	row      row
	subject  subject
	seats    seats
	ana, ben *kit.Page
	measurement
}

// seats are the two persons' profiles, used call after call: neither comes for
// the first time. Where an uplink goes and comes again each call has its own: over
// what a profile has open to a server by the other uplink, its next page may
// wait for half a minute.
type seats struct{ ana, ben *kit.Profile }

// seat has both persons visit the pages of a subject.
func (w *world) seat(t testing.TB, s subject) (at seats) {
	at = seats{w.ana.NewProfile(t), w.ben.NewProfile(t)}
	for _, profile := range []*kit.Profile{at.ana, at.ben} {
		page := profile.NewPage(t, s.address(w, "visit", "Visitor", false))
		page.Until("the page is there", s.warm)
		page.Close()
	}
	return at
}

// measure measures one call.
func (w *world) measure(r row, s subject, at seats, run int) measurement {
	p := &pair{Trial: &measure.Trial{}, world: w, row: r, subject: s, seats: at, measurement: measurement{
		Subject: s.name, Row: r.name, Run: run, Figures: map[string]measure.Figure{},
	}}
	defer p.End()
	p.Try(func() {
		if r.fresh {
			p.seats = w.seat(p.Trial, s)
		}
		r.act(p)
		for _, page := range []*kit.Page{p.ana, p.ben} {
			p.checkClock(page)
		}
	})
	p.Failure = p.Broken()
	return p.measurement
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1000 }

// visit opens a page that notes what comes.
func (p *pair) visit(profile *kit.Profile, url string) *kit.Page {
	page := profile.NewPage(p.Trial, "about:blank")
	nets.ObserveConnections(page)
	page.BeforeDocuments(watch)
	page.Open(url)
	return page
}

// checkClock compares a page's clock with the bench's: the quickest of some
// answers was given closest to its middle.
func (p *pair) checkClock(page *kit.Page) {
	offset, quickest := 0.0, math.Inf(1)
	for range 20 {
		var there float64
		asked := now()
		page.Eval(`window.bench.now()`, &there)
		if took := now() - asked; took < quickest {
			offset, quickest = there-(asked+took/2), took
		}
	}
	p.Offset = max(p.Offset, math.Abs(offset))
	if p.Offset > apart {
		p.Fatalf("a page's clock is %.1f ms from the bench's, want %.0f at most", offset, apart)
	}
}

func (p *pair) address(name string, now bool) string {
	return p.subject.address(p.world, fmt.Sprintf("r%d", p.rooms), name, now)
}

// wait opens Ana's page, who waits in a new room.
func (p *pair) wait() {
	p.rooms++
	p.ana = p.visit(p.seats.ana, p.address("Ana", true))
	p.ana.Until("Ana is in the room", p.subject.there)
}

// call is a call that is well, and goes the row's way.
func (p *pair) call() {
	p.wait()
	p.ben = p.visit(p.seats.ben, p.address("Ben", true))
	p.await("a picture on both pages", kitPatience, func(n notes) bool { return len(n.Frames) > 0 })
	time.Sleep(settled)
	from := now() - steady
	p.await("a call that is steady", kitPatience, func(n notes) bool {
		_, data := again(n.Messages, from, n.Now)
		_, picture := again(n.Frames, from, n.Now)
		return data && picture
	})
	if p.Route = p.way(); p.row.route != "" && p.Route != p.row.route {
		p.Fatalf("the call is %s, want %s", p.Route, p.row.route)
	}
}

// kitPatience is how long what is no figure may take on a loaded machine.
const kitPatience = time.Minute

// way words which way the call goes; "" is none.
func (p *pair) way() string {
	const connected = `__connections.filter((c) => c.connectionState === 'connected').at(-1)`
	var ends [2]nets.Path
	for i, page := range []*kit.Page{p.ana, p.ben} {
		if page.Text(connected) == "undefined" {
			return ""
		}
		var ok bool
		if ends[i], ok = nets.PathOf(page, connected); !ok {
			return ""
		}
	}
	return route(ends[0], ends[1])
}

// notes are what watch.js has noted. Times are in milliseconds since 1970.
type notes struct {
	Opened   float64   `json:"opened"`
	Joined   float64   `json:"joined"` // 0 is not yet
	Now      float64   `json:"now"`
	Messages []float64 `json:"messages"`
	Frames   []float64 `json:"frames"`
	States   []struct {
		At    float64 `json:"at"`
		State string  `json:"state"`
	} `json:"states"`
	Shown []struct {
		At        float64 `json:"at"`
		State     string  `json:"state"`
		Cause     string  `json:"cause"`
		Signaling string  `json:"signaling"`
	} `json:"shown"`
}

// read is what a page has noted; of messages and frames only what came since
// shortly before a moment.
func read(page *kit.Page, since float64) (n notes) {
	page.Eval(fmt.Sprintf(`window.bench.read(%f)`, since-steady), &n)
	return n
}

// both looks at both pages until their notes say enough, or time is up.
func (p *pair) both(since float64, within time.Duration, enough func(notes) bool) (ana, ben notes, ok bool) {
	for deadline := since + float64(within.Milliseconds()); ; time.Sleep(glance) {
		ana, ben = read(p.ana, since), read(p.ben, since)
		if enough(ana) && enough(ben) {
			return ana, ben, true
		}
		if now() > deadline {
			return ana, ben, false
		}
	}
}

// await waits for what is no figure.
func (p *pair) await(what string, within time.Duration, enough func(notes) bool) {
	if _, _, ok := p.both(now(), within, enough); !ok {
		p.Fatalf("waiting for %s: Ana: %s\nBen: %s", what, p.ana.Description(), p.ben.Description())
	}
}

// keep keeps the figure of the page that has the larger one.
func (p *pair) keep(key string, f measure.Figure) { p.Figures[key] = max(p.Figures[key], f) }

// later keeps how long it took since a moment on the page that took longer.
func (p *pair) later(key string, since float64, moments ...float64) {
	for _, at := range moments {
		p.keep(key, measure.After(at, since, p.row.waits()))
	}
}

// says words what both pages say.
func says(ana, ben string) string {
	if ana == ben {
		return ana
	}
	return strings.Join([]string{ana, ben}, " and ")
}
