package page

import (
	"syscall/js"

	"holdline/wasm/session"
)

// chat is the list of messages. Its lines are added and taken away, never
// changed, but for the mark of one that is still to be sent.
type chat struct {
	list  js.Value
	lines map[string]*chatLine
	state chatState
}

type chatLine struct {
	element js.Value
	pending *slot
}

// chatState is equal for two snapshots with the same messages.
type chatState struct {
	count, pending int
	first, last    string
}

func stateOf(messages []session.ChatMessage) chatState {
	s := chatState{count: len(messages)}
	for _, m := range messages {
		if m.Mine && !m.Sent {
			s.pending++
		}
	}
	if s.count > 0 {
		s.first, s.last = messages[0].ID, messages[s.count-1].ID
	}
	return s
}

func (p *Page) renderChat(messages []session.ChatMessage) {
	c := &p.chat
	state := stateOf(messages)
	if state == c.state {
		return
	}
	c.state = state
	there := make(map[string]bool, len(messages))
	for _, m := range messages {
		there[m.ID] = true
		line := c.lines[m.ID]
		if line == nil {
			line = p.newChatLine(m)
			c.lines[m.ID] = line
			c.list.Call("append", line.element)
		}
		line.pending.putBool(m.Mine && !m.Sent)
	}
	for id, line := range c.lines {
		if !there[id] {
			line.element.Call("remove")
			delete(c.lines, id)
		}
	}
}

func (p *Page) newChatLine(m session.ChatMessage) *chatLine {
	el := fresh(p.document, "line")
	name := find(el, ".message-name")
	if m.Mine {
		el.Call("setAttribute", "data-mine", "true")
		name.Call("setAttribute", "data-text", "you") // follows the language
		name.Set("textContent", p.table.Say("you"))
	} else {
		name.Set("textContent", p.table.name(m.Name))
	}
	time := js.Global().Get("Date").New(m.At)
	find(el, "time").Set("textContent", time.Call("toLocaleTimeString", p.shell.Call("language"), p.hourAndMinute))
	find(el, ".message-text").Set("textContent", m.Text)
	return &chatLine{element: el, pending: shownOf(find(el, ".message-pending"))}
}
