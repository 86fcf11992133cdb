package nets

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// clock is a pipe that writes down when each frame comes out, and its first byte.
func clock(s Shape) (p *pipe, out func() ([]byte, []time.Duration)) {
	var which []byte
	var when []time.Duration
	began := time.Now()
	p = &pipe{shape: s, out: func(frame []byte) {
		which, when = append(which, frame[0]), append(when, time.Since(began))
	}}
	return p, func() ([]byte, []time.Duration) {
		synctest.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Clone(which), slices.Clone(when)
	}
}

func TestAPipeWithoutAShapeIsACable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, out := clock(Shape{})
		p.send([]byte{1})
		if which, when := out(); !slices.Equal(which, []byte{1}) || when[0] != 0 {
			t.Errorf("out came %v at %v", which, when)
		}
	})
}

func TestADelayedPipeKeepsFramesAndTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, out := clock(Shape{Delay: 50 * time.Millisecond})
		frame := []byte{1}
		p.send(frame)
		frame[0] = 9 // the sender uses its buffer again
		time.Sleep(10 * time.Millisecond)
		p.setShape(Shape{}) // what is on the way is not overtaken
		p.send([]byte{2})
		time.Sleep(time.Second)
		which, when := out()
		if want := []time.Duration{50 * time.Millisecond, 50 * time.Millisecond}; !slices.Equal(which, []byte{1, 2}) || !slices.Equal(when, want) {
			t.Errorf("out came %v at %v, want 1 and 2 at %v", which, when, want)
		}
	})
}

func TestANarrowPipeHasARateAndAnEndOfItsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, out := clock(Shape{Rate: 800_000}) // 1000 bytes in 10 ms
		for range 100 {
			p.send(make([]byte, 1000))
		}
		time.Sleep(time.Minute)
		_, when := out()
		if len(when) != 21 || when[0] != 10*time.Millisecond || when[20] != 210*time.Millisecond {
			t.Errorf("of 100 frames at once, %d came out, the last at %v: want those of %v", len(when), when[len(when)-1], deepest)
		}
	})
}

func TestALossyPipeLosesItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, out := clock(Shape{Loss: 0.25})
		for range 10_000 {
			p.send([]byte{1})
		}
		// Ten standard deviations of the binomial distribution.
		if which, _ := out(); len(which) < 7067 || len(which) > 7933 {
			t.Errorf("%d of 10,000 came out, want about 7500", len(which))
		}
	})
}

func TestAClosedPipeIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, out := clock(Shape{Delay: time.Second})
		p.send([]byte{1})
		p.close()
		p.send([]byte{2})
		time.Sleep(time.Minute)
		if which, _ := out(); len(which) != 0 {
			t.Errorf("out came %v", which)
		}
	})
}
