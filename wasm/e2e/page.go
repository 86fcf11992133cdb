package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	console "github.com/chromedp/cdproto/log"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// M is a DevTools parameter object.
type M = map[string]any

// How long a command, and a state that is waited for, may take on a loaded
// machine before the test gives up. No test asserts these.
const (
	commandPatience = 30 * time.Second
	statePatience   = 60 * time.Second
)

// Page is one tab.
type Page struct {
	t       testing.TB
	profile *Profile
	ctx     context.Context
	target  target.ID

	mu      sync.Mutex
	log     []string // console and uncaught errors
	dialogs []string // types of the dialogs that opened
	accept  bool     // how dialogs are answered
	answer  bool     // whether they are answered at all
}

// listen collects what the console says and answers dialogs.
func (p *Page) listen() {
	p.accept, p.answer = true, true
	err := chromedp.Listen(p.ctx, func(ev any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			var words []string
			for _, a := range ev.Args {
				words = append(words, strings.Trim(string(a.Value), `"`)+a.Description)
			}
			p.log = append(p.log, string(ev.Type)+": "+strings.Join(words, " "))
		case *runtime.EventExceptionThrown:
			p.log = append(p.log, "uncaught: "+ev.ExceptionDetails.Text)
		case *console.EventEntryAdded: // what the browser itself says: a policy broken, a file that is missing
			p.log = append(p.log, fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		case *cdp.EventJavascriptDialogOpening:
			p.dialogs = append(p.dialogs, string(ev.Type))
			if p.answer {
				go p.Call("Page.handleJavaScriptDialog", M{"accept": p.accept}, nil)
			}
		}
	})
	if err != nil {
		p.t.Fatalf("listen: %v", err)
	}
}

// Log is what the page's console said so far.
func (p *Page) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// AnswerDialogs says how the dialogs that open from here on are answered.
func (p *Page) AnswerDialogs(accept bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accept, p.dialogs = accept, nil
}

// Dialogs are the types of the dialogs that have opened.
func (p *Page) Dialogs() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.dialogs...)
}

// Call sends a DevTools command to the tab.
func (p *Page) Call(method string, params, result any) error {
	ctx, cancel := context.WithTimeout(p.ctx, commandPatience)
	defer cancel()
	return chromedp.FromContext(p.ctx).Target.Call(ctx, method, params, result)
}

// Must is Call for commands that cannot fail on a page that is well.
func (p *Page) Must(method string, params, result any) {
	p.t.Helper()
	if err := p.Call(method, params, result); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
}

// Open navigates and waits until the document is loaded.
func (p *Page) Open(url string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, commandPatience)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		p.t.Fatalf("open %s: %v", url, err)
	}
}

// BeforeDocuments runs a script at the start of each document to come, before
// the page's own.
func (p *Page) BeforeDocuments(script string) {
	p.t.Helper()
	p.Must("Page.addScriptToEvaluateOnNewDocument", M{"source": script}, nil)
}

// eval runs an expression, awaits what it gives, and decodes its JSON.
func (p *Page) eval(expression string, out any, patience time.Duration) error {
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		ExceptionDetails *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.FromContext(p.ctx).Target.Call(ctx, "Runtime.evaluate", M{
		"expression":   "(async () => JSON.stringify(await (async () => (" + expression + "))()) ?? 'null')()",
		"awaitPromise": true, "returnByValue": true, "userGesture": true,
	}, &r)
	if err != nil {
		return err
	}
	if e := r.ExceptionDetails; e != nil {
		return errors.New(e.Text + " " + e.Exception.Description)
	}
	var text string
	if err := json.Unmarshal(r.Result.Value, &text); err != nil {
		return err
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal([]byte(text), out)
}

// Eval runs a JavaScript expression in the page and decodes its value into
// out, which may be nil.
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

// Until waits until the JavaScript condition holds, looking at every change
// of the document. what names it in the failure.
func (p *Page) Until(what, condition string) {
	p.t.Helper()
	if err := p.until(condition, statePatience); err != nil {
		p.t.Fatalf("waiting until %s: %v\n%s", what, err, p.describe())
	}
}

func (p *Page) until(condition string, patience time.Duration) error {
	watch := fmt.Sprintf(`new Promise((resolve, reject) => {
		const holds = () => { try { return !!(%s) } catch { return false } };
		const done = () => { observer.disconnect(); clearInterval(poll); clearTimeout(end) };
		const look = () => { if (holds()) { done(); resolve(true) } };
		const observer = new MutationObserver(look);
		observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
		const poll = setInterval(look, 50);
		const end = setTimeout(() => { done(); reject(new Error('it did not come')) }, %d);
		look();
	})`, condition, patience.Milliseconds())
	deadline := time.Now().Add(patience)
	for {
		err := p.eval(watch, nil, patience+commandPatience)
		// A page that navigates takes the promise with it: ask its successor.
		if err == nil || time.Now().After(deadline) || strings.Contains(err.Error(), "did not come") {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// describe is what a failure shows of the page.
func (p *Page) describe() string {
	var state string
	_ = p.eval(`JSON.stringify({url: location.href, root: {...document.documentElement.dataset},
		status: document.querySelector('[role=status]')?.textContent,
		alert: document.querySelector('[role=alert]')?.textContent.trim(),
		peers: [...document.querySelectorAll('[data-peer]')].map((e) => ({...e.dataset, text: e.innerText}))}, null, 1)`, &state, 5*time.Second)
	return state + "\n" + p.Log()
}

// find resolves the one control with this role and accessible name, as
// assistive technology would find it.
func (p *Page) find(role, name string) (objectID string, err error) {
	var document struct {
		Root struct {
			NodeID int `json:"nodeId"`
		} `json:"root"`
	}
	if err := p.Call("DOM.getDocument", M{"depth": 0}, &document); err != nil {
		return "", err
	}
	var found struct {
		Nodes []struct {
			Ignored   bool  `json:"ignored"`
			BackendID int64 `json:"backendDOMNodeId"`
		} `json:"nodes"`
	}
	query := M{"nodeId": document.Root.NodeID, "accessibleName": name}
	if role != "" {
		query["role"] = role
	}
	if err := p.Call("Accessibility.queryAXTree", query, &found); err != nil {
		return "", err
	}
	var ids []int64
	for _, n := range found.Nodes {
		if !n.Ignored {
			ids = append(ids, n.BackendID)
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("no %s is named %q", role, name)
	}
	var resolved struct {
		Object struct {
			ObjectID string `json:"objectId"`
		} `json:"object"`
	}
	if err := p.Call("DOM.resolveNode", M{"backendNodeId": ids[0]}, &resolved); err != nil {
		return "", err
	}
	return resolved.Object.ObjectID, nil
}

// control waits for a control that assistive technology can find.
func (p *Page) control(role, name string) string {
	p.t.Helper()
	deadline := time.Now().Add(statePatience)
	for {
		id, err := p.find(role, name)
		if err == nil {
			return id
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%v\n%s", err, p.describe())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Has reports whether there is a control with this role and accessible name.
func (p *Page) Has(role, name string) bool {
	_, err := p.find(role, name)
	return err == nil
}

func (p *Page) on(objectID, function string, args ...any) {
	p.t.Helper()
	list := []M{}
	for _, a := range args {
		list = append(list, M{"value": a})
	}
	p.Must("Runtime.callFunctionOn", M{"objectId": objectID, "functionDeclaration": function, "arguments": list, "userGesture": true, "awaitPromise": false}, nil)
}

// Press presses the button with this accessible name.
func (p *Page) Press(name string) {
	p.t.Helper()
	p.on(p.control("button", name), "function() { this.click() }")
}

// Toggle clicks the checkbox with this accessible name once it can be.
func (p *Page) Toggle(name string) {
	p.t.Helper()
	id := p.control("checkbox", name)
	p.on(id, "function() { window.toggled = this }")
	p.Until(name+" can be clicked", "!window.toggled.disabled")
	p.on(id, "function() { this.click() }")
}

// Fill replaces what is in the field with this accessible name.
func (p *Page) Fill(name, text string) {
	p.t.Helper()
	p.on(p.control("textbox", name), "function() { this.focus(); this.select() }")
	p.Must("Input.insertText", M{"text": text}, nil)
}

// Choose selects an option of the list with this accessible name.
func (p *Page) Choose(name, value string) {
	p.t.Helper()
	p.on(p.control("combobox", name), "function(v) { this.value = v; this.dispatchEvent(new Event('change', {bubbles: true})) }", value)
}

// Key types one key, such as Tab or Enter.
func (p *Page) Key(key string) {
	p.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "Space": 32, "Escape": 27}
	down := M{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	switch key {
	case "Enter":
		down["text"] = "\r"
	case "Space":
		down["key"], down["text"] = " ", " "
	}
	p.Must("Input.dispatchKeyEvent", down, nil)
	p.Must("Input.dispatchKeyEvent", M{"type": "keyUp", "key": down["key"], "code": key, "windowsVirtualKeyCode": codes[key]}, nil)
}

// Focused is the accessible name of what has the focus.
func (p *Page) Focused() string {
	p.t.Helper()
	var r struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	p.Must("Runtime.evaluate", M{"expression": "document.activeElement"}, &r)
	var tree struct {
		Nodes []struct {
			Name struct {
				Value string `json:"value"`
			} `json:"name"`
		} `json:"nodes"`
	}
	p.Must("Accessibility.getPartialAXTree", M{"objectId": r.Result.ObjectID, "fetchRelatives": false}, &tree)
	if len(tree.Nodes) == 0 {
		return ""
	}
	return tree.Nodes[0].Name.Value
}

// dress gives the page a screen's size and a colour scheme.
func (p *Page) dress(width, height int, phone, dark bool) {
	p.t.Helper()
	scale, scheme := 1, "light"
	if phone {
		scale = 2
	}
	if dark {
		scheme = "dark"
	}
	p.Must("Emulation.setDeviceMetricsOverride", M{"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone}, nil)
	p.Must("Emulation.setTouchEmulationEnabled", M{"enabled": phone}, nil)
	p.Must("Emulation.setEmulatedMedia", M{"features": []M{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// settle waits until what has changed is painted and what moves in has come.
func (p *Page) settle() {
	p.t.Helper()
	p.Eval(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
		.then(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations === 1).map((a) => a.finished)))`, nil)
}

// Screenshot is a PNG of what the page shows.
func (p *Page) Screenshot() []byte {
	p.t.Helper()
	var r struct {
		Data []byte `json:"data"`
	}
	p.Must("Page.captureScreenshot", M{"format": "png"}, &r)
	return r.Data
}
