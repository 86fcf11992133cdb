package session

import (
	"testing"
	"time"

	"holdline/server/signal"
)

func TestAnotherNetworkWasNotBlocked(t *testing.T) {
	for name, moves := range map[string]func(ana *page){
		"its own": func(ana *page) { ana.step(NetworkChanged{Online: true}) },
		"the remote's": func(ana *page) {
			p := ana.s.Peers[0]
			ana.hear(signal.Envelope{Type: signal.TypeDescription, From: p.ID, Life: p.Life, ToLife: ana.s.Life, Generation: 1, Negotiation: p.Link.Negotiation + 1,
				Payload: signal.Raw(signal.Description{Type: "offer", SDP: "v=0", Networks: 1})})
		},
	} {
		for _, late := range []bool{false, true} { // a sample of the path before comes after it
			_, ana, _ := relayed(t, time.Minute)
			ana.sampleOf("srflx", "srflx")
			moves(ana)
			if late {
				ana.sampleOf("srflx", "srflx")
			}
			ana.sampleOf("relay", "srflx")
			if v := ana.path(); !v.Relayed || v.Why == WhyBlocked {
				t.Errorf("%s, late %v: %+v", name, late, v)
			}
			ana.sampleOf("host", "host")
			ana.sampleOf("relay", "srflx")
			if v := ana.path(); v.Why != WhyBlocked {
				t.Errorf("%s, late %v: a direct path that went later is %q, want blocked", name, late, v.Why)
			}
		}
	}
}

func TestAnOfferThatIsSentAgainIsOfItsNetwork(t *testing.T) {
	w, ana := onewire(t)
	w.run(DefaultPolicy().OfferAfter + time.Second)
	ana.step(NetworkChanged{Online: true})
	w.run(DefaultPolicy().OfferAgainAfter)
	var told []int
	for _, a := range ana.log {
		if send, ok := a.(SendSignaling); ok && send.Envelope.Type == signal.TypeDescription {
			d, err := send.Envelope.ReadDescription()
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, d.Networks)
		}
	}
	if len(told) < 2 || told[0] != 0 || told[1] != 0 {
		t.Errorf("one offer, sent again after the network has changed, says %v changes", told)
	}
	if ana.step(LeavePressed{}); ana.s.Networks != 1 {
		t.Errorf("%d changes, want 1", ana.s.Networks)
	}
	if ana.step(RejoinPressed{}); ana.s.Networks != 0 {
		t.Errorf("the next life begins with %d changes", ana.s.Networks)
	}
}

func TestWhatTheRemotesNetworkDidIsForgottenWithIt(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.call()
	p := ana.s.peer("p2")
	p.Link.RemoteSymmetric = true
	ben.step(NegotiationNeeded{ben.s.peer("p1").name()})
	w.run(time.Second)
	if !p.Link.RemoteSymmetric {
		t.Error("an offer over the same network forgets what it does")
	}
	ben.step(NetworkChanged{Online: true})
	w.run(time.Second)
	if p.Link.RemoteSymmetric || p.Networks != 1 {
		t.Errorf("after %d networks: symmetric %v", p.Networks, p.Link.RemoteSymmetric)
	}
	ben.reload()
	w.run(3 * time.Second)
	if p := ana.s.peer("p2"); p.Networks != 0 {
		t.Errorf("a page that has just begun has changed its network %d times", p.Networks)
	}
}
