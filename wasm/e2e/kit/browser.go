package kit

import (
	"fmt"
	"testing"
	"time"
)

// Engine is a browser that the kit can drive.
type Engine string

// The engines. Chromium is driven through the DevTools protocol, Firefox
// through WebDriver BiDi. (WebKit is no Engine: see WebKit.)
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox"
)

// How long a command, and a state that is waited for, may take on a loaded
// machine before the test gives up. No result depends on these.
const (
	commandPatience = 30 * time.Second
	statePatience   = 60 * time.Second
)

// Browser is one browser process, headless, with a fake camera and microphone
// that are granted without asking. To start one takes seconds: tests share it,
// each with a Profile of its own, unless they end or stop the whole process.
type Browser struct {
	Engine Engine
	driver driver
}

// driver is what the kit needs of a browser process.
type driver interface {
	newProfile() (profileDriver, error)
	ownProfile() profileDriver
	pid() int
	version() (string, error)
	stop()
}

// profileDriver is what the kit needs of one person's browser.
type profileDriver interface {
	newTab(*watcher) (tab, error)
	allowClipboard(origin string) error
	downloadTo(folder string) error
	close()
}

// config is how a browser is started.
type config struct {
	flags  map[string]any // of Chromium's command line
	prefs  map[string]any // Firefox's
	folder string         // of the profile; "" is one of its own

	anyCertificate bool
}

// Option changes how a browser is started.
type Option func(*config)

// WithFlag adds a flag to Chromium's command line, or takes one away when the
// value is false. Firefox is left as it is.
func WithFlag(name string, value any) Option {
	return func(c *config) { c.flags[name] = value }
}

// WithPref sets one of Firefox's preferences: a bool, an int or a string.
// Chromium is left as it is.
func WithPref(name string, value any) Option {
	return func(c *config) { c.prefs[name] = value }
}

// WithAnyCertificate opens pages whose certificate the browser does not trust,
// as a person does who was warned and goes on.
func WithAnyCertificate() Option {
	return func(c *config) {
		c.flags["ignore-certificate-errors"] = true
		c.anyCertificate = true
	}
}

// WithFolder keeps the browser's own profile (OwnProfile) in a folder that is
// there, and still is when the browser has ended: the next one finds in it what
// was stored.
func WithFolder(folder string) Option {
	return func(c *config) { c.folder = folder }
}

// Start starts a browser with an empty profile folder. The returned function
// ends it. HOLDLINE_CHROMIUM and HOLDLINE_FIREFOX name other binaries than
// Debian's.
func Start(engine Engine, options ...Option) (*Browser, func(), error) {
	var d driver
	var err error
	switch engine {
	case Chromium:
		d, err = startChromium(options)
	case Firefox:
		d, err = startFirefox(options)
	default:
		err = fmt.Errorf("engine %q, want chromium or firefox", engine)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("start %s: %w", engine, err)
	}
	return &Browser{Engine: engine, driver: d}, d.stop, nil
}

// StartFor starts a browser that ends with the test: for what ends or stops
// the whole process.
func StartFor(t testing.TB, engine Engine, options ...Option) *Browser {
	t.Helper()
	b, end, err := Start(engine, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(end)
	return b
}

// Version is the browser's own name and version, such as "Chrome/156.0.1.2".
func (b *Browser) Version() (string, error) { return b.driver.version() }

// Profile is one person's browser: its own cookies, storage, locks and cache.
// Two profiles of a Browser are as separate as two persons' browsers, but for
// the process.
type Profile struct {
	Browser *Browser
	driver  profileDriver
}

// NewProfile makes one that ends with the test.
func (b *Browser) NewProfile(t testing.TB) *Profile {
	t.Helper()
	d, err := b.driver.newProfile()
	if err != nil {
		t.Fatalf("new profile: %v", err)
	}
	t.Cleanup(d.close)
	return &Profile{Browser: b, driver: d}
}

// OwnProfile is the one that the browser itself keeps in its folder. What is
// stored in one by NewProfile is gone with the process.
func (b *Browser) OwnProfile() *Profile { return &Profile{Browser: b, driver: b.driver.ownProfile()} }

// NewPage opens a window at an address and waits until its document is loaded.
// The page is visible: it does not lie behind another one's tab.
func (p *Profile) NewPage(t testing.TB, url string) *Page {
	t.Helper()
	page := p.newPage(t)
	page.Open(url)
	return page
}

func (p *Profile) newPage(t testing.TB) *Page {
	t.Helper()
	w := &watcher{accept: true}
	tab, err := p.driver.newTab(w)
	if err != nil {
		t.Fatalf("new page: %v", err)
	}
	t.Cleanup(tab.close)
	return &Page{Profile: p, t: t, tab: tab, watcher: w}
}

// AllowClipboard lets pages of an origin read the clipboard.
func (p *Profile) AllowClipboard(t testing.TB, origin string) {
	t.Helper()
	if err := p.driver.allowClipboard(origin); err != nil {
		t.Fatalf("allow the clipboard to %s: %v", origin, err)
	}
}

// DownloadTo has downloads saved into a folder without asking.
func (p *Profile) DownloadTo(t testing.TB, folder string) {
	t.Helper()
	if err := p.driver.downloadTo(folder); err != nil {
		t.Fatalf("download to %s: %v", folder, err)
	}
}
