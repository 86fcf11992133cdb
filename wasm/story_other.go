//go:build !js

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// tell replays a report and prints its story; same is whether the replay
// ended where the page was.
func tell(w io.Writer, r session.Report) (same bool, err error) {
	n := narrator{w: w}
	n.header(r)
	last, err := session.Replay(r.Policy, r.Trace, n.observe)
	if err != nil {
		return false, err
	}
	n.verdict(r.Snapshot)
	replayed := last.Snapshot()
	replayed.At = r.Snapshot.At
	got, want := lines(replayed), lines(r.Snapshot)
	if strings.Join(got, "\n") == strings.Join(want, "\n") {
		fmt.Fprintln(w, "\nThe replay ended where the page was.")
		return true, nil
	}
	fmt.Fprintln(w, "\nThe replay ended elsewhere (- the page, + the replay):")
	for i := range max(len(got), len(want)) {
		if a, b := at(want, i), at(got, i); a != b {
			fmt.Fprintf(w, "- %s\n+ %s\n", strings.TrimSpace(a), strings.TrimSpace(b))
		}
	}
	return false, nil
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func lines(v session.Snapshot) []string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		panic("wasm: snapshot: " + err.Error()) // plain data
	}
	return strings.Split(string(data), "\n")
}

// narrator tells what happens, and what that changes on the page.
type narrator struct {
	w       io.Writer
	session *session.Session // the segment's
	start   time.Duration
	told    string            // the page's own state
	peers   map[string]string // by participant
}

func (n *narrator) header(r session.Report) {
	first, last := time.Duration(0), time.Duration(0)
	for i, seg := range r.Trace {
		for j, row := range seg.Rows {
			if i == 0 && j == 0 {
				first = row.At.Mono
			}
			last = row.At.Mono
			if row.Last != nil {
				last = max(last, row.Last.Mono)
			}
		}
	}
	n.start = first
	s := r.Snapshot
	fmt.Fprintf(n.w, "holdline %s, %s\n", r.Version, r.Browser)
	fmt.Fprintf(n.w, "room %s, %s as %s, life %d\n", s.Room, orNobody(s.Name), orNobody(s.Participant), s.Life)
	fmt.Fprintf(n.w, "saved %s after %v\n\n", time.UnixMilli(int64(r.At)).UTC().Format("2006-01-02 15:04:05 MST"), (last - first).Round(time.Millisecond))
}

func orNobody(name string) string {
	if name == "" {
		return "nobody yet"
	}
	return name
}

// observe tells one step. Beats, ticks and samples are told only where they
// changed something.
func (n *narrator) observe(now session.Time, ev session.Event, s *session.Session, _ []session.Action) {
	if s != n.session {
		if n.session != nil {
			fmt.Fprintln(n.w, "          … the middle of the trace was dropped …")
		}
		n.session, n.told, n.peers = s, "", map[string]string{}
	}
	changes := n.changes(s.Snapshot())
	words := describe(ev, n.names(s))
	if words == "" && len(changes) == 0 {
		return
	}
	if words == "" {
		words = quietly(ev)
	}
	fmt.Fprintf(n.w, "%9.3f %s\n", (now.Mono - n.start).Seconds(), words)
	for _, c := range changes {
		fmt.Fprintf(n.w, "          → %s\n", c)
	}
}

// names words a participant for its reader.
func (n *narrator) names(s *session.Session) func(id string) string {
	return func(id string) string {
		for _, p := range s.Snapshot().Peers {
			if p.Participant == id && p.Name != "" {
				return p.Name
			}
		}
		return id
	}
}

// changes compares a snapshot with the last one.
func (n *narrator) changes(v session.Snapshot) (all []string) {
	own := join("page: "+string(v.State), "signaling "+string(v.Signaling), string(v.Cause), device("microphone", v.Microphone), device("camera", v.Camera), device("screen", v.Screen))
	if own != n.told {
		n.told = own
		all = append(all, own)
	}
	here := map[string]bool{}
	for _, p := range v.Peers {
		here[p.Participant] = true
		words := join(p.Name+": "+string(p.State), string(p.Cause), string(finding(p.End)))
		if p.End != nil && p.End.Final {
			words += " (final)"
		}
		if words != n.peers[p.Participant] {
			n.peers[p.Participant] = words
			all = append(all, words)
		}
	}
	for id := range n.peers {
		if !here[id] {
			delete(n.peers, id)
		}
	}
	return all
}

// finding is what the evidence of an end says of a path.
func finding(e *session.End) session.Finding {
	if e == nil {
		return signal.FindingNone
	}
	return e.Finding
}

func device(name string, d session.Device) string {
	if d.State == session.DeviceOff {
		return ""
	}
	return strings.TrimSpace(name + " " + string(d.State) + " " + string(d.Cause))
}

func join(parts ...string) string {
	var all []string
	for _, p := range parts {
		if p != "" {
			all = append(all, p)
		}
	}
	return strings.Join(all, ", ")
}

func (n *narrator) verdict(v session.Snapshot) {
	if v.End == nil {
		fmt.Fprintf(n.w, "\nThe session had not ended: %s, signaling %s.\n", v.State, v.Signaling)
	} else {
		fmt.Fprint(n.w, "\nThe session ended.\n")
		n.end(*v.End)
	}
	for _, p := range v.Peers {
		if p.End != nil {
			fmt.Fprintf(n.w, "\n%s is %s.\n", orNobody(p.Name), p.State)
			n.end(*p.End)
		}
	}
}

func (n *narrator) end(e session.End) {
	fmt.Fprintf(n.w, "  cause     %s\n  layer     %s\n  by        %s\n  next      %s\n", e.Cause, e.Layer, e.By, e.Next)
	if e.Finding != signal.FindingNone {
		fmt.Fprintf(n.w, "  finding   %s\n", e.Finding)
	}
	for i, fact := range e.Evidence {
		fmt.Fprintf(n.w, "  %-9s %s\n", map[bool]string{true: "evidence"}[i == 0], fact)
	}
}

// quietly words the steps that pass unmentioned when they change nothing.
func quietly(ev session.Event) string {
	switch ev := ev.(type) {
	case session.Tick:
		return "a deadline came"
	case session.StatsSampled:
		return "statistics were read"
	case session.SignalingReceived:
		return "the server sent " + string(ev.Envelope.Type)
	case session.ControlReceived:
		return "a control message came: " + string(ev.Envelope.Type)
	}
	return fmt.Sprintf("%T", ev)
}

// describe says in words what happened; "" for what is told only when it
// changed something.
func describe(ev session.Event, name func(string) string) string {
	switch ev := ev.(type) {
	case session.Started:
		if ev.Config.Record != nil {
			return "the page came back as " + ev.Config.Record.Participant + " (" + ev.Config.Navigation + ")"
		}
		return "the page was opened"
	case session.JoinPressed:
		return "Join was pressed"
	case session.LeavePressed:
		return "Leave was pressed"
	case session.RejoinPressed:
		return "Rejoin was pressed"
	case session.GoBackPressed:
		return "Go back in was pressed"
	case session.StoppedClaimed:
		if ev.Taken {
			return "another tab had gone back in as " + ev.Participant
		}
		return "the page goes back in as " + ev.Participant
	case session.Said:
		return fmt.Sprintf("a chat message of %d characters was written", len([]rune(ev.Text)))
	case session.DeviceSwitched:
		return "the " + string(ev.Device) + " was switched " + map[bool]string{true: "on", false: "off"}[ev.On]
	case session.DeviceOpened:
		return "the " + string(ev.Device) + " opened"
	case session.DeviceFailed:
		return "the " + string(ev.Device) + " did not open: " + ev.Name
	case session.DeviceEnded:
		return "the " + string(ev.Device) + " ended by itself"
	case session.BeforeUnload:
		return "the page may go: " + string(ev.Intent)
	case session.PageHide:
		return "the page goes: " + string(ev.Intent)
	case session.PageShow:
		if ev.Persisted {
			return "the page is back from the cache"
		}
	case session.VisibilityChanged:
		return "the page is " + map[bool]string{true: "hidden", false: "visible"}[ev.Hidden]
	case session.NetworkChanged:
		return "the browser says " + map[bool]string{true: "online", false: "offline"}[ev.Online]
	case session.SignalingOpened:
		return "the socket to the server opened"
	case session.SignalingClosed:
		return strings.TrimSpace(fmt.Sprintf("the socket closed: %d %s", ev.Code, ev.Reason))
	case session.SignalingGarbled:
		return "the server sent what does not decode: " + ev.Err
	case session.SignalingReceived:
		return fromServer(ev.Envelope, name)
	}
	return describeLink(ev, name)
}

func fromServer(e signal.Envelope, name func(string) string) string {
	switch e.Type {
	case signal.TypeWelcome:
		return "the server welcomed this page as " + e.To
	case signal.TypePresent, signal.TypeAway:
		var p signal.Presence
		if e.Read(&p) == nil {
			return "the room: " + orNobody(p.Name) + " is " + string(p.State)
		}
	case signal.TypeLeft:
		var l signal.Left
		if e.Read(&l) == nil {
			return "the room: " + name(l.End.Subject) + " has left"
		}
	case signal.TypeICE:
		if _, err := e.ReadICE(); err != nil {
			return "the server's list of ICE servers is left out: " + err.Error()
		}
	case signal.TypeGoaway:
		return "the server drains"
	case signal.TypeError:
		return "the server refused a message"
	case signal.TypeDescription:
		if d, err := e.ReadDescription(); err == nil {
			return fmt.Sprintf("an %s came from %s (generation %d, negotiation %d)", d.Type, name(e.From), e.Generation, e.Negotiation)
		}
	case signal.TypeCandidate:
		return "a candidate came from " + name(e.From) + ": " + candidate(e.Payload)
	}
	return ""
}

func describeLink(ev session.Event, name func(string) string) string {
	switch ev := ev.(type) {
	case session.LocalDescriptionSet:
		if ev.Err != "" {
			return "making an offer or answer for " + name(ev.Peer) + " broke: " + ev.Err
		}
		return fmt.Sprintf("an %s for %s was made (generation %d)", ev.Type, name(ev.Peer), ev.Generation)
	case session.RemoteDescriptionSet:
		if ev.Err != "" {
			return "the browser refused the description from " + name(ev.Peer) + ": " + ev.Err
		}
	case session.CandidateFound:
		return "a candidate for " + name(ev.Peer) + ": " + candidate(ev.Candidate)
	case session.CandidateRefused:
		return "a candidate from " + name(ev.Peer) + " was refused: " + ev.Err
	case session.CandidateFailed:
		return fmt.Sprintf("gathering: error %d, %s %s", ev.Code, ev.URL, ev.Text)
	case session.ConnectionStateChanged:
		return "the connection to " + name(ev.Peer) + " is " + ev.State
	case session.DTLSStateChanged:
		return "DTLS with " + name(ev.Peer) + " is " + ev.State
	case session.ConnectionRefused:
		return "no connection could be made: " + ev.Err
	case session.ControlOpened:
		return "the control channel to " + name(ev.Peer) + " opened"
	case session.ControlClosed:
		return "the control channel to " + name(ev.Peer) + " closed"
	case session.ControlGarbled:
		return name(ev.Peer) + " sent what does not decode: " + ev.Err
	case session.ControlReceived:
		switch ev.Envelope.Type {
		case signal.TypeLeaving, signal.TypeStay, signal.TypeBye:
			if g, err := ev.Envelope.ReadGoodbye(); err == nil {
				return strings.TrimSpace(name(ev.Peer) + " said " + string(ev.Envelope.Type) + " " + string(g.Intent))
			}
		}
	case session.ChatReceived:
		return fmt.Sprintf("a chat message of %d characters came from %s", len([]rune(ev.Chat.Text)), name(ev.Peer))
	}
	return ""
}

// candidate words a candidate by its kind and address (RFC 8839, section 5.1).
func candidate(raw json.RawMessage) string {
	var c struct {
		Candidate string `json:"candidate"`
	}
	if json.Unmarshal(raw, &c) != nil {
		return "unreadable"
	}
	if c.Candidate == "" {
		return "that was the last"
	}
	f := strings.Fields(c.Candidate)
	if len(f) < 8 {
		return c.Candidate
	}
	return f[7] + " " + f[2] + " " + f[4]
}
