package kit

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/chromedp"
)

// M is a protocol's parameter object.
type M = map[string]any

// chromiumPath is Debian's binary, not its wrapper script, so that a kill
// reaches the browser.
func chromiumPath() string {
	if p := os.Getenv("HOLDLINE_CHROMIUM"); p != "" {
		return p
	}
	return "/usr/lib/chromium/chromium"
}

var chromiumFlags = map[string]any{
	"headless":                         "new",
	"disable-gpu":                      true,
	"disable-dev-shm-usage":            true,
	"disable-background-networking":    true,
	"disable-component-update":         true,
	"disable-sync":                     true,
	"use-fake-device-for-media-stream": true,
	"use-fake-ui-for-media-stream":     true,
	"autoplay-policy":                  "no-user-gesture-required",
	// Pages of other windows are not in the background: real ones would not be.
	"disable-backgrounding-occluded-windows": true,
	// A machine without a network has no address that carries a call.
	"allow-loopback-in-peer-connection": true,
}

// chromium is one process, driven with chromedp.
type chromium struct {
	ctx context.Context
	end func()
}

func startChromium(options []Option) (driver, error) {
	c := newConfig(chromiumFlags, M{}, options)
	folder, remove, err := profileFolder(c)
	if err != nil {
		return nil, err
	}
	o := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromiumPath()), chromedp.UserDataDir(folder),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox,
		chromedp.ModifyCmdFunc(func(cmd *exec.Cmd) {
			move(c.place, cmd)
			dieWithTheTest(cmd)
		}),
	}
	if c.authority != "" {
		if err := chromiumTrusts(folder, c.authority); err != nil {
			remove()
			return nil, err
		}
		o = append(o, chromedp.Env("HOME="+folder))
	}
	for name, value := range c.flags {
		o = append(o, chromedp.Flag(name, value))
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	b := &chromium{ctx: ctx, end: func() {
		cancel()
		stop()
		remove()
	}}
	if err := chromedp.Do(ctx); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

// profileFolder is where a browser keeps its profile, and what becomes of the
// folder when it has ended.
func profileFolder(c config) (folder string, remove func(), err error) {
	if c.folder != "" {
		return c.folder, func() {}, nil
	}
	folder, err = os.MkdirTemp("", "kit-profile")
	return folder, func() { removeSoon(folder) }, err
}

// removeSoon removes a profile folder into which the browser may still be
// writing.
func removeSoon(folder string) {
	for range 50 {
		if os.RemoveAll(folder) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *chromium) pid() int { return chromedp.FromContext(b.ctx).Browser.Process().Pid }

func (b *chromium) stop() {
	// One that is stopped could not end.
	signalTree(b.pid(), continueSignal)
	b.end()
}

func (b *chromium) version() (string, error) {
	var v struct {
		Product string `json:"product"`
	}
	err := b.call("Browser.getVersion", M{}, &v)
	return v.Product, err
}

// call sends a DevTools command to the browser itself.
func (b *chromium) call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(b.ctx, commandPatience)
	defer cancel()
	return chromedp.FromContext(b.ctx).Browser.Call(ctx, method, params, result)
}

// chromiumProfile is a browser context of DevTools.
type chromiumProfile struct {
	browser *chromium
	ctx     context.Context
	cancel  func()
}

func (b *chromium) newProfile() (profileDriver, error) {
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, err
	}
	return &chromiumProfile{browser: b, ctx: ctx, cancel: cancel}, nil
}

func (b *chromium) ownProfile() profileDriver {
	return &chromiumProfile{browser: b, ctx: b.ctx, cancel: func() {}}
}

func (p *chromiumProfile) close() { p.cancel() }

func (p *chromiumProfile) id() any { return chromedp.FromContext(p.ctx).BrowserContextID }

func (p *chromiumProfile) allowClipboard(origin string) error {
	return p.browser.call("Browser.setPermission", M{"permission": M{"name": "clipboard-read"}, "setting": "granted",
		"origin": origin, "browserContextId": p.id()}, nil)
}

func (p *chromiumProfile) allowMedia(origin string) error {
	return p.browser.call("Browser.grantPermissions", M{"permissions": []string{"audioCapture", "videoCapture"},
		"origin": origin, "browserContextId": p.id()}, nil)
}

func (p *chromiumProfile) downloadTo(folder string) error {
	return p.browser.call("Browser.setDownloadBehavior", M{"behavior": "allow", "downloadPath": folder, "browserContextId": p.id()}, nil)
}

func (p *chromiumProfile) newTab(w *watcher) (tab, error) {
	ctx, cancel := chromedp.NewContext(p.ctx)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		return nil, err
	}
	t := &chromiumTab{browser: p.browser, ctx: ctx, cancel: cancel, target: chromedp.FromContext(ctx).Target}
	if err := t.listen(w); err != nil {
		cancel()
		return nil, err
	}
	return t, nil
}
