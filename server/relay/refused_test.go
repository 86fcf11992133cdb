package relay

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

func TestAPrivatePeerIsRefused(t *testing.T) {
	b := start(t, generous())
	for i, peer := range []string{"10.0.0.1:9", "192.168.1.1:9", "169.254.169.254:80", "127.0.0.2:9", "0.0.0.0:9", "224.0.0.1:9", "255.255.255.255:9"} {
		c, _ := b.allocate("udp", "ana")
		at, _ := net.ResolveUDPAddr("udp", peer)
		if err := c.CreatePermission(at); err == nil {
			t.Errorf("%s: permitted", peer)
		} else {
			wantCode(t, err, stun.CodeForbidden)
		}
		b.wantRefused(RefusedPeer, int64(i+1))
	}
}

func TestTheServersOtherPortsAreNotReachedThroughTheRelay(t *testing.T) {
	b := start(t, generous())
	// Such as a service that trusts what comes from its own machine.
	service, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	_, ana := b.allocate("udp", "ana")
	_, bo := b.allocate("udp", "bo")
	for range 3 {
		ana.WriteTo([]byte("to the service"), service.LocalAddr())
		ana.WriteTo([]byte("to the relay itself"), b.udp)
	}
	// The way of allowed packets is the same, so what was sent before is through.
	bo.WriteTo([]byte("open"), ana.LocalAddr())
	pass(t, ana, bo, bo.LocalAddr(), "to bo")
	b.wantRefused(RefusedPort, 6)
	// Nor does the service reach a participant that has permitted its address.
	service.WriteTo([]byte("from the service"), ana.LocalAddr())
	settle(t, "the packet from the service is refused", func() bool { return b.Counts().Refused[RefusedPort] >= 7 })
	service.WriteTo([]byte("its own"), service.LocalAddr())
	buffer := make([]byte, 100)
	if n, from, err := service.ReadFrom(buffer); err != nil || string(buffer[:n]) != "its own" {
		t.Errorf("%q from %v came to the service, %v", buffer[:n], from, err)
	}
}

func TestAFlagOpensTheServersOwnPorts(t *testing.T) {
	cfg := generous()
	cfg.Allow = Allow{Loopback: true}
	b := start(t, cfg)
	peer, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	_, ana := b.allocate("udp", "ana")
	pass(t, ana, peer, peer.LocalAddr(), "to the peer")
	pass(t, peer, ana, ana.LocalAddr(), "from the peer")
}

func TestTCPIsNotRelayed(t *testing.T) {
	b := start(t, generous())
	c := b.client("tcp", as("ana"))
	_, err := c.AllocateTCP()
	wantCode(t, err, stun.CodeInsufficientCapacity)
	b.wantRefused(RefusedRelay, 1)
	b.allocate("tcp", "ana")
}

func TestEvenPortsAreNotSearchedFor(t *testing.T) {
	b := start(t, generous())
	c := b.client("udp", as("ana"))
	udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	err := ask(b, c, stun.MethodAllocate, udp, stun.RawAttribute{Type: stun.AttrEvenPort, Value: []byte{0x80}})
	wantCode(t, err, stun.CodeInsufficientCapacity)
	b.wantRefused(RefusedRelay, 1)
}

func TestAStrangersPacketsDoNotUseUpTheLimit(t *testing.T) {
	cfg := generous()
	cfg.Allow = Allow{Loopback: true}
	b := start(t, cfg)
	_, ana := b.allocate("udp", "ana")
	stranger, err := net.ListenPacket("udp4", "127.0.0.5:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	stranger.WriteTo([]byte("hello"), ana.LocalAddr())
	settle(t, "it is refused", func() bool { return b.Counts().Refused[RefusedStranger] == 1 })
	if c := b.Counts(); c.FromPeers != 0 {
		t.Errorf("%d bytes are counted", c.FromPeers)
	}
	pass(t, ana, stranger, stranger.LocalAddr(), "hello, stranger") // is none any more
	pass(t, stranger, ana, ana.LocalAddr(), "hello again")
}

func TestAnAllocationWithTooManyPermissionsOrChannelsEnds(t *testing.T) {
	cfg := generous()
	cfg.Allow = Allow{Loopback: true}
	b := start(t, cfg)
	c, _ := b.allocate("udp", "ana")
	for i := range maxPermissions + 1 {
		if b.Counts().Refused[RefusedTooMany] > 0 {
			t.Fatalf("%d permissions are too many, want %d allowed", i, maxPermissions)
		}
		if err := c.CreatePermission(&net.UDPAddr{IP: net.IPv4(127, 0, byte(1+i/256), byte(i)), Port: 9}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, "the allocation ends", func() bool { return b.Counts().Allocations == 0 })
	b.wantRefused(RefusedTooMany, 1)

	_, bo := b.allocate("udp", "bo")
	port := 0
	settle(t, "the allocation with many channels ends", func() bool {
		if port < 2*maxChannels {
			port++
			bo.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 9), Port: 1000 + port}) // binds a channel, in time
		}
		return b.Counts().Allocations == 0
	})
	b.wantRefused(RefusedTooMany, 2)
}

func TestAnExpiredCredentialMakesNoAllocationButKeepsOne(t *testing.T) {
	cfg := generous()
	now := time.Now()
	var later atomic.Int64
	cfg.Now = func() time.Time { return now.Add(time.Duration(later.Load())) }
	b := start(t, cfg)
	username, password := Credential(testSecret, "ana", now.Add(time.Second))
	mine := turn.ClientConfig{Username: username, Password: password}
	c := b.client("udp", mine)
	relayed, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	later.Store(int64(time.Hour))
	if _, err := b.client("udp", mine).Allocate(); err == nil {
		t.Error("an expired credential made an allocation")
	}
	b.wantRefused(RefusedExpired, 1)
	// A new permission and a channel are asked for, and granted.
	_, bo := b.allocateAt("udp", cfg.Now())
	bo.WriteTo([]byte("open"), relayed.LocalAddr())
	pass(t, relayed, bo, bo.LocalAddr(), "to bo")
	if err := refresh(b, c); err != nil {
		t.Errorf("a refresh of what is open: %v", err)
	}
	later.Store(int64(cfg.Keep))
	if err := refresh(b, c); err != nil {
		t.Errorf("a refresh of what is open, %v after: %v", cfg.Keep, err)
	}
	// What nobody has revoked ends at last.
	later.Store(int64(cfg.Keep + 2*time.Second))
	if err := refresh(b, c); err == nil {
		t.Error("an allocation is kept for ever")
	}
	b.wantRefused(RefusedExpired, 2)
}

func TestAnAllocationIsGrantedTheConfiguredLifetime(t *testing.T) {
	for lifetime, want := range map[time.Duration]uint32{0: 600, 20 * time.Second: 20, time.Hour: 3600} {
		for _, network := range []string{"udp", "tcp"} {
			cfg := generous()
			cfg.Lifetime = lifetime
			b := start(t, cfg)
			c, _ := b.allocate(network, "ana")
			msg, err := answer(c, stun.MethodRefresh)
			if err != nil {
				t.Fatal(err)
			}
			if seconds, err := msg.Get(stun.AttrLifetime); err != nil || binary.BigEndian.Uint32(seconds) != want {
				t.Errorf("%v over %s: lifetime %v, %v, want %d s", lifetime, network, seconds, err, want)
			}
		}
	}
}

// allocateAt makes an allocation with a credential that is good at another time.
func (b *bench) allocateAt(network string, at time.Time) (*turn.Client, net.PacketConn) {
	b.t.Helper()
	username, password := Credential(testSecret, "bo", at.Add(time.Minute))
	c := b.client(network, turn.ClientConfig{Username: username, Password: password})
	relayed, err := c.Allocate()
	if err != nil {
		b.t.Fatal(err)
	}
	return c, relayed
}

// refresh asks for another lifetime with a client's own credential.
func refresh(b *bench, c *turn.Client) error { return ask(b, c, stun.MethodRefresh) }

// ask sends a request with a client's own credential.
func ask(b *bench, c *turn.Client, method stun.Method, attributes ...stun.Setter) error {
	_, err := answer(c, method, attributes...)
	return err
}

// answer is that to such a request.
func answer(c *turn.Client, method stun.Method, attributes ...stun.Setter) (*stun.Message, error) {
	realm, nonce, err := challenge(c)
	if err != nil {
		return nil, err
	}
	username := c.Username().String()
	setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
	setters = append(setters, c.Username(), realm, nonce,
		stun.NewLongTermIntegrity(username, realm.String(), passwordOf(testSecret, username)), stun.Fingerprint)
	msg, err := stun.Build(setters...)
	if err != nil {
		return nil, err
	}
	result, err := c.PerformTransaction(msg, c.TURNServerAddr(), false)
	if err != nil {
		return nil, err
	}
	if result.Msg.Type.Class == stun.ClassErrorResponse {
		var code stun.ErrorCodeAttribute
		code.GetFrom(result.Msg)
		return nil, fmt.Errorf("error %d", code.Code)
	}
	return result.Msg, nil
}

// challenge is the answer to a request without a credential.
func challenge(c *turn.Client) (realm stun.Realm, nonce stun.Nonce, err error) {
	msg, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest))
	if err != nil {
		return nil, nil, err
	}
	result, err := c.PerformTransaction(msg, c.TURNServerAddr(), false)
	if err != nil {
		return nil, nil, err
	}
	return realm, nonce, result.Msg.Parse(&realm, &nonce)
}

func TestACredentialIsOfOneParticipantOfOneRoom(t *testing.T) {
	key := []byte("the key of the server")
	ids := map[string]bool{ID(key, "blue", "ana"): true, ID(key, "blue", "bo"): true, ID(key, "red", "ana"): true, ID([]byte("another"), "blue", "ana"): true, CheckID(key, "ana"): true}
	if len(ids) != 5 {
		t.Fatalf("ids %v are not all different", ids)
	}
	b := start(t, generous())
	expires := time.Now().Add(time.Minute)
	_, ana := Credential(testSecret, ID(key, "blue", "ana"), expires)
	bo, _ := Credential(testSecret, ID(key, "blue", "bo"), expires)
	red, _ := Credential(testSecret, ID(key, "red", "ana"), expires)
	later, _ := Credential(testSecret, ID(key, "blue", "ana"), expires.Add(time.Hour))
	own, _ := Credential(testSecret, ID(key, "blue", "ana"), expires)
	_, guessed := Credential("another secret", ID(key, "blue", "ana"), expires)
	for name, c := range map[string][2]string{
		"another participant": {bo, ana}, "another room": {red, ana}, "a longer life": {later, ana},
		"another secret": {own, guessed}, "no password": {own, ""}, "no expiry": {"ana", ana}, "no id": {"1:", ana},
		"an expiry that is none": {"soon:ana", ana}, "a negative expiry": {"-1:ana", ana}, "a long name": {own + strings.Repeat("a", 64), ana},
	} {
		if _, err := b.client("udp", turn.ClientConfig{Username: c[0], Password: c[1]}).Allocate(); err == nil {
			t.Errorf("%s: made an allocation", name)
		}
	}
	b.wantRefused(RefusedForged, 5)
	b.wantRefused(RefusedMalformed, 5)
	if n := b.Counts().Allocations; n != 0 {
		t.Errorf("%d allocations", n)
	}
}

func TestNobodyUsesTheAllocationOfSomebodyElse(t *testing.T) {
	b := start(t, generous())
	c, _ := b.allocate("udp", "ana")
	username, password := Credential(testSecret, "bo", time.Now().Add(time.Minute))
	realm, nonce, err := challenge(c)
	if err != nil {
		t.Fatal(err)
	}
	// From ana's own address, with bo's credential: 0 would end it.
	end, err := stun.Build(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest),
		stun.RawAttribute{Type: stun.AttrLifetime, Value: []byte{0, 0, 0, 0}},
		stun.NewUsername(username), realm, nonce, stun.NewLongTermIntegrity(username, realm.String(), password), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PerformTransaction(end, c.TURNServerAddr(), true); err != nil {
		t.Fatal(err)
	}
	if err := refresh(b, c); err != nil {
		t.Errorf("ana's allocation: %v", err)
	}
	if n := b.Counts().Allocations; n != 1 {
		t.Errorf("%d allocations, want ana's", n)
	}
}

func TestWhoHasLeftLosesAllocationsAndCredentialsAtOnce(t *testing.T) {
	b := start(t, generous())
	b.allocate("udp", "ana")
	b.allocate("tcp", "ana")
	_, bo := b.allocate("udp", "bo")
	_, cy := b.allocate("udp", "cy")
	b.Revoke(Revocation{ID: "ana", Until: time.Now().Add(time.Minute).Unix()})
	settle(t, "ana's allocations end", func() bool { return b.Counts().Allocations == 2 })
	_, err := b.client("udp", as("ana")).Allocate()
	wantCode(t, err, stun.CodeBadRequest)
	b.wantRefused(RefusedRevoked, 1)
	// One that was authenticated just before is refused when it is made.
	if err := b.hold(&allocation{id: "ana", expires: time.Now()}); err != errRefused {
		t.Errorf("hold = %v, want %v", err, errRefused)
	}
	cy.WriteTo([]byte("open"), bo.LocalAddr())
	pass(t, bo, cy, cy.LocalAddr(), "the others talk on")

	// Who comes back later, and gets a later credential, is let in.
	username, password := Credential(testSecret, "ana", time.Now().Add(2*time.Minute))
	if _, err := b.client("udp", turn.ClientConfig{Username: username, Password: password}).Allocate(); err != nil {
		t.Errorf("a credential from after the revocation: %v", err)
	}
}
