package sim

import (
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

// going is how a page goes.
type going struct {
	deed   deed
	intent signal.Intent // what pageswap says; "" where it says nothing, on a close
	hint   signal.Intent // what the Navigation API said
	target string
	ask    time.Duration // how long the question "Leave?" stands
	answer time.Duration // how long the response takes
	back   time.Duration // after which the back button finds it in the bfcache, if it is there
}

// maybe is beforeunload: the stub says leaving. Firefox closes the socket
// right here, except on a close.
func (p *page) maybe(g going) {
	if !p.runs() || p.leaving {
		return
	}
	intent := g.hint
	if intent == "" {
		intent = signal.IntentUnknown
	}
	if p.listens {
		p.parting = p.stub
		p.say(signal.TypeLeaving, signal.Goodbye{Count: p.goodbyes.Count + 1, Intent: intent, Target: g.target})
		p.put(session.BeforeUnload{Intent: intent, Target: g.target})
	}
	if p.machine().browser == firefox && g.deed != deedClosed && p.socket != nil && p.socket.state != socketClosed {
		s := p.socket
		p.world.after(p.world.noise.between(0, 10*time.Millisecond), func() {
			s.toServer.send(func() { s.cease(room.Closed{Conn: s.id, Code: 1001}) })
			s.lost(1001, "")
		})
	}
}

// leave takes a page through its end, as far as it gets.
func (t *tab) leave(g going, then func()) {
	p := t.page
	if p == nil || p.gone || p.leaving {
		return
	}
	w := p.world
	reset := t.reset
	if g.deed != deedClosed {
		g.answer = max(g.answer, 20*time.Millisecond)
	}
	if p.parting != nil || p.goings > 0 {
		w.oracle.tellsNothing(p) // the socket that is closed now may be looked at for the going before
	}
	p.goings++
	p.maybe(g)
	if g.ask > 0 && p.listens && p.goodbyes.Ask {
		p.dialogs++
		w.after(g.ask, func() {
			p.dialogs--
			p.wakeUp()
		})
	} else {
		g.ask = 0
	}
	var commit func()
	commit = func() {
		switch {
		case t.page != p || p.gone || p.leaving || t.reset != reset:
		case p.frozen:
			p.crash(deedDiscarded) // nothing runs in it any more
			if then != nil {
				then()
			}
		case !p.runs():
			w.after(200*time.Millisecond, commit) // the browser waits, and so does the person
		default:
			p.hide(g)
			if g.back > 0 && p.goodbyes.Armed && p.store(g) {
				return
			}
			p.unload(g, then)
			w.changed()
		}
	}
	w.after(g.ask+g.answer, commit)
}

// hide is pagehide: the stub says bye, then Go hears of it, if it still runs.
func (p *page) hide(g going) {
	w, m := p.world, p.machine()
	p.leaving = true
	w.oracle.did(p, g.deed)
	if !p.goodbyes.Armed {
		return
	}
	if m.browser == firefox && g.deed == deedNavigated && g.target == "" && w.noise.chance(0.1) {
		m.release(p)
		w.oracle.stopped(p)
		return // it has stopped the scripts before they could say it
	}
	socket := p.parting
	if socket == nil { // it could not be told from a closed tab before it was welcome
		socket = p.stub
		w.oracle.tellsNothing(p)
	}
	intent := g.intent
	switch {
	case m.browser == chromium && intent == "":
		intent = signal.IntentClose
	case m.browser == chromium:
	case socket == nil || socket.state == socketOpen:
		intent = signal.IntentClose
	case g.hint != "":
		intent = g.hint
	default:
		intent = signal.IntentUnload
	}
	bye := signal.Goodbye{Count: p.goodbyes.Count + 2, Intent: intent, Target: g.target}
	idle := true
	for _, c := range p.channels {
		idle = idle && c.control.owed == 0
	}
	p.say(signal.TypeBye, bye)
	w.oracle.saidBye(p)
	if p.goodbyes.Key != "" {
		p.beacon(bye)
	}
	if idle {
		for _, l := range p.goodbyes.Links {
			p.with(l, (*connection).close)
		}
	}
	m.release(p)
	m.forget(p.goodbyes.Participant)
	p.tab.mark = m.browser == chromium || g.deed != deedClosed // Firefox loses it when a tab is closed and restored
	if m.browser == chromium || w.noise.chance(0.6) {          // Firefox cancels Go code here
		p.put(session.PageHide{Intent: intent, Target: g.target, Persisted: g.back > 0})
	}
}

// store puts the page into the bfcache: Chromium keeps it where the stub has
// closed socket and connections.
func (p *page) store(g going) bool {
	w := p.world
	if p.machine().browser != chromium || len(p.links) > 0 {
		return false
	}
	if p.stub != nil {
		p.stub.close(1000)
	}
	p.cached = true
	w.after(g.back, func() {
		if p.gone {
			return
		}
		p.cached, p.leaving, p.parting = false, false, nil
		p.tab.mark = false
		w.tell(p.String() + " is back from the bfcache")
		p.put(session.PageShow{Persisted: true})
		p.wakeUp()
		w.changed()
	})
	return true
}

// say is the stub's send: on the socket and on every control channel.
func (p *page) say(t signal.Type, g signal.Goodbye) {
	e := signal.Envelope{Type: t, Life: p.goodbyes.Life, Payload: signal.Raw(g)}
	if p.stub != nil {
		p.stub.send(e)
	}
	for _, c := range p.channels {
		if !c.closed {
			c.control.send(e)
		}
	}
}

// beacon goes its own way, which may be longer than that of the next page.
func (p *page) beacon(g signal.Goodbye) {
	w, m, b := p.world, p.machine(), signal.Beacon{
		Room: p.goodbyes.Room, Participant: p.goodbyes.Participant, Life: p.goodbyes.Life, Key: p.goodbyes.Key, Goodbye: g,
	}
	wait := w.latency() * 2
	if w.noise.chance(0.1) {
		wait = w.noise.between(0, 8*time.Second)
	}
	if w.noise.chance(0.05) {
		return // lost
	}
	w.after(wait, func() {
		if m.reaches() {
			w.server.bye(b)
		}
	})
}

// sendGone is Chromium, which sends what the page has left for its end
// (fetchLater) when its process dies or the tab is discarded. A page that said
// goodbye has taken it back.
func (p *page) sendGone() {
	w, m, g := p.world, p.machine(), p.goodbyes
	if p.leaving || !g.Armed || g.Key == "" || w.noise.chance(0.05) {
		return
	}
	w.oracle.leftWord(p)
	w.after(w.noise.between(15*time.Millisecond, 80*time.Millisecond)+2*w.latency(), func() {
		if m.reaches() {
			w.server.gone(signal.Gone{Room: g.Room, Participant: g.Participant, Life: g.Life, Key: g.Key})
		}
	})
}

// sendReport is the browser's crash report, which may come late or never.
func (p *page) sendReport() {
	w, m := p.world, p.machine()
	if w.noise.chance(0.5) {
		return
	}
	w.after(pick(&w.noise, w.noise.between(5*time.Millisecond, 100*time.Millisecond), w.noise.between(0, 90*time.Second)), func() {
		if m.reaches() {
			w.server.crashed(room.Crashed{Page: p.served, Reason: pick(&w.noise, signal.CrashUnknown, signal.CrashOutOfMemory, signal.CrashUnresponsive)})
		}
	})
}

// unload destroys the page: its socket closes with 1001, its connections as
// the browser does it.
func (p *page) unload(g going, then func()) {
	w, m := p.world, p.machine()
	wait := w.noise.between(30*time.Millisecond, 250*time.Millisecond)
	if m.browser == firefox {
		wait = w.noise.between(3*time.Millisecond, 35*time.Millisecond)
	}
	for _, s := range p.sockets() {
		w.after(wait, func() { s.drop(1001) })
	}
	if g.deed != deedClosed || m.browser == firefox {
		for len(p.links) > 0 {
			p.links[0].close()
		}
	}
	p.destroy()
	if then != nil {
		then()
	}
}

// sockets are those of the page that are not closed.
func (p *page) sockets() (all []*socket) {
	if p.socket != nil && p.socket.state != socketClosed {
		all = append(all, p.socket)
	}
	return all
}

// destroy takes the page out of the world; whoever is at the other end of
// its connections hears nothing from here.
func (p *page) destroy() {
	w := p.world
	p.gone = true
	p.tasks, p.queue = nil, nil
	for len(p.links) > 0 {
		p.links[0].vanish()
	}
	p.machine().release(p)
	w.pages = without(w.pages, p)
	w.oracle.destroyed(p)
}

// crash kills the page's process. The network process closes the socket.
func (p *page) crash(d deed) {
	w, m := p.world, p.machine()
	if p.gone {
		return
	}
	w.oracle.did(p, d)
	code, wait := 1001, w.noise.between(24*time.Millisecond, 175*time.Millisecond)
	if d == deedKilled {
		code, wait = 1006, w.noise.between(28*time.Millisecond, 112*time.Millisecond)
	}
	for _, s := range p.sockets() {
		if d == deedPowerOff {
			s.state = socketClosed
			s.half()
			continue
		}
		w.after(wait, func() { s.drop(code) })
	}
	if (d == deedCrashed || d == deedDiscarded) && m.browser == chromium {
		p.sendGone()
	}
	if d == deedCrashed && m.browser == chromium {
		p.sendReport()
	}
	if m.browser == firefox && d == deedCrashed {
		for len(p.links) > 0 {
			p.links[0].close()
		}
	}
	p.destroy()
}
