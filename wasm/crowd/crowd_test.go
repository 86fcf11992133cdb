package crowd

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// someone is a person of whom only the page's snapshot matters.
func someone(c *Crowd, name string, s session.Snapshot) *Person {
	p := &Person{crowd: c, room: "tea", name: name, id: name}
	p.page = &page{person: p, session: session.New(session.DefaultPolicy()), shown: s, seen: map[string]session.PeerState{}}
	c.met(p, name)
	return p
}

func shows(peers ...session.PeerSnapshot) session.Snapshot {
	return session.Snapshot{State: session.StateConnected, Peers: peers}
}

func connected(id string) session.PeerSnapshot {
	return session.PeerSnapshot{Participant: id, State: session.PeerConnected}
}

// wantFault wants faults of one kind alone, or none for "".
func wantFault(t *testing.T, c *Crowd, kind string) {
	t.Helper()
	faults := c.Figures.Faults()
	if kind == "" && len(faults) == 0 || len(faults) == 1 && len(faults[kind]) == 1 {
		return
	}
	t.Errorf("faults are %q, want one of kind %q", faults, kind)
}

func TestWhatMustNotHappenIsNoted(t *testing.T) {
	present := func(p *Person) { p.welcomed("ana", signal.Welcome{Order: 7, Resumed: true}) }
	for _, tt := range []struct {
		name, fault string
		happens     func(ana, ben *Person)
	}{
		{"a resume", "", func(ana, ben *Person) { present(ana) }},
		{"another id", "lost: came back as somebody else", func(ana, ben *Person) { ana.welcomed("eve", signal.Welcome{Order: 7, Resumed: true}) }},
		{"another order", "the order changed", func(ana, ben *Person) { ana.welcomed("ana", signal.Welcome{Order: 8, Resumed: true}) }},
		{"no resume", "lost: not resumed", func(ana, ben *Person) { ana.welcomed("ana", signal.Welcome{Order: 7}) }},
		{"an end", "lost: the session ended", func(ana, ben *Person) { ana.saw(ana.page, session.Snapshot{State: session.StateEnded}) }},
		{"the end after Leave", "", func(ana, ben *Person) {
			ana.crowd.leaves(ana)
			ana.saw(ana.page, session.Snapshot{State: session.StateEnded})
		}},
		{"a peer given up", "lost: given up though it is there", func(ana, ben *Person) {
			ana.saw(ana.page, shows(session.PeerSnapshot{Participant: "ben", State: session.PeerEnded}))
		}},
		{"a peer that left", "", func(ana, ben *Person) {
			ben.crowd.leaves(ben)
			ana.saw(ana.page, shows(session.PeerSnapshot{Participant: "ben", State: session.PeerEnded}))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := New("http://127.0.0.1:1")
			ana, ben := someone(c, "ana", shows(connected("ben"))), someone(c, "ben", shows(connected("ana")))
			ana.order = 7
			tt.happens(ana, ben)
			wantFault(t, c, tt.fault)
		})
	}
}

func TestAGhostIsWhoIsShownForTooLongAfterLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New("http://127.0.0.1:1")
		someone(c, "ana", shows(connected("ben"), connected("cy")))
		ben := someone(c, "ben", shows())
		someone(c, "cy", shows())
		ctx, cancel := context.WithCancel(t.Context())
		go c.WatchGhosts(ctx, Patience{Heard: 10 * time.Second, Unheard: 20 * time.Second})
		c.leaves(ben)
		time.Sleep(10 * time.Second)
		wantFault(t, c, "")
		time.Sleep(10 * time.Second)
		wantFault(t, c, "ghost")
		dan := someone(c, "dan", shows())
		someone(c, "eve", shows(connected("dan")))
		dan.unheard.Store(true)
		c.leaves(dan)
		time.Sleep(10 * time.Second)
		c.Back()
		time.Sleep(20 * time.Second)
		wantFault(t, c, "ghost")
		time.Sleep(2 * time.Second)
		cancel()
		if n := len(c.Figures.Faults()["ghost"]); n != 2 {
			t.Errorf("%d ghosts, want Dan as well", n)
		}
	})
}

func TestApartSaysWhatIsWrongWithACall(t *testing.T) {
	for _, tt := range []struct {
		ana  session.Snapshot
		want string
	}{
		{shows(connected("ben")), ""},
		{shows(connected("ben"), session.PeerSnapshot{Participant: "eve", State: session.PeerEnded}), ""},
		{shows(), "does not show"},
		{shows(connected("ben"), connected("eve")), "somebody else"},
		{shows(session.PeerSnapshot{Participant: "ben", State: session.PeerAway}), "away"},
		{shows(session.PeerSnapshot{Participant: "ben", State: session.PeerConnected, Cause: signal.CauseSignalingLost}), "signaling-lost"},
		{session.Snapshot{State: session.StateWaiting}, "waiting"},
	} {
		c := New("http://127.0.0.1:1")
		ana, ben := someone(c, "ana", tt.ana), someone(c, "ben", shows(connected("ana")))
		for _, got := range []string{Apart(ana, ben), Apart(ben, ana)} {
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("Apart of %+v = %q, want %q", tt.ana, got, tt.want)
			}
		}
	}
}

func TestEverybodyWhoIsThereIsWaitedFor(t *testing.T) {
	c := New("http://127.0.0.1:1")
	ana, ben, cy := someone(c, "ana", shows()), someone(c, "ben", shows()), someone(c, "cy", shows())
	c.leaves(cy)
	back := c.Restarting()
	newcomer := someone(c, "dan", shows())
	for i, step := range []struct {
		do   func()
		want int
	}{
		{func() {}, 2},
		{func() { c.attached(newcomer) }, 2},
		{func() { c.attached(ana) }, 1},
		{func() { c.attached(ana) }, 1},
		{func() { c.leaves(ben) }, 0},
	} {
		step.do()
		if got := c.Missing(back); got != step.want || back.Attached.IsZero() != (got > 0) {
			t.Errorf("step %d: %d missing, attached %v, want %d", i, got, back.Attached, step.want)
		}
	}
}

func TestPeakIsTheMostWithinASpan(t *testing.T) {
	start := time.Now()
	var times []time.Time
	for _, ms := range []int{900, 0, 100, 999, 1000, 1050, 3000} {
		times = append(times, start.Add(time.Duration(ms)*time.Millisecond))
	}
	for span, want := range map[time.Duration]int{time.Second: 5, 101 * time.Millisecond: 3, time.Hour: 7} {
		if got := Peak(times, span); got != want {
			t.Errorf("Peak within %v = %d, want %d", span, got, want)
		}
	}
	if got := Peak(nil, time.Second); got != 0 {
		t.Errorf("Peak of nothing = %d", got)
	}
}
