package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is one tab. Its methods are the same for every engine, and fail the
// test when the browser does not do what they say.
type Page struct {
	Profile *Profile
	// Describe is a JavaScript expression: its value is shown where waiting
	// for a state failed. Empty: the address, the title and the text.
	Describe string

	t testing.TB
	tab
	*watcher
}

// tab is what the kit needs of an engine's tab.
type tab interface {
	// evaluate runs an expression, awaits its promise and returns the string
	// that it gives.
	evaluate(ctx context.Context, expression string) (string, error)
	// fire runs a statement as if the person had acted, and does not wait for
	// what becomes of the page.
	fire(statement string)
	// navigate waits until the document is loaded.
	navigate(ctx context.Context, url string) error
	beforeDocuments(ctx context.Context, script string) error
	// find returns handles of the elements of this role, any where empty, and
	// accessible name.
	find(ctx context.Context, role, name string) ([]string, error)
	// call calls a function with a handle's element as this, and returns the
	// string that it gives.
	call(ctx context.Context, handle, function string, args ...any) (string, error)
	typeText(ctx context.Context, text string) error
	key(ctx context.Context, key string) error
	answerDialog(accept bool)
	intercept(ctx context.Context, what interception) (stop func() error, err error)
	setLanguage(ctx context.Context, language string) error
	setScreen(ctx context.Context, s Screen) error
	screenshot(ctx context.Context, format string, quality int) ([]byte, error)
	toFront(ctx context.Context) error
	perform(ctx context.Context, a Action) error
	close()
}

// watcher keeps what the browser says of a tab, and how its dialogs are to be
// answered.
type watcher struct {
	mu      sync.Mutex
	log     []string
	dialogs []string
	accept  bool
	leave   bool // dialogs stay open
}

func (w *watcher) said(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, line)
}

// asked notes a dialog and says how to answer it, if at all.
func (w *watcher) asked(kind string) (accept, answer bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dialogs = append(w.dialogs, kind)
	return w.accept, !w.leave
}

// Log is what the console said so far, uncaught errors included, a line each.
func (w *watcher) Log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.log, "\n")
}

// AnswerDialogs says how the dialogs that open from here on are answered; they
// are accepted until it is called.
func (w *watcher) AnswerDialogs(accept bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.accept, w.leave, w.dialogs = accept, false, nil
}

// LeaveDialogs has the dialogs that open from here on stay open, as a person
// does who is away from the machine.
func (w *watcher) LeaveDialogs() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leave, w.dialogs = true, nil
}

// Dialogs are the types of the dialogs that have opened since their answer
// was last set: alert, confirm, prompt or beforeunload.
func (w *watcher) Dialogs() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dialogs)
}

func patience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), commandPatience)
}

// must fails the test when a command fails that cannot fail on a page that is
// well.
func (p *Page) must(what string, do func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := patience()
	defer cancel()
	if err := do(ctx); err != nil {
		p.t.Fatalf("%s: %v\n%s", what, err, p.Log())
	}
}

// Engine is the browser that the page is in.
func (p *Page) Engine() Engine { return p.Profile.Browser.Engine }

// Open navigates and waits until the document is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	p.must("open "+url, func(ctx context.Context) error { return p.navigate(ctx, url) })
}

// BeforeDocuments runs a script at the start of each document to come, before
// the page's own.
func (p *Page) BeforeDocuments(script string) {
	p.t.Helper()
	p.must("run a script before documents", func(ctx context.Context) error { return p.beforeDocuments(ctx, script) })
}

// eval runs an expression, awaits what it gives, and decodes its JSON.
func (p *Page) eval(expression string, out any, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	text, err := p.evaluate(ctx, "(async () => JSON.stringify(await (async () => ("+expression+"))()) ?? 'null')()")
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal([]byte(text), out)
}

// Eval runs a JavaScript expression in the page, awaits a promise that it
// gives, and decodes the value as JSON into out, which may be nil. The page
// takes it for an act of the person.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	if err := p.eval(expression, out, commandPatience); err != nil {
		p.t.Fatalf("eval %s: %v\n%s", expression, err, p.Log())
	}
}

// Text evaluates an expression to a string.
func (p *Page) Text(expression string) (s string) {
	p.t.Helper()
	p.Eval("String("+expression+")", &s)
	return s
}

// Fire runs a statement and returns at once: for what takes the page away.
func (p *Page) Fire(statement string) { p.fire(statement) }

// Until waits until the JavaScript condition holds, looking at every change
// of the document and 20 times a second. An exception counts as false, and a
// page that is replaced meanwhile hands the question to its successor. what
// names the condition in the failure.
func (p *Page) Until(what, condition string) {
	p.t.Helper()
	if err := p.until(condition, statePatience); err != nil {
		p.t.Fatalf("waiting until %s: %v\n%s", what, err, p.Description())
	}
}

// glance is how long one question waits in the page. A page that goes away
// may take the answer with it.
const glance = 5 * time.Second

var errNotYet = errors.New("it did not come")

func (p *Page) until(condition string, patience time.Duration) error {
	watch := fmt.Sprintf(`new Promise((resolve) => {
		const holds = () => { try { return !!(%s) } catch { return false } };
		const done = (held) => { observer.disconnect(); clearInterval(poll); clearTimeout(end); resolve(held) };
		const look = () => { if (holds()) done(true) };
		const observer = new MutationObserver(look);
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		const poll = setInterval(look, 50);
		const end = setTimeout(done, %d, false);
		look();
	})`, condition, glance.Milliseconds())
	deadline := time.Now().Add(patience)
	for {
		var held bool
		err := p.eval(watch, &held, 2*glance)
		if held {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.Join(errNotYet, err)
		}
		if err != nil {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// UntilLogged waits until the console has said the words. The page need not
// answer for it: a busy one is heard, too.
func (p *Page) UntilLogged(words string) {
	p.t.Helper()
	for deadline := time.Now().Add(statePatience); !strings.Contains(p.Log(), words); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("waiting until the console says %q: it said %q", words, p.Log())
		}
	}
}

const plainDescription = `({ url: location.href, title: document.title, text: document.body?.innerText })`

// Description is what a failure shows of the page, and its console.
func (p *Page) Description() string {
	expression := p.Describe
	if expression == "" {
		expression = plainDescription
	}
	var state json.RawMessage
	if err := p.eval(expression, &state, 5*time.Second); err != nil {
		return "the page does not answer: " + err.Error() + "\n" + p.Log()
	}
	return string(state) + "\n" + p.Log()
}

// ToFront raises the page's window and gives it the focus.
func (p *Page) ToFront() {
	p.t.Helper()
	p.must("to front", p.toFront)
}

// Close closes the tab without asking it; one that is gone already is left
// alone.
func (p *Page) Close() { p.close() }
