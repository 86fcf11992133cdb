package session

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"holdline/server/signal"
)

// redactor takes secrets and what people write out of a trace. Addresses
// become pseudonyms that keep their kind, the same one for the same address
// throughout a trace.
type redactor struct {
	known []string // index: the pseudonym's number
}

const redacted = "redacted"

// event is ev as it may be kept.
func (r *redactor) event(ev Event) Event {
	switch ev := ev.(type) {
	case Started:
		ev.Config = r.config(ev.Config)
		return ev
	case Said:
		ev.Text = veil(ev.Text)
		return ev
	case ChatReceived:
		ev.Chat.Text = veil(ev.Chat.Text)
		return ev
	case SignalingReceived:
		ev.Envelope = r.envelope(ev.Envelope)
		return ev
	case SignalingGarbled:
		ev.Err = r.text(withoutGot(ev.Err))
		return ev
	case SignalingClosed:
		ev.Reason = r.text(ev.Reason)
		return ev
	case ControlReceived:
		ev.Envelope = r.envelope(ev.Envelope)
		return ev
	case ControlGarbled:
		ev.Err = r.text(withoutGot(ev.Err))
		return ev
	case LocalDescriptionSet:
		ev.SDP, ev.Err = r.text(ev.SDP), r.text(ev.Err)
		return ev
	case RemoteDescriptionSet:
		ev.Err = r.text(ev.Err)
		return ev
	case StatsSampled:
		ev.Flow = r.flow(ev.Flow)
		return ev
	case CandidateFound:
		ev.Candidate, ev.URL = r.candidate(ev.Candidate), r.text(ev.URL)
		return ev
	case CandidateRefused:
		ev.Err = r.text(ev.Err)
		return ev
	case CandidateFailed:
		ev.URL, ev.Text = r.text(ev.URL), r.text(ev.Text)
		return ev
	case ConnectionRefused:
		ev.Err = r.text(ev.Err)
		return ev
	}
	return ev
}

// withoutGot leaves out what came from the error that refuses it: it may be
// chat.
func withoutGot(text string) string {
	text, _, _ = strings.Cut(text, ", got ")
	return text
}

func (r *redactor) config(c Config) Config {
	c.ICEServers = r.servers(c.ICEServers)
	c.Page = hide(c.Page)
	c.Record = r.record(c.Record)
	c.Stopped = slices.Clone(c.Stopped)
	for i := range c.Stopped {
		c.Stopped[i].Record = *r.record(&c.Stopped[i].Record)
	}
	return c
}

func (r *redactor) servers(all []signal.ICEServer) []signal.ICEServer {
	all = slices.Clone(all)
	for i := range all {
		server := &all[i]
		server.Username, server.Credential = hide(server.Username), hide(server.Credential)
		server.URLs = r.texts(server.URLs)
	}
	return all
}

// flow has the addresses of a pair where the browser tells them.
func (r *redactor) flow(f Flow) Flow {
	f.Pair = r.pair(f.Pair)
	return f
}

func (r *redactor) pair(pair *Pair) *Pair {
	if pair == nil {
		return nil
	}
	copied := *pair
	copied.Local.Address, copied.Remote.Address = r.text(copied.Local.Address), r.text(copied.Remote.Address)
	return &copied
}

func (r *redactor) record(from *Record) *Record {
	if from == nil {
		return nil
	}
	record := *from
	record.Token, record.Messages = hide(record.Token), veilAll(record.Messages)
	return &record
}

// envelope keeps of a payload what the machine reads of it, without its
// secrets. Nothing else of what another page may have put there stays.
func (r *redactor) envelope(e signal.Envelope) signal.Envelope {
	switch e.Type {
	case signal.TypeGaveUp:
		e.Payload = kept(e, func(g *signal.GaveUp) { g.End = *r.end(&g.End) })
	case signal.TypeWelcome:
		e.Payload = kept(e, func(w *signal.Welcome) {
			w.Token, w.ByeKey, w.Former = hide(w.Token), hide(w.ByeKey), r.end(w.Former)
			for i := range w.Roster {
				w.Roster[i].End = r.end(w.Roster[i].End)
			}
			for i := range w.Left {
				w.Left[i] = *r.end(&w.Left[i])
			}
		})
	case signal.TypePresent, signal.TypeAway:
		e.Payload = kept(e, func(p *signal.Presence) { p.End = r.end(p.End) })
	case signal.TypeLeft:
		e.Payload = kept(e, func(l *signal.Left) { l.End = *r.end(&l.End) })
	case signal.TypeDescription:
		e.Payload = kept(e, func(d *signal.Description) { d.Type, d.SDP = known(d.Type, "offer", "answer"), r.text(d.SDP) })
	case signal.TypeCandidate:
		e.Payload = r.candidate(e.Payload)
	case signal.TypeICE:
		e.Payload = kept(e, func(ice *signal.ICE) { ice.Servers, ice.Address = r.servers(ice.Servers), r.text(ice.Address) })
	case signal.TypeRefresh:
		e.Payload = kept(e, func(*signal.Refresh) {})
	case signal.TypeGoaway:
		e.Payload = kept(e, func(*signal.Goaway) {})
	case signal.TypeBeat, signal.TypeBeatBack:
		e.Payload = kept(e, func(*signal.BeatCount) {})
	case signal.TypeMedia:
		e.Payload = kept(e, func(*signal.Media) {})
	case signal.TypeLane:
		e.Payload = kept(e, func(l *signal.Lane) { l.Signaling = known(l.Signaling, "open", "lost") })
	case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
		e.Payload = kept(e, func(g *signal.Goodbye) {
			if _, err := e.ReadGoodbye(); err != nil {
				*g = signal.Goodbye{Intent: "unreadable"}
			}
		})
	default:
		e.Payload = nil
	}
	return e
}

// kept is a payload as the machine reads it, after a redaction; what it cannot
// read is not kept.
func kept[T any](e signal.Envelope, redact func(*T)) json.RawMessage {
	var payload T
	if e.Read(&payload) != nil {
		return nil
	}
	redact(&payload)
	return signal.Raw(payload)
}

// known is a word that the machine knows; others may say anything.
func known(word string, words ...string) string {
	if slices.Contains(words, word) {
		return word
	}
	return "other"
}

func (r *redactor) end(end *End) *End {
	if end == nil {
		return nil
	}
	copied := *end
	copied.Evidence = r.texts(end.Evidence)
	return &copied
}

// snapshot redacts what the page shows as the trace is redacted.
func (r *redactor) snapshot(v Snapshot) Snapshot {
	v.Messages = veilAll(v.Messages)
	v.End, v.Former = r.end(v.End), r.end(v.Former)
	v.Peers = slices.Clone(v.Peers)
	for i := range v.Peers {
		v.Peers[i].End = r.end(v.Peers[i].End)
		if path := v.Peers[i].Path; path != nil {
			copied := *path
			copied.Pair = r.pair(path.Pair)
			v.Peers[i].Path = &copied
		}
	}
	return v
}

// state is a checkpoint: the machine as JSON, redacted as events are.
func (r *redactor) state(st state) []byte {
	var copied state
	if json.Unmarshal(signal.Raw(st), &copied) != nil {
		panic("session: the state is not plain data")
	}
	copied.Config = r.config(copied.Config)
	copied.Offer = r.record(copied.Offer)
	copied.ICE.Servers, copied.ICE.Address = r.servers(copied.ICE.Servers), r.text(copied.ICE.Address)
	copied.Token, copied.ByeKey, copied.Goodbyes.Key = hide(copied.Token), hide(copied.ByeKey), hide(copied.Goodbyes.Key)
	copied.Messages, copied.End, copied.Former = veilAll(copied.Messages), r.end(copied.End), r.end(copied.Former)
	for i, k := range copied.Signaling.Outbox.Kept {
		copied.Signaling.Outbox.Kept[i] = r.envelope(k)
	}
	for _, p := range copied.Peers {
		for _, list := range [][]json.RawMessage{p.Link.Found, p.Link.Held, p.Link.Waiting.Candidates} {
			for i := range list {
				list[i] = r.candidate(list[i])
			}
		}
		p.Link.Offer.SDP, p.Link.Answer.SDP = r.text(p.Link.Offer.SDP), r.text(p.Link.Answer.SDP)
		p.Link.Local, p.Link.Reach.Refused = r.ufrag(p.Link.Local), r.text(p.Link.Reach.Refused)
		p.Link.Remote, p.Link.Waiting.Description.SDP = r.ufrag(p.Link.Remote), r.text(p.Link.Waiting.Description.SDP)
		p.Link.Evidence = r.texts(p.Link.Evidence)
		p.Link.Flow, p.Link.Left = r.flow(p.Link.Flow), r.pair(p.Link.Left)
		for _, found := range []search{p.Link.Search, p.Link.All} {
			r.mappings(found.NAT.Mapped)
			r.mappings(found.RemoteNAT.Mapped)
		}
		p.End, p.Link.End = r.end(p.End), r.end(p.Link.End)
		for i := range p.Unsent {
			p.Unsent[i].Chat.Text = veil(p.Unsent[i].Chat.Text)
		}
	}
	return signal.Raw(copied)
}

// mappings are redacted in place, as the candidates are that they come from:
// a replay compares them with what comes later.
func (r *redactor) mappings(all []mapping) {
	for i, m := range all {
		all[i] = mapping{r.text(m.Network), r.text(m.Address), r.text(m.Port)}
	}
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return redacted
}

// veil keeps the length of what people write, and where its spaces are.
func veil(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return c
		}
		return '·'
	}, text)
}

func veilAll(messages []ChatMessage) []ChatMessage {
	messages = slices.Clone(messages)
	for i := range messages {
		messages[i].Text = veil(messages[i].Text)
	}
	return messages
}
