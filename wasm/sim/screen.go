package sim

import (
	"fmt"
	"time"

	"holdline/wasm/session"
)

// openScreen is getDisplayMedia: the person picks, or closes the picker.
func (p *page) openScreen() {
	w, m, asked := p.world, p.machine(), p.closings
	w.after(w.noise.between(300*time.Millisecond, 4*second), func() {
		switch {
		case p.gone:
		case m.screen != "":
			p.put(session.DeviceFailed{Device: session.Screen, Name: m.screen})
		case p.closings == asked:
			p.capture(true)
			p.put(session.DeviceOpened{Device: session.Screen})
		}
	})
}

// capture begins and stops; every connection gets to know.
func (p *page) capture(on bool) {
	p.sharing = on
	for _, c := range p.links {
		p.world.after(time.Millisecond, c.negotiationNeeded)
	}
}

// shares says whether the connection's own transceiver for a screen sends: the
// adapter adds it once the ones of microphone and camera are there.
func (c *connection) shares() bool { return c.page.sharing && (c.offers || c.remote != nil) }

// share is a person who shares the screen, and stops by the page's button, by
// the browser's bar, or not at all.
func share(w *World, f Fault) {
	p := w.machines[f.Who].running()
	if p == nil {
		return
	}
	p.put(session.DeviceSwitched{Device: session.Screen, On: true})
	if f.N%4 > 1 {
		return
	}
	w.undo(f, func() {
		switch {
		case p.gone:
		case f.N%4 == 0:
			p.put(session.DeviceSwitched{Device: session.Screen, On: false})
		case p.sharing:
			p.capture(false)
			p.put(session.DeviceEnded{Device: session.Screen})
		}
	})
}

// screens says whose screen p does not show as it is: by what it was told, or
// by the track that came; "" when all is right.
func (w *World) screens(p *page, all []*page) string {
	own := p.view.Screen.State
	if (own == session.DeviceOn) != p.sharing {
		return fmt.Sprintf("%s captures a screen: %v, and says %s", p, p.sharing, own)
	}
	for _, q := range all {
		if q == p {
			continue
		}
		if told, got := p.screenOf(q); told != q.sharing || got != q.sharing {
			return fmt.Sprintf("%s shares a screen: %v; %s was told %v, has the track %v", q, q.sharing, p, told, got)
		}
	}
	return ""
}

// screenOf is what p was told of q's screen, and whether its connection to q
// has the track.
func (p *page) screenOf(q *page) (told, got bool) {
	for i := range p.view.Peers {
		s := &p.view.Peers[i]
		if s.Participant != q.view.Participant {
			continue
		}
		told = s.Screen
		for _, c := range p.links {
			if c.link.Peer == s.Participant && c.link.Generation == s.Generation {
				got = c.got
			}
		}
	}
	return told, got
}
