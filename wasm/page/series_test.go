package page

import (
	"math"
	"testing"

	"holdline/wasm/session"
)

func sampled(at float64, change ...func(*session.Path)) *session.Path {
	path := &session.Path{State: session.PathConnected, Sampled: at, RTT: 24, Loss: 0.01, In: 800_000, Out: 500_000, Consent: at - 3000}
	for _, f := range change {
		f(path)
	}
	return path
}

func TestASampleIsKeptOnce(t *testing.T) {
	var s Series
	s = s.note(nil)
	if s = s.note(&session.Path{}); len(s) != 0 {
		t.Errorf("%+v before the first sample", s)
	}
	for _, at := range []float64{now, now, now + 1000, now + 500} {
		s = s.note(sampled(at))
	}
	if len(s) != 2 || s[0].At != now || s[1].At != now+1000 {
		t.Fatalf("%d samples: %+v, want those of two times", len(s), s)
	}
	if want := (Sample{now, 24, 0.01, 800_000, 500_000, 3000}); s[0] != want {
		t.Errorf("%+v, want %+v", s[0], want)
	}
}

func TestWhatIsNotKnownIsNoZero(t *testing.T) {
	young := Series(nil).note(sampled(now, func(p *session.Path) { p.RTT, p.Consent = 0, 0 }))[0]
	if !math.IsNaN(young.RTT) || !math.IsNaN(young.Consent) || young.Loss != 0.01 {
		t.Errorf("before the first consent: %+v", young)
	}
	near := Series(nil).note(sampled(now, func(p *session.Path) { p.RTT = 0 }))[0]
	if near.RTT != 0 {
		t.Errorf("less than a millisecond: %+v", near)
	}
	broken := Series(nil).note(sampled(now, func(p *session.Path) { p.State = session.PathBroken }))[0]
	if !math.IsNaN(broken.RTT) || !math.IsNaN(broken.Loss) || broken.Consent != 3000 {
		t.Errorf("while nothing comes: %+v", broken)
	}
	early := Series(nil).note(sampled(now, func(p *session.Path) { p.Consent = now + 40 }))[0]
	if early.Consent != 0 {
		t.Errorf("consent is %v ms old, confirmed after the sample", early.Consent)
	}
}

func TestASeriesReachesTwoMinutesBack(t *testing.T) {
	var s Series
	for second := range 1000 {
		s = s.note(sampled(now + float64(second)*1000))
	}
	if len(s) != 121 || s[0].At != now+879_000 {
		t.Errorf("%d samples from %v on, want 121 of the last two minutes", len(s), s[0].At-now)
	}
	for tick := range 1000 {
		s = s.note(sampled(now + 1_000_000 + float64(tick)*10))
	}
	if len(s) != maxSamples || s[len(s)-1].At != now+1_009_990 {
		t.Errorf("%d samples up to %v, want the newest %d", len(s), s[len(s)-1].At-now, maxSamples)
	}
}

func TestEachParticipantHasASeriesUntilItIsGone(t *testing.T) {
	h := Histories{}
	peer := func(id string, path *session.Path) session.PeerSnapshot {
		return session.PeerSnapshot{Participant: id, Path: path}
	}
	h.Note([]session.PeerSnapshot{peer("ana", sampled(now)), peer("ben", sampled(now+1)), peer("cem", nil)})
	h.Note([]session.PeerSnapshot{peer("ana", sampled(now+1000)), peer("cem", nil)})
	if len(h) != 1 || len(h["ana"]) != 2 {
		t.Errorf("%+v, want two samples of ana alone", h)
	}
}
