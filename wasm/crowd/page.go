package crowd

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"holdline/server/signal"
	"holdline/wasm/driver"
	"holdline/wasm/session"
)

// page is one page load: the product's own session and driver, on adapters
// that stand for the browser. It is the driver's world.
type page struct {
	person  *Person
	session *session.Session
	driver  *driver.Driver
	origin  time.Time
	timer   *time.Timer
	wake    func()
	stop    context.CancelFunc
	gone    atomic.Bool
	seen    map[string]session.PeerState // the last state of each peer; the driver's goroutine's

	mu       sync.Mutex
	socket   *socket
	links    map[session.Link]*connection
	goodbyes session.Goodbyes
	shown    session.Snapshot
}

// visit loads the page, with the record that the last one left.
func (c *Crowd) visit(p *Person, record *session.Record, navigation string) *page {
	ctx, stop := context.WithCancel(context.Background())
	g := &page{person: p, session: session.New(session.DefaultPolicy()), origin: time.Now(), stop: stop, links: map[session.Link]*connection{}, seen: map[string]session.PeerState{}}
	g.timer = time.AfterFunc(time.Hour, func() { g.wake() })
	g.timer.Stop()
	g.driver = driver.New(g.session, nil, g)
	g.driver.Put(session.Started{Config: session.Config{
		Room: p.room, Name: p.name, JoinNow: true, Microphone: true, Camera: true, Origin: float64(g.origin.UnixMilli()),
		Seed: p.seeds.Uint64(), Record: record, Locked: record != nil, Navigation: navigation,
		Hidden: p.hidden,
	}})
	c.running.Go(func() { g.driver.Run(ctx) })
	return g
}

// put is a callback that has a fact for the driver.
func (g *page) put(ev session.Event) {
	if !g.gone.Load() {
		g.driver.Put(ev)
	}
}

// Now reads both clocks.
func (g *page) Now() session.Time {
	now := time.Now()
	return session.Time{Mono: time.Millisecond + now.Sub(g.origin), Wall: now.UnixMilli()}
}

// WakeAfter sets the one timer.
func (g *page) WakeAfter(d time.Duration, wake func()) {
	g.timer.Stop()
	if d >= 0 {
		if g.wake == nil {
			g.wake = wake // the driver has only the one
		}
		g.timer.Reset(d + time.Millisecond)
	}
}

// Show keeps what a person would see.
func (g *page) Show(s session.Snapshot) {
	g.mu.Lock()
	g.shown = s
	g.mu.Unlock()
	g.person.saw(g, s)
}

func (g *page) snapshot() session.Snapshot {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.shown
}

func (g *page) link(l session.Link) *connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.links[l]
}

// Perform hands each order to the adapter that carries it out.
func (g *page) Perform(a session.Action) {
	f := &g.person.crowd.fabric
	with := func(l session.Link, do func(c *connection)) {
		if c := g.link(l); c != nil {
			do(c)
		}
	}
	switch a := a.(type) {
	case session.OpenSignaling:
		s := g.dial(a.Attempt)
		g.mu.Lock()
		g.socket = s
		g.mu.Unlock()
	case session.SendSignaling:
		g.send(a.Envelope)
	case session.CloseSignaling:
		if s := g.lastSocket(); s != nil {
			s.close(1000)
		}
	case session.CreatePeerConnection:
		c := f.connect(g, a.Link)
		g.person.crowd.Figures.Links.Add(1)
		g.mu.Lock()
		g.links[a.Link] = c
		g.mu.Unlock()
	case session.SetLocalDescription:
		with(a.Link, func(c *connection) { f.setLocal(c, a) })
	case session.SetRemoteDescription:
		with(a.Link, func(c *connection) { f.setRemote(c, a) })
	case session.AddCandidate:
		with(a.Link, func(c *connection) { f.addCandidate(c, a.Candidate) })
	case session.SampleStats:
		with(a.Link, func(c *connection) { c.sample(a.Attempt) })
	case session.SendControl:
		with(a.Link, func(c *connection) { c.sendControl(a.Envelope) })
	case session.SendChat:
		with(a.Link, func(c *connection) { c.sendChat(a.Envelope) })
	case session.ClosePeerConnection:
		with(a.Link, f.close)
		g.mu.Lock()
		delete(g.links, a.Link)
		g.mu.Unlock()
	case session.OpenDevices:
		if a.Microphone {
			g.put(session.DeviceOpened{Device: session.Microphone})
		}
		if a.Camera {
			g.put(session.DeviceOpened{Device: session.Camera})
		}
	case session.PrepareGoodbye:
		g.mu.Lock()
		g.goodbyes = a.Goodbyes
		g.mu.Unlock()
	case session.SaveRecord:
		g.person.keep(&a.Record)
	case session.ClearRecord:
		g.person.keep(nil)
	case session.SwitchDevice, session.CloseDevices, session.ClaimIdentity:
	}
}

func (g *page) lastSocket() *socket {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.socket
}

func (g *page) send(e signal.Envelope) {
	data, err := e.Encode()
	if err != nil {
		panic("load: send: " + err.Error()) // payloads are made by signal.Raw
	}
	if s := g.lastSocket(); s != nil {
		s.send(data)
	}
}

// hide is what a page does when it goes, as static/goodbye.js has it: leaving
// and bye on the socket and every control channel, then a beacon.
func (g *page) hide(intent signal.Intent) {
	g.mu.Lock()
	ready, links := g.goodbyes, make([]*connection, 0, len(g.links))
	for _, l := range g.goodbyes.Links {
		if c := g.links[l]; c != nil {
			links = append(links, c)
		}
	}
	g.mu.Unlock()
	if ready.Armed {
		say := func(t signal.Type, count int) {
			e := signal.Envelope{Type: t, Life: ready.Life, Payload: signal.Raw(signal.Goodbye{Count: count, Intent: intent})}
			g.send(e)
			for _, c := range links {
				c.sendControl(e)
			}
		}
		say(signal.TypeLeaving, ready.Count+1)
		say(signal.TypeBye, ready.Count+2)
		if ready.Key != "" {
			g.person.crowd.beacon(signal.Beacon{Room: ready.Room, Participant: ready.Participant, Life: ready.Life, Key: ready.Key,
				Goodbye: signal.Goodbye{Count: ready.Count + 2, Intent: intent}})
		}
	}
	g.unload()
}

// unload is the end of the page.
func (g *page) unload() {
	g.gone.Store(true)
	g.stop()
	g.mu.Lock()
	s, links := g.socket, g.links
	g.links = map[session.Link]*connection{}
	g.mu.Unlock()
	if s != nil {
		s.close(1001)
	}
	for _, c := range links {
		g.person.crowd.fabric.close(c)
	}
}

// beacon is navigator.sendBeacon.
func (c *Crowd) beacon(b signal.Beacon) {
	c.running.Go(func() {
		response, err := c.client.Post(c.url+"/bye", "text/plain;charset=UTF-8", bytes.NewReader(signal.Raw(b)))
		if err != nil {
			c.note("beacon: no answer (the server is away)")
			return
		}
		response.Body.Close()
		if response.StatusCode != http.StatusNoContent {
			c.note("beacon: " + response.Status)
		}
	})
}
