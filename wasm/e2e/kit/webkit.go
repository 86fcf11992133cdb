package kit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// WebKit is a window of Debian's WebKitGTK, driven by W3C WebDriver. It has no
// RTCPeerConnection (2.50), so it is no Engine: it can only be shown pages that
// must say so. It needs the packages webkit2gtk-driver and xvfb.
type WebKit struct {
	Version string

	t       testing.TB
	session string // the session's URL
}

// StartWebKit opens a window that ends with the test.
func StartWebKit(t testing.TB) *WebKit {
	t.Helper()
	binaries, _ := filepath.Glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")
	if len(binaries) == 0 {
		t.Fatal("WebKit's MiniBrowser is not installed")
	}
	home := t.TempDir()
	display := startXvfb(t)
	port := freePort(t)
	driver := exec.Command("WebKitWebDriver", "--host=127.0.0.1", "--port="+port)
	driver.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+home, "XDG_RUNTIME_DIR="+home,
		"GDK_BACKEND=x11", "LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_DMABUF_RENDERER=1", "NO_AT_BRIDGE=1")
	background(t, driver)
	w := &WebKit{t: t}
	var session struct {
		ID           string `json:"sessionId"`
		Capabilities struct {
			Name    string `json:"browserName"`
			Version string `json:"browserVersion"`
		} `json:"capabilities"`
	}
	capabilities := M{"alwaysMatch": M{"webkitgtk:browserOptions": M{"binary": binaries[0], "args": []string{"--automation"}}}}
	base := "http://127.0.0.1:" + port
	for deadline := time.Now().Add(commandPatience); ; time.Sleep(50 * time.Millisecond) {
		err := w.post(base+"/session", M{"capabilities": capabilities}, &session)
		if err == nil {
			break
		}
		if refused := (*net.OpError)(nil); !errors.As(err, &refused) || time.Now().After(deadline) {
			t.Fatalf("WebKitWebDriver: %v", err)
		}
	}
	w.session = base + "/session/" + session.ID
	w.Version = session.Capabilities.Name + "/" + session.Capabilities.Version
	t.Cleanup(func() {
		request, err := http.NewRequest(http.MethodDelete, w.session, nil)
		if err == nil {
			_ = w.do(request, nil)
		}
	})
	return w
}

// background runs a program until the test ends.
func background(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: killSignal}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		signalTree(cmd.Process.Pid, killSignal)
		cmd.Wait()
	})
}

// startXvfb starts an X server without a screen and returns its display.
func startXvfb(t testing.TB) string {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{write}
	background(t, x)
	write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb did not say its display: %v", err)
	}
	return ":" + strings.TrimSpace(number)
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func (w *WebKit) post(url string, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	return w.do(request, result)
}

func (w *WebKit) do(request *http.Request, result any) error {
	ctx, cancel := context.WithTimeout(context.Background(), commandPatience)
	defer cancel()
	response, err := http.DefaultClient.Do(request.WithContext(ctx))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	answer := struct {
		Value json.RawMessage `json:"value"`
	}{}
	if err := json.Unmarshal(body, &answer); err != nil || response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

// Open navigates and waits until the document is loaded.
func (w *WebKit) Open(url string) {
	w.t.Helper()
	if err := w.post(w.session+"/url", M{"url": url}, nil); err != nil {
		w.t.Fatalf("open %s: %v", url, err)
	}
}

// Eval runs a JavaScript expression in the page and decodes its value into out.
func (w *WebKit) Eval(expression string, out any) {
	w.t.Helper()
	if err := w.post(w.session+"/execute/sync", M{"script": "return " + expression, "args": []any{}}, out); err != nil {
		w.t.Fatalf("eval %s: %v", expression, err)
	}
}

// Until waits until the JavaScript condition holds, looking 20 times a second.
func (w *WebKit) Until(what, condition string) {
	w.t.Helper()
	deadline := time.Now().Add(statePatience)
	for {
		var held bool
		w.Eval(`(() => { try { return !!(`+condition+`) } catch { return false } })()`, &held)
		if held {
			return
		}
		if time.Now().After(deadline) {
			var text string
			w.Eval(`document.documentElement.innerText`, &text)
			w.t.Fatalf("waiting until %s: it did not come\n%s", what, text)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
