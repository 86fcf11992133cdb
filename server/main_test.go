package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram in the environment makes the test binary be the program, so that
// signals and exit codes are tested on a real process.
const asProgram = "HOLDLINE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		if os.Getenv(withSignaling) != "" {
			os.Exit(process(pageFS(), newSignaling))
		}
		os.Exit(process(pageFS(), newFakeSignaling))
	}
	os.Exit(m.Run())
}

// fakeSignaling holds every request to /ws open until the client leaves it,
// and Drain waits for that.
type fakeSignaling struct {
	sockets sync.WaitGroup
	log     *slog.Logger
}

func newFakeSignaling(_ config, _ []byte, _ *iceServers, logger *slog.Logger) signaling {
	return &fakeSignaling{log: logger}
}

func (f *fakeSignaling) ServeSocket(w http.ResponseWriter, r *http.Request) {
	f.sockets.Add(1)
	defer f.sockets.Done()
	w.WriteHeader(http.StatusOK)
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func (f *fakeSignaling) ServeBye(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "bye\n")
}

func (f *fakeSignaling) ServeGone(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "gone\n")
}

func (f *fakeSignaling) ServeReports(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "reports\n")
}
func (f *fakeSignaling) counts() counts { return counts{Welcomes: 42} }

func (f *fakeSignaling) Drain(ctx context.Context) {
	f.log.Warn("goaway")
	gone := make(chan struct{})
	go func() { f.sockets.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// program is a running process.
type program struct {
	*exec.Cmd
	url    string // the first line on stdout
	stderr *bufio.Scanner
}

func startProgram(t *testing.T, args ...string) *program {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a program that stays is killed, which fails the test
	t.Cleanup(cancel)
	p := &program{Cmd: exec.CommandContext(ctx, executable, append([]string{"--addr", "127.0.0.1:0", "--state", t.TempDir()}, args...)...)}
	p.Env = append(os.Environ(), asProgram+"=1")
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stderr = bufio.NewScanner(stderr)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill(); p.Wait() })
	p.url, err = bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("read the first line: %v", err)
	}
	p.url = strings.TrimSpace(p.url)
	return p
}

// address is where it listens, for its successor.
func (p *program) address() string {
	return strings.Replace(strings.TrimPrefix(p.url, "http://"), "localhost", "127.0.0.1", 1)
}

func (p *program) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// draining waits until the program has said goaway.
func (p *program) draining(t *testing.T) {
	t.Helper()
	for p.stderr.Scan() {
		if strings.Contains(p.stderr.Text(), "goaway") {
			return
		}
	}
	t.Fatal("the program ended without goaway")
}

func status(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// holdSocket opens /ws and returns what leaves it.
func holdSocket(t *testing.T, url string) (leave func()) {
	t.Helper()
	response, err := http.Get(url + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return func() { response.Body.Close() }
}

func TestTheFirstLineIsTheURLAndPort0TakesAFreeOne(t *testing.T) {
	p := startProgram(t)
	if !strings.HasPrefix(p.url, "http://localhost:") || strings.HasSuffix(p.url, ":0") {
		t.Fatalf("first line = %q, want http://localhost:PORT", p.url)
	}
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		if got := status(t, p.url+path); got != http.StatusOK {
			t.Errorf("GET %s = %d, want 200", path, got)
		}
	}
}

func TestSignalsEndAnIdleServerWithExitCode0(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := startProgram(t, "--drain", "10m")
		p.signal(t, s)
		p.draining(t)
		if err := p.Wait(); err != nil {
			t.Errorf("after %v: %v, want exit 0", s, err)
		}
	}
}

func TestADrainAnswersNotReadyAndWaitsForTheLastSocket(t *testing.T) {
	p := startProgram(t, "--drain", "10m")
	leave := holdSocket(t, p.url)
	p.signal(t, syscall.SIGTERM)
	p.draining(t)
	if got := status(t, p.url+"/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz = %d, want 503", got)
	}
	if got := status(t, p.url+"/healthz"); got != http.StatusOK {
		t.Errorf("GET /healthz = %d, want 200", got)
	}
	leave()
	if err := p.Wait(); err != nil {
		t.Errorf("after the last socket: %v, want exit 0", err)
	}
}

func TestADrainEndsWhenItsTimeIsUp(t *testing.T) {
	p := startProgram(t, "--drain", "50ms")
	holdSocket(t, p.url)
	p.signal(t, syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Errorf("with a socket that stays: %v, want exit 0", err)
	}
}

func TestASecondSignalDoesNotWait(t *testing.T) {
	p := startProgram(t, "--drain", "10m")
	holdSocket(t, p.url)
	p.signal(t, syscall.SIGTERM)
	p.draining(t)
	p.signal(t, syscall.SIGTERM)
	err := p.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Errorf("after the second SIGTERM: %v, want exit %d", err, exitFailed)
	}
}

// runOnce is run with a context that has ended already.
func runOnce(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs, pageFS(), newFakeSignaling)
	return code, out.String(), errs.String()
}

func TestATakenPortIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	code, stdout, stderr := runOnce(t, "--addr", addr, "--state", t.TempDir())
	if code != exitFailed || !strings.Contains(stderr, addr) || stdout != "" {
		t.Errorf("run = %d, stdout %q, stderr %q, want %d and %s on stderr only", code, stdout, stderr, exitFailed, addr)
	}
}

func TestUsageErrorsExitWith2AndPointToTheHelp(t *testing.T) {
	code, stdout, stderr := runOnce(t, "--max-room", "1")
	if code != exitUsage || !strings.Contains(stderr, "--max-room") || !strings.Contains(stderr, "holdline -h") || stdout != "" {
		t.Errorf("run = %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestVersionNamesProgramAndGo(t *testing.T) {
	code, stdout, _ := runOnce(t, "--version")
	if code != exitOK || !strings.HasPrefix(stdout, "holdline ") || !strings.Contains(stdout, " go1.") {
		t.Errorf("run = %d, %q", code, stdout)
	}
}

func TestWhatIsMissingAtStartIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"certificate", []string{"--state", t.TempDir(), "--tls-cert", "no.pem", "--tls-key", "no.key"}, "no.pem"},
		{"state folder", []string{"--state", file}, file},
	} {
		code, _, stderr := runOnce(t, append(tt.args, "--addr", "127.0.0.1:0")...)
		if code != exitFailed || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: run = %d, %q, want %d naming %s", tt.name, code, stderr, exitFailed, tt.want)
		}
	}
}

// serveHere runs the program in this process until the test ends.
func serveHere(t *testing.T, args ...string) (url string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	var stderr bytes.Buffer
	go func() {
		ended <- run(ctx, append([]string{"--addr", "127.0.0.1:0", "--state", t.TempDir()}, args...), writer, &stderr, pageFS(), newFakeSignaling)
		writer.Close()
	}()
	lines := bufio.NewReader(reader)
	url, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no URL: %s", &stderr)
	}
	go io.Copy(io.Discard, lines)
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != exitOK {
			t.Errorf("run = %d, %s", code, &stderr)
		}
	})
	return strings.TrimSpace(url)
}

func TestWhatIsPostedIsTakenOnlyFromThisOriginAndAllowedOnes(t *testing.T) {
	url := serveHere(t, "--origins", "https://friend.example")
	for _, tt := range []struct {
		origin, site string
		want         int
	}{
		{"", "", http.StatusOK}, // not a browser; the key of the goodbye decides
		{url, "", http.StatusOK},
		{"", "same-origin", http.StatusOK},
		{"https://friend.example", "cross-site", http.StatusOK},
		{"https://stranger.example", "cross-site", http.StatusForbidden},
		{"https://stranger.example", "", http.StatusForbidden},
		{"null", "", http.StatusForbidden},
	} {
		for _, path := range []string{"/bye", "/gone", "/reports"} {
			request, err := http.NewRequest("POST", url+path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if tt.origin != "" {
				request.Header.Set("Origin", tt.origin)
			}
			if tt.site != "" {
				request.Header.Set("Sec-Fetch-Site", tt.site)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != tt.want {
				t.Errorf("POST %s from %q (%s) = %d, want %d", path, tt.origin, tt.site, response.StatusCode, tt.want)
			}
		}
	}
}

func TestARoomOf10000CharactersReachesThePageThatNamesTheLimit(t *testing.T) {
	url := serveHere(t)
	response, err := http.Get(url + "/r/" + strings.Repeat("x", 10_000))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusNotFound || !strings.Contains(string(body), "64") || !strings.Contains(string(body), "10000") {
		t.Errorf("GET = %d %s", response.StatusCode, body)
	}
}

func TestTLSServesHTTP2AndHSTSButNotForLocalhost(t *testing.T) {
	certFile, keyFile, pool := writeCertificate(t, "localhost", "calls.example")
	url := serveHere(t, "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(url, "https://localhost:") {
		t.Fatalf("first line = %q, want https://localhost:PORT", url)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	for _, tt := range []struct{ host, want string }{
		{"calls.example", "max-age=15552000"},
		{"localhost:8443", ""},
		{"127.0.0.1", ""},
	} {
		request, err := http.NewRequest("GET", url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = tt.host
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.ProtoMajor != 2 {
			t.Errorf("protocol = %s, want HTTP/2", response.Proto)
		}
		if got := response.Header.Get("Strict-Transport-Security"); got != tt.want {
			t.Errorf("HSTS for %s = %q, want %q", tt.host, got, tt.want)
		}
	}
	old := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "https://"), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

// writeCertificate makes a certificate that signs itself.
func writeCertificate(t testing.TB, names ...string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certFile, keyFile = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := errors.Join(os.WriteFile(certFile, certPEM, 0o600), os.WriteFile(keyFile, keyPEM, 0o600)); err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}
