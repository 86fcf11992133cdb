package relay

import (
	"bytes"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestWhoAsksInAnothersNameGetsLittleSentThere(t *testing.T) {
	cfg := generous()
	now := time.Now()
	var late atomic.Int64
	cfg.Now = func() time.Time { return now.Add(time.Duration(late.Load())) }
	b := start(t, cfg)
	c, _ := b.allocate("udp", "ana")
	heard := b.client("udp", as("bo"))
	realm, nonce, err := challenge(heard)
	if err != nil {
		t.Fatal(err)
	}
	for b.answers.allow(loopback, now) { // as a flood would
	}
	before := b.Counts().Refused[RefusedAnswers]
	conn, err := net.Dial("udp", b.udp.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func() []byte {
		question := request(t)
		if _, err := conn.Write(question); err != nil {
			t.Fatal(err)
		}
		return question
	}
	ask()
	settle(t, "a question from there is not answered", func() bool { return b.Counts().Refused[RefusedAnswers] == before+1 })
	if err := refresh(b, c); err != nil {
		t.Errorf("who has an allocation is not answered: %v", err)
	}
	if err := allocateWith(t, heard, realm, nonce); err != nil {
		t.Errorf("who has heard the realm gets no allocation: %v", err)
	}
	b.allocate("tcp", "cy")
	if !b.answers.allow(netip.MustParseAddr("192.0.2.1"), now) && !b.answers.allow(netip.MustParseAddr("192.0.2.2"), now) {
		t.Error("others are not answered")
	}
	late.Store(int64(time.Second))
	second := ask()
	conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 100)
	if _, err := conn.Read(answer); err != nil || !bytes.Equal(answer[8:20], second[8:20]) {
		t.Errorf("what comes first is no answer to the second question, a second later: %x, %v", answer, err)
	}
}

// The factors are those of answers.go.
func TestAnAnswerIsNotMuchLongerThanItsQuestion(t *testing.T) {
	b := start(t, generous())
	conn, err := net.Dial("udp", b.udp.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	many := []stun.Setter{stun.TransactionID, stun.BindingRequest}
	for i := range 100 {
		many = append(many, stun.RawAttribute{Type: stun.AttrType(0x7000 + i)}) // which nobody knows
	}
	questions := [][]stun.Setter{many, {stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.RawAttribute{Type: stun.AttrMessageIntegrity, Value: make([]byte, 20)}}}
	for _, m := range []stun.Method{stun.MethodBinding, stun.MethodAllocate, stun.MethodRefresh, stun.MethodCreatePermission, stun.MethodChannelBind, stun.MethodConnect, stun.MethodConnectionBind} {
		questions = append(questions, []stun.Setter{stun.TransactionID, stun.NewType(m, stun.ClassRequest)})
	}
	for _, setters := range questions {
		question, err := stun.Build(setters...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(question.Raw); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(patience))
		n, err := conn.Read(make([]byte, 2000))
		if err != nil || float64(n) > 3.4*float64(len(question.Raw)) {
			t.Errorf("%v of %d bytes: %d come back, %v", question.Type, len(question.Raw), n, err)
		}
	}
}
