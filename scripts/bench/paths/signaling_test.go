package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// request asks the mailboxes as the plain page does.
func request(handle http.HandlerFunc, target, body string) string {
	w := httptest.NewRecorder()
	handle(w, httptest.NewRequest("POST", target, strings.NewReader(body)))
	answer, _ := io.ReadAll(w.Result().Body)
	return strings.TrimSpace(string(answer))
}

func TestAMessageIsTakenOnceHoweverOftenItIsSent(t *testing.T) {
	m := newMailboxes(nil)
	for _, sent := range []struct{ number, body string }{{"x", `"no number"`}, {"0", `"offer"`}, {"0", `"offer"`}, {"1", `"candidate"`}, {"0", `"late"`}} {
		if got := request(m.send, "/send?of=r1-Ana&number="+sent.number, sent.body); got != `"taken"` {
			t.Errorf("sent %v: answer %q", sent, got)
		}
	}
	for from, want := range map[string]string{"0": `["offer","candidate"]`, "1": `["candidate"]`} {
		if got := request(m.take, "/take?of=r1-Ana&from="+from, ""); got != want {
			t.Errorf("from %s: %s, want %s", from, got, want)
		}
	}
}

func TestWhoWaitsIsGivenTheNextMessageOfTheRightPage(t *testing.T) {
	m := newMailboxes(nil)
	given := make(chan string)
	go func() {
		for {
			if got := request(m.take, "/take?of=r1-Ana&from=0", ""); got != "[]" {
				given <- got
				return
			}
		}
	}()
	request(m.send, "/send?of=r2-Ana&number=0", `"elsewhere"`)
	request(m.send, "/send?of=r1-Ana&number=0", `"here"`)
	if got := <-given; got != `["here"]` {
		t.Errorf("given: %s", got)
	}
}
