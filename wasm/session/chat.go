package session

import (
	"slices"
	"strings"
	"unicode/utf8"

	"holdline/server/signal"
)

// What is kept of the chat, and for one who cannot be reached right now.
const (
	keptMessages   = 500
	recordMessages = 100
	unsentMessages = 200
	mostChatID     = 96 // bytes: a participant, a life and a count
)

// say sends a chat message to everybody in the room: now where the channel is
// open, else as soon as it is.
func (s *Session) say(text string) {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > signal.MaxChat {
		return // the page says so before it comes here
	}
	s.Said++
	m := ChatMessage{
		ID: s.Participant + "-" + itoa(int(s.Life)) + "-" + itoa(s.Said), From: s.Participant, Name: s.Name,
		Text: text, At: s.epoch(s.now.Mono), Mine: true, Sent: true,
	}
	s.keep(m)
	for _, p := range s.Peers {
		if p.Left {
			continue
		}
		p.ChatOut++
		p.Unsent = append(p.Unsent, unsentChat{Seq: p.ChatOut, Chat: signal.Chat{ID: m.ID, Text: text, At: m.At}})
		if over := len(p.Unsent) - unsentMessages; over > 0 {
			p.Unsent = slices.Delete(p.Unsent, 0, over)
		}
		s.sendUnsent(p)
	}
}

func (s *Session) sendUnsent(p *peer) {
	if !p.Link.Chat || p.Link.State == linkEnded {
		return
	}
	for i := range p.Unsent {
		if c := &p.Unsent[i]; !c.Handed {
			c.Handed = true
			s.emit(SendChat{p.name(), signal.Envelope{Type: signal.TypeChat, Life: s.Life, Seq: c.Seq, Payload: signal.Raw(c.Chat)}})
		}
	}
}

// unsentChat is a message that its recipient has not acknowledged yet. What a
// channel took may still be lost with its connection: then it is sent again.
type unsentChat struct {
	Seq    int64
	Chat   signal.Chat
	Handed bool // to the channel of the present connection
}

// chatHeard forgets what the remote has; its beats say up to where.
func (s *Session) chatHeard(p *peer, seq int64) {
	n := 0
	for n < len(p.Unsent) && p.Unsent[n].Seq <= seq {
		n++
	}
	if n == 0 {
		return
	}
	s.dirty = true
	p.Unsent = p.Unsent[n:]
	if len(p.Unsent) == 0 {
		p.Unsent = nil
	}
}

// hear takes a chat message; a copy changes nothing. Its id says who wrote it
// first: one who came back as somebody new sends what may have arrived already
// under the old id.
func (s *Session) hear(p *peer, seq int64, c signal.Chat) {
	if seq != 0 {
		if seq <= p.ChatIn {
			return
		}
		p.ChatIn = seq
	}
	author, _, ok := strings.Cut(c.ID, "-")
	if c.Text == "" || utf8.RuneCountInString(c.Text) > signal.MaxChat || len(c.ID) > mostChatID ||
		!ok || !signal.ValidParticipant(author) || author == s.Participant {
		p.Link.note("a chat message was not taken: its id or length is wrong")
		return
	}
	id := c.ID
	for _, m := range s.Messages {
		switch {
		case m.ID == p.ID+"/"+c.ID, m.ID == c.ID && (m.From == p.ID || m.From == author || m.Name == p.Name && m.Text == c.Text):
			return // the last of these a copy of the author's tab has sent
		case m.ID == c.ID:
			id = p.ID + "/" + c.ID // somebody else used the author's id before
		}
	}
	s.keep(ChatMessage{ID: id, From: p.ID, Name: p.Name, Text: c.Text, At: s.epoch(s.now.Mono)})
}

func (s *Session) keep(m ChatMessage) {
	s.Messages = append(s.Messages, m)
	if over := len(s.Messages) - keptMessages; over > 0 {
		s.Messages = slices.Delete(s.Messages, 0, over)
	}
	s.Changes++
	s.dirty = true
}

func recent(all []ChatMessage) []ChatMessage {
	return slices.Clone(all[max(0, len(all)-recordMessages):])
}

// undelivered is what the next page has to send again, and to whom; those who
// were not met since the last page are in it, too.
func (s *Session) undelivered() (all []Undelivered) {
	for _, m := range s.Messages[max(0, len(s.Messages)-recordMessages):] {
		if !m.Mine {
			continue
		}
		u := Undelivered{ID: m.ID}
		for _, old := range s.Undelivered {
			if old.ID == m.ID {
				u.To = append(u.To, old.To...)
			}
		}
		for _, p := range s.Peers {
			if slices.ContainsFunc(p.Unsent, func(c unsentChat) bool { return c.Chat.ID == m.ID }) {
				u.To = append(u.To, p.ID)
			}
		}
		if len(u.To) > 0 {
			all = append(all, u)
		}
	}
	return all
}

// takeUp gives a participant what the last page could not deliver. It may have
// arrived all the same: then it is known by its id.
func (s *Session) takeUp(p *peer) {
	left := s.Undelivered[:0]
	for _, u := range s.Undelivered {
		to := slices.DeleteFunc(slices.Clone(u.To), func(id string) bool { return id == p.ID })
		i := slices.IndexFunc(s.Messages, func(m ChatMessage) bool { return m.ID == u.ID && m.Mine })
		if len(to) < len(u.To) && i >= 0 {
			m := s.Messages[i]
			p.ChatOut++
			p.Unsent = append(p.Unsent, unsentChat{Seq: p.ChatOut, Chat: signal.Chat{ID: m.ID, Text: m.Text, At: m.At}})
		}
		if len(to) > 0 {
			left = append(left, Undelivered{u.ID, to})
		}
	}
	s.Undelivered = left
}

// unsent says whether a message of one's own still waits for somebody.
func (s *Session) unsent(id string) bool {
	for _, u := range s.Undelivered {
		if u.ID == id {
			return true
		}
	}
	for _, p := range s.Peers {
		for _, c := range p.Unsent {
			if c.Chat.ID == id && !c.Handed {
				return true
			}
		}
	}
	return false
}
