package kit

import "context"

// interception is what becomes of the requests whose path ends in something.
type interception struct {
	suffix string
	fail   bool // else they are held
}

// Hold keeps the page's requests whose path ends in suffix, such as ".wasm",
// waiting until release is called.
func (p *Page) Hold(suffix string) (release func()) {
	p.t.Helper()
	return p.intercepted(interception{suffix: suffix})
}

// Break makes the page's requests whose path ends in suffix fail, as if the
// connection broke, until mend is called.
func (p *Page) Break(suffix string) (mend func()) {
	p.t.Helper()
	return p.intercepted(interception{suffix: suffix, fail: true})
}

func (p *Page) intercepted(what interception) func() {
	p.t.Helper()
	var stop func() error
	p.must("intercept "+what.suffix, func(ctx context.Context) (err error) {
		stop, err = p.intercept(ctx, what)
		return err
	})
	return func() {
		p.t.Helper()
		p.must("intercept no more", func(context.Context) error { return stop() })
	}
}
