package kit

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// firefoxInterception decides about a tab's requests. BiDi's patterns know
// whole paths only, so each request is stopped, and let go on when it is none
// of those that are meant.
type firefoxInterception struct {
	tab  *firefoxTab
	what interception

	mu    sync.Mutex
	held  []string
	ended bool
}

func (i *firefoxInterception) meant(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(u.Path, i.what.suffix)
}

func (i *firefoxInterception) paused(request, address string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.ended || !i.meant(address):
		go i.settle("network.continueRequest", request)
	case i.what.fail:
		go i.settle("network.failRequest", request)
	default:
		i.held = append(i.held, request)
	}
}

func (i *firefoxInterception) settle(method, request string) {
	ctx, cancel := patience()
	defer cancel()
	_ = i.tab.browser.bidi.call(ctx, method, M{"request": request}, nil)
}

// release lets go on what is held.
func (i *firefoxInterception) release() {
	i.mu.Lock()
	held := slices.Clone(i.held)
	i.held, i.ended = nil, true
	i.mu.Unlock()
	for _, request := range held {
		i.settle("network.continueRequest", request)
	}
}

func (t *firefoxTab) intercept(ctx context.Context, what interception) (func() error, error) {
	// Stopped requests are heard of only by who listens.
	subscription := M{"events": []string{"network.beforeRequestSent"}, "contexts": []string{t.id}}
	if err := t.browser.bidi.call(ctx, "session.subscribe", subscription, nil); err != nil {
		return nil, err
	}
	i := &firefoxInterception{tab: t, what: what}
	t.mu.Lock()
	t.stopped = i
	t.mu.Unlock()
	var r struct {
		Intercept string `json:"intercept"`
	}
	err := t.browser.bidi.call(ctx, "network.addIntercept", M{"phases": []string{"beforeRequestSent"}, "contexts": []string{t.id}}, &r)
	if err != nil {
		return nil, err
	}
	return func() error {
		ctx, cancel := patience()
		defer cancel()
		err := t.browser.bidi.call(ctx, "network.removeIntercept", M{"intercept": r.Intercept}, nil)
		i.release()
		return err
	}, nil
}
