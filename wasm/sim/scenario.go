package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/wasm/session"
)

// RunScenario plays a golden conversation, line by line:
//
//	ana in Firefox                     who is there; Chromium unless said
//	ana joins                          an act: see acts in fault.go
//	at 5s ben closes the tab           at a time since the beginning
//	after 3s ana reloads               after some time
//	ben is blocked from ana for 10s    an act with an end; without one it lasts
//	ben crashes, back after 4s         an act that is undone by coming back
//	expect ana sees ben away page-closed
//	expect within 10s ana sees ben ended page-closed final
//	expect for 5s ana is connected
//	expect ben's first tab is ended replaced final
//
// Lines that begin with # are for the reader.
func RunScenario(text string, o Options) error {
	_, err := playScenario(text, o)
	return err
}

// playScenario returns the world as it stands in the end.
func playScenario(text string, o Options) (*World, error) {
	s := scenario{}
	s.cast(text)
	s.w = New(o, max(2, s.people))
	for i, m := range s.w.machines {
		m.browser = s.browsers[i]
	}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if s.w.Tell != nil {
			s.w.tell("> " + strings.Join(words, " "))
		}
		if err := s.line(words); err != nil {
			return s.w, fmt.Errorf("line %d: %s: %w", n+1, strings.Join(words, " "), err)
		}
	}
	return s.w, s.w.failure
}

type scenario struct {
	w        *World
	people   int
	browsers [MaxPeople]browser
}

// cast finds who plays.
func (s *scenario) cast(text string) {
	for _, word := range strings.Fields(text) {
		if i := person(word); i >= 0 {
			s.people = max(s.people, i+1)
		}
	}
	for line := range strings.Lines(text) {
		if w := strings.Fields(line); len(w) == 3 && w[1] == "in" && person(w[0]) >= 0 && w[2] == "Firefox" {
			s.browsers[person(w[0])] = firefox
		}
	}
}

func person(word string) int {
	for i, n := range names {
		if n == strings.TrimSuffix(strings.TrimRight(word, ",:"), "'s") {
			return i
		}
	}
	return -1
}

func (s *scenario) line(words []string) error {
	switch words[0] {
	case "at", "after":
		d, err := duration(words, 1)
		if err != nil {
			return err
		}
		if words[0] == "after" {
			d += s.w.clock.now
		}
		if d < s.w.clock.now {
			return fmt.Errorf("it is %s already", s.w.stamp())
		}
		if err := s.w.run(d); err != nil {
			return err
		}
		if words = words[2:]; len(words) == 0 {
			return nil
		}
		return s.line(words)
	case "expect":
		return s.expect(words[1:])
	}
	if len(words) == 3 && words[1] == "in" {
		return nil // the cast
	}
	if done, err := s.set(words); done {
		s.w.changed()
		return err
	}
	return s.act(words)
}

func duration(words []string, i int) (time.Duration, error) {
	if i >= len(words) {
		return 0, fmt.Errorf("want a duration after %s", words[i-1])
	}
	return time.ParseDuration(words[i])
}

// act does what one of the kinds of faults does.
func (s *scenario) act(words []string) error {
	f := Fault{At: s.w.clock.now, Kind: -1}
	if i := person(words[0]); i >= 0 {
		f.Who = i
		words = words[1:]
	}
	text := strings.Join(words, " ")
	long := 0
	for k := range acts {
		if name := acts[k].name; len(name) > long && (text == name || strings.HasPrefix(text, name+" ") || strings.HasPrefix(text, name+",")) {
			f.Kind, long = Kind(k), len(name)
		}
	}
	if f.Kind < 0 {
		return fmt.Errorf("nobody knows what that is")
	}
	if acts[f.Kind].lasts {
		f.For = time.Hour
	}
	rest := strings.Fields(strings.TrimPrefix(text[long:], ","))
	for i := 0; i < len(rest); i++ {
		var err error
		switch {
		case person(rest[i]) >= 0:
			f.Whom = person(rest[i])
		case rest[i] == "for":
			if i+1 < len(rest) {
				rest[i+1] = strings.TrimSuffix(rest[i+1], ",")
			}
			f.For, err = duration(rest, i+1)
			i++
		case rest[i] == "back" && i+1 < len(rest) && rest[i+1] == "after":
			f.For, err = duration(rest, i+2)
			f.N = 7
			i += 2
		case rest[i] == "variant" && i+1 < len(rest):
			f.N, err = strconv.ParseUint(rest[i+1], 10, 64)
			i++
		default:
			err = fmt.Errorf("what is %q?", rest[i])
		}
		if err != nil {
			return err
		}
	}
	s.w.Do(f)
	return nil
}

// set is what only scenarios do.
func (s *scenario) set(words []string) (done bool, err error) {
	text := strings.Join(words, " ")
	if i := person(words[0]); i >= 0 {
		m := s.w.machines[i]
		switch {
		case len(words) > 2 && words[1] == "says":
			if p := m.running(); p != nil {
				p.put(session.Said{Text: strings.Join(words[2:], " ")})
			}
			return true, nil
		case len(words) == 4 && words[1] == "has" && words[2] == "camera":
			m.cam = words[3]
			return true, nil
		case len(words) == 4 && words[1] == "has" && words[2] == "screen":
			m.screen = strings.TrimPrefix(words[3], "works")
			return true, nil
		case text == names[i]+" has no Web Locks":
			m.locks = false
			return true, nil
		}
	}
	switch {
	case text == "there is a relay":
		s.w.relay = true
		return true, nil
	case strings.HasPrefix(text, "the room has ") && len(words) == 5 && words[4] == "places":
		s.w.server.policy.MaxParticipants, err = strconv.Atoi(words[3])
		return true, err
	case strings.HasPrefix(text, "the room removes ") && len(words) == 4 && person(words[3]) >= 0:
		m := s.w.machines[person(words[3])]
		if p := m.page(); p != nil && s.w.server.room != nil {
			m.sentAway = true
			s.w.oracle.removes(p)
			s.w.server.step(room.Remove{Participant: p.view.Participant})
		}
		return true, nil
	case strings.HasPrefix(text, "the server closes ") && len(words) == 7: // the server closes ben's socket with 4003
		i := person(words[3])
		code, err := strconv.Atoi(words[6])
		if i < 0 || err != nil {
			return true, fmt.Errorf("want a name's socket and a code")
		}
		if p := s.w.machines[i].page(); p != nil && p.socket != nil {
			s.w.machines[i].sentAway = true
			p.socket.shut(signal.CloseCode(code))
		}
		return true, nil
	}
	return false, nil
}

// expect waits for a condition, or looks whether it lasts.
func (s *scenario) expect(words []string) error {
	w := s.w
	var within, lasting time.Duration
	var err error
	if words[0] == "within" || words[0] == "for" {
		d := &within
		if words[0] == "for" {
			d = &lasting
		}
		if *d, err = duration(words, 1); err != nil {
			return err
		}
		words = words[2:]
	}
	until := w.clock.now + within + lasting
	for {
		got, ok, err := s.holds(words)
		switch {
		case err != nil:
			return err
		case lasting > 0 && !ok:
			return fmt.Errorf("at %s it is %s", w.stamp(), got)
		case lasting == 0 && ok, w.clock.now >= until && ok:
			return nil
		case w.clock.now >= until:
			return fmt.Errorf("at %s it is %s", w.stamp(), got)
		}
		if err := w.run(w.clock.now + 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// holds says whether a condition holds, and what is instead.
func (s *scenario) holds(words []string) (got string, ok bool, err error) {
	w := s.w
	if len(words) > 3 && words[0] == "the" && words[1] == "room" {
		return s.roomHolds(words[2:])
	}
	i := person(words[0])
	if i < 0 || len(words) < 3 {
		return "", false, fmt.Errorf("want somebody who sees, is or has read something")
	}
	p := w.machines[i].page()
	if len(words) > 4 && words[1] == "first" && words[2] == "tab" { // ben's first tab is …
		p = w.machines[i].tabs[0].page
		words = append([]string{words[0]}, words[3:]...)
	}
	if p == nil || !p.begun {
		return "without a page", false, nil
	}
	v := &p.view
	switch {
	case strings.HasSuffix(words[0], "'s") && len(words) > 3 && words[1] == "signaling":
		return string(v.Signaling), string(v.Signaling) == words[3], nil
	case strings.HasSuffix(words[0], "'s") && len(words) > 3 && words[1] == "camera":
		got = string(v.Camera.State) + " " + string(v.Camera.Cause)
		return got, strings.TrimSpace(got) == strings.Join(words[3:], " "), nil
	case words[1] == "is":
		got = strings.TrimSpace(string(v.State) + " " + string(v.Cause))
		if v.End != nil && v.End.Final {
			got += " final"
		}
		return got, match(got, words[2:]), nil
	case words[1] == "has" && words[2] == "read":
		text, n := strings.Join(words[3:], " "), 0
		for _, m := range v.Messages {
			if m.Text == text {
				n++
			}
		}
		return fmt.Sprintf("read %d times", n), n == 1, nil
	case strings.HasSuffix(words[0], "'s") && len(words) > 3 && words[1] == "screen":
		return string(v.Screen.State), string(v.Screen.State) == words[3], nil
	case words[1] == "watches" && person(words[2]) >= 0: // ben watches ana: screen | no screen
		got = "no screen"
		if q := w.machines[person(words[2])].page(); q != nil && q.begun {
			told, has := p.screenOf(q)
			switch {
			case told && has:
				got = "screen"
			case told:
				got = "screen without a track"
			case has:
				got = "track of no screen"
			}
		}
		return got, got == strings.Join(words[3:], " "), nil
	case words[1] == "sees":
		got = "nothing"
		for j := range v.Peers {
			q := &v.Peers[j]
			if q.Name != words[2] {
				continue
			}
			got = strings.TrimSpace(string(q.State) + " " + string(q.Cause))
			if q.End != nil && q.End.Final {
				got += " final"
			}
			if match(got, words[3:]) {
				return got, true, nil
			}
		}
		return got, got == strings.Join(words[3:], " "), nil
	}
	return "", false, fmt.Errorf("want somebody who sees, is or has read something")
}

// match compares state, cause and final, as far as they are given. Connected
// without a cause means that there is none.
func match(got string, want []string) bool {
	have := strings.Fields(got)
	for i := range want {
		if i >= len(have) || have[i] != want[i] {
			return false
		}
	}
	return len(have) == len(want) || want[0] != "connected"
}

func (s *scenario) roomHolds(words []string) (got string, ok bool, err error) {
	i := person(words[1])
	if i < 0 || len(words) < 3 {
		return "", false, fmt.Errorf("want: the room says|has NAME …")
	}
	o := &s.w.oracle
	got = "nothing"
	for _, id := range o.identities {
		if id.machine.index != i {
			continue
		}
		if words[0] == "says" && id.end != nil {
			got = string(id.end.Cause)
		}
		if words[0] == "has" && s.w.server.room != nil {
			for _, seat := range s.w.server.room.Seats() {
				if seat.Participant == id.id {
					got = string(seat.State)
				}
			}
		}
	}
	return got, got == strings.Join(words[2:], " "), nil
}
