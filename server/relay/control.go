package relay

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A relay that is a process of its own is told of revocations by POST
// /revocations: a JSON array of them, authenticated with the secret that both
// derive from the server's key. A request that is played again changes
// nothing, for what it revokes is revoked already and ends at the same time;
// clockSkew keeps an old one from filling the relay's memory later.
const (
	controlPath = "/revocations"
	timeHeader  = "Holdline-Time" // Unix time in seconds
	macHeader   = "Holdline-MAC"  // base64 of HMAC-SHA256 over time and body
	clockSkew   = 2 * time.Minute

	maxControl = 64 << 10 // bytes of a body
	maxBatch   = 512      // revocations of a request; one has at most 100 bytes
)

func controlMAC(secret, at string, body []byte) string {
	return base64.StdEncoding.EncodeToString(mac([]byte(secret), "control", at+"\n"+string(body)))
}

// Control takes revocations: 204, or 403 for who does not know the secret.
func (r *Relay) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+controlPath, func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxControl))
		if err != nil {
			http.Error(w, fmt.Sprintf("body: want at most %d bytes: %v", maxControl, err), http.StatusRequestEntityTooLarge)
			return
		}
		forbid := func(why string) {
			r.count.refuse(RefusedControl)
			r.trouble.warn("word of who has left is refused", "error", why)
			http.Error(w, why, http.StatusForbidden)
		}
		at := request.Header.Get(timeHeader)
		if !hmac.Equal([]byte(request.Header.Get(macHeader)), []byte(controlMAC(r.cfg.Secret, at, body))) {
			forbid(macHeader + ": not made with this relay's secret: both processes need one --state")
			return
		}
		seconds, err := strconv.ParseInt(at, 10, 64)
		if off := r.cfg.Now().Sub(time.Unix(seconds, 0)).Abs(); err != nil || off > clockSkew {
			forbid(fmt.Sprintf("%s: want at most %v off this machine's clock, got %v", timeHeader, clockSkew, off.Round(time.Minute)))
			return
		}
		var all []Revocation
		if err := json.Unmarshal(body, &all); err != nil {
			http.Error(w, "body: "+err.Error(), http.StatusBadRequest)
			return
		}
		for _, rev := range all {
			r.Revoke(rev)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// Remote is a relay in another process, as the server sees it.
type Remote struct {
	url    string
	secret string
	log    *slog.Logger
	now    func() time.Time
	again  time.Duration // the first wait after a failure; it doubles up to sixteen times that
	client http.Client

	mu    sync.Mutex
	queue []Revocation
	head  int // how many have left the queue
	ready chan struct{}
}

// maxQueued bounds what waits while the relay is away. Beyond it the oldest
// goes: Config.Keep ends first what that holds.
const maxQueued = 1 << 14

// NewRemote makes the relay whose Control listens on a host:port.
func NewRemote(address, secret string, log *slog.Logger) *Remote {
	return &Remote{
		url: "http://" + address + controlPath, secret: secret, log: log, now: time.Now, again: time.Second,
		client: http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{Proxy: nil}}, ready: make(chan struct{}, 1),
	}
}

// Revoke queues a revocation.
func (r *Remote) Revoke(rev Revocation) {
	r.mu.Lock()
	if len(r.queue) >= maxQueued {
		r.drop(1)
	}
	r.queue = append(r.queue, rev)
	r.mu.Unlock()
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// outageAgain is how often an outage that goes on is told of, where nothing
// about it changes.
const outageAgain = 5 * time.Minute

// outage is what the operator was told of last; the zero value is none.
type outage struct {
	why string
	at  time.Time
}

// reason is what an error has in common with others of its kind: not the port
// of one's own, which is another at each try.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + " " + op.Err.Error()
	}
	return err.Error()
}

// lastWords is how long a server that ends takes to tell what still waits: the
// next one does not know it.
const lastWords = time.Second

// Run tells the relay until ctx ends, and then what waits, once.
func (r *Remote) Run(ctx context.Context) {
	r.run(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	for batch, end := r.batch(); len(batch) > 0; batch, end = r.batch() {
		if err := r.tell(ctx, batch); err != nil {
			r.log.Warn("the relay was not told of all who have left: what is theirs ends by itself", "left", r.waiting(), "error", err)
			return
		}
		r.done(end)
	}
}

func (r *Remote) run(ctx context.Context) {
	var wait time.Duration
	var told outage
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.ready:
		}
		for batch, end := r.batch(); len(batch) > 0; batch, end = r.batch() {
			err := r.tell(ctx, batch)
			if err == nil {
				r.done(end)
				wait = 0
				if told != (outage{}) {
					r.log.Warn("the relay is told again who has left")
					told = outage{}
				}
				continue
			}
			if ctx.Err() != nil {
				return // this server ends, not the relay
			}
			if now, why := r.now(), reason(err); why != told.why || now.Sub(told.at) >= outageAgain {
				r.log.Warn("the relay is not told who has left: is holdline relay running at --relay-control?", "error", err)
				told = outage{why, now}
			}
			wait = min(max(2*wait, r.again), 16*r.again)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		}
	}
}

// batch is the oldest of what is to be told, and what head will be once it is
// told. What has expired by itself is in it: allocations outlive the credentials
// that they were made with.
func (r *Remote) batch() (batch []Revocation, end int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), maxBatch)
	return slices.Clone(r.queue[:n]), r.head + n
}

func (r *Remote) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}

// done takes what was told out of the queue, which may have lost some meanwhile.
func (r *Remote) done(end int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(max(end-r.head, 0))
}

// drop drops the oldest. r.mu is held.
func (r *Remote) drop(n int) { r.queue, r.head = r.queue[n:], r.head+n }

func (r *Remote) tell(ctx context.Context, batch []Revocation) error {
	body, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	at := strconv.FormatInt(r.now().Unix(), 10)
	request.Header.Set(timeHeader, at)
	request.Header.Set(macHeader, controlMAC(r.secret, at, body))
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("tell %s: %s: %s", r.url, response.Status, bytes.TrimSpace(answer))
	}
	return nil
}
