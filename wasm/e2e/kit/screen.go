package kit

import "context"

// Screen is what a page is shown on.
type Screen struct {
	Width, Height int  // in CSS pixels
	Phone         bool // two device pixels for each, and touch
	Dark          bool // the person prefers dark colours
}

// SetScreen gives the page another screen.
func (p *Page) SetScreen(s Screen) {
	p.t.Helper()
	p.must("set the screen", func(ctx context.Context) error { return p.setScreen(ctx, s) })
}

// SetLanguage makes a language, such as "zh-CN", the person's preferred one,
// for documents to come.
func (p *Page) SetLanguage(language string) {
	p.t.Helper()
	p.must("set the language", func(ctx context.Context) error { return p.setLanguage(ctx, language) })
}

// Settle waits until what has changed is painted and what moves in has come.
func (p *Page) Settle() {
	p.t.Helper()
	p.Eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
		.then(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations === 1).map((a) => a.finished)))`, nil)
}

// Screenshot is a PNG of what the page shows.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	return p.picture("png", 100)
}

// ScreenshotWebP is a WebP picture of what the page shows, of a quality up to
// 100.
func (p *Page) ScreenshotWebP(quality int) []byte {
	p.t.Helper()
	return p.picture("webp", quality)
}

func (p *Page) picture(format string, quality int) (picture []byte) {
	p.t.Helper()
	p.must("screenshot", func(ctx context.Context) (err error) {
		picture, err = p.screenshot(ctx, format, quality)
		return err
	})
	return picture
}
