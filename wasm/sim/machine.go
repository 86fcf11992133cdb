package sim

import (
	"time"

	"holdline/wasm/session"
)

// browser is a make of browser: their timings differ.
type browser int

const (
	chromium browser = iota
	firefox
)

func (b browser) String() string {
	if b == firefox {
		return "Firefox"
	}
	return "Chromium"
}

// machine is one person's computer with one browser and one way to the net.
type machine struct {
	world   *World
	index   int
	name    string // the person's
	browser browser
	locks   bool // the browser has Web Locks
	tabs    []*tab
	stopped []session.Record // localStorage: whose page is in the call, or stopped without a goodbye
	held    []lock
	waiting []lock

	uplink   outages // nothing goes in or out
	server   outages // the way to the server only
	asleep   bool
	off      bool
	address  int           // changes when the machine moves to another network
	slept    time.Duration // what performance.now has not counted
	skew     time.Duration // the wall clock's error
	stalled  []*pipe       // hold what cannot be delivered now
	mic, cam string        // the getUserMedia error of a device; "" works
	screen   string        // the getDisplayMedia error; "" works
	phone    bool          // it has no getDisplayMedia
	refuses  bool          // new RTCPeerConnection throws
	unfit    bool          // no remote description is taken
	insecure bool          // DTLS fails
	sentAway bool          // the server has closed its socket for good
	had      uint64        // the kinds of faults that it had, as bits
	lobby    bool          // its pages wait in the lobby
	odd      bool          // one of these was ever true
}

// outages counts reasons for something not to work, so that they can overlap.
type outages int

// reaches says whether packets of this machine get to the server's machine and back.
func (m *machine) reaches() bool {
	return m.uplink == 0 && m.server == 0 && !m.asleep && !m.off
}

// sends says whether packets leave and enter this machine at all.
func (m *machine) sends() bool { return m.uplink == 0 && !m.asleep && !m.off }

// reroute looks at everything again after the network has changed.
func (w *World) reroute() {
	for _, m := range w.machines {
		if m.reaches() && len(m.stalled) > 0 {
			stalled := m.stalled
			m.stalled = nil
			for _, p := range stalled {
				p.resume()
			}
		}
	}
	for _, c := range w.connections {
		c.look()
	}
}

// road is one direction between two machines, for packets between browsers.
type road struct {
	blocked outages
	direct  outages // only the relay gets through
	loss    float64
	slow    time.Duration
}

func (w *World) road(from, to *machine) *road { return &w.roads[from.index*len(w.machines)+to.index] }

// lock is a Web Lock: who holds the identity, or waits for it.
type lock struct {
	name string
	page *page
	done func(granted bool)
}

// claim asks for the Web Lock of an identity, with patience of a second.
func (m *machine) claim(p *page, id string, done func(granted bool)) {
	for _, l := range m.held {
		if l.name != id {
			continue
		}
		if l.page == p {
			done(true)
			return
		}
		m.waiting = append(m.waiting, lock{id, p, done})
		m.world.after(time.Second, func() {
			for i, l := range m.waiting {
				if l.page == p && l.name == id {
					m.waiting = append(m.waiting[:i:i], m.waiting[i+1:]...)
					l.done(false)
					return
				}
			}
		})
		return
	}
	m.held = append(m.held, lock{id, p, nil})
	done(true)
}

// forget takes a record out of localStorage.
func (m *machine) forget(participant string) {
	kept := m.stopped[:0]
	for _, r := range m.stopped {
		if r.Participant != participant {
			kept = append(kept, r)
		}
	}
	m.stopped = kept
}

// left is what a page finds of others in localStorage.
func (m *machine) left() (all []session.Stopped) {
	for _, r := range m.stopped {
		s := session.Stopped{Record: r}
		for _, l := range m.held {
			s.Alive = s.Alive || l.name == r.Participant
		}
		all = append(all, s)
	}
	return all
}

// release lets go of all that the page holds or waits for.
func (m *machine) release(p *page) {
	held := m.held[:0:0]
	for _, l := range m.held {
		if l.page != p {
			held = append(held, l)
		}
	}
	waiting := m.waiting[:0:0]
	for _, l := range m.waiting {
		if l.page != p {
			waiting = append(waiting, l)
		}
	}
	m.held, m.waiting = held, nil
	for _, l := range waiting { // the first in line for what is free now
		free := true
		for _, h := range m.held {
			free = free && h.name != l.name
		}
		if !free {
			m.waiting = append(m.waiting, l)
			continue
		}
		m.held = append(m.held, lock{l.name, l.page, nil})
		m.world.after(0, func() { l.done(true) })
	}
}
