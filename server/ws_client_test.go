package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"holdline/server/signal"
)

var hallKey = []byte("the key of the tests, 32 bytes: 2")

// server is the signaling behind real sockets.
type server struct {
	t     *testing.T
	http  *httptest.Server
	lobby *lobby
}

// patience bounds every wait: who waits longer has lost.
const patience = 20 * time.Second

// startServer serves with what flags and their defaults make, changed by
// change. Pings are rare, so that only the tests of silence see their timers.
func startServer(t *testing.T, change func(*config)) *server {
	t.Helper()
	cfg, err := parseConfig([]string{"--state", t.TempDir(), "--ping", "30s", "--dead-after", "60s"})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&cfg)
	}
	l := newSignaling(cfg, hallKey, &iceServers{key: hallKey}, slog.New(slog.NewTextHandler(io.Discard, nil))).(*lobby)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", l.ServeSocket)
	mux.HandleFunc("POST /bye", l.ServeBye)
	mux.HandleFunc("POST /gone", l.ServeGone)
	mux.HandleFunc("POST /reports", l.ServeReports)
	s := &server{t, httptest.NewUnstartedServer(mux), l}
	s.http.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		c.(*net.TCPConn).SetWriteBuffer(16 << 10) // so that a page that does not read is noticed soon
		return ctx
	}
	s.http.Start()
	t.Cleanup(s.http.Close)
	return s
}

// dial opens a socket; the answer is that to the handshake.
func (s *server) dial(options *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	ws, response, err := websocket.Dial(ctx, s.http.URL+"/ws", options)
	if err == nil {
		ws.SetReadLimit(-1)
		s.t.Cleanup(func() { ws.CloseNow() })
	}
	return ws, response, err
}

// client is one page.
type client struct {
	s       *server
	ws      *websocket.Conn
	id      string
	life    int64
	ice     signal.ICE
	welcome signal.Welcome
	seq     int64
	heard   chan heard // filled by listen
}

type heard struct {
	envelope signal.Envelope
	err      error
}

// listen reads all the time, as a page does, so that pings are answered while
// the test looks elsewhere.
func (c *client) listen() {
	c.heard = make(chan heard, 1024)
	ctx, cancel := context.WithCancel(context.Background())
	c.s.t.Cleanup(cancel)
	go func() {
		for {
			e, err := receive(ctx, c.ws)
			c.heard <- heard{e, err}
			if err != nil {
				return
			}
		}
	}()
}

func receive(ctx context.Context, ws *websocket.Conn) (e signal.Envelope, err error) {
	_, data, err := ws.Read(ctx)
	if err == nil {
		err = json.Unmarshal(data, &e)
	}
	return e, err
}

// connect opens a socket that has not said hello.
func (s *server) connect() *client {
	s.t.Helper()
	ws, _, err := s.dial(&websocket.DialOptions{Subprotocols: []string{signal.Subprotocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	return &client{s: s, ws: ws, life: 1}
}

// join opens a socket and enters a room.
func (s *server) join(room, name string) *client {
	s.t.Helper()
	c := s.connect()
	c.hello(signal.Hello{Room: room, Name: name})
	c.welcomed()
	return c
}

func (c *client) hello(h signal.Hello) {
	c.s.t.Helper()
	c.send(signal.Envelope{Type: signal.TypeHello, Life: c.life, Seq: 1, Payload: signal.Raw(h)})
}

func (c *client) welcomed() {
	c.s.t.Helper()
	c.want(signal.TypeICE, &c.ice)
	c.id = c.want(signal.TypeWelcome, &c.welcome).To
}

func (c *client) send(e signal.Envelope) {
	c.s.t.Helper()
	c.write(string(encode(e)))
}

func (c *client) write(text string) {
	c.s.t.Helper()
	ctx, cancel := context.WithTimeout(c.s.t.Context(), patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.s.t.Fatal(err)
	}
}

func (c *client) read() (e signal.Envelope, err error) {
	ctx, cancel := context.WithTimeout(c.s.t.Context(), patience)
	defer cancel()
	if c.heard == nil {
		return receive(ctx, c.ws)
	}
	select {
	case h := <-c.heard:
		return h.envelope, h.err
	case <-ctx.Done():
		return e, ctx.Err()
	}
}

// want reads the next message, which must be of the type, into payload.
func (c *client) want(typ signal.Type, payload any) signal.Envelope {
	c.s.t.Helper()
	e, err := c.read()
	if err != nil {
		c.s.t.Fatalf("waiting for %s: %v", typ, err)
	}
	if e.Type != typ {
		c.s.t.Fatalf("got %s %s, want %s", e.Type, e.Payload, typ)
	}
	if payload != nil {
		if err := e.Read(payload); err != nil {
			c.s.t.Fatal(err)
		}
	}
	return e
}

// wantRefusal reads the next message, an error with this id and field.
func (c *client) wantRefusal(id, field string) signal.Refusal {
	c.s.t.Helper()
	var r signal.Refusal
	c.want(signal.TypeError, &r)
	if r.ID != id || r.Field != field || r.Limit == "" || r.Got == "" {
		c.s.t.Errorf("refusal = %+v, want %s of %s with limit and what came", r, id, field)
	}
	return r
}

// wantClose reads the close with this code and its reason.
func (c *client) wantClose(code signal.CloseCode) {
	c.s.t.Helper()
	e, err := c.read()
	closed, ok := errors.AsType[websocket.CloseError](err)
	if !ok {
		c.s.t.Fatalf("got %s %s, %v; want close %d", e.Type, e.Payload, err, code)
	}
	row, _ := signal.CloseOf(int(code))
	if closed.Code != websocket.StatusCode(code) || closed.Reason != row.Reason {
		c.s.t.Fatalf("closed with %d %q, want %d %q", closed.Code, closed.Reason, code, row.Reason)
	}
}

func (c *client) wantAway(id string, cause signal.Cause) signal.Presence {
	c.s.t.Helper()
	var row signal.Presence
	c.want(signal.TypeAway, &row)
	if row.Participant != id || row.State != signal.PresenceAway || row.End == nil || row.End.Cause != cause || row.Remaining < 1 {
		c.s.t.Fatalf("away = %+v with end %+v, want %s away by %s", row, row.End, id, cause)
	}
	return row
}

func (c *client) wantLeft(id string, cause signal.Cause) {
	c.s.t.Helper()
	var left signal.Left
	c.want(signal.TypeLeft, &left)
	if left.End.Subject != id || left.End.Cause != cause || !left.End.Final {
		c.s.t.Fatalf("left = %+v, want %s by %s", left.End, id, cause)
	}
}

func (c *client) wantPresent(id string) {
	c.s.t.Helper()
	var row signal.Presence
	c.want(signal.TypePresent, &row)
	if row.Participant != id || row.State != signal.PresencePresent {
		c.s.t.Fatalf("present = %+v, want %s", row, id)
	}
}

func (c *client) describe(to, sdp string) {
	c.s.t.Helper()
	c.seq++
	c.send(signal.Envelope{
		Type: signal.TypeDescription, To: to, Life: c.life, Generation: 1, Negotiation: int(c.seq), Seq: c.seq,
		Payload: signal.Raw(signal.Description{Type: "offer", SDP: sdp}),
	})
}

func (c *client) goodbye(typ signal.Type, count int, intent signal.Intent) {
	c.s.t.Helper()
	c.send(signal.Envelope{Type: typ, Life: c.life, Payload: signal.Raw(signal.Goodbye{Count: count, Intent: intent})})
}

// pair is two participants of the room blue who must notice nothing of what a
// third page does.
type pair struct{ ana, bo *client }

func (s *server) pair() pair {
	s.t.Helper()
	ana := s.join("blue", "Ana")
	bo := s.join("blue", "Bo")
	ana.wantPresent(bo.id)
	return pair{ana, bo}
}

// undisturbed proves that a description still passes each way, and that
// nothing else came before it.
func (p pair) undisturbed() {
	p.ana.s.t.Helper()
	for _, way := range [][2]*client{{p.ana, p.bo}, {p.bo, p.ana}} {
		way[0].describe(way[1].id, "v=0")
		if e := way[1].want(signal.TypeDescription, nil); e.From != way[0].id || e.Seq == 0 {
			p.ana.s.t.Errorf("description from %q with seq %d, want from %q", e.From, e.Seq, way[0].id)
		}
	}
}

// see reads on both sockets that somebody came.
func (p pair) see(id string) {
	p.ana.s.t.Helper()
	p.ana.wantPresent(id)
	p.bo.wantPresent(id)
}

// third is somebody else in the room blue.
func (p pair) third(name string) *client {
	p.ana.s.t.Helper()
	c := p.ana.s.join("blue", name)
	p.see(c.id)
	return c
}

// bye posts a beacon and returns the status and the answer.
func (s *server) bye(body string) (int, string) {
	s.t.Helper()
	return s.post("/bye", "text/plain", body)
}

func (s *server) post(path, kind, body string) (int, string) {
	s.t.Helper()
	response, err := http.Post(s.http.URL+path, kind, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// settle waits, by looking, for what no message tells.
func settle(t testing.TB, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

func (l *lobby) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.halls)
}

func names(rows []signal.Presence) (list []string) {
	for _, row := range rows {
		list = append(list, row.Name)
	}
	slices.Sort(list)
	return list
}
