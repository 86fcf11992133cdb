//go:build e2e

package kit

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestAProxyCutsStallsAndMends(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") }))
	t.Cleanup(server.Close)
	p := NewProxy(t, server.URL)
	client := &http.Client{}
	get := func(within time.Duration) (string, error) {
		client.Timeout = within
		r, err := client.Get(p.URL)
		if err != nil {
			return "", err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return string(b), err
	}
	const patient, short = 10 * time.Second, 100 * time.Millisecond
	if text, err := get(patient); text != "here" {
		t.Fatalf("through the proxy: %q, %v", text, err)
	}
	p.Stall()
	if text, err := get(short); err == nil {
		t.Errorf("while stalled: %q", text)
	}
	p.Mend()
	if text, err := get(patient); text != "here" {
		t.Errorf("after the stall: %q, %v", text, err)
	}
	p.Cut()
	if text, err := get(patient); err == nil {
		t.Errorf("while cut: %q", text)
	}
	p.Mend()
	if text, err := get(patient); text != "here" {
		t.Errorf("after the cut: %q, %v", text, err)
	}
	p.Reset()
	if text, err := get(patient); text != "here" {
		t.Errorf("after a reset: %q, %v", text, err)
	}
}
