package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/fetch"
	console "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromiumTab is a tab of Chromium.
type chromiumTab struct {
	browser *chromium
	ctx     context.Context
	cancel  func()
	target  *chromedp.Target
}

// listen collects what the console says and answers dialogs.
func (t *chromiumTab) listen(w *watcher) error {
	return chromedp.Listen(t.ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventConsoleAPICalled:
			var words []string
			for _, a := range ev.Args {
				words = append(words, strings.Trim(string(a.Value), `"`)+a.Description)
			}
			w.said(string(ev.Type) + ": " + strings.Join(words, " "))
		case *runtime.EventExceptionThrown:
			w.said("uncaught: " + ev.ExceptionDetails.Text)
		case *console.EventEntryAdded: // what the browser itself says: a policy broken, a file that is missing
			w.said(fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		case *page.EventJavascriptDialogOpening:
			if accept, answer := w.asked(string(ev.Type)); answer {
				t.answerDialog(accept)
			}
		}
	})
}

// command sends a DevTools command to the tab.
func (t *chromiumTab) command(ctx context.Context, method string, params, result any) error {
	// chromedp finds the tab in its own context; the deadline is the caller's.
	own, cancel := context.WithCancel(t.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	err := t.target.Call(own, method, params, result)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// order sends a command that the page may never answer, and does not wait.
func (t *chromiumTab) order(method string, params M) {
	go func() {
		ctx, cancel := patience()
		defer cancel()
		_ = t.command(ctx, method, params, nil)
	}()
}

func (t *chromiumTab) answerDialog(accept bool) {
	t.order("Page.handleJavaScriptDialog", M{"accept": accept})
}

func (t *chromiumTab) navigate(ctx context.Context, url string) error {
	own, cancel := context.WithCancel(t.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return chromedp.Do(own, chromedp.Navigate(url))
}

func (t *chromiumTab) beforeDocuments(ctx context.Context, script string) error {
	return t.command(ctx, "Page.addScriptToEvaluateOnNewDocument", M{"source": script}, nil)
}

// evaluated is the answer of Runtime.evaluate and Runtime.callFunctionOn.
type evaluated struct {
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

func (e *evaluated) text() (s string, err error) {
	if x := e.ExceptionDetails; x != nil {
		return "", errors.New(x.Text + " " + x.Exception.Description)
	}
	if e.Result.Value == nil { // undefined
		return "", nil
	}
	err = json.Unmarshal(e.Result.Value, &s)
	return s, err
}

func (t *chromiumTab) evaluate(ctx context.Context, expression string) (string, error) {
	var r evaluated
	err := t.command(ctx, "Runtime.evaluate", M{"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true}, &r)
	if err != nil {
		return "", err
	}
	return r.text()
}

func (t *chromiumTab) fire(statement string) {
	t.order("Runtime.evaluate", M{"expression": statement, "userGesture": true})
}

func (t *chromiumTab) find(ctx context.Context, role, name string) (handles []string, err error) {
	var document struct {
		Root struct {
			NodeID int `json:"nodeId"`
		} `json:"root"`
	}
	if err := t.command(ctx, "DOM.getDocument", M{"depth": 0}, &document); err != nil {
		return nil, err
	}
	var found struct {
		Nodes []struct {
			Ignored   bool  `json:"ignored"`
			BackendID int64 `json:"backendDOMNodeId"`
			Name      struct {
				Value string `json:"value"`
			} `json:"name"`
		} `json:"nodes"`
	}
	query := M{"nodeId": document.Root.NodeID}
	if role != "" {
		query["role"] = role
	}
	if name != "" {
		query["accessibleName"] = name
	}
	if err := t.command(ctx, "Accessibility.queryAXTree", query, &found); err != nil {
		return nil, err
	}
	for _, n := range found.Nodes {
		if n.Ignored || n.Name.Value != name {
			continue
		}
		var resolved struct {
			Object struct {
				ObjectID string `json:"objectId"`
			} `json:"object"`
		}
		if err := t.command(ctx, "DOM.resolveNode", M{"backendNodeId": n.BackendID}, &resolved); err != nil {
			return nil, err
		}
		handles = append(handles, resolved.Object.ObjectID)
	}
	return handles, nil
}

func (t *chromiumTab) call(ctx context.Context, handle, function string, args ...any) (string, error) {
	list := []M{}
	for _, a := range args {
		list = append(list, M{"value": a})
	}
	var r evaluated
	err := t.command(ctx, "Runtime.callFunctionOn", M{"objectId": handle, "functionDeclaration": function, "arguments": list,
		"userGesture": true, "awaitPromise": true, "returnByValue": true}, &r)
	if err != nil {
		return "", err
	}
	return r.text()
}

func (t *chromiumTab) typeText(ctx context.Context, text string) error {
	return t.command(ctx, "Input.insertText", M{"text": text}, nil)
}

func (t *chromiumTab) key(ctx context.Context, key string) error {
	codes := map[string]int{"Tab": 9, "Enter": 13, "Space": 32, "Escape": 27}
	down := M{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	switch key {
	case "Enter":
		down["text"] = "\r"
	case "Space":
		down["key"], down["text"] = " ", " "
	}
	if err := t.command(ctx, "Input.dispatchKeyEvent", down, nil); err != nil {
		return err
	}
	return t.command(ctx, "Input.dispatchKeyEvent", M{"type": "keyUp", "key": down["key"], "code": key, "windowsVirtualKeyCode": codes[key]}, nil)
}

func (t *chromiumTab) intercept(ctx context.Context, what interception) (func() error, error) {
	listening, stop := context.WithCancel(t.ctx)
	if what.fail {
		err := chromedp.Listen(listening, func(ev any) {
			if paused, ok := ev.(*fetch.EventRequestPaused); ok {
				t.order("Fetch.failRequest", M{"requestId": paused.RequestID, "errorReason": "ConnectionReset"})
			}
		})
		if err != nil {
			stop()
			return nil, err
		}
	}
	patterns := []M{{"urlPattern": "*" + what.suffix}, {"urlPattern": "*" + what.suffix + `\?*`}}
	err := t.command(ctx, "Fetch.enable", M{"patterns": patterns}, nil)
	return func() error {
		stop()
		ctx, cancel := patience()
		defer cancel()
		return t.command(ctx, "Fetch.disable", M{}, nil)
	}, err
}

func (t *chromiumTab) setLanguage(ctx context.Context, language string) error {
	agent, err := t.evaluate(ctx, `navigator.userAgent`)
	if err != nil {
		return err
	}
	return t.command(ctx, "Emulation.setUserAgentOverride", M{"userAgent": agent, "acceptLanguage": language}, nil)
}

func (t *chromiumTab) setScreen(ctx context.Context, s Screen) error {
	scale, scheme := 1, "light"
	if s.Phone {
		scale = 2
	}
	if s.Dark {
		scheme = "dark"
	}
	return errors.Join(
		t.command(ctx, "Emulation.setDeviceMetricsOverride", M{"width": s.Width, "height": s.Height, "deviceScaleFactor": scale, "mobile": s.Phone}, nil),
		t.command(ctx, "Emulation.setTouchEmulationEnabled", M{"enabled": s.Phone}, nil),
		t.command(ctx, "Emulation.setEmulatedMedia", M{"features": []M{{"name": "prefers-color-scheme", "value": scheme}}}, nil),
	)
}

func (t *chromiumTab) screenshot(ctx context.Context, format string, quality int) ([]byte, error) {
	var r struct {
		Data []byte `json:"data"`
	}
	params := M{"format": format}
	if format != "png" {
		params["quality"] = quality
	}
	err := t.command(ctx, "Page.captureScreenshot", params, &r)
	return r.Data, err
}

func (t *chromiumTab) toFront(ctx context.Context) error {
	return t.command(ctx, "Page.bringToFront", M{}, nil)
}

func (t *chromiumTab) close() {
	_ = t.browser.call("Target.closeTarget", M{"targetId": t.target.TargetID}, nil)
	t.cancel()
}
