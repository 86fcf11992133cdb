package kit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

func firefoxPath() string {
	if p := os.Getenv("HOLDLINE_FIREFOX"); p != "" {
		return p
	}
	return "/usr/lib/firefox-esr/firefox-esr"
}

var firefoxPrefs = map[string]any{
	"media.navigator.streams.fake":        true,
	"media.navigator.permission.disabled": true,
	"media.autoplay.default":              0, // allowed
	// A machine without a network has no address that carries a call.
	"media.peerconnection.ice.loopback":                 true,
	"media.peerconnection.ice.obfuscate_host_addresses": false,
	"media.gmp-manager.updateEnabled":                   false,
	// beforeunload asks, as it does for a person.
	"dom.disable_beforeunload": false,
	// What the kit presses counts as the person's act; to Firefox it does not.
	"dom.require_user_interaction_for_beforeunload": false,
	// Sound is played though there is no device for it: without one Firefox 153
	// never starts an AudioContext.
	"media.cubeb.force_mock_context": true,
	// Clocks of two pages are compared.
	"privacy.reduceTimerPrecision":       false,
	"toolkit.cosmeticAnimations.enabled": false,
}

// firefox is one process, driven by WebDriver BiDi.
type firefox struct {
	cmd    *exec.Cmd
	bidi   *bidi
	remove func() // of the profile folder
	ended  chan struct{}
	name   string // with its version

	mu       sync.Mutex
	watchers map[string]*firefoxTab // by browsing context
}

func startFirefox(options []Option) (driver, error) {
	c := config{flags: map[string]any{}, prefs: map[string]any{}}
	for name, value := range firefoxPrefs {
		c.prefs[name] = value
	}
	for _, option := range options {
		option(&c)
	}
	folder, remove, err := profileFolder(c)
	if err != nil {
		return nil, err
	}
	var prefs strings.Builder
	for name, value := range c.prefs {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&prefs, "user_pref(%q, %s);\n", name, text)
	}
	if err := os.WriteFile(filepath.Join(folder, "user.js"), []byte(prefs.String()), 0o644); err != nil {
		return nil, err
	}
	b := &firefox{remove: remove, ended: make(chan struct{}), watchers: map[string]*firefoxTab{}}
	b.cmd = exec.Command(firefoxPath(), "--headless", "--no-remote", "--new-instance", "--profile", folder,
		"--remote-debugging-port", "0", "--remote-allow-system-access", "about:blank")
	b.cmd.Env = append(os.Environ(), "HOME="+folder, "MOZ_CRASHREPORTER_DISABLE=1")
	// It goes when the test's process does, however that ends.
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: killSignal}
	if err := b.run(c.anyCertificate); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

// run starts the process and a session on the address that it prints.
func (b *firefox) run(anyCertificate bool) error {
	out, err := b.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := b.cmd.Start(); err != nil {
		close(b.ended)
		return err
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				address <- url
				break
			}
		}
		io.Copy(io.Discard, out)
		b.cmd.Wait()
		close(b.ended)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 2*commandPatience)
	defer cancel()
	select {
	case url := <-address:
		if b.bidi, err = dialBidi(ctx, url+"/session", b.event); err != nil {
			return err
		}
	case <-b.ended:
		return errors.New("it ended at once")
	case <-ctx.Done():
		return errors.New("it did not say where it can be driven")
	}
	var session struct {
		Capabilities struct {
			Name    string `json:"browserName"`
			Version string `json:"browserVersion"`
		} `json:"capabilities"`
	}
	capabilities := M{"alwaysMatch": M{"acceptInsecureCerts": anyCertificate, "unhandledPromptBehavior": M{"default": "ignore"}}}
	if err := b.bidi.call(ctx, "session.new", M{"capabilities": capabilities}, &session); err != nil {
		return err
	}
	b.name = session.Capabilities.Name + "/" + session.Capabilities.Version
	return b.bidi.call(ctx, "session.subscribe", M{"events": []string{
		"log.entryAdded", "browsingContext.userPromptOpened",
	}}, nil)
}

// event gives what the browser says to the tab that it says it of.
func (b *firefox) event(method string, params json.RawMessage) {
	var of struct {
		Context string `json:"context"`
		Source  struct {
			Context string `json:"context"`
		} `json:"source"`
	}
	if json.Unmarshal(params, &of) != nil {
		return
	}
	b.mu.Lock()
	t := b.watchers[of.Context+of.Source.Context]
	b.mu.Unlock()
	if t != nil {
		t.event(method, params)
	}
}

func (b *firefox) version() (string, error) { return b.name, nil }

func (b *firefox) pid() int { return b.cmd.Process.Pid }

func (b *firefox) stop() {
	if b.cmd.Process != nil {
		signalTree(b.pid(), killSignal)
		select {
		case <-b.ended:
		case <-time.After(commandPatience):
		}
	}
	b.remove()
}

// inChrome runs an asynchronous function body in the browser's own window,
// where gBrowser is the tab bar of this very window, and returns the string
// that it gives. tab is the tab with this context.
func (b *firefox) inChrome(ctx context.Context, context, body string) (string, error) {
	var tree struct {
		Contexts []struct {
			Context string `json:"context"`
		} `json:"contexts"`
	}
	if err := b.bidi.call(ctx, "browsingContext.getTree", M{"moz:scope": "chrome"}, &tree); err != nil {
		return "", err
	}
	if len(tree.Contexts) == 0 {
		return "", errors.New("firefox has no window")
	}
	var r realmResult
	err := b.bidi.call(ctx, "script.callFunction", M{
		"functionDeclaration": `async (id) => {
			const { NavigableManager } = ChromeUtils.importESModule('chrome://remote/content/shared/NavigableManager.sys.mjs')
			const browser = NavigableManager.getBrowserById(id), top = browser.browsingContext, window = browser.ownerDocument.defaultView, gBrowser = window.gBrowser
			const tab = gBrowser.getTabForBrowser(browser)
			` + body + `
		}`,
		"arguments": []M{{"type": "string", "value": context}}, "target": M{"context": tree.Contexts[0].Context}, "awaitPromise": true,
	}, &r)
	if err != nil {
		return "", err
	}
	return r.text()
}

// firefoxProfile is a user context: a container with storage of its own.
type firefoxProfile struct {
	browser *firefox
	id      string
}

func (b *firefox) newProfile() (profileDriver, error) {
	ctx, cancel := patience()
	defer cancel()
	var r struct {
		UserContext string `json:"userContext"`
	}
	if err := b.bidi.call(ctx, "browser.createUserContext", M{}, &r); err != nil {
		return nil, err
	}
	return &firefoxProfile{browser: b, id: r.UserContext}, nil
}

func (b *firefox) ownProfile() profileDriver { return &firefoxProfile{browser: b, id: "default"} }

func (p *firefoxProfile) call(method string, params M) error {
	ctx, cancel := patience()
	defer cancel()
	return p.browser.bidi.call(ctx, method, params, nil)
}

func (p *firefoxProfile) close() { _ = p.call("browser.removeUserContext", M{"userContext": p.id}) }

func (p *firefoxProfile) downloadTo(folder string) error {
	return p.call("browser.setDownloadBehavior", M{
		"downloadBehavior": M{"type": "allowed", "destinationFolder": folder}, "userContexts": []string{p.id},
	})
}

// allowClipboard: Firefox 153 has no permission for reading the clipboard but
// a button that it shows for each reading; this preference leaves it out.
func (p *firefoxProfile) allowClipboard(string) error {
	ctx, cancel := patience()
	defer cancel()
	var tree struct {
		Contexts []struct {
			Context string `json:"context"`
		} `json:"contexts"`
	}
	if err := p.browser.bidi.call(ctx, "browsingContext.getTree", M{"moz:scope": "chrome"}, &tree); err != nil {
		return err
	}
	return p.browser.bidi.call(ctx, "script.evaluate", M{
		"expression": `Services.prefs.setBoolPref('dom.events.testing.asyncClipboard', true)`,
		"target":     M{"context": tree.Contexts[0].Context}, "awaitPromise": false,
	}, nil)
}

func (p *firefoxProfile) newTab(w *watcher) (tab, error) {
	ctx, cancel := patience()
	defer cancel()
	var r struct {
		Context string `json:"context"`
	}
	// A window, since the tab behind another one is hidden.
	if err := p.browser.bidi.call(ctx, "browsingContext.create", M{"type": "window", "userContext": p.id}, &r); err != nil {
		return nil, err
	}
	t := p.browser.watch(r.Context, w)
	if err := t.beforeDocuments(ctx, paintedScreen); err != nil {
		return nil, err
	}
	// As large as Chromium's.
	return t, t.command(ctx, "browsingContext.setViewport", M{"viewport": M{"width": 780, "height": 493}}, nil)
}

func (b *firefox) watch(id string, w *watcher) *firefoxTab {
	t := &firefoxTab{browser: b, id: id, watcher: w}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[id] = t
	return t
}
