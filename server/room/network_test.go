package room

import (
	"fmt"
	"net/netip"
	"testing"

	"holdline/server/signal"
)

// from is the address that the page's socket comes from.
func from(address string) func(*Hello) {
	return func(h *Hello) { h.Address = netip.MustParseAddr(address) }
}

func (c *conversation) refresh(conn Conn, payload string) said {
	e := signal.Envelope{Type: signal.TypeRefresh}
	if payload != "" {
		e.Payload = []byte(payload)
	}
	return c.message(conn, e)
}

func TestAPageGetsFreshCredentialsOfItsOwn(t *testing.T) {
	c := three(t)
	c.expect(c.refresh(1, ""), "1 ice ana ack 0")
	c.expect(c.refresh(1, `{}`), "1 ice ana ack 0")
	c.expect(c.refresh(1, `{"for":"ana"}`), "1 ice ana ack 0")
	c.describe(1, "bo", 1, "offer")
	c.expect(c.refresh(1, ""), "1 ice ana ack 1")
}

func TestAPageGetsCredentialsOfItsOwnForWhomItsBandStillReaches(t *testing.T) {
	c := three(t)
	c.closed(1)
	c.expect(c.refresh(2, `{"for":"ana"}`), "2 ice bo ack 0 for ana")
}

func TestNobodyGetsCredentialsForWhoIsNotInTheRoom(t *testing.T) {
	c := three(t)
	c.expect(c.refresh(1, `{"for":"di"}`), "1 error unknown-peer for")
	c.goodbye(2, signal.TypeBye, 1, signal.IntentHangup)
	c.expect(c.refresh(1, `{"for":"bo"}`), "1 error unknown-peer for")
	c.expect(c.refresh(1, `{"for":"Bo"}`), "1 error bad-field for")
	c.expect(c.refresh(1, `{"for":3}`), "1 error bad-field for")
	c.expect(c.refresh(9, ""), "9 error not-joined type")
}

func TestWhoLeavesForGoodLosesTheRelay(t *testing.T) {
	revoked := func(c *conversation, ev Event) (ids []string) {
		for _, a := range c.r.Step(c.now, ev) {
			if r, ok := a.(Revoke); ok {
				ids = append(ids, r.Participant)
			}
		}
		return ids
	}
	c := three(t)
	if got := revoked(c, Closed{Conn: 1, Code: 1006}); got != nil {
		t.Errorf("with its place held: %q is revoked", got)
	}
	at, _ := c.r.Deadline()
	c.now = at
	if got := revoked(c, Tick{}); len(got) != 1 || got[0] != "ana" {
		t.Errorf("when its place ran out: %q is revoked, want ana", got)
	}
	if got := revoked(c, Remove{"bo"}); len(got) != 1 || got[0] != "bo" {
		t.Errorf("when it is removed: %q is revoked, want bo", got)
	}
	hangup := signal.Envelope{Type: signal.TypeBye, Life: 1, Payload: signal.Raw(signal.Goodbye{Count: 1, Intent: signal.IntentHangup})}
	if got := revoked(c, Message{3, hangup}); len(got) != 1 || got[0] != "cy" {
		t.Errorf("when it hangs up: %q is revoked, want cy", got)
	}
}

func TestWhoComesFromOneLocalNetworkIsTold(t *testing.T) {
	for _, tt := range []struct {
		ana, bo string
		lan     bool
	}{
		{"192.168.1.7", "192.168.1.8", true},
		{"::ffff:192.168.1.7", "10.0.0.4", true},
		{"127.0.0.1", "192.168.1.8", true},
		{"fe80::1", "fd00::2", true},
		{"192.168.1.7", "192.168.1.7", false},
		{"::ffff:192.168.1.7", "192.168.1.7", false},
		{"2001:db8:1:2::7", "2001:db8:1:2::8", true},
		{"2001:db8:1:2::7", "2001:db8:1:3::8", false},
		{"2001:db8:1:2::7", "2001:db8:1:2::7", false},
		{"2001:db8:1:2::7", "192.168.1.8", false},
		{"203.0.113.7", "192.168.1.8", false},
		{"203.0.113.7", "203.0.113.8", false},
	} {
		t.Run(fmt.Sprint(tt.ana, " and ", tt.bo), func(t *testing.T) {
			lan := ""
			if tt.lan {
				lan = " lan"
			}
			c := newConversation(t)
			c.hello(1, "ana", 1, from(tt.ana))
			c.hello(2, "cy", 1) // whose address is not known
			c.expect(c.hello(3, "bo", 1, from(tt.bo)),
				"1 present bo life 1 present"+lan,
				"2 present bo life 1 present",
				"3 welcome bo order 3, ana life 1 present"+lan+", cy life 1 present")
			c.expect(c.goodbye(3, signal.TypeLeaving, 1, signal.IntentReload),
				"1 away bo life 1 leaving"+lan+" bo page-reloaded #1",
				"2 away bo life 1 leaving bo page-reloaded #1")
			c.expect(c.goodbye(3, signal.TypeStay, 2, ""), "1 present bo life 1 present"+lan, "2 present bo life 1 present")
		})
	}
}
