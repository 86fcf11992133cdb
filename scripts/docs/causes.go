package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
	"holdline/static"
	"holdline/wasm/session"
)

// language is one of the two; pick chooses between its words.
type language struct {
	id, file string
}

var languages = []language{{"en", "CAUSES.md"}, {"zh", "CAUSES.zh.md"}}

func (l language) pick(w words) string {
	if l.id == "zh" {
		return w.zh
	}
	return w.en
}

// way is one way to know a cause: a row of a table of verdicts, a close code,
// a device's error, or the place in the code that sees it.
type way struct {
	words
	source string
}

// waysTo lists, for each cause, how it comes to be known.
func waysTo() (map[signal.Cause][]way, error) {
	ways := map[signal.Cause][]way{}
	add := func(name, source string, causes []signal.Cause) error {
		zh, ok := rowsInChinese[name]
		if !ok {
			return fmt.Errorf("the row %q has no Chinese in scripts/docs/words.go", name)
		}
		if len(causes) == 1 { // the others are told by their intents and close codes
			ways[causes[0]] = append(ways[causes[0]], way{words{name, zh}, source})
		}
		return nil
	}
	for _, i := range intents {
		c := i.Cause()
		ways[c] = append(ways[c], way{words{"a goodbye that says " + string(i), "告别时说明 " + string(i)}, "server/signal/payload.go"})
	}
	for _, v := range verdicts() {
		if err := add(v.name, v.source, v.causes); err != nil {
			return nil, err
		}
	}
	for _, c := range signal.Closes {
		code := fmt.Sprint(int(c.Code))
		ways[c.Cause] = append(ways[c.Cause], way{words{"close code " + code, "关闭代码 " + code}, "server/signal/close.go"})
	}
	for _, name := range deviceErrors {
		c := deviceCause(name)
		ways[c] = append(ways[c], way{words{"getUserMedia: " + name, "getUserMedia：" + name}, "W3C mediacapture-main 10.1.2"})
	}
	for _, e := range elsewhere {
		ways[e.cause] = append(ways[e.cause], way{e.words, e.file + ", " + e.function})
	}
	return ways, nil
}

// verdict is a row of either table, with all causes that it can give.
type verdict struct {
	by           words
	name, source string
	causes       []signal.Cause
}

// verdicts lists the rows of both tables.
func verdicts() (all []verdict) {
	for _, v := range session.Verdicts {
		all = append(all, verdict{wordPage, v.Name, v.Source, reached(func(g goodbye) signal.Cause {
			return v.Cause(session.Evidence{Intent: g.intent, Refused: g.cause})
		})})
	}
	for _, v := range room.Verdicts {
		all = append(all, verdict{wordRoom, v.Name, v.Source, reached(func(g goodbye) signal.Cause {
			return v.Cause(room.Evidence{Intent: g.intent, Told: g.said, Code: g.code})
		})})
	}
	return all
}

// goodbye is what the rows whose cause is not fixed take it from.
type goodbye struct {
	intent signal.Intent
	said   signal.Cause // by a page about one who had said goodbye
	cause  signal.Cause // of a final close code
	code   int
}

var intents = []signal.Intent{
	signal.IntentHangup, signal.IntentClose, signal.IntentReload, signal.IntentNavigate, signal.IntentTraverse,
	signal.IntentUnload, signal.IntentFailed, signal.IntentUnknown, signal.IntentFreeze,
}

// reached asks a row for all causes that it can give, in their order.
func reached(cause func(goodbye) signal.Cause) []signal.Cause {
	seen := map[signal.Cause]bool{}
	for _, intent := range intents {
		for _, c := range signal.Closes {
			g := goodbye{intent: intent, said: intent.Cause(), code: int(c.Code)}
			if c.Final {
				g.cause = c.Cause
			}
			seen[cause(g)] = true
		}
	}
	return slices.DeleteFunc(signal.Causes(), func(c signal.Cause) bool { return !seen[c] })
}

// deviceErrors are getUserMedia's, and what the adapter calls a page that has
// no navigator.mediaDevices.
var deviceErrors = []string{"NotAllowedError", "SecurityError", "NotFoundError", "OverconstrainedError", "NotReadableError", "AbortError", "SecurityContext"}

// deviceCause asks a session.
func deviceCause(name string) signal.Cause {
	s := session.New(session.DefaultPolicy())
	s.Step(session.Time{}, session.Started{Config: session.Config{Room: "tea", Camera: true, Seed: 1}})
	s.Step(session.Time{}, session.DeviceFailed{Device: session.Camera, Name: name})
	return s.Snapshot().Camera.Cause
}

// texts are the page's words.
func texts(l language) (map[string]string, error) {
	data, err := static.Files.ReadFile("text.json")
	if err != nil {
		return nil, err
	}
	var all map[string]map[string]string
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read text.json: %w", err)
	}
	return all[l.id], nil
}

// causes writes the table of causes and the ladder.
func causes(l language) ([]byte, error) {
	text, err := texts(l)
	if err != nil {
		return nil, err
	}
	ways, err := waysTo()
	if err != nil {
		return nil, err
	}
	word := func(key string) string {
		t, ok := text[key]
		if !ok {
			err = fmt.Errorf("text.json has no %q in %q", key, l.id)
		}
		return strings.ReplaceAll(t, "{name}", "Ana")
	}
	var w bytes.Buffer
	p := func(ws words) string { return l.pick(ws) }
	fmt.Fprintf(&w, "<!-- make docs writes this from the tables in the code. -->\n# %s\n\n%s\n\n", p(wordTitle), p(wordLead))
	header(&w, p(wordCause), p(wordOthers), p(wordSelf), word("end.layer"), word("end.by"), p(wordNext), p(wordKnown))
	for _, c := range signal.Causes() {
		e := signal.NewEnd("", c)
		var how []string
		for _, known := range ways[c] {
			if t := p(known.words); !slices.Contains(how, t) {
				how = append(how, t)
			}
		}
		row(&w, "`"+string(c)+"`", word("peer."+string(c)), word("self."+string(c)), word("layer."+string(e.Layer)), word("by."+string(e.By)), word("next."+string(e.Next)), strings.Join(how, p(wordOr)))
	}
	fmt.Fprintf(&w, "\n## %s\n\n%s\n\n", p(wordRows), p(wordRowsLead))
	header(&w, p(wordWho), p(wordCondition), p(wordCause), p(wordSource))
	for _, v := range verdicts() {
		decided(&w, p(v.by), l.pick(words{v.name, rowsInChinese[v.name]}), v.source, v.causes)
	}
	for _, e := range elsewhere {
		decided(&w, p(wordCode), p(e.words), e.file+", "+e.function, []signal.Cause{e.cause})
	}
	fmt.Fprintf(&w, "\n## %s\n\n%s\n\n", p(wordFindings), p(wordFindMore))
	header(&w, p(wordFinding), p(wordSays), p(wordSource))
	for _, r := range session.FindingRows {
		row(&w, "`"+string(r.Finding)+"`", word("finding."+string(r.Finding)), r.Source)
	}
	l.ladder(&w)
	return w.Bytes(), err
}

func decided(w *bytes.Buffer, who, condition, source string, causes []signal.Cause) {
	var ids []string
	for _, c := range causes {
		ids = append(ids, "`"+string(c)+"`")
	}
	row(w, who, condition, strings.Join(ids, " "), source)
}

func header(w *bytes.Buffer, cells ...string) {
	row(w, cells...)
	w.WriteString(strings.Repeat("| --- ", len(cells)) + "|\n")
}

func row(w *bytes.Buffer, cells ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// ladder writes the rungs and the windows, with the policies' numbers.
func (l language) ladder(w *bytes.Buffer) {
	s, r := session.DefaultPolicy(), room.DefaultPolicy()
	fmt.Fprintf(w, "\n## %s\n\n", l.pick(wordLadder))
	header(w, l.pick(wordRung), l.pick(wordWhat), l.pick(wordTime))
	for i, rung := range []struct {
		what words
		more string
		time string
	}{
		{wordRung0, "", l.in(s.InterruptedAfter) + l.pick(wordHiddenPage) + l.in(s.InterruptedAfterHidden)},
		{wordRung1, "", l.in(s.RestartICEFor) + l.pick(wordRoundTrips) + l.in(s.RestartICEForMost)},
		{wordRung2, l.in(s.StalledAfter), l.in(s.NewConnectionFor)},
		{wordRung3, "", l.in(s.RelayOnlyFor)},
		{wordRung4, "", l.in(s.RetryPathEvery)},
		{wordRung5, "", l.in(s.RecoverWithin)},
	} {
		row(w, fmt.Sprint(i), l.pick(rung.what)+rung.more, rung.time)
	}
	fmt.Fprintf(w, "\n%s\n\n## %s\n\n", l.pick(wordLadderMore), l.pick(wordWindows))
	header(w, l.pick(wordWhat), l.pick(wordTime))
	for _, t := range []struct {
		what words
		time time.Duration
	}{
		{wordNegotiate, s.NegotiateWithin}, {wordConnect, s.ConnectWithin}, {wordLaneDead, s.SignalingDead},
		{wordReturn, r.ReturnWindow}, {wordReload, r.ReturnWindowReload}, {wordClosed, r.GraceClosed},
		{wordSilent, r.GraceSilent}, {wordFrozen, r.GraceFrozen}, {wordVouch, r.VouchFor}, {wordRebuild, r.RebuildFor}, {wordLeft, r.KeepLeft},
	} {
		row(w, l.pick(t.what), l.in(t.time))
	}
	var steps []string
	for _, d := range s.SignalingRetry {
		steps = append(steps, fmt.Sprint(d.Seconds()))
	}
	row(w, l.pick(wordRetry), strings.Join(steps, ", ")+" s")
}

// in words a duration.
func (l language) in(d time.Duration) string {
	if d >= time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%g s", d.Seconds())
}
