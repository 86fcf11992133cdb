package sim

import (
	"strconv"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// perform carries out one order, as main_js.go and the adapters do.
func (p *page) perform(a session.Action) {
	switch a := a.(type) {
	case session.OpenSignaling:
		p.dials = append(p.dials, p.world.clock.now)
		if n := len(p.dials) - 25; n >= 0 && p.world.clock.now-p.dials[n] < 10*time.Second {
			p.world.failf("%s opens 25 sockets within 10 s", p)
		}
		p.socket = p.dial(a.Attempt)
		p.world.oracle.assess()
	case session.SendSignaling:
		if p.socket != nil {
			p.socket.send(a.Envelope)
		}
	case session.CloseSignaling:
		if p.socket != nil {
			p.socket.close(1000)
		}
	case session.CreatePeerConnection:
		p.connect(a)
	case session.SetLocalDescription:
		p.with(a.Link, func(c *connection) { c.setLocal(a) })
	case session.SetRemoteDescription:
		p.with(a.Link, func(c *connection) { c.setRemote(a) })
	case session.AddCandidate:
		p.with(a.Link, func(c *connection) { c.addCandidate(a.Candidate) })
	case session.SampleStats:
		p.with(a.Link, func(c *connection) { c.sample(a.Attempt) })
	case session.SendControl:
		p.with(a.Link, func(c *connection) { c.control.send(a.Envelope) })
	case session.SendChat:
		p.with(a.Link, func(c *connection) { c.chat.send(a.Envelope) })
	case session.ClosePeerConnection:
		p.with(a.Link, func(c *connection) { c.close() })
	case session.OpenDevices:
		p.openDevices(a)
	case session.OpenScreen:
		p.openScreen()
	case session.CloseScreen:
		p.capture(false)
	case session.CloseDevices:
		p.closings++
		p.capture(false)
	case session.SwitchDevice:
	case session.PrepareGoodbye:
		p.prepare(a.Goodbyes)
	case session.SaveRecord:
		record := a.Record
		p.tab.record = &record
	case session.ClearRecord:
		p.tab.record = nil
		p.machine().release(p)
	case session.ClaimIdentity:
		p.machine().release(p)
		if p.machine().locks {
			p.machine().claim(p, a.Participant, func(bool) {})
		}
	case session.SaveStopped:
		p.machine().forget(a.Record.Participant)
		p.machine().stopped = append(p.machine().stopped, a.Record)
	case session.ForgetStopped:
		p.machine().forget(a.Participant)
	case session.ClaimStopped:
		p.claimStopped(a.Participant)
	default:
		p.world.failf("the world does not know the order %T", a)
	}
}

// claimStopped takes the lock of an identity whose page stopped, where there
// are locks.
func (p *page) claimStopped(participant string) {
	if !p.machine().locks {
		p.world.after(0, func() { p.put(session.StoppedClaimed{Participant: participant}) })
		return
	}
	p.machine().claim(p, participant, func(granted bool) {
		p.world.after(0, func() {
			p.put(session.StoppedClaimed{Participant: participant, Locked: granted, Taken: !granted})
		})
	})
}

func (p *page) with(l session.Link, do func(*connection)) {
	for _, c := range p.links {
		if c.link == l {
			do(c)
			return
		}
	}
}

// openDevices is getUserMedia; the person may take time to permit it.
func (p *page) openDevices(a session.OpenDevices) {
	w, m := p.world, p.machine()
	w.after(w.noise.between(20*time.Millisecond, 400*time.Millisecond), func() {
		open := func(asked bool, kind session.DeviceKind, err string) {
			switch {
			case !asked:
			case err == "":
				p.put(session.DeviceOpened{Device: kind})
			default:
				p.put(session.DeviceFailed{Device: kind, Name: err})
			}
		}
		open(a.Microphone, session.Microphone, m.mic)
		open(a.Camera, session.Camera, m.cam)
	})
}

// visit loads the call's page in the tab.
func (t *tab) visit(navigation string) {
	m := t.machine
	w := m.world
	t.reset++
	w.serial++
	p := &page{tab: t, world: w, load: w.serial, served: "PAGE" + strconv.Itoa(w.serial), shown: -1, origin: w.clock.now - m.slept - 50*time.Millisecond}
	t.page = p
	w.pages = append(w.pages, p)
	record, discarded := t.record, t.discarded
	t.discarded = false
	w.after(w.noise.between(80*time.Millisecond, 600*time.Millisecond), func() {
		if p.gone {
			return
		}
		if record == nil || record.Participant == "" || !m.locks {
			p.begin(record, t.after(discarded), false, navigation)
			return
		}
		m.claim(p, record.Participant, func(granted bool) {
			switch {
			case p.gone:
			case granted:
				p.begin(record, t.after(discarded), true, navigation)
			default:
				t.mark = false
				p.begin(nil, "", false, navigation) // another tab lives by it
			}
		})
	})
}

// after says what the tab can know of how its last page ended. The mark is
// read when Go begins: a page that went before leaves it to the next.
func (t *tab) after(discarded bool) signal.After {
	mark := t.mark
	t.mark = false
	switch {
	case t.record == nil:
	case discarded && t.machine.browser == chromium:
		return signal.AfterDiscard
	case !mark && t.machine.browser == chromium:
		return signal.AfterCrash
	}
	return ""
}

func (p *page) begin(record *session.Record, after signal.After, locked bool, navigation string) {
	w, m := p.world, p.machine()
	p.session = session.New(w.Policy)
	p.begun = true
	if w.traced {
		p.trace = session.NewTrace()
	}
	if record != nil {
		copied := *record
		record = &copied
	}
	p.put(session.Started{Config: session.Config{
		Room: roomName, Name: m.name, JoinNow: !m.lobby && !p.tab.returns, Stopped: m.left(), Microphone: true, Camera: true, Screen: !m.phone,
		Origin: epoch + float64((p.origin+m.slept).Microseconds())/1000, Seed: w.noise.next(),
		Record: record, After: after, Locked: locked, Page: p.served, Navigation: navigation, Hidden: p.tab.hidden, ChecksWait: m.browser == firefox,
	}})
	if p.tab.returns {
		w.after(w.noise.between(200*time.Millisecond, 2*time.Second), p.goBack)
		return
	}
	if m.lobby {
		w.after(w.noise.between(200*time.Millisecond, 2*time.Second), func() { p.put(session.JoinPressed{Name: m.name}) })
	}
}

// goBack is a person in the lobby who presses Go back in where that is
// offered, and Join where it is not, or not any more.
func (p *page) goBack() {
	switch {
	case !p.gone && !p.runs(): // nobody can press a button of a page that hangs
	case p.gone || p.view.State != session.StateLobby:
		return
	case p.view.Back != nil:
		p.put(session.GoBackPressed{})
	default:
		p.put(session.JoinPressed{Name: p.machine().name})
	}
	p.world.after(2*time.Second, p.goBack)
}

// prepare lays the goodbyes ready for the stub: socket and channels as they
// are now.
func (p *page) prepare(g session.Goodbyes) {
	p.goodbyes, p.listens = g, g.Armed
	p.stub = p.socket
	p.channels = p.channels[:0]
	for _, l := range g.Links {
		p.with(l, func(c *connection) { p.channels = append(p.channels, c) })
	}
}
