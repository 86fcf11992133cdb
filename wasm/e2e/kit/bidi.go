package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// bidi is a connection of WebDriver BiDi (https://w3c.github.io/webdriver-bidi/).
type bidi struct {
	conn *websocket.Conn
	on   func(method string, params json.RawMessage) // events, in their order

	mu      sync.Mutex
	last    int
	waiting map[int]chan bidiMessage
	ended   error
}

// bidiMessage is what the browser sends: the answer to a command, or an event.
type bidiMessage struct {
	ID      int             `json:"id"`
	Type    string          `json:"type"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
}

var errBidiEnded = errors.New("bidi: the connection ended")

func dialBidi(ctx context.Context, place Place, url string, on func(string, json.RawMessage)) (*bidi, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: place.DialContext}}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(64 << 20) // screenshots
	b := &bidi{conn: conn, on: on, waiting: map[int]chan bidiMessage{}}
	go b.read()
	return b, nil
}

func (b *bidi) read() {
	for {
		_, data, err := b.conn.Read(context.Background())
		if err != nil {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.ended = errBidiEnded
			for _, answer := range b.waiting {
				close(answer)
			}
			b.waiting = nil
			return
		}
		var m bidiMessage
		if json.Unmarshal(data, &m) != nil {
			continue
		}
		if m.Type == "event" {
			b.on(m.Method, m.Params)
			continue
		}
		b.mu.Lock()
		answer := b.waiting[m.ID]
		delete(b.waiting, m.ID)
		b.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
}

// call sends a command and waits for its answer.
func (b *bidi) call(ctx context.Context, method string, params, result any) error {
	b.mu.Lock()
	if b.ended != nil {
		b.mu.Unlock()
		return b.ended
	}
	b.last++
	id, answer := b.last, make(chan bidiMessage, 1)
	b.waiting[id] = answer
	b.mu.Unlock()
	command, err := json.Marshal(M{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	// The library closes the connection when the context of a write ends.
	if err := b.conn.Write(context.Background(), websocket.MessageText, command); err != nil {
		return err
	}
	select {
	case m, ok := <-answer:
		if !ok {
			return errBidiEnded
		}
		if m.Type == "error" {
			return fmt.Errorf("%s: %s: %s", method, m.Error, m.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-ctx.Done():
		b.mu.Lock()
		delete(b.waiting, id)
		b.mu.Unlock()
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// realmResult is the answer of script.evaluate and script.callFunction.
type realmResult struct {
	Type   string `json:"type"`
	Result struct {
		Value json.RawMessage `json:"value"`
	} `json:"result"`
	ExceptionDetails struct {
		Text string `json:"text"`
	} `json:"exceptionDetails"`
}

func (r *realmResult) text() (s string, err error) {
	if r.Type != "success" {
		return "", errors.New(r.ExceptionDetails.Text)
	}
	if r.Result.Value == nil { // undefined
		return "", nil
	}
	err = json.Unmarshal(r.Result.Value, &s)
	return s, err
}
