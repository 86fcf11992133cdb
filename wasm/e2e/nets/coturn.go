//go:build linux

package nets

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ICEServer is an RTCIceServer, as the page's configuration has it.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Coturn is a STUN and TURN server that is not ours: coturn, of the package of
// this name (scripts/setup coturn), which knows nothing of its clients but a
// secret that it shares with who makes their credentials (use-auth-secret).
type Coturn struct {
	Secret string
	// Its URLs. The one over TLS is at port 443.
	STUN, UDP, TCP, TLS string
}

// Coturn starts one on the host, with a certificate of the authority, that ends
// with the test.
func (h *Host) Coturn(t testing.TB, authority *Authority) *Coturn {
	t.Helper()
	a := h.Address()
	c := &Coturn{
		Secret: "a secret that both know",
		STUN:   fmt.Sprintf("stun:%s:3478", a),
		UDP:    fmt.Sprintf("turn:%s:3478?transport=udp", a),
		TCP:    fmt.Sprintf("turn:%s:3478?transport=tcp", a),
		// Firefox 140 leaves out one over TLS that has an address for a name.
		TLS: fmt.Sprintf("turns:%s:443?transport=tcp", h.Name()),
	}
	certificate, key := authority.Certificate(h.Name(), a.String())
	log := filepath.Join(t.TempDir(), "log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := h.Command("turnserver", "-n", "--use-auth-secret", "--static-auth-secret="+c.Secret, "--realm=nets",
		"--listening-ip="+a.String(), "--relay-ip="+a.String(), "--listening-port=3478", "--tls-listening-port=443",
		"--cert="+certificate, "--pkey="+key, "--no-dtls", "--no-cli", "--log-file=stdout", "--simple-log",
		"--pidfile="+log+".pid")
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	said := func() string { text, _ := os.ReadFile(log); return string(text) }
	for {
		conn, err := h.DialContext(context.Background(), "tcp", a.String()+":443")
		if err == nil {
			conn.Close()
			return c
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("turnserver ended: %v (scripts/setup coturn installs it)\n%s", err, said())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ICEServer is the configuration of a page that uses these URLs of the server,
// with credentials that are good for a while.
func (c *Coturn) ICEServer(good time.Duration, urls ...string) ICEServer {
	username := fmt.Sprintf("%d:ana", time.Now().Add(good).Unix())
	mac := hmac.New(sha1.New, []byte(c.Secret))
	io.WriteString(mac, username)
	s := ICEServer{URLs: urls}
	for _, url := range urls {
		if strings.HasPrefix(url, "turn") {
			s.Username, s.Credential = username, base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
	}
	return s
}
