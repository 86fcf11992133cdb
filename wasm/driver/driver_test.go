package driver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdline/wasm/session"
)

// world is a World that notes what it is asked for.
type world struct {
	driver  *Driver
	start   time.Time
	timer   *time.Timer
	mu      sync.Mutex // a timer gives no order between the driver's writes and the test's reads
	armed   []time.Duration
	orders  []session.Action
	shown   []session.Snapshot
	perform func(session.Action)
}

func (w *world) Now() session.Time {
	return session.Time{Mono: time.Second + time.Since(w.start), Wall: 1000 + time.Since(w.start).Milliseconds()}
}

func (w *world) Perform(a session.Action) {
	w.mu.Lock()
	w.orders = append(w.orders, a)
	w.mu.Unlock()
	if w.perform != nil {
		w.perform(a)
	}
}

func (w *world) WakeAfter(d time.Duration, wake func()) {
	w.mu.Lock()
	w.armed = append(w.armed, d)
	w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if d >= 0 {
		w.timer = time.AfterFunc(d, wake)
	}
}

func (w *world) Show(s session.Snapshot) { w.shown = append(w.shown, s) }

func (w *world) lastArmed() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.armed[len(w.armed)-1]
}

// drive runs a driver in a bubble of virtual time.
func drive(t *testing.T, test func(w *world, s *session.Session, trace *session.Trace)) {
	synctest.Test(t, func(t *testing.T) {
		s, trace := session.New(session.DefaultPolicy()), session.NewTrace()
		w := &world{start: time.Now()}
		w.driver = New(s, trace, w)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.driver.Run(ctx) })
		test(w, s, trace)
		cancel()
		running.Wait()
		if w.timer != nil {
			w.timer.Stop()
		}
	})
}

// putTogether puts events of which none is stepped before the last is there.
func (w *world) putTogether(events ...session.Event) {
	w.driver.mu.Lock()
	w.driver.queue = append(w.driver.queue, events...)
	w.driver.mu.Unlock()
	w.driver.signal()
}

// told are the events of a trace, in words.
func told(trace *session.Trace) (all []string) {
	for _, seg := range trace.Segments() {
		for _, row := range seg.Rows {
			all = append(all, row.Event)
		}
	}
	return all
}

func TestEventsAreSteppedInTheOrderInWhichTheyWerePut(t *testing.T) {
	drive(t, func(w *world, s *session.Session, _ *session.Trace) {
		w.driver.Put(session.Started{Config: session.Config{Room: "tea", Name: "Ana", JoinNow: true}})
		w.driver.Put(session.SignalingOpened{Attempt: 1})
		w.driver.Put(session.ReadSignaling(1, `{"type":"welcome","to":"ana","payload":{}}`))
		for n := range 1000 {
			w.driver.Put(session.Said{Text: strconv.Itoa(n)})
		}
		synctest.Wait()
		messages := s.Snapshot().Messages
		if len(messages) != 500 {
			t.Fatalf("%d messages, want the last 500", len(messages))
		}
		for i, m := range messages {
			if m.Text != strconv.Itoa(500+i) {
				t.Fatalf("message %d is %s, want %d", i, m.Text, 500+i)
			}
		}
	})
}

func TestOrdersArePerformedInTheirOrderAndWhatTheyPutComesAfter(t *testing.T) {
	drive(t, func(w *world, _ *session.Session, trace *session.Trace) {
		w.perform = func(a session.Action) {
			if _, ok := a.(session.OpenSignaling); ok {
				for range 3 { // Put never blocks, also from here
					w.driver.Put(session.VisibilityChanged{Hidden: true})
				}
			}
		}
		w.putTogether(session.Started{Config: session.Config{Room: "tea", Name: "Ana", JoinNow: true, Microphone: true}}, session.AskChosen{On: true})
		synctest.Wait()
		var kinds []string
		for _, a := range w.orders {
			kinds = append(kinds, strings.TrimPrefix(fmt.Sprintf("%T", a), "session."))
		}
		if got, want := kinds[:3], []string{"OpenDevices", "OpenSignaling", "PrepareGoodbye"}; !slices.Equal(got, want) {
			t.Errorf("orders %v, want %v first", kinds, want)
		}
		if got, want := told(trace), []string{"Started", "AskChosen", "VisibilityChanged", "VisibilityChanged", "VisibilityChanged"}; !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
	})
}

func TestATickWaitsForWhatLiesInTheQueue(t *testing.T) {
	drive(t, func(w *world, _ *session.Session, trace *session.Trace) {
		w.perform = func(a session.Action) {
			if _, ok := a.(session.OpenSignaling); ok {
				w.driver.Put(session.AskChosen{On: true})
				w.driver.Put(session.AskChosen{On: false})
				w.driver.wake() // the timer comes while events are waiting
			}
		}
		w.driver.Put(session.Started{Config: session.Config{Room: "tea", Name: "Ana", JoinNow: true}})
		synctest.Wait()
		if got, want := told(trace), []string{"Started", "AskChosen", "AskChosen", "Tick"}; !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
	})
}

func TestWithoutATraceItDrivesJustTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{start: time.Now()}
		w.driver = New(session.New(session.DefaultPolicy()), nil, w)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.driver.Run(ctx) })
		w.driver.Put(session.Started{Config: session.Config{Room: "tea", Name: "Ana", JoinNow: true}})
		synctest.Wait()
		if !slices.Contains(w.orders, session.Action(session.OpenSignaling{Attempt: 1})) {
			t.Errorf("orders are %v, want the first socket among them", w.orders)
		}
		cancel()
		running.Wait()
		w.timer.Stop()
	})
}

func TestTheTimerIsSetToEachDeadline(t *testing.T) {
	drive(t, func(w *world, s *session.Session, _ *session.Trace) {
		w.driver.Put(session.Started{Config: session.Config{Room: "tea"}})
		synctest.Wait()
		if got := w.lastArmed(); got >= 0 {
			t.Errorf("in the lobby the timer is set to %v, want none", got)
		}
		w.driver.Put(session.JoinPressed{Name: "Ana"})
		synctest.Wait()
		if got := w.lastArmed(); got != 5*time.Second {
			t.Errorf("the timer is set to %v, want 5 s: a socket that does not open", got)
		}
		opened := func() (n int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, a := range w.orders {
				if _, ok := a.(session.OpenSignaling); ok {
					n++
				}
			}
			return n
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if n := opened(); n != 2 {
			t.Errorf("%d sockets after 6 s, want 2", n)
		}
		if got := w.lastArmed(); got != 5*time.Second {
			t.Errorf("the timer is set to %v again, want 5 s", got)
		}
		w.driver.Put(session.LeavePressed{})
		synctest.Wait()
		if got := w.lastArmed(); got >= 0 {
			t.Errorf("after Leave the timer is set to %v, want none", got)
		}
	})
}

func TestThePageIsShownOncePerBatchAndOnlyWhenItChanged(t *testing.T) {
	drive(t, func(w *world, _ *session.Session, _ *session.Trace) {
		w.putTogether(session.Started{Config: session.Config{Room: "tea"}}, session.AskChosen{On: true}, session.AskChosen{On: false})
		synctest.Wait()
		if len(w.shown) != 1 || w.shown[0].AskToLeave {
			t.Errorf("shown %d times: %+v, want once, the last", len(w.shown), w.shown)
		}
		w.driver.Put(session.PageShow{}) // changes nothing
		synctest.Wait()
		if len(w.shown) != 1 {
			t.Errorf("shown %d times, want once", len(w.shown))
		}
	})
}

func TestPutFromManyGoroutinesLosesNothing(t *testing.T) {
	drive(t, func(w *world, s *session.Session, trace *session.Trace) {
		w.driver.Put(session.Started{Config: session.Config{Room: "tea"}})
		var putting sync.WaitGroup
		for range 8 {
			putting.Go(func() {
				for range 100 {
					w.driver.Put(session.AskChosen{On: true})
				}
			})
		}
		putting.Wait()
		synctest.Wait()
		if got := len(told(trace)); got != 801 {
			t.Errorf("%d steps, want 801", got)
		}
	})
}
