package relay

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestARelayInAnotherProcessIsToldWhoHasLeft(t *testing.T) {
	b := start(t, generous())
	b.allocate("udp", "ana")
	b.allocate("udp", "bo")
	var away atomic.Bool
	var asked atomic.Int64
	away.Store(true)
	control := b.Control()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if away.Load() {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		control.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	remote := NewRemote(strings.TrimPrefix(server.URL, "http://"), testSecret, slog.New(slog.NewTextHandler(io.Discard, nil)))
	remote.again = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go remote.Run(ctx)

	until := time.Now().Add(time.Minute).Unix()
	remote.Revoke(Revocation{"ana", until})
	settle(t, "it is tried again", func() bool { return asked.Load() > 2 })
	if n := b.Counts().Allocations; n != 2 {
		t.Errorf("%d allocations while the relay is away, want 2", n)
	}
	for i := range 2 * maxBatch {
		remote.Revoke(Revocation{strconv.Itoa(i), until})
	}
	away.Store(false)
	settle(t, "ana's allocation ends", func() bool { return b.Counts().Allocations == 1 })
	settle(t, "all are told", func() bool {
		b.revoked.mu.Lock()
		defer b.revoked.mu.Unlock()
		return len(b.revoked.until) == 2*maxBatch+1
	})
	settle(t, "the queue is empty", func() bool {
		remote.mu.Lock()
		defer remote.mu.Unlock()
		return len(remote.queue) == 0
	})
}

func TestARelayThatWasAwayForLongerThanCredentialsLiveIsToldAllTheSame(t *testing.T) {
	now := time.Now()
	var late atomic.Int64
	clock := func() time.Time { return now.Add(time.Duration(late.Load())) }
	cfg := generous()
	cfg.Now = clock
	b := start(t, cfg)
	b.allocate("udp", "ana") // whose credential lives for a minute
	server := httptest.NewServer(b.Control())
	t.Cleanup(server.Close)
	remote := NewRemote(strings.TrimPrefix(server.URL, "http://"), testSecret, slog.New(slog.DiscardHandler))
	remote.now = clock
	remote.Revoke(Revocation{"ana", now.Add(2 * time.Minute).Unix()})
	late.Store(int64(time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	remote.Run(ctx) // tells what waits
	if n := b.Counts().Allocations; n != 0 {
		t.Errorf("%d allocations of who has left, want none", n)
	}
}

func TestAnOutageOfTheRelayIsToldAgainWhenItChangesAndWhenItLasts(t *testing.T) {
	now := time.Now()
	const reset = 0 // of the connection, instead of a status
	var late, asked, status atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer asked.Add(1)
		if status := int(status.Load()); status != reset {
			w.WriteHeader(status)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}))
	t.Cleanup(server.Close)
	var log logged
	remote := NewRemote(strings.TrimPrefix(server.URL, "http://"), testSecret, slog.New(slog.NewTextHandler(&log, nil)))
	remote.again, remote.now = time.Millisecond, func() time.Time { return now.Add(time.Duration(late.Load())) }
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { remote.Run(ctx); close(ended) }()
	defer func() { cancel(); <-ended }()
	want := func(again bool, text string, count int) {
		t.Helper()
		settle(t, text, func() bool { return strings.Count(log.String(), text) >= count })
		if again {
			before := asked.Load()
			settle(t, "it is tried again", func() bool { return asked.Load() > before+3 })
		}
		if n := strings.Count(log.String(), text); n != count {
			t.Errorf("%q is told %d times, want %d: %s", text, n, count, &log)
		}
	}
	status.Store(http.StatusServiceUnavailable)
	remote.Revoke(Revocation{"ana", now.Unix()})
	want(true, "503", 1)
	status.Store(http.StatusForbidden)
	want(true, "403", 1)
	late.Store(int64(outageAgain))
	want(true, "403", 2)
	status.Store(reset)
	want(true, "connection reset", 1) // from another port each time
	status.Store(http.StatusNoContent)
	want(false, "told again", 1)
	for _, id := range []string{"bo", "cy"} {
		remote.Revoke(Revocation{id, now.Unix()})
		settle(t, id+" is told", func() bool { return remote.waiting() == 0 })
	}
	want(false, "told again", 1)
	status.Store(http.StatusServiceUnavailable)
	remote.Revoke(Revocation{"di", now.Unix()})
	want(true, "503", 2)
}

func TestAServerThatEndsTellsWhatWaits(t *testing.T) {
	r := New(generous())
	t.Cleanup(r.Close)
	server := httptest.NewServer(r.Control())
	var log strings.Builder
	remote := NewRemote(strings.TrimPrefix(server.URL, "http://"), testSecret, slog.New(slog.NewTextHandler(&log, nil)))
	until := time.Now().Add(time.Minute).Unix()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range maxBatch + 1 {
		remote.Revoke(Revocation{strconv.Itoa(i), until})
	}
	remote.Run(ctx)
	if n := len(r.revoked.until); n != maxBatch+1 {
		t.Errorf("%d are told, want all %d", n, maxBatch+1)
	}
	server.Close()
	for i := range maxBatch + 1 {
		remote.Revoke(Revocation{strconv.Itoa(i), until})
	}
	remote.Run(ctx)
	if want := fmt.Sprintf("left=%d", maxBatch+1); !strings.Contains(log.String(), want) {
		t.Errorf("of what could not be told is said: %s, want %s", &log, want)
	}
}

func TestAServerThatEndsWhileItTellsDoesNotBlameTheRelay(t *testing.T) {
	r := New(generous())
	t.Cleanup(r.Close)
	control := r.Control()
	ctx, cancel := context.WithCancel(t.Context())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if asked.Add(1) == 1 {
			io.Copy(io.Discard, request.Body) // or the server does not see that its client goes
			cancel()
			<-request.Context().Done()
			return
		}
		control.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	var log strings.Builder
	remote := NewRemote(strings.TrimPrefix(server.URL, "http://"), testSecret, slog.New(slog.NewTextHandler(&log, nil)))
	remote.Revoke(Revocation{"ana", time.Now().Add(time.Minute).Unix()})
	remote.Run(ctx)
	if log.Len() > 0 {
		t.Errorf("it says: %s", &log)
	}
	if !r.revoked.covers("ana", time.Now()) {
		t.Error("the relay was not told at last")
	}
}

func TestWhatWaitsForARelayIsBounded(t *testing.T) {
	remote := NewRemote("127.0.0.1:1", testSecret, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for i := range 2 * maxQueued {
		remote.Revoke(Revocation{strconv.Itoa(i), time.Now().Add(time.Minute).Unix()})
	}
	if n := len(remote.queue); n != maxQueued || remote.queue[n-1].ID != strconv.Itoa(2*maxQueued-1) {
		t.Errorf("%d wait, want the newest %d", n, maxQueued)
	}
}

func TestTheControlTakesOnlyWhatTheServerSays(t *testing.T) {
	now := time.Now()
	cfg := generous()
	cfg.Now = func() time.Time { return now }
	var log logged
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	r := New(cfg)
	body := `[{"id":"ana","until":` + strconv.FormatInt(now.Add(time.Minute).Unix(), 10) + `}]`
	at := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, tt := range []struct {
		name, at, mac, body string
		status              int
	}{
		{"another secret", at(0), controlMAC("guessed", at(0), []byte(body)), body, 403},
		{"no secret", at(0), "", body, 403},
		{"another time", at(1), controlMAC(testSecret, at(time.Second), []byte(body)), body, 403},
		{"another body", at(0), controlMAC(testSecret, at(0), []byte(`[]`)), body, 403},
		{"long ago", at(-time.Hour), controlMAC(testSecret, at(-time.Hour), []byte(body)), body, 403},
		{"ahead of time", at(time.Hour), controlMAC(testSecret, at(time.Hour), []byte(body)), body, 403},
		{"no time", "", controlMAC(testSecret, "", []byte(body)), body, 403},
		{"no JSON", at(0), controlMAC(testSecret, at(0), []byte(`{`)), `{`, 400},
		{"too long", at(0), "", strings.Repeat(" ", maxControl+1), 413},
		{"the server", at(0), controlMAC(testSecret, at(0), []byte(body)), body, 204},
	} {
		request := httptest.NewRequest(http.MethodPost, controlPath, strings.NewReader(tt.body))
		request.Header.Set(timeHeader, tt.at)
		request.Header.Set(macHeader, tt.mac)
		answer := httptest.NewRecorder()
		r.Control().ServeHTTP(answer, request)
		if answer.Code != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, answer.Code, answer.Body, tt.status)
		}
		if got := len(r.revoked.until) > 0; got != (tt.status == 204) {
			t.Errorf("%s: revoked %v", tt.name, got)
		}
	}
	if n := r.Counts().Refused[RefusedControl]; n != 7 {
		t.Errorf("%d are counted as refused, want 7", n)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "one --state") {
		t.Errorf("told %d times, want once a minute, and why: %s", n, &log)
	}
}
