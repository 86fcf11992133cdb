package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// noRedirect gives the answer to the request itself.
var noRedirect = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func TestHTTPToAGivenCertificatesPortIsSentOnToHTTPS(t *testing.T) {
	certFile, keyFile, _ := writeCertificate(t, "localhost")
	url := serveHere(t, "--tls-cert", certFile, "--tls-key", keyFile)
	plain := strings.Replace(url, "https://", "http://", 1)
	response, err := noRedirect.Get(plain + "/r/test?name=Ana")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got, want := response.Header.Get("Location"), url+"/r/test?name=Ana"; response.StatusCode != http.StatusTemporaryRedirect || got != want {
		t.Errorf("GET = %d to %q, want 307 to %s", response.StatusCode, got, want)
	}
	request, err := http.NewRequest("GET", plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "evil.example/@localhost"
	response, err = noRedirect.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("a host that is none: %d to %q, want 400", response.StatusCode, response.Header.Get("Location"))
	}
}

func TestWithItsOwnCertificateTheServerAnswersHTTPAndHTTPSOnOnePort(t *testing.T) {
	state := t.TempDir()
	url := serveHere(t, "--addr", ":0", "--state", state)
	port := url[strings.LastIndex(url, ":")+1:]
	if url != "http://localhost:"+port {
		t.Fatalf("first line = %q, want http://localhost:PORT", url)
	}
	text, err := os.ReadFile(filepath.Join(state, "certificate.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	secure := &http.Client{Transport: transport}
	hosts := []string{"127.0.0.1", "localhost"}
	for _, ip := range lanAddresses() {
		if ip.Is4() {
			hosts = append(hosts, ip.String())
		}
	}
	for _, host := range hosts {
		for _, scheme := range []string{"http", "https"} {
			response, err := secure.Get(scheme + "://" + net.JoinHostPort(host, port) + "/")
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != http.StatusOK || (response.TLS != nil) != (scheme == "https") || scheme == "https" && response.ProtoMajor != 2 {
				t.Errorf("%s on %s: %d, %s", scheme, host, response.StatusCode, response.Proto)
			}
			if hsts := response.Header.Get("Strict-Transport-Security"); hsts != "" {
				t.Errorf("%s on %s: HSTS %q would lock browsers out", scheme, host, hsts)
			}
		}
	}
	request, err := http.NewRequest("GET", "https://127.0.0.1:"+port, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "desk.local"
	response, err := secure.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if hsts := response.Header.Get("Strict-Transport-Security"); hsts != "" {
		t.Errorf("HSTS %q for a name", hsts)
	}
}

func TestWithoutTheOwnCertificateTheServerHasNoHTTPS(t *testing.T) {
	state := t.TempDir()
	url := serveHere(t, "--addr", ":0", "--state", state, "--own-certificate=false")
	if got := status(t, url); got != http.StatusOK {
		t.Errorf("GET = %d, want 200", got)
	}
	if conn, err := tls.Dial("tcp", strings.TrimPrefix(url, "http://"), &tls.Config{InsecureSkipVerify: true}); err == nil {
		conn.Close()
		t.Error("it speaks TLS")
	}
	if _, err := os.Stat(filepath.Join(state, "certificate.pem")); err == nil {
		t.Error("it has made a certificate")
	}
}

func TestAPageByHTTPIsOfferedHTTPSWhereThatAnswers(t *testing.T) {
	made, err := ownOf(t, t.TempDir(), "desk", 0, "192.168.1.20")
	if err != nil {
		t.Fatal(err)
	}
	own := place{port: 8080, tls: &certificate{Own: true, leaf: made.leaf}}
	for _, tt := range []struct {
		name string
		at   place
		host string
		tls  *tls.ConnectionState
		want string
	}{
		{"an address", own, "192.168.1.20:8080", nil, "https://192.168.1.20:8080"},
		{"an address of a machine around this one", own, "203.0.113.5:8080", nil, "https://203.0.113.5:8080"},
		{"IPv6", own, "[2001:db8::20]:8080", nil, "https://[2001:db8::20]:8080"},
		{"the machine's name", own, "desk.local:8080", nil, "https://desk.local:8080"},
		{"port 80", place{port: 80, tls: own.tls}, "192.168.1.20", nil, "https://192.168.1.20:80"},
		{"IPv6 at port 80", place{port: 80, tls: own.tls}, "[2001:db8::20]", nil, "https://[2001:db8::20]:80"},
		{"a proxy's name", own, "calls.example:8080", nil, ""},
		{"a proxy's port", own, "192.168.1.20", nil, ""},
		{"no host at all", own, `"><b>:8080`, nil, ""},
		{"HTTPS already", own, "192.168.1.20:8080", &tls.ConnectionState{}, ""},
		{"a given certificate", place{port: 8080, tls: &certificate{leaf: made.leaf}}, "192.168.1.20:8080", nil, ""},
		{"no certificate", place{port: 8080}, "192.168.1.20:8080", nil, ""},
	} {
		request := httptest.NewRequest("GET", "/https", nil)
		request.Host, request.TLS = tt.host, tt.tls
		recorder := httptest.NewRecorder()
		httpsHandler(tt.at).ServeHTTP(recorder, request)
		body, _ := io.ReadAll(recorder.Body)
		if string(body) != tt.want || (tt.want == "") != (recorder.Code == http.StatusNoContent) {
			t.Errorf("%s: %d %q, want %q", tt.name, recorder.Code, body, tt.want)
		}
	}
}
