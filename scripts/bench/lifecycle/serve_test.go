package main

import (
	"context"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestTheRelayPassesMessagesOnWithinARoom(t *testing.T) {
	r := &relay{rooms: map[string]map[*websocket.Conn]bool{}}
	s := httptest.NewServer(r)
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	enter := func(room string) *websocket.Conn {
		ws, _, err := websocket.Dial(ctx, s.URL+"/relay?room="+room, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ws.CloseNow() })
		return ws
	}
	say := func(ws *websocket.Conn, text string) {
		if err := ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(ws *websocket.Conn, want string) {
		t.Helper()
		_, got, err := ws.Read(ctx)
		if err != nil || string(got) != want {
			t.Fatalf("heard %q, %v, want %q", got, err, want)
		}
	}
	ana, ben, stranger := enter("1"), enter("1"), enter("2")
	for len(r.others("1", nil)) < 2 { // the handshake ends before the socket is in its room
		runtime.Gosched()
	}
	say(stranger, "from elsewhere")
	say(ana, "from Ana")
	say(ana, "again")
	hears(ben, "from Ana")
	hears(ben, "again")
	say(ben, "from Ben")
	hears(ana, "from Ben")
	ben.CloseNow()
	for len(r.others("1", nil)) > 1 {
		runtime.Gosched()
	}
}
