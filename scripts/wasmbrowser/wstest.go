//go:build linux

package main

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// serveTestSocket is a WebSocket server for tests. The query says what it does,
// in this order:
//
//	status=503             refuse with this HTTP status instead of opening
//	hang                   never answer the opening handshake
//	messages=150           send the texts "0" to "149"
//	binary                 send one binary message
//	echo                   return each text until the page closes
//	echo=3                 return three texts, then go on
//	close=4001&reason=WHY  close with this code
//	abort                  reset the TCP connection
//	silent                 read nothing, and so answer no close either, for 30 s
//	(none)                 read until the page closes
//
// It agrees to the first subprotocol that the page offers.
func serveTestSocket(w http.ResponseWriter, r *http.Request) {
	script := r.URL.Query()
	if status, err := strconv.Atoi(script.Get("status")); err == nil {
		w.WriteHeader(status)
		return
	}
	if script.Has("hang") {
		<-r.Context().Done()
		return
	}

	tcp := &tcpKeeper{ResponseWriter: w}
	var protocols []string
	if offered := r.Header.Get("Sec-WebSocket-Protocol"); offered != "" {
		protocols = strings.Split(offered, ",")[:1]
	}
	conn, err := websocket.Accept(tcp, r, &websocket.AcceptOptions{Subprotocols: protocols})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	conn.SetReadLimit(16 << 20)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	if playMessages(ctx, conn, script) != nil {
		return
	}
	switch {
	case script.Has("close"):
		code, _ := strconv.Atoi(script.Get("close"))
		conn.Close(websocket.StatusCode(code), script.Get("reason"))
	case script.Has("abort"):
		if c, ok := tcp.conn.(*net.TCPConn); ok {
			c.SetLinger(0)
			c.Close()
		}
	case script.Has("silent"):
		<-ctx.Done()
	default:
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				return
			}
		}
	}
}

func playMessages(ctx context.Context, conn *websocket.Conn, script url.Values) error {
	count, _ := strconv.Atoi(script.Get("messages"))
	for i := range count {
		if err := conn.Write(ctx, websocket.MessageText, strconv.AppendInt(nil, int64(i), 10)); err != nil {
			return err
		}
	}
	if script.Has("binary") {
		if err := conn.Write(ctx, websocket.MessageBinary, []byte{0, 1, 2}); err != nil {
			return err
		}
	}
	if !script.Has("echo") {
		return nil
	}
	limit, err := strconv.Atoi(script.Get("echo"))
	for i := 0; err != nil || i < limit; i++ {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := conn.Write(ctx, kind, data); err != nil {
			return err
		}
	}
	return nil
}

// tcpKeeper remembers the connection below a WebSocket, to be reset.
type tcpKeeper struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack is what the opening of a WebSocket calls.
func (k *tcpKeeper) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(k.ResponseWriter).Hijack()
	k.conn = conn
	return conn, buffer, err
}
