package nets

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"time"
)

// Shape is how a line is worse than a cable, in each direction.
type Shape struct {
	Delay time.Duration
	Loss  float64 // the share of frames that are lost, 0 to 1
	Rate  int     // bits per second; 0 is as fast as it goes
}

// deepest is how long a frame may wait for a slow line before further ones are
// dropped: the buffer of a cheap router.
const deepest = 200 * time.Millisecond

// pipe is one direction of a line.
type pipe struct {
	out func(frame []byte)

	mu     sync.Mutex
	shape  Shape
	free   time.Time // when all that waits has left at the shape's rate
	queue  []parcel
	closed bool
}

type parcel struct {
	due   time.Time
	frame []byte
}

func (p *pipe) setShape(s Shape) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shape = s
}

// send gives a frame on, now or later, and keeps the order.
func (p *pipe) send(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.shape.Loss > 0 && rand.Float64() < p.shape.Loss {
		return
	}
	now := time.Now()
	left := now
	if p.shape.Rate > 0 {
		if p.free.Before(now) {
			p.free = now
		}
		if p.free.Sub(now) > deepest {
			return
		}
		p.free = p.free.Add(time.Duration(len(frame)*8) * time.Second / time.Duration(p.shape.Rate))
		left = p.free
	}
	due := left.Add(p.shape.Delay)
	if len(p.queue) == 0 && !due.After(now) {
		p.out(frame)
		return
	}
	p.queue = append(p.queue, parcel{due, bytes.Clone(frame)})
	if len(p.queue) == 1 {
		time.AfterFunc(due.Sub(now), p.deliver)
	}
}

func (p *pipe) deliver() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) > 0 && !p.closed {
		if wait := time.Until(p.queue[0].due); wait > 0 {
			time.AfterFunc(wait, p.deliver)
			return
		}
		p.out(p.queue[0].frame)
		p.queue = p.queue[1:]
	}
}

func (p *pipe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.queue = true, nil
}
