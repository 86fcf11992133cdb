package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"holdline/wasm/session"
)

// pair is two real browsers' worth of Chromium (one process, two profiles) in
// a room of their own during the whole run.
type pair struct {
	pages   []*chromiumPage
	profile string
	stop    context.CancelFunc
}

type chromiumPage struct {
	name string
	ctx  context.Context
	id   string // the participant, as seen first
}

// picture is what one of them saw of the other, in words.
type picture struct{ name, words string }

// mostGap is the longest that a remote picture may stand still. Two cores carry
// everybody, so it is not the network's doing alone.
const mostGap = 3 * time.Second

// watching counts the remote picture's frames and how long none came.
const watching = `(() => {
	const seen = window.seen = { frames: 0, longest: 0, at: performance.now() }
	setInterval(() => {
		const video = document.querySelector('[data-peer]:not([data-state=ended]) video')
		const frames = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0
		const now = performance.now()
		if (frames !== seen.frames) {
			seen.longest = Math.max(seen.longest, now - seen.at)
			seen.frames = frames
			seen.at = now
		}
	}, 20)
})()`

// startPair opens both pages and waits until they are connected.
func (l *load) startPair() (*pair, error) {
	profile, err := os.MkdirTemp("", "holdline-load")
	if err != nil {
		return nil, err
	}
	path := "/usr/lib/chromium/chromium"
	if own := os.Getenv("HOLDLINE_CHROMIUM"); own != "" {
		path = own
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-backgrounding-occluded-windows", true), chromedp.Flag("allow-loopback-in-peer-connection", true))
	quiet := chromedp.WithErrorf(func(string, ...any) {})
	browser, _ := chromedp.NewContext(allocator, quiet)
	b := &pair{profile: profile, stop: stop}
	if err := chromedp.Do(browser); err != nil {
		b.close()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	for _, name := range []string{"Ana", "Ben"} {
		ctx, _ := chromedp.NewContext(browser, chromedp.WithNewBrowserContext()) // ends with the browser
		p := &chromiumPage{name: name, ctx: ctx}
		b.pages = append(b.pages, p)
		if err := chromedp.Do(ctx, chromedp.Navigate(l.url+"/r/browsers?join=now&lang=en&name="+name)); err != nil {
			b.close()
			return nil, fmt.Errorf("open %s's page: %w", name, err)
		}
	}
	for _, p := range b.pages {
		s, err := p.connected(30 * time.Second)
		if err == nil {
			p.id = s.Participant
			_, err = eval[chromedp.Void](p, watching)
		}
		if err != nil {
			b.close()
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return b, nil
}

// eval runs an expression in the page.
func eval[T any](p *chromiumPage, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

// seen is what watching has counted.
type seen struct{ Frames, Longest float64 }

// connected waits until the page is, and returns what it shows.
func (p *chromiumPage) connected(patience time.Duration) (s session.Snapshot, err error) {
	deadline := time.Now().Add(patience)
	for {
		s, err = eval[session.Snapshot](p, `window.holdline?.snapshot?.() ?? {}`)
		if err == nil && s.State == session.StateConnected {
			return s, nil
		}
		if time.Now().After(deadline) {
			return s, fmt.Errorf("not connected within %v: %s %s, %v", patience, s.State, s.Cause, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// judge compares with the start: the same two, and pictures that moved on.
func (l *load) judge(b *pair) {
	for i, p := range b.pages {
		other := b.pages[1-i]
		s, err := p.connected(30 * time.Second)
		var now, later seen
		if err == nil {
			now, err = eval[seen](p, `window.seen`)
		}
		for deadline := time.Now().Add(mostGap); err == nil && later.Frames <= now.Frames && time.Now().Before(deadline); {
			time.Sleep(100 * time.Millisecond)
			later, err = eval[seen](p, `window.seen`)
		}
		if err != nil {
			l.crowd.Figures.Fault("a browser is not in the call", fmt.Sprintf("%s: %v", p.name, err))
			continue
		}
		var peers []string
		for _, q := range s.Peers {
			if q.State != session.PeerEnded {
				peers = append(peers, q.Participant)
			}
		}
		if s.Participant != p.id || strings.Join(peers, " ") != other.id {
			l.crowd.Figures.Fault("a browser is somebody else, or sees others", fmt.Sprintf("%s is %s, was %s; sees %q, want %s", p.name, s.Participant, p.id, peers, other.id))
		}
		gap := time.Duration(later.Longest * float64(time.Millisecond))
		if later.Frames <= now.Frames {
			l.crowd.Figures.Fault("a remote picture stands still", fmt.Sprintf("%s: %v frames, %v later %v", p.name, now.Frames, mostGap, later.Frames))
		}
		if gap > mostGap {
			l.crowd.Figures.Fault("a remote picture stood still", fmt.Sprintf("%s: for %v, want at most %v", p.name, gap, mostGap))
		}
		l.pictures = append(l.pictures, picture{p.name, fmt.Sprintf("connected as the same participant, %.0f remote frames, the longest gap between two %.0f ms", later.Frames, later.Longest)})
	}
}

// leave presses Leave on both.
func (b *pair) leave() error {
	for _, p := range b.pages {
		if _, err := eval[chromedp.Void](p, `window.holdline.leave()`); err != nil {
			return fmt.Errorf("%s leaves: %w", p.name, err)
		}
	}
	return nil
}

func (b *pair) close() {
	b.stop()
	for range 50 { // the browser may still be writing into its profile
		if os.RemoveAll(b.profile) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
