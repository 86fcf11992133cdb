package main

import (
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"holdline/scripts/bench/measure"
	"holdline/wasm/e2e/nets"
)

//go:embed pages/plain.html
var plainPage []byte

// held is how long a page is kept waiting for messages before it is told that
// there are none: shorter than the page itself waits.
const held = time.Second

// mailboxes is the plain page and its signaling: each page's messages in their
// order, of which the other takes those that it does not have.
type mailboxes struct {
	servers func() []nets.ICEServer // with credentials that are new

	mu      sync.Mutex
	of      map[string][]json.RawMessage
	changed chan struct{} // closed with the next message
}

func newMailboxes(servers func() []nets.ICEServer) *mailboxes {
	return &mailboxes{servers: servers, of: map[string][]json.RawMessage{}, changed: make(chan struct{})}
}

// serve serves over HTTPS until the trial ends.
func (m *mailboxes) serve(t *measure.Trial, l net.Listener, certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write(plainPage)
	})
	mux.HandleFunc("GET /servers", func(w http.ResponseWriter, _ *http.Request) { answer(w, m.servers()) })
	mux.HandleFunc("POST /send", m.send)
	mux.HandleFunc("GET /take", m.take)
	// Not HTTP/2, whose one connection would be dead for all after a cut.
	s := &http.Server{Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}}
	go s.ServeTLS(l, "", "")
	t.Cleanup(func() { s.Close() })
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// send takes the message of this number, once.
func (m *mailboxes) send(w http.ResponseWriter, r *http.Request) {
	of, number := position(r, "number")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return // the page sends it again
	}
	m.mu.Lock()
	if number == len(m.of[of]) {
		m.of[of] = append(m.of[of], body)
		close(m.changed)
		m.changed = make(chan struct{})
	}
	m.mu.Unlock()
	answer(w, "taken")
}

// take gives the messages from a number on, as soon as there are any.
func (m *mailboxes) take(w http.ResponseWriter, r *http.Request) {
	of, from := position(r, "from")
	end := time.After(held)
	for {
		m.mu.Lock()
		all, changed := m.of[of], m.changed
		m.mu.Unlock()
		if from < len(all) {
			answer(w, all[from:])
			return
		}
		select {
		case <-changed:
		case <-end:
			answer(w, []json.RawMessage{})
			return
		case <-r.Context().Done():
			return
		}
	}
}

// position is whose messages a request is about, and a number of one.
func position(r *http.Request, key string) (of string, n int) {
	n, err := strconv.Atoi(r.URL.Query().Get(key))
	if err != nil || n < 0 {
		n = 1 << 30 // none
	}
	return r.URL.Query().Get("of"), n
}
