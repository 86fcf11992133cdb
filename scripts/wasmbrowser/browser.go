//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// firefoxPrefs grant a fake camera and microphone and let two connections in
// one page reach each other.
const firefoxPrefs = `
user_pref("media.navigator.permission.disabled", true);
user_pref("media.navigator.streams.fake", true);
user_pref("media.peerconnection.ice.obfuscate_host_addresses", false);
user_pref("media.peerconnection.ice.loopback", true);
user_pref("media.autoplay.default", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.enabled", false);
user_pref("app.normandy.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
`

func chromiumArgs(profile, url string) []string {
	return []string{
		"--headless=new",
		"--no-sandbox",
		"--disable-gpu",
		"--disable-dev-shm-usage",
		"--no-first-run",
		"--no-default-browser-check",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-extensions",
		"--disable-sync",
		"--disable-breakpad",
		"--use-fake-device-for-media-stream",
		"--use-fake-ui-for-media-stream",
		"--autoplay-policy=no-user-gesture-required",
		// Two connections in one page meet even where there is only loopback.
		"--allow-loopback-in-peer-connection",
		"--disable-features=WebRtcHideLocalIpsWithMdns",
		"--js-flags=--expose-gc",
		"--user-data-dir=" + profile,
		url,
	}
}

// browser is a running browser process with all of its children and files.
type browser struct {
	died  <-chan error
	words *tail
	home  string
	group int
}

// longestTemp is the longest folder for temporary files below which the path of
// Chromium's socket stays within the 107 bytes that Linux allows.
const longestTemp = 107 - len("/wb-4294967295/org.chromium.Chromium.123456/SingletonSocket")

func startBrowser(url string) (*browser, error) {
	temp := os.TempDir()
	if len(temp) > longestTemp {
		temp = "/tmp"
	}
	home, err := os.MkdirTemp(temp, "wb-")
	if err != nil {
		return nil, err
	}
	b, err := startBrowserIn(home, url)
	if err != nil {
		os.RemoveAll(home)
		return nil, err
	}
	return b, nil
}

func startBrowserIn(home, url string) (*browser, error) {
	var cmd *exec.Cmd
	profile := filepath.Join(home, "profile")
	if err := os.Mkdir(profile, 0o700); err != nil {
		return nil, err
	}
	switch kind := os.Getenv("HOLDLINE_BROWSER"); kind {
	case "", "chromium":
		cmd = exec.Command(program("HOLDLINE_CHROMIUM", "/usr/lib/chromium/chromium"), chromiumArgs(profile, url)...)
	case "firefox":
		if err := os.WriteFile(filepath.Join(profile, "user.js"), []byte(firefoxPrefs), 0o600); err != nil {
			return nil, err
		}
		cmd = exec.Command(program("HOLDLINE_FIREFOX", "/usr/lib/firefox-esr/firefox-esr"),
			"--headless", "--no-remote", "--new-instance", "--profile", profile, url)
	default:
		return nil, fmt.Errorf("HOLDLINE_BROWSER is %q: chromium or firefox", kind)
	}

	words := new(tail)
	cmd.Stdout, cmd.Stderr = words, words
	// All that a browser leaves behind lies in home.
	cmd.Env = append(os.Environ(), "HOME="+home, "TMPDIR="+home,
		"XDG_CONFIG_HOME="+home+"/config", "XDG_CACHE_HOME="+home+"/cache")
	// A group of its own, so that all of its processes can be ended at once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the browser: %w", err)
	}
	died := make(chan error, 1)
	go func() { died <- cmd.Wait() }()
	return &browser{died: died, words: words, home: home, group: cmd.Process.Pid}, nil
}

func program(variable, path string) string {
	if own := os.Getenv(variable); own != "" {
		return own
	}
	return path
}

// close ends every process of the browser and removes its files. A process may
// still be writing while it dies, so removing is tried again for a while.
func (b *browser) close() error {
	syscall.Kill(-b.group, syscall.SIGKILL)
	var err error
	for range 100 {
		if err = os.RemoveAll(b.home); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("remove the browser's files: %w", err)
}

// tail keeps the last words of a browser, for the case that they explain its end.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(t.text), "?")
}
