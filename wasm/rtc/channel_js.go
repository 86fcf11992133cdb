package rtc

import (
	"syscall/js"

	"github.com/pion/webrtc/v4"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// channel is one data channel, negotiated by its id.
type channel struct {
	dc   *webrtc.DataChannel
	js   js.Value
	stop []func()
}

// openChannels makes the control and the chat channel.
func (c *Connections) openChannels(p *connection) (err error) {
	l := p.link
	p.control, err = open(p.pc, controlLabel, controlID, events{
		opened: func() { c.put(session.ControlOpened{Link: l}) },
		closed: func() { c.put(session.ControlClosed{Link: l}) },
		message: func(data js.Value) {
			e, err := decode(data)
			if err != nil {
				c.put(session.ControlGarbled{Link: l, Err: err.Error()})
				return
			}
			c.put(session.ControlReceived{Link: l, Envelope: e})
		},
	})
	if err != nil {
		return err
	}
	p.chat, err = open(p.pc, chatLabel, chatID, events{
		opened: func() { c.put(session.ChatOpened{Link: l}) },
		closed: func() { c.put(session.ChatClosed{Link: l}) },
		message: func(data js.Value) {
			var chat signal.Chat
			e, err := decode(data)
			if err == nil {
				err = e.Read(&chat)
			}
			if err != nil {
				c.put(session.ControlGarbled{Link: l, Err: err.Error()})
				return
			}
			c.put(session.ChatReceived{Link: l, Seq: e.Seq, Chat: chat})
		},
	})
	return err
}

type events struct {
	opened, closed func()
	message        func(data js.Value)
}

func open(pc *webrtc.PeerConnection, label string, id uint16, on events) (*channel, error) {
	negotiated := true
	dc, err := pc.CreateDataChannel(label, &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		return nil, err
	}
	ch := &channel{dc: dc, js: dc.JSValue()}
	ch.stop = []func(){
		browser.Listen(ch.js, "open", func(js.Value) { on.opened() }),
		browser.Listen(ch.js, "close", func(js.Value) { on.closed() }),
		browser.Listen(ch.js, "message", func(ev js.Value) { on.message(ev.Get("data")) }),
	}
	return ch, nil
}

// send sends an envelope. What cannot be sent is not missed: a control channel
// that is not open is noticed by its beats, and the session hands chat over
// only to an open channel.
func (ch *channel) send(e signal.Envelope) {
	if ch == nil || text(ch.js.Get("readyState")) != "open" {
		return
	}
	data, err := e.Encode()
	if err != nil {
		panic("rtc: send: " + err.Error()) // payloads are made by signal.Raw
	}
	_ = browser.Try(func() { ch.js.Call("send", string(data)) })
}

func (ch *channel) close() {
	if ch == nil {
		return
	}
	for _, stop := range ch.stop {
		stop()
	}
	_ = ch.dc.Close()
}
