package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

//go:embed pages
var embedded embed.FS

// serve serves the pages and the plain page's signaling at an address, and
// prints its URL first. node is the folder with npm's packages.
func serve(address, node string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	handler, err := handler(node)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	return http.Serve(l, handler)
}

func handler(node string) (http.Handler, error) {
	pages, err := fs.Sub(embedded, "pages")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(pages))
	mux.HandleFunc("/peerjs.min.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, node+"/peerjs/dist/peerjs.min.js")
	})
	// An empty document, for the kit's notebook.
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write(nil) })
	mux.Handle("/relay", &relay{rooms: map[string]map[*websocket.Conn]bool{}})
	return mux, nil
}

// relay passes each message on to the others in its room, and nothing else.
type relay struct {
	mu    sync.Mutex
	rooms map[string]map[*websocket.Conn]bool
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ws, err := websocket.Accept(w, req, nil)
	if err != nil {
		return // Accept has answered
	}
	defer ws.CloseNow()
	room := req.URL.Query().Get("room")
	r.enter(room, ws)
	defer r.leave(room, ws)
	for {
		kind, message, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		for _, other := range r.others(room, ws) {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			_ = other.Write(ctx, kind, message) // one that is gone needs none
			cancel()
		}
	}
}

func (r *relay) enter(room string, ws *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rooms[room] == nil {
		r.rooms[room] = map[*websocket.Conn]bool{}
	}
	r.rooms[room][ws] = true
}

func (r *relay) leave(room string, ws *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rooms[room], ws)
	if len(r.rooms[room]) == 0 {
		delete(r.rooms, room)
	}
}

func (r *relay) others(room string, ws *websocket.Conn) (others []*websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.rooms[room] {
		if other != ws {
			others = append(others, other)
		}
	}
	return others
}
