package kit

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
)

// firefoxTab is a tab of Firefox.
type firefoxTab struct {
	browser *firefox
	id      string // the browsing context's; it survives a change of process
	watcher *watcher
	opened  string // the copy, after DuplicateTab

	mu      sync.Mutex
	stopped *firefoxInterception // nil: requests are let through
}

func (t *firefoxTab) event(method string, params json.RawMessage) {
	var ev struct {
		Type    string `json:"type"`
		Level   string `json:"level"`
		Method  string `json:"method"`
		Text    string `json:"text"`
		Blocked bool   `json:"isBlocked"`
		Request struct {
			Request string `json:"request"`
			URL     string `json:"url"`
		} `json:"request"`
	}
	if json.Unmarshal(params, &ev) != nil {
		return
	}
	switch method {
	case "log.entryAdded":
		switch {
		case ev.Type == "console":
			t.watcher.said(ev.Method + ": " + ev.Text)
		case ev.Level == "error":
			t.watcher.said("uncaught: " + ev.Text)
		default:
			t.watcher.said(ev.Level + ": " + ev.Text)
		}
	case "browsingContext.userPromptOpened":
		if accept, answer := t.watcher.asked(ev.Type); answer {
			t.answerDialog(accept)
		}
	case "network.beforeRequestSent":
		t.mu.Lock()
		defer t.mu.Unlock()
		if ev.Blocked && t.stopped != nil {
			t.stopped.paused(ev.Request.Request, ev.Request.URL)
		}
	}
}

func (t *firefoxTab) command(ctx context.Context, method string, params M, result any) error {
	params["context"] = t.id
	return t.browser.bidi.call(ctx, method, params, result)
}

// order sends a command that the page may never answer, and does not wait.
func (t *firefoxTab) order(method string, params M) {
	go func() {
		ctx, cancel := patience()
		defer cancel()
		_ = t.command(ctx, method, params, nil)
	}()
}

func (t *firefoxTab) answerDialog(accept bool) {
	t.order("browsingContext.handleUserPrompt", M{"accept": accept})
}

func (t *firefoxTab) navigate(ctx context.Context, url string) error {
	return t.command(ctx, "browsingContext.navigate", M{"url": url, "wait": "complete"}, nil)
}

func (t *firefoxTab) beforeDocuments(ctx context.Context, script string) error {
	return t.browser.bidi.call(ctx, "script.addPreloadScript", M{"functionDeclaration": "() => {" + script + "}", "contexts": []string{t.id}}, nil)
}

func (t *firefoxTab) target() M { return M{"context": t.id} }

func (t *firefoxTab) evaluate(ctx context.Context, expression string) (string, error) {
	var r realmResult
	err := t.browser.bidi.call(ctx, "script.evaluate", M{"expression": expression, "target": t.target(), "awaitPromise": true, "userActivation": true}, &r)
	if err != nil {
		return "", err
	}
	return r.text()
}

func (t *firefoxTab) fire(statement string) {
	go func() {
		ctx, cancel := patience()
		defer cancel()
		_ = t.browser.bidi.call(ctx, "script.evaluate", M{"expression": statement, "target": t.target(), "awaitPromise": false, "userActivation": true}, nil)
	}()
}

// likely are the elements that may have a role, by which Firefox 153 finds it
// without asking every element of the page: that is a second in which no script
// runs there, and the other side may call the page unresponsive.
var likely = map[string]string{
	"button":   "button, summary, [role=button]",
	"checkbox": "input[type=checkbox], [role=checkbox]",
	"combobox": "select, [role=combobox]",
	"link":     "a[href], [role=link]",
	"textbox":  "input, textarea, [role=textbox]",
}

func (t *firefoxTab) find(ctx context.Context, role, name string) ([]string, error) {
	value := M{"name": name}
	if role != "" {
		value["role"] = role
	}
	where := M{"locator": M{"type": "accessibility", "value": value}}
	if css, ok := likely[role]; ok {
		found, err := t.locate(ctx, M{"locator": M{"type": "css", "value": css}})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		var from []M
		for _, handle := range found {
			from = append(from, M{"sharedId": handle})
		}
		where["startNodes"] = from
	}
	return t.locate(ctx, where)
}

func (t *firefoxTab) locate(ctx context.Context, where M) (handles []string, err error) {
	var found struct {
		Nodes []struct {
			SharedID string `json:"sharedId"`
		} `json:"nodes"`
	}
	err = t.command(ctx, "browsingContext.locateNodes", where, &found)
	for _, n := range found.Nodes {
		handles = append(handles, n.SharedID)
	}
	return handles, err
}

func (t *firefoxTab) call(ctx context.Context, handle, function string, args ...any) (string, error) {
	list := []M{}
	for _, a := range args {
		list = append(list, M{"type": "string", "value": fmt.Sprint(a)})
	}
	var r realmResult
	err := t.browser.bidi.call(ctx, "script.callFunction", M{"functionDeclaration": function, "this": M{"sharedId": handle}, "arguments": list,
		"target": t.target(), "awaitPromise": true, "userActivation": true}, &r)
	if err != nil {
		return "", err
	}
	return r.text()
}

// press types keys one after the other, into the window in front: in another one
// Firefox moves the focus and shows nobody where it is.
func (t *firefoxTab) press(ctx context.Context, keys ...string) error {
	var actions []M
	for _, k := range keys {
		actions = append(actions, M{"type": "keyDown", "value": k}, M{"type": "keyUp", "value": k})
	}
	if len(actions) == 0 {
		return nil
	}
	if err := t.toFront(ctx); err != nil {
		return err
	}
	return t.command(ctx, "input.performActions", M{"actions": []M{{"type": "key", "id": "keyboard", "actions": actions}}}, nil)
}

func (t *firefoxTab) typeText(ctx context.Context, text string) error {
	var keys []string
	for _, r := range text {
		keys = append(keys, string(r))
	}
	return t.press(ctx, keys...)
}

// webdriverKeys are the code points of WebDriver's keyboard (section 17.4.2).
var webdriverKeys = map[string]string{"Tab": "\uE004", "Enter": "\uE007", "Space": " ", "Escape": "\uE00C"}

func (t *firefoxTab) key(ctx context.Context, key string) error {
	return t.press(ctx, webdriverKeys[key])
}

func (t *firefoxTab) setLanguage(ctx context.Context, language string) error {
	return t.browser.bidi.call(ctx, "emulation.setLocaleOverride", M{"locale": language, "contexts": []string{t.id}}, nil)
}

func (t *firefoxTab) setScreen(ctx context.Context, s Screen) error {
	ratio, scheme, touch := 1, "light", "disabled"
	if s.Phone {
		ratio, touch = 2, "enabled"
	}
	if s.Dark {
		scheme = "dark"
	}
	if err := t.command(ctx, "browsingContext.setViewport", M{"viewport": M{"width": s.Width, "height": s.Height}, "devicePixelRatio": ratio}, nil); err != nil {
		return err
	}
	_, err := t.browser.inChrome(ctx, t.id, fmt.Sprintf(`top.prefersColorSchemeOverride = %q; top.touchEventsOverride = %q`, scheme, touch))
	return err
}

func (t *firefoxTab) screenshot(ctx context.Context, format string, quality int) ([]byte, error) {
	var r struct {
		Data string `json:"data"`
	}
	if err := t.command(ctx, "browsingContext.captureScreenshot", M{"format": M{"type": "image/" + format, "quality": float64(quality) / 100}}, &r); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(r.Data)
}

func (t *firefoxTab) toFront(ctx context.Context) error {
	return t.command(ctx, "browsingContext.activate", M{}, nil)
}

func (t *firefoxTab) close() {
	ctx, cancel := patience()
	defer cancel()
	_ = t.command(ctx, "browsingContext.close", M{"promptUnload": false}, nil)
	t.browser.mu.Lock()
	defer t.browser.mu.Unlock()
	delete(t.browser.watchers, t.id)
}
