package wsock

import (
	"errors"
	"strconv"
	"strings"
	"syscall/js"
	"testing"
	"time"

	"holdline/wasm/browser"
)

// The server is that of scripts/wasmbrowser; script is its query.
func serverURL(script string) string {
	return "ws://" + js.Global().Get("location").Get("host").String() + "/ws-test?" + script
}

// dialog is a socket under test and what it told.
type dialog struct {
	*testing.T
	conn   *Conn
	events chan Event
	held   int
}

func dial(t *testing.T, url string) *dialog {
	t.Helper()
	d := &dialog{T: t, events: make(chan Event, 1000), held: browser.Held()}
	d.conn = Dial(url, "holdline.v1", func(e Event) { d.events <- e })
	if len(d.events) != 0 {
		t.Error("an event came before Dial returned")
	}
	return d
}

func (d *dialog) next() Event {
	d.Helper()
	select {
	case e := <-d.events:
		return e
	case <-time.After(20 * time.Second):
		d.Fatal("no event for 20 s")
		return Event{}
	}
}

func (d *dialog) expect(want Event) {
	d.Helper()
	if got := d.next(); got != want {
		d.Errorf("event %+v, want %+v", got, want)
	}
}

// expectEnd waits for the close, sees that nothing follows, and that the socket
// holds nothing and says so.
func (d *dialog) expectEnd(want Event) {
	d.Helper()
	d.expect(want)
	time.Sleep(30 * time.Millisecond)
	if len(d.events) != 0 {
		d.Errorf("after the close came %+v", <-d.events)
	}
	if got := browser.Held(); got != d.held {
		d.Errorf("%d functions held, want %d", got, d.held)
	}
	if err := d.conn.Send("late"); !errors.Is(err, ErrNotOpen) {
		d.Errorf("Send after the close: %v, want ErrNotOpen", err)
	}
	if err := d.conn.Close(1000, ""); err != nil {
		d.Errorf("Close after the close: %v", err)
	}
}

func TestMessagesGoBothWays(t *testing.T) {
	d := dial(t, serverURL("echo"))
	if err := d.conn.Send("early"); !errors.Is(err, ErrNotOpen) {
		t.Errorf("Send before Opened: %v, want ErrNotOpen", err)
	}
	d.expect(Event{Kind: Opened})
	if got := d.conn.JSValue().Get("protocol").String(); got != "holdline.v1" {
		t.Errorf("subprotocol %q", got)
	}
	for _, text := range []string{"", "plain", "\x00 é 你好 😀", strings.Repeat("long ", 100_000)} {
		if err := d.conn.Send(text); err != nil {
			t.Fatal(err)
		}
		d.expect(Event{Kind: Message, Text: text})
	}
	if n := d.conn.Buffered(); n != 0 {
		t.Errorf("%d bytes buffered, want none", n)
	}
	if err := d.conn.Close(4001, "été"); err != nil {
		t.Fatal(err)
	}
	if err := d.conn.Send("closing"); !errors.Is(err, ErrNotOpen) {
		t.Errorf("Send while closing: %v, want ErrNotOpen", err)
	}
	d.expectEnd(Event{Kind: Closed, Code: 4001, Reason: "été", Clean: true})
}

func TestBufferedCountsWhatIsNotSent(t *testing.T) {
	d := dial(t, serverURL(""))
	d.expect(Event{Kind: Opened})
	if err := d.conn.Send(strings.Repeat("x", 5000)); err != nil {
		t.Fatal(err)
	}
	if n := d.conn.Buffered(); n < 5000 {
		t.Errorf("%d bytes buffered right after Send, want 5000", n)
	}
	if err := d.conn.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	d.expectEnd(Event{Kind: Closed, Code: 1000, Clean: true})
}

func TestCloseIsLastAfterBufferedMessages(t *testing.T) {
	for _, end := range []struct {
		script string
		want   Event
	}{
		{"close=4001&reason=why", Event{Kind: Closed, Code: 4001, Reason: "why", Clean: true}},
		{"close=1001", Event{Kind: Closed, Code: 1001, Clean: true}},
		{"close=1012&reason=restart", Event{Kind: Closed, Code: 1012, Reason: "restart", Clean: true}},
	} {
		d := dial(t, serverURL("messages=150&"+end.script))
		d.expect(Event{Kind: Opened})
		for i := range 150 {
			d.expect(Event{Kind: Message, Text: strconv.Itoa(i)})
		}
		d.expectEnd(end.want)
	}
}

func TestMessagesArriveWhileThePageIsBusy(t *testing.T) {
	d := dial(t, serverURL("messages=150&close=4001"))
	d.expect(Event{Kind: Opened})
	js.Global().Call("eval", `(() => { const end = performance.now() + 500; while (performance.now() < end); })()`)
	for i := range 150 {
		d.expect(Event{Kind: Message, Text: strconv.Itoa(i)})
	}
	d.expectEnd(Event{Kind: Closed, Code: 4001, Clean: true})
}

func TestResetIsAnUncleanClose(t *testing.T) {
	d := dial(t, serverURL("echo=1&abort"))
	d.expect(Event{Kind: Opened})
	if err := d.conn.Send("go"); err != nil {
		t.Fatal(err)
	}
	d.expect(Event{Kind: Message, Text: "go"})
	d.expectEnd(Event{Kind: Closed, Code: 1006})
}

func TestRefusalIsAClose(t *testing.T) {
	for name, url := range map[string]string{
		"status":       serverURL("status=503"),
		"nobody there": "ws://127.0.0.1:1/",
	} {
		t.Run(name, func(t *testing.T) {
			dial(t, url).expectEnd(Event{Kind: Closed, Code: 1006})
		})
	}
}

func TestNoSocketAtAllIsAClose(t *testing.T) {
	for _, url := range []string{"ftp://example.test/", "ws://[", "ws://example.test:99999/"} {
		d := dial(t, url)
		if d.conn.Buffered() != 0 || !d.conn.JSValue().IsUndefined() {
			t.Errorf("%s: there is a socket", url)
		}
		e := d.next()
		if e.Kind != Closed || e.Code != 1006 || e.Clean || !strings.HasPrefix(e.Reason, "SyntaxError: ") {
			t.Errorf("%s: %+v, want a close with the exception as its reason", url, e)
		}
		d.events <- e
		d.expectEnd(e)
	}
}

func TestCloseBeforeOpenGivesUp(t *testing.T) {
	d := dial(t, serverURL("hang"))
	if err := d.conn.Close(1000, "changed my mind"); err != nil {
		t.Fatal(err)
	}
	d.expectEnd(Event{Kind: Closed, Code: 1006})
}

func TestCloseEndsWithAServerThatDoesNotAnswer(t *testing.T) {
	d := dial(t, serverURL("silent"))
	d.expect(Event{Kind: Opened})
	for range 2 {
		if err := d.conn.Close(4000, ""); err != nil {
			t.Fatal(err)
		}
	}
	d.expectEnd(Event{Kind: Closed, Code: 1006, Reason: "no answer to the close in 2s"})
	if state := d.conn.JSValue().Get("readyState").Int(); state != readyStateClosing {
		t.Errorf("readyState %d: this browser gives up by itself by now, so CloseTimeout is not needed", state)
	}
}

// dialer tells about its sockets like dial.
func (d *Dialer) test(t *testing.T) *dialog {
	t.Helper()
	told := &dialog{T: t, events: make(chan Event, 1000), held: browser.Held()}
	told.conn = d.Dial(func(e Event) { told.events <- e })
	if len(told.events) != 0 {
		t.Error("an event came before Dial returned")
	}
	return told
}

func TestAfterAFailureTheServerIsAskedFirst(t *testing.T) {
	page := "http://" + js.Global().Get("location").Get("host").String()
	d := &Dialer{URL: serverURL("echo"), Protocol: "holdline.v1", Probe: page + "/ws-test?status=503"}
	first := d.test(t)
	first.expect(Event{Kind: Opened}) // without a question
	_ = first.conn.Close(1000, "")
	first.expectEnd(Event{Kind: Closed, Code: 1000, Clean: true})

	d.URL = serverURL("status=503")
	for range 2 {
		d.test(t).expectEnd(Event{Kind: Closed, Code: 1006, Reason: map[bool]string{true: "probe: status 503"}[d.failed]})
	}
	d.URL = serverURL("echo")
	for range 20 { // a long outage
		down := d.test(t)
		down.expectEnd(Event{Kind: Closed, Code: 1006, Reason: "probe: status 503"})
		if !down.conn.JSValue().IsUndefined() {
			t.Fatal("a socket was made for a server that is not there")
		}
	}
	d.Probe = "http://127.0.0.1:1/"
	nobody := d.test(t)
	if e := nobody.next(); e.Kind != Closed || e.Code != 1006 || !strings.HasPrefix(e.Reason, "probe: TypeError: ") {
		t.Errorf("nobody there: %+v", e)
	}
	d.Probe = js.Global().Get("location").Get("href").String()
	back := d.test(t)
	back.expect(Event{Kind: Opened})
	if d.failed {
		t.Error("a socket that opened counts as failed")
	}
	_ = back.conn.Close(1000, "")
	back.expectEnd(Event{Kind: Closed, Code: 1000, Clean: true})
}

func TestCloseWhileTheServerIsAsked(t *testing.T) {
	d := &Dialer{URL: serverURL("echo"), Protocol: "holdline.v1", Probe: "http://" + js.Global().Get("location").Get("host").String() + "/ws-test?hang", failed: true}
	asked := d.test(t)
	for range 2 {
		if err := asked.conn.Close(1000, ""); err != nil {
			t.Fatal(err)
		}
	}
	asked.expectEnd(Event{Kind: Closed, Code: 1006, Reason: "closed before it was opened"})
}

func TestBinaryIsIgnoredAloud(t *testing.T) {
	d := dial(t, serverURL("binary&close=1000"))
	d.expect(Event{Kind: Opened})
	d.expect(Event{Kind: Ignored, Reason: "a binary message of 3 bytes: only text is understood"})
	d.expectEnd(Event{Kind: Closed, Code: 1000, Clean: true})
}

func TestCloseNamesWhatItDoesNotAccept(t *testing.T) {
	d := dial(t, serverURL("echo"))
	d.expect(Event{Kind: Opened})
	for _, tt := range []struct {
		code   int
		reason string
		want   string
	}{
		{1001, "", "wsock: close code: 1000 or 3000 to 4999 are allowed, got 1001"},
		{2999, "", "wsock: close code: 1000 or 3000 to 4999 are allowed, got 2999"},
		{5000, "", "wsock: close code: 1000 or 3000 to 4999 are allowed, got 5000"},
		{-1, "", "wsock: close code: 1000 or 3000 to 4999 are allowed, got -1"},
		{4000, strings.Repeat("é", 62), "wsock: close reason: at most 123 bytes are allowed, got 124"},
		{4000, "\xff", `wsock: close reason: valid UTF-8 is required, got "\xff"`},
	} {
		if err := d.conn.Close(tt.code, tt.reason); err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
	if err := d.conn.Send("still open"); err != nil {
		t.Error(err)
	}
	d.expect(Event{Kind: Message, Text: "still open"})

	longest := strings.Repeat("é", 61) + "x"
	if err := d.conn.Close(4999, longest); err != nil {
		t.Error(err)
	}
	d.expectEnd(Event{Kind: Closed, Code: 4999, Reason: longest, Clean: true})
}
