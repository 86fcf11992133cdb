package relay

import (
	"errors"
	"net"
	"testing"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// Linux has all of 127.0.0.0/8.
func TestWhatOneAddressIsToldMakesNoAllocationForAnother(t *testing.T) {
	b := start(t, generous())
	at := func(ip string) *turn.Client {
		conn, err := net.ListenPacket("udp4", ip+":0")
		if err != nil {
			t.Fatal(err)
		}
		return b.over(conn, b.udp, as("ana"))
	}
	attacker, victim := at("127.0.0.2"), at("127.0.0.3")
	realm, nonce, err := challenge(attacker)
	if err != nil {
		t.Fatal(err)
	}
	if err := allocateWith(t, victim, realm, nonce); err == nil {
		t.Error("it makes one")
	}
	b.wantRefused(RefusedForged, 1)
	if n := b.Counts().Allocations; n != 0 {
		t.Errorf("%d allocations, want none", n)
	}
	// Another port of the same address goes on with it.
	if err := allocateWith(t, at("127.0.0.2"), realm, nonce); err != nil {
		t.Errorf("for its own address: %v", err)
	}
}

// allocateWith makes an allocation with what an earlier answer has told.
func allocateWith(t *testing.T, c *turn.Client, realm stun.Realm, nonce stun.Nonce) error {
	t.Helper()
	user := c.Username()
	request, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest),
		stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}},
		user, realm, nonce, stun.NewLongTermIntegrity(user.String(), realm.String(), passwordOf(testSecret, user.String())), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	result, err := c.PerformTransaction(request, c.TURNServerAddr(), false)
	if err == nil && result.Msg.Type.Class != stun.ClassSuccessResponse {
		err = errors.New(result.Msg.String())
	}
	return err
}
