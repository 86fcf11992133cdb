package main

import (
	"encoding/json"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strings"
	"time"

	"holdline/server/relay"
)

// counts is what the operator sees of the signaling: gauges, but for Welcomes.
type counts struct {
	Sockets      int   `json:"sockets"`      // that are talked with
	Rooms        int   `json:"rooms"`        // those that are only remembered included
	Participants int   `json:"participants"` // who have a place, held ones included
	Welcomes     int64 `json:"welcomes"`     // joins and returns since the start

	Relay *relay.Counts `json:"relay,omitempty"` // where one runs in this process
}

// serveDebug serves the debug pages on an address of their own until stop.
func serveDebug(addr string, count func() counts, logger *slog.Logger) (where net.Addr, stop func(), err error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, fmt.Errorf("listen on %s for --debug-addr: %w", addr, err)
	}
	own := listener.Addr().(*net.TCPAddr).IP.IsLoopback()
	// No WriteTimeout: a profile takes as long as it is asked to.
	server := &http.Server{Handler: newDebug(count, own), ReadHeaderTimeout: 5 * time.Second, ErrorLog: httpLog(logger)}
	go server.Serve(listener)
	return listener.Addr(), func() { server.Close() }, nil
}

func tellDebug(stdout io.Writer, where net.Addr) {
	fmt.Fprintf(stdout, "Debug: http://%s/debug/vars and /debug/pprof/\n", where)
}

// newDebug is expvar and pprof, as Go's tools expect them. own says that only
// this machine reaches it: then a name that is not this machine's is one that
// a foreign page made point here (DNS rebinding), and is refused.
func newDebug(count func() counts, own bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/vars", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		var b strings.Builder
		b.WriteString("{\n")
		expvar.Do(func(kv expvar.KeyValue) { fmt.Fprintf(&b, "%q: %s,\n", kv.Key, kv.Value) })
		ours, err := json.Marshal(count())
		if err != nil {
			panic("holdline: counts: " + err.Error()) // numbers are JSON
		}
		fmt.Fprintf(&b, "\"goroutines\": %d,\n\"holdline\": %s\n}\n", runtime.NumGoroutine(), ours)
		fmt.Fprint(w, b.String())
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own && !isLocalhost(r.Host) {
			http.Error(w, "Host: want localhost or a loopback address", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// counts looks through all rooms.
func (l *lobby) counts() counts {
	halls := l.all()
	c := counts{Sockets: int(l.open.Load()), Rooms: len(halls), Welcomes: l.welcomes.Load()}
	for _, h := range halls {
		h.mu.Lock()
		c.Participants += h.room.People()
		h.mu.Unlock()
	}
	if l.ice.counts != nil {
		relayed := l.ice.counts()
		c.Relay = &relayed
	}
	return c
}
