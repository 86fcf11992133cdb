package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"holdline/server/room"
	"holdline/server/signal"
)

func TestTwoPagesMeet(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	if got := names(p.bo.welcome.Roster); !slices.Equal(got, []string{"Ana"}) || p.ana.welcome.Order >= p.bo.welcome.Order {
		t.Errorf("Bo's roster = %v, orders %d and %d", got, p.ana.welcome.Order, p.bo.welcome.Order)
	}
	p.undisturbed()
	p.ana.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	p.bo.wantLeft(p.ana.id, signal.CauseHangup)
	p.ana.wantClose(signal.CloseBye)
}

func TestAMessageThatIsWrongIsRefusedAndNothingElseHappens(t *testing.T) {
	p := startServer(t, nil).pair()
	eve := p.third("Eve")
	for _, tt := range []struct{ name, text, id, field string }{
		{"text", `hello`, "malformed", "message"},
		{"half an object", `{"type":`, "malformed", "message"},
		{"an array", `[]`, "malformed", "message"},
		{"not UTF-8", "{\"type\":\"\xff\"}", "malformed", "message"},
		{"nested", strings.Repeat("[", 60_000), "malformed", "message"},
		{"an unknown type", `{"type":"shout"}`, "bad-field", "type"},
		{"a type of the server's", `{"type":"left","payload":{"end":{}}}`, "bad-field", "type"},
		{"a type of the control channel", `{"type":"media","payload":{}}`, "bad-field", "type"},
		{"a life that is a float", `{"type":"bye","life":1.5,"payload":{"count":1}}`, "bad-field", "life"},
		{"a bye without a count", `{"type":"bye","life":1,"payload":{}}`, "bad-field", "count"},
		{"an unknown intent", `{"type":"bye","life":1,"payload":{"count":1,"intent":"nap"}}`, "bad-field", "intent"},
		{"nobody", `{"type":"candidate","to":"nobody","life":1,"generation":1,"negotiation":1,"payload":{}}`, "unknown-peer", "to"},
		{"oneself", `{"type":"candidate","to":"` + eve.id + `","life":1,"generation":1,"negotiation":1,"payload":{}}`, "unknown-peer", "to"},
		{"an id with a direction mark", "{\"type\":\"candidate\",\"to\":\"a\u202eb\",\"life\":1,\"generation\":1,\"negotiation\":1,\"payload\":{}}", "bad-field", "to"},
		{"a second hello", `{"type":"hello","life":1,"payload":{"room":"blue","name":"Mallory"}}`, "second-hello", "type"},
		{"a hello to another room", `{"type":"hello","life":2,"payload":{"room":"red","name":"Mallory"}}`, "second-hello", "type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eve.write(tt.text)
			eve.wantRefusal(tt.id, tt.field)
			p.undisturbed()
		})
	}
	if err := eve.ws.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"beat"}`)); err != nil {
		t.Fatal(err)
	}
	eve.wantRefusal("malformed", "message")
	// What is out of order or of the past is dropped without a word.
	eve.write(`{"type":"candidate","to":"` + p.ana.id + `","life":9,"generation":1,"negotiation":1,"payload":{}}`)
	eve.write(`{"type":"candidate","to":"` + p.ana.id + `","life":1,"toLife":9,"generation":1,"negotiation":1,"payload":{}}`)
	eve.write(`{"type":"stay","life":9,"payload":{"count":1}}`)
	eve.write(`{"type":"beat"}`)
	eve.want(signal.TypeBeatBack, nil)
	p.undisturbed()
}

func TestTheServerNamesTheSender(t *testing.T) {
	p := startServer(t, nil).pair()
	eve := p.third("Eve")
	eve.write(`{"type":"description","from":"` + p.bo.id + `","to":"` + p.ana.id + `","life":1,"generation":1,"negotiation":1,"seq":1,"payload":{}}`)
	if e := p.ana.want(signal.TypeDescription, nil); e.From != eve.id {
		t.Errorf("from = %q, want %q", e.From, eve.id)
	}
}

func TestAFirstMessageThatIsNotAHelloClosesTheSocket(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	long := strings.Repeat("x", 10_000)
	hello := func(room, name string) string {
		return `{"type":"hello","life":1,"payload":` + string(signal.Raw(signal.Hello{Room: room, Name: name})) + `}`
	}
	for _, tt := range []struct{ name, text, id, field string }{
		{"a beat", `{"type":"beat"}`, "bad-field", "type"},
		{"malformed", `{`, "malformed", "message"},
		{"a hello without a life", `{"type":"hello","payload":{"room":"blue","name":"Eve"}}`, "bad-field", "life"},
		{"a payload that is text", `{"type":"hello","life":1,"payload":"x"}`, "bad-field", "payload"},
		{"a room of 10,000", hello(long, "Eve"), "bad-field", "room"},
		{"a room with a control character", hello("bl\x00ue", "Eve"), "bad-field", "room"},
		{"a room with a direction mark", hello("blue\u202e", "Eve"), "bad-field", "room"},
		{"no room", hello("", "Eve"), "bad-field", "room"},
		{"a name of 10,000", hello("blue", long), "bad-field", "name"},
		{"a name with a control character", hello("blue", "E\x07ve"), "bad-field", "name"},
		{"a name with a direction mark", hello("blue", "\u202eevE"), "bad-field", "name"},
		{"a name of spaces", hello("blue", "   "), "bad-field", "name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := s.connect()
			c.write(tt.text)
			c.wantRefusal(tt.id, tt.field)
			c.wantClose(signal.CloseBadHello)
			p.undisturbed()
		})
	}
}

func TestWhoSaysNothingIsClosed(t *testing.T) {
	s := startServer(t, quickly)
	p := s.pair()
	p.ana.listen()
	p.bo.listen()
	s.connect().wantClose(signal.CloseNoHello)
	p.undisturbed()
}

func TestAMessageThatIsTooLargeClosesTheSocket(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	eve := p.third("Eve")
	eve.write(`{"type":"beat"}` + strings.Repeat(" ", 64<<10-15))
	eve.want(signal.TypeBeatBack, nil)
	eve.write(`{"type":"beat"}` + strings.Repeat(" ", 64<<10-14))
	eve.wantRefusal("bad-field", "message")
	eve.wantClose(signal.CloseTooLarge)
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CauseTooMuch)
	}
	p.undisturbed()

	early := s.connect()
	early.write(strings.Repeat("x", 1<<20))
	early.wantRefusal("bad-field", "message")
	early.wantClose(signal.CloseTooLarge)
	p.undisturbed()
}

func TestAThousandMessagesInASecondCloseTheSocket(t *testing.T) {
	p := startServer(t, nil).pair()
	eve := p.third("Eve")
	for range 1000 {
		// Writes fail once the server has closed; the reads below say with what.
		if eve.ws.Write(t.Context(), websocket.MessageText, []byte(`{"type":"beat-back"}`)) != nil {
			break
		}
	}
	eve.wantClose(signal.CloseTooMuch)
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CauseTooMuch)
	}
	p.undisturbed()
}

func TestAsManyMessagesAsAreAllowedPass(t *testing.T) {
	p := startServer(t, nil).pair()
	eve := p.third("Eve")
	for range 290 {
		eve.write(`{"type":"beat"}`)
	}
	for range 290 {
		eve.want(signal.TypeBeatBack, nil)
	}
	p.undisturbed()
}

func TestSubprotocols(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	for _, asked := range [][]string{nil, {"chat"}, {"xholdline.v1"}} {
		_, response, err := s.dial(&websocket.DialOptions{Subprotocols: asked})
		if err == nil || response == nil || response.StatusCode != http.StatusBadRequest {
			t.Errorf("asked for %q: %v, want 400", asked, err)
			continue
		}
		body, _ := io.ReadAll(response.Body)
		if !strings.Contains(string(body), "Sec-WebSocket-Protocol: want holdline.v1, got ") {
			t.Errorf("asked for %q: answer %q does not say what is wanted", asked, body)
		}
	}
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{"holdline.v9"}})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{s: s, ws: ws, life: 1}
	c.hello(signal.Hello{Room: "blue", Name: "Eve"})
	c.wantClose(signal.CloseVersionMismatch)
	ws, _, err = s.dial(&websocket.DialOptions{Subprotocols: []string{"holdline.v9", "holdline.v1"}})
	if err != nil || ws.Subprotocol() != signal.Subprotocol {
		t.Fatalf("with ours among them: %v", err)
	}
	p.undisturbed()
}

func TestOrigins(t *testing.T) {
	s := startServer(t, func(c *config) { c.Origins = []string{"https://calls.example.org"} })
	p := s.pair()
	for origin, want := range map[string]int{
		"":                              http.StatusSwitchingProtocols,
		s.http.URL:                      http.StatusSwitchingProtocols,
		"https://calls.example.org":     http.StatusSwitchingProtocols,
		"http://calls.example.org":      http.StatusForbidden,
		"https://calls.example.org:444": http.StatusForbidden,
		"https://evil.example":          http.StatusForbidden,
		"null":                          http.StatusForbidden,
	} {
		options := &websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, HTTPHeader: http.Header{}}
		if origin != "" {
			options.HTTPHeader.Set("Origin", origin)
		}
		_, response, err := s.dial(options)
		if response == nil || response.StatusCode != want {
			t.Errorf("origin %q: %v, want %d", origin, err, want)
		}
	}
	p.undisturbed()
}

func TestAHalfOpenSocketIsNetworkLost(t *testing.T) {
	s := startServer(t, quickly)
	p := s.pair()
	p.ana.listen()
	p.bo.listen()
	began := time.Now()
	eve := p.third("Eve") // does not read any more, so she answers no ping
	for _, c := range []*client{p.ana, p.bo} {
		row := c.wantAway(eve.id, signal.CauseNetworkLost)
		if hold := time.Duration(row.Remaining) * time.Millisecond; hold > 1500*time.Millisecond || hold < 1490*time.Millisecond {
			t.Errorf("the place is held for %v, want 1.5 s", hold)
		}
	}
	if took := time.Since(began); took < 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("silent after %v, want about 0.6 s", took)
	}
	p.ana.wantLeft(eve.id, signal.CauseNetworkLost)
	p.bo.wantLeft(eve.id, signal.CauseNetworkLost)
	p.undisturbed()
	late := s.connect()
	late.life = 2
	late.hello(signal.Hello{Room: "blue", Name: "Eve", Token: eve.welcome.Token})
	late.welcomed()
	if late.id == eve.id || late.welcome.Resumed || late.welcome.Former == nil || late.welcome.Former.Cause != signal.CauseNetworkLost {
		t.Errorf("too late: %+v, former %+v; want somebody new who is told of the lost network", late.welcome, late.welcome.Former)
	}
}

// A browser whose page is gone says so and closes its connection, whatever the
// server has to say to the page in that moment.
func TestWhatCameIsReadThoughAWriteHasFailed(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	var conn *net.TCPConn
	dialer := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			conn = c.(*net.TCPConn)
		}
		return c, err
	}}
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}, HTTPClient: &http.Client{Transport: dialer}})
	if err != nil {
		t.Fatal(err)
	}
	eve := &client{s: s, ws: ws, life: 1}
	eve.hello(signal.Hello{Room: "blue", Name: "Eve"})
	eve.welcomed()
	p.see(eve.id)

	h := s.lobby.find("blue")
	h.mu.Lock() // the reader is held up with what came before
	socket := h.sockets[room.Conn(s.lobby.lastConn.Load())]
	eve.describe(p.ana.id, "v=0")
	eve.describe(p.bo.id, "v=0")
	goingAway := []byte{0x88, 0x82, 0, 0, 0, 0, 1001 >> 8, 1001 & 0xff} // masked with zeros
	if _, err := conn.Write(goingAway); err != nil {
		t.Fatal(err)
	}
	conn.SetLinger(0)
	conn.Close()
	settle(t, "a write fails", func() bool {
		socket.send(signal.Envelope{Type: signal.TypeBeatBack})
		socket.mu.Lock()
		defer socket.mu.Unlock()
		return socket.failed
	})
	h.mu.Unlock()
	for _, c := range []*client{p.ana, p.bo} {
		c.want(signal.TypeDescription, nil)
		if row := c.wantAway(eve.id, signal.CausePageVanished); !slices.Contains(row.End.Evidence, "socket closed with 1001") {
			t.Errorf("evidence: %q", row.End.Evidence)
		}
	}
	p.undisturbed()
}

// quickly is the policy scaled by 0.05: pings each 0.25 s, dead after 0.6 s.
func quickly(c *config) {
	c.Policy = room.DefaultPolicy().Scale(0.05)
	c.MaxRate, c.MaxBurst = 10_000, 10_000
}

// patiently leaves a loaded machine time to answer pings, and holds places
// longer than any test runs.
func patiently(c *config) {
	quickly(c)
	c.Policy.PingEvery, c.Policy.DeadAfter, c.Policy.GraceSilent = 500*time.Millisecond, 1500*time.Millisecond, time.Hour
}

func TestAMessageThatComesSlowlyIsNotSilence(t *testing.T) {
	p := startServer(t, patiently).pair()
	p.ana.listen()
	p.bo.listen()
	eve := p.third("Eve") // answers no ping while her message is under way
	w, err := eve.ws.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	pace := time.NewTicker(200 * time.Millisecond)
	defer pace.Stop()
	io.WriteString(w, `{"type":"beat"`)
	for range 12 { // 2.4 s, though 1.5 s of silence are the end
		if _, err := io.WriteString(w, strings.Repeat(" ", 5<<10)); err != nil {
			t.Fatal(err)
		}
		<-pace.C
	}
	io.WriteString(w, `}`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	eve.want(signal.TypeBeatBack, nil)
	p.undisturbed()
}

func TestAPathThatIsFullIsNetworkLost(t *testing.T) {
	p := startServer(t, patiently).pair()
	p.ana.listen()
	p.bo.listen()
	eve := p.third("Eve")
	for range 30 { // 1.8 MB: the kernel takes less, so that the ping cannot even be written
		p.ana.describe(eve.id, strings.Repeat("x", 60<<10))
	}
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CauseNetworkLost)
	}
	p.undisturbed()
}

func TestAPageThatDoesNotReadIsClosedAndHoldsNobodyUp(t *testing.T) {
	s := startServer(t, func(c *config) { c.MaxRate, c.MaxBurst = 10_000, 10_000 })
	p := s.pair()
	eve := p.third("Eve")
	sdp := strings.Repeat("x", 60<<10)
	closing := func() bool {
		h := s.lobby.find("blue")
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, s := range h.sockets {
			s.mu.Lock()
			code := s.code
			s.mu.Unlock()
			if code == signal.CloseSlow {
				return true
			}
		}
		return false
	}
	for range 1000 { // 60 MB: more than the queue and the kernel's buffers
		if closing() {
			break
		}
		p.ana.describe(eve.id, sdp)
		p.ana.write(`{"type":"beat"}`)
		p.ana.want(signal.TypeBeatBack, nil)
	}
	if !closing() {
		t.Fatal("the queue of a page that does not read is not bounded")
	}
	p.undisturbed()
	for { // now Eve reads what was under way, and then why it ends
		if _, err := eve.read(); err != nil {
			if closed, ok := errors.AsType[websocket.CloseError](err); !ok || closed.Code != websocket.StatusCode(signal.CloseSlow) {
				t.Fatalf("closed with %v, want %d", err, signal.CloseSlow)
			}
			break
		}
	}
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CauseSignalingLost)
	}
	p.undisturbed()
}

func TestBeacons(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	eve := p.third("Eve")
	good := signal.Beacon{Room: "blue", Participant: eve.id, Life: 1, Key: eve.welcome.ByeKey, Goodbye: signal.Goodbye{Count: 2, Intent: signal.IntentReload}}
	changed := func(f func(*signal.Beacon)) string {
		b := good
		f(&b)
		return string(signal.Raw(b))
	}
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"malformed", `bye`, 400, "malformed message"},
		{"nothing", ``, 400, "malformed message"},
		{"an array", `[]`, 400, "malformed message"},
		{"not UTF-8", "{\"room\":\"\xff\"}", 400, "not UTF-8"},
		{"a bad room", changed(func(b *signal.Beacon) { b.Room = "a/b" }), 400, "room: want"},
		{"a bad participant", changed(func(b *signal.Beacon) { b.Participant = "\u202e" }), 400, "participant: want"},
		{"no life", changed(func(b *signal.Beacon) { b.Life = 0 }), 400, "life: want"},
		{"no count", changed(func(b *signal.Beacon) { b.Goodbye.Count = 0 }), 400, "count: want"},
		{"oversized", changed(func(b *signal.Beacon) { b.Goodbye.Target = strings.Repeat("x", signal.MaxBeacon) }), 413, "want at most 8192 bytes"},
		{"no key", changed(func(b *signal.Beacon) { b.Key = "" }), 403, "key: not the one"},
		{"another's key", changed(func(b *signal.Beacon) { b.Key = p.ana.welcome.ByeKey }), 403, "key: not the one"},
		{"for somebody else", changed(func(b *signal.Beacon) { b.Participant = p.ana.id }), 403, "key: not the one"},
		{"for another room", changed(func(b *signal.Beacon) { b.Room = "red" }), 403, "key: not the one"},
		{"for another life", changed(func(b *signal.Beacon) { b.Life = 2 }), 403, "key: not the one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if status, text := s.bye(tt.body); status != tt.status || !strings.Contains(text, tt.says) {
				t.Errorf("%d %q, want %d with %q", status, text, tt.status, tt.says)
			}
			p.undisturbed()
		})
	}
	body := changed(func(*signal.Beacon) {})
	if status, text := s.bye(body); status != http.StatusNoContent {
		t.Fatalf("a true beacon: %d %q, want 204", status, text)
	}
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CausePageReloaded)
	}
	if status, _ := s.bye(body); status != http.StatusNoContent {
		t.Errorf("replayed: %d, want 204", status)
	}
	p.undisturbed()
	eve.ws.CloseNow()
	p.undisturbed()

	back := s.connect()
	back.life = 2
	back.hello(signal.Hello{Room: "blue", Name: "Eve", Token: eve.welcome.Token})
	back.welcomed()
	if back.id != eve.id || !back.welcome.Resumed {
		t.Errorf("back as %s, want %s", back.id, eve.id)
	}
	p.see(eve.id)
	if status, _ := s.bye(body); status != http.StatusNoContent { // late: its life is over
		t.Errorf("replayed in the next life: %d, want 204", status)
	}
	p.undisturbed()
	empty := signal.Beacon{Room: "green", Participant: "ana", Life: 1, Key: room.ByeKey(hallKey, "green", "ana", 1), Goodbye: signal.Goodbye{Count: 1}}
	if status, _ := s.bye(string(signal.Raw(empty))); status != http.StatusNoContent || s.lobby.count() != 1 {
		t.Errorf("for a room that is gone: %d and %d rooms, want 204 and 1", status, s.lobby.count())
	}
}

func TestAServerAtItsLimitOfSocketsIsBusy(t *testing.T) {
	s := startServer(t, func(c *config) { c.MaxConnections = 3 })
	p := s.pair()
	third := s.connect()
	third.hello(signal.Hello{Room: "red", Name: "Cy"})
	third.welcomed()
	for range 20 { // those who are sent away do not count
		c := s.connect()
		c.hello(signal.Hello{Room: "blue", Name: "Eve"}) // must not enter on the way out
		c.wantClose(signal.CloseBusy)
	}
	p.undisturbed()
	third.ws.CloseNow()
	settle(t, "the third socket goes", func() bool { return s.lobby.open.Load() == 2 })
	p.third("Di")
}

func TestAServerAtItsLimitOfRoomsIsBusy(t *testing.T) {
	s := startServer(t, func(c *config) { c.MaxRooms = 2 })
	p := s.pair()
	red := s.join("red", "Cy")
	c := s.connect()
	c.hello(signal.Hello{Room: "green", Name: "Eve"})
	c.wantClose(signal.CloseBusy)
	red.goodbye(signal.TypeBye, 1, signal.IntentHangup)
	red.wantClose(signal.CloseBye)
	settle(t, "the red room is empty", func() bool { return s.lobby.open.Load() == 2 })
	s.join("green", "Eve") // the red room is only a memory, and yields
	if n := s.lobby.count(); n != 2 {
		t.Errorf("%d rooms, want 2", n)
	}
	p.undisturbed()
}

func TestAFullRoomIsFullAndAForgedTokenDoesNotHelp(t *testing.T) {
	s := startServer(t, func(c *config) { c.Policy.MaxParticipants = 2 })
	p := s.pair()
	for _, token := range []string{"", "forged.token", p.ana.welcome.Token + "x"} {
		c := s.connect()
		c.hello(signal.Hello{Room: "blue", Name: "Eve", Token: token})
		c.wantClose(signal.CloseRoomFull)
		p.undisturbed()
	}
}

func TestADuplicatedTabIsRefusedAndANewerSocketDisplaces(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	eve := p.third("Eve")
	eve.write(`{"type":"beat"}`)
	eve.want(signal.TypeBeatBack, nil)
	duplicate := s.connect()
	duplicate.life = 2
	duplicate.hello(signal.Hello{Room: "blue", Name: "Eve", Token: eve.welcome.Token})
	duplicate.wantClose(signal.CloseReplaced)
	p.undisturbed()
	again := s.connect()
	again.hello(signal.Hello{Room: "blue", Name: "Eve", Token: eve.welcome.Token})
	again.welcomed()
	eve.wantClose(signal.CloseDisplaced)
	p.see(eve.id)
	p.undisturbed()
}

func TestADrainSaysGoawayAndRefusesNewSockets(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	early := s.connect() // has not said hello
	settle(t, "the early socket is talked with", func() bool { return s.lobby.open.Load() == 3 })
	drained := make(chan struct{})
	go func() { defer close(drained); s.lobby.Drain(t.Context()) }()
	for _, c := range []*client{p.ana, p.bo} {
		var g signal.Goaway
		c.want(signal.TypeGoaway, &g)
		if g.Return != 1000 {
			t.Errorf("come again after %d ms, want 1000", g.Return)
		}
		c.wantClose(signal.CloseGoaway)
	}
	early.wantClose(signal.CloseGoaway)
	select {
	case <-drained:
	case <-time.After(patience):
		t.Fatal("the drain does not end though all sockets have")
	}
	_, response, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}})
	if response == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("a new socket while draining: %v, want 503 and Retry-After", err)
	}
}

func TestADrainAsksManyPagesToStayAwayForLonger(t *testing.T) {
	s := startServer(t, func(c *config) { c.MaxReturns = 1 })
	p := s.pair()
	settle(t, "both are talked with", func() bool { return s.lobby.open.Load() == 2 })
	go s.lobby.Drain(t.Context())
	for _, c := range []*client{p.ana, p.bo} {
		var g signal.Goaway
		if c.want(signal.TypeGoaway, &g); g.Return != 2000 {
			t.Errorf("come again after %d ms, want 2000: two pages at one a second", g.Return)
		}
		c.wantClose(signal.CloseGoaway)
	}
}

func TestADrainGivesUpOnSocketsThatDoNotAnswerWhenItsTimeEnds(t *testing.T) {
	s := startServer(t, nil)
	s.join("blue", "Ana") // never reads the close
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.lobby.Drain(ctx)
}

func TestAServerRestartKeepsIdentityAndOrder(t *testing.T) {
	before := startServer(t, nil)
	p := before.pair()
	after := startServer(t, nil) // the same key
	eve := after.join("blue", "Eve")
	bo := after.connect()
	bo.hello(signal.Hello{Room: "blue", Name: "Bo", Token: p.bo.welcome.Token})
	bo.welcomed()
	if bo.id != p.bo.id || bo.welcome.Order != p.bo.welcome.Order || !bo.welcome.Resumed || eve.welcome.Order <= bo.welcome.Order {
		t.Errorf("back as %s with order %d, the newcomer's is %d; want %s with %d, before the newcomer",
			bo.id, bo.welcome.Order, eve.welcome.Order, p.bo.id, p.bo.welcome.Order)
	}
}

func TestNothingStaysWhenEverybodyHasGone(t *testing.T) {
	s := startServer(t, func(c *config) {
		ping, dead := c.Policy.PingEvery, c.Policy.DeadAfter
		c.Policy = c.Policy.Scale(0.0001) // a place is held for 1 to 3 ms, its end remembered for 60 ms
		c.Policy.PingEvery, c.Policy.DeadAfter = ping, dead
	})
	warm := s.join("warm", "Ana")
	warm.ws.CloseNow()
	settle(t, "the first room is forgotten", func() bool { return s.lobby.count() == 0 })
	http.DefaultClient.CloseIdleConnections()
	level := runtime.NumGoroutine()
	for i := range 10 {
		p := s.pair()
		switch i % 5 {
		case 0:
			p.ana.goodbye(signal.TypeBye, 1, signal.IntentHangup)
			p.bo.wantLeft(p.ana.id, signal.CauseHangup)
			p.ana.wantClose(signal.CloseBye)
		case 1:
			p.ana.ws.Close(websocket.StatusGoingAway, "")
		case 2:
			p.ana.write(strings.Repeat("x", 1<<20))
			p.ana.wantRefusal("bad-field", "message")
			p.ana.wantClose(signal.CloseTooLarge)
		case 3:
			c := s.connect()
			c.write(`{}`)
			c.wantRefusal("bad-field", "type")
			c.wantClose(signal.CloseBadHello)
			c = s.connect()
			c.ws.CloseNow()
		case 4:
			p.ana.goodbye(signal.TypeBye, 1, signal.IntentClose)
		}
		p.ana.ws.CloseNow()
		p.bo.ws.CloseNow()
		settle(t, "the room is forgotten", func() bool { return s.lobby.count() == 0 })
	}
	settle(t, "all sockets are gone", func() bool { return s.lobby.open.Load() == 0 })
	for deadline := time.Now().Add(patience); runtime.NumGoroutine() > level; {
		if time.Now().After(deadline) {
			var stacks bytes.Buffer
			buffer := make([]byte, 1<<20)
			stacks.Write(buffer[:runtime.Stack(buffer, true)])
			t.Fatalf("%d goroutines, want %d:\n%s", runtime.NumGoroutine(), level, &stacks)
		}
		time.Sleep(time.Millisecond)
	}
}
