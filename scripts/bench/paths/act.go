package main

import (
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/nets"
)

// join has Ben, who is in the lobby, join Ana.
func (p *pair) join() {
	p.wait()
	p.ben = p.visit(p.seats.ben, p.address("Ben", false))
	p.ben.Until("Ben can join", p.subject.lobby)
	p.ben.Press("Join")
	p.meet(func(ben notes) float64 { return ben.Joined })
}

// arrive has Ben come by a link that leads right into the call.
func (p *pair) arrive() {
	p.wait()
	p.ben = p.visit(p.seats.ben, p.address("Ben", true))
	p.meet(func(ben notes) float64 { return ben.Opened })
}

// meet measures until both are connected, and see each other, since something
// that Ben has noted.
func (p *pair) meet(since func(ben notes) float64) {
	ana, ben, ok := p.both(now(), p.row.waits(), func(n notes) bool { return n.connected() > 0 && len(n.Frames) > 0 })
	began := since(ben)
	if began == 0 {
		p.Fatal("Ben's page has not noted that he joined")
	}
	p.later(figureConnected, began, ana.connected(), ben.connected())
	p.later(figurePicture, began, first(ana.Frames), first(ben.Frames))
	if ok {
		time.Sleep(time.Second) // it may take a better way yet
	}
	p.Route = p.way()
	p.say(ana, ben)
}

// connected is when the page first was; 0 is not yet.
func (n notes) connected() float64 {
	for _, s := range n.States {
		if s.State == "connected" {
			return s.At
		}
	}
	return 0
}

// state is the newest that a connection of the page has come to.
func (n notes) state() string {
	if len(n.States) == 0 {
		return "new"
	}
	return n.States[len(n.States)-1].State
}

// say notes what the pages say where a call is not well.
func (p *pair) say(ana, ben notes) {
	if p.Route != "" {
		return
	}
	p.Said = says(ana.state(), ben.state())
}

func first(at []float64) float64 {
	if len(at) == 0 {
		return 0
	}
	return at[0]
}

// cut takes Ana's first uplink away, as who leaves the wifi. The kernel takes
// the other one within a second.
func (p *pair) cut() {
	p.call()
	p.Cleanup(p.wifi.Mend)
	began := now()
	p.wifi.Cut()
	p.keep(figureRouted, measure.After(now(), began, p.row.waits()))
	p.mends(began)
}

// drop has a firewall drop what goes between the two, and nothing else.
func (p *pair) drop() {
	p.call()
	p.between()
	p.mends(now())
}

// between drops the flow between the two for the rest of the call.
func (p *pair) between() {
	p.Cleanup(p.anaHome.Line.Drop(nets.Both(nets.UDP, nets.With(p.benHome.Line.Address))).Remove)
}

// darken drops everything for a while, signaling included, and measures from
// when packets pass again.
func (p *pair) darken(long time.Duration) {
	p.call()
	p.dark(long)
}

func (p *pair) dark(long time.Duration) {
	dark := p.net.Public.Drop(nets.Everything)
	p.Cleanup(dark.Remove)
	time.Sleep(long)
	dark.Remove()
	p.mends(now())
}

// mends measures from a moment until data and picture flow again on both pages.
func (p *pair) mends(since float64) {
	data := func(n notes) float64 { at, _ := flows(n.Messages, since, n.Now); return at }
	picture := func(n notes) float64 { at, _ := flows(n.Frames, since, n.Now); return at }
	// Who comes back at the last moment still has to prove steady.
	ana, ben, _ := p.both(since, p.row.waits()+2*time.Duration(steady)*time.Millisecond, func(n notes) bool { return data(n) > 0 && picture(n) > 0 })
	p.later(figureData, since, data(ana), data(ben))
	p.later(figurePicture, since, picture(ana), picture(ben))
	p.Route = p.way()
	p.say(ana, ben)
}

// flows is again with 0 for not yet.
func flows(at []float64, since, until float64) (back float64, ok bool) {
	if back, ok = again(at, since, until); !ok {
		back = 0
	}
	return back, ok
}

// block drops every packet that could carry the call, and leaves the signaling
// alive.
func (p *pair) block() {
	p.call()
	p.Cleanup(p.anaHome.Line.Drop(nets.UDP).Remove)
	p.Cleanup(p.anaHome.Line.Drop(nets.STUN).Remove) // TURN over TCP
	since := now()
	told := func(n notes) float64 { return n.told(p.subject.ours, since) }
	ana, ben, _ := p.both(since, p.row.waits(), func(n notes) bool { return told(n) > 0 })
	p.later(figureShown, since, ana.unwell(since), ben.unwell(since))
	p.later(figureTold, since, told(ana), told(ben))
	p.Said = says(ana.says(p.subject.ours), ben.says(p.subject.ours))
	p.Route = ""
}

// unwell is when the page first showed the other one as not connected; 0 is not
// yet.
func (n notes) unwell(since float64) float64 {
	for _, s := range n.Shown {
		if s.At > since && s.State != "connected" {
			return s.At
		}
	}
	return 0
}

// told is when the page first said that there is no way any more: Holdline by
// its cause, the plain page by its connection's state. 0 is not yet.
func (n notes) told(ours bool, since float64) float64 {
	if ours {
		for _, s := range n.Shown {
			if s.At > since && s.Cause == "path-blocked" {
				return s.At
			}
		}
		return 0
	}
	for _, s := range n.States {
		if s.At > since && s.State == "failed" {
			return s.At
		}
	}
	return 0
}

// says is what the page says at last.
func (n notes) says(ours bool) string {
	if !ours {
		return n.state()
	}
	last := n.Shown[len(n.Shown)-1]
	return last.State + " " + last.Cause + ", signaling " + last.Signaling
}

// expire lets the relay's credentials expire, and the lifetime of allocations
// pass after that: what is still open was refreshed with an expired credential.
// It looks for gaps meanwhile, and then has nothing pass for a while, so that
// whoever mends the call needs new ones.
func (p *pair) expire() {
	p.call()
	began := now()
	time.Sleep(credentials + allocations + settled)
	for _, n := range []notes{read(p.ana, began), read(p.ben, began)} {
		p.keep(figureDataGap, measure.Figure(longestPause(n.Messages, began, n.Now)))
		p.keep(figurePictureGap, measure.Figure(longestPause(n.Frames, began, n.Now)))
	}
	p.dark(afterExpiry)
}

// afterExpiry is for how long nothing passes then: 20 s, after which Chromium
// has given the connection up.
const afterExpiry = 20 * time.Second
