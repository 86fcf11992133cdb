package sim

import "time"

// pipe is one direction of a socket: ordered and reliable for as long as both
// ends hold on, however long the way is interrupted.
type pipe struct {
	machine *machine
	queue   []func()      // what is under way, in order
	last    time.Duration // when the newest arrives
	owed    int           // arrivals that wait for the way to be open again
	cut     bool          // nothing more comes out
	fire    func()        // arrive, made once
}

func newPipe(m *machine) *pipe {
	p := &pipe{machine: m}
	p.fire = p.arrive
	return p
}

// send delivers after the way's latency, behind everything sent before.
func (p *pipe) send(deliver func()) {
	w := p.machine.world
	p.queue = append(p.queue, deliver)
	p.last = max(p.last, w.clock.now+w.latency())
	w.at(p.last, p.fire)
}

func (p *pipe) arrive() {
	switch {
	case p.cut || len(p.queue) == 0:
	case p.owed > 0:
		p.owed++
	case !p.machine.reaches():
		p.owed = 1
		p.machine.stalled = append(p.machine.stalled, p)
	default:
		deliver := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		deliver()
	}
}

// slowest is how long TCP may still wait once the way is open again.
const slowest = 1500 * time.Millisecond

// resume sends what has waited: TCP has backed off meanwhile.
func (p *pipe) resume() {
	w := p.machine.world
	p.last = max(p.last, w.clock.now+w.noise.between(20*time.Millisecond, slowest))
	for range p.owed {
		w.at(p.last, p.fire)
	}
	p.owed = 0
}

// sever ends the pipe; what is under way is lost.
func (p *pipe) sever() {
	p.cut = true
	p.queue = nil
}

// latency is one way between a machine and the server.
func (w *World) latency() time.Duration {
	return w.signalTime/2 + time.Duration(w.noise.next()%uint64(w.signalTime))
}
