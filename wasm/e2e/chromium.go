package e2e

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Chromium is one browser process. Profiles in it are as separate as two
// persons' browsers, but for the process.
type Chromium struct {
	ctx    context.Context
	cancel context.CancelFunc
}

// chromiumPath is Debian's binary, not its wrapper script, so that a kill
// reaches the browser.
func chromiumPath() string {
	if p := os.Getenv("HOLDLINE_CHROMIUM"); p != "" {
		return p
	}
	return "/usr/lib/chromium/chromium"
}

// Option changes how the browser is started.
type Option func([]chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption

// WithFlag adds a flag of the browser, or takes one away when value is false.
func WithFlag(name string, value any) Option {
	return func(o []chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption {
		return append(o, chromedp.Flag(name, value))
	}
}

// StartChromium starts a headless browser with a fake camera and microphone,
// which are granted without asking. It ends with the returned function.
func StartChromium(options ...Option) (*Chromium, func(), error) {
	profile, err := os.MkdirTemp("", "holdline-chromium")
	if err != nil {
		return nil, nil, err
	}
	o := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromiumPath()),
		chromedp.UserDataDir(profile),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("use-fake-device-for-media-stream", true),
		chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		// Pages of other windows are not in the background: real ones would not be.
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		// A machine without a network has no address that carries a call.
		chromedp.Flag("allow-loopback-in-peer-connection", true),
	}
	for _, option := range options {
		o = option(o)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	end := func() {
		cancel()
		stop()
		for range 50 { // the browser may still be writing into its profile
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	if err := chromedp.Do(ctx); err != nil {
		end()
		return nil, nil, err
	}
	return &Chromium{ctx: ctx, cancel: cancel}, end, nil
}

// Profile is one person's browser: its own cookies, storage and permissions.
type Profile struct {
	ctx context.Context
}

// NewProfile makes one that ends with the test.
func (c *Chromium) NewProfile(t testing.TB) *Profile {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("new profile: %v", err)
	}
	return &Profile{ctx: ctx}
}

// Call sends a DevTools command to the browser itself.
func (c *Chromium) Call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(c.ctx, commandPatience)
	defer cancel()
	return chromedp.FromContext(c.ctx).Browser.Call(ctx, method, params, result)
}

func (p *Profile) browserCall(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(p.ctx, commandPatience)
	defer cancel()
	return chromedp.FromContext(p.ctx).Browser.Call(ctx, method, params, result)
}

// NewPage opens a tab at an address and waits until its document is loaded.
func (p *Profile) NewPage(t testing.TB, url string) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(p.ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("new page: %v", err)
	}
	page := &Page{t: t, profile: p, ctx: ctx, target: chromedp.FromContext(ctx).Target.TargetID}
	page.listen()
	page.Open(url)
	return page
}
