package page

import (
	"encoding/json"
	"strings"
	"syscall/js"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// Lifecycle is the page's own coming and going: what the browser says of it,
// what the stub in goodbye.js needs for it, and what stays for the next page
// of this tab.
type Lifecycle struct {
	stub js.Value
}

const (
	recordKey  = "holdline.record"
	stoppedKey = "holdline.stopped." // and the participant
	askKey     = "holdline.ask"
	// lockPatience is how long the last page of this tab may take to let go of
	// its identity's lock; a tab that was duplicated never does.
	lockPatience = 1000 // ms
)

// NewLifecycle finds the stub.
func NewLifecycle() *Lifecycle {
	return &Lifecycle{stub: js.Global().Get("holdlineGoodbye")}
}

// Listen reports the page's coming and going for as long as it is there.
func (l *Lifecycle) Listen(put func(session.Event)) {
	window := js.Global()
	document := window.Get("document")
	onleaving, _ := browser.Export(func(args []js.Value) any {
		put(session.BeforeUnload{Intent: signal.Intent(args[0].String()), Target: args[1].String()})
		return nil
	})
	onbye, _ := browser.Export(func(args []js.Value) any {
		put(session.PageHide{Intent: signal.Intent(args[0].String()), Target: args[1].String(), Persisted: args[2].Bool()})
		return nil
	})
	l.stub.Set("onleaving", onleaving)
	l.stub.Set("onbye", onbye)
	browser.Listen(window, "pageshow", func(ev js.Value) { put(session.PageShow{Persisted: ev.Get("persisted").Bool()}) })
	browser.Listen(document, "visibilitychange", func(js.Value) { put(session.VisibilityChanged{Hidden: Hidden()}) })
	browser.Listen(document, "freeze", func(js.Value) { put(session.PageFrozen{}) })
	browser.Listen(document, "resume", func(js.Value) { put(session.PageResumed{}) })
	for _, event := range []string{"online", "offline"} {
		browser.Listen(window, event, func(js.Value) { put(session.NetworkChanged{Online: event == "online"}) })
	}
	connection := window.Get("navigator").Get("connection")
	if !connection.Truthy() {
		return
	}
	// The event also tells of estimates of speed; only another kind of network matters.
	kind := connection.Get("type")
	browser.Listen(connection, "change", func(js.Value) {
		if now := connection.Get("type"); !now.Equal(kind) {
			kind = now
			put(session.NetworkChanged{Online: window.Get("navigator").Get("onLine").Bool()})
		}
	})
}

// Hidden says whether nobody can see the page.
func Hidden() bool {
	return js.Global().Get("document").Get("visibilityState").String() == "hidden"
}

// Navigation is how this page was come to: navigate, reload or back_forward.
func Navigation() string {
	entries := js.Global().Get("performance").Call("getEntriesByType", "navigation")
	if entries.Length() == 0 {
		return ""
	}
	return entries.Index(0).Get("type").String()
}

// intents are those that a page can have which does not press Leave.
var intents = []signal.Intent{
	signal.IntentUnknown, signal.IntentClose, signal.IntentReload, signal.IntentNavigate,
	signal.IntentTraverse, signal.IntentUnload, signal.IntentFailed,
}

// Prepare lays the finished goodbyes ready for the stub. targetPlace stands
// for where a navigation leads, which only the stub learns.
func (l *Lifecycle) Prepare(g session.Goodbyes, socket js.Value, channels, connections []any) {
	const targetPlace = "@"
	leaving, bye, beacon, gone := map[string]any{}, map[string]any{}, map[string]any{}, ""
	if g.Armed && g.Key != "" {
		gone = string(signal.Raw(signal.Gone{Room: g.Room, Participant: g.Participant, Life: g.Life, Key: g.Key}))
	}
	for _, intent := range intents {
		goodbye := signal.Goodbye{Count: g.Count + 1, Intent: intent, Target: targetPlace}
		leaving[string(intent)] = message(signal.TypeLeaving, g.Life, goodbye)
		goodbye.Count++
		bye[string(intent)] = message(signal.TypeBye, g.Life, goodbye)
		if g.Key != "" {
			beacon[string(intent)] = string(signal.Raw(signal.Beacon{Room: g.Room, Participant: g.Participant, Life: g.Life, Key: g.Key, Goodbye: goodbye}))
		}
	}
	l.stub.Call("prepare", map[string]any{
		"armed": g.Armed, "ask": g.Ask, "socket": socket, "channels": channels, "connections": connections,
		"leaving": leaving, "bye": bye, "beacon": beacon, "gone": gone, "stopped": stoppedKey + g.Participant,
	})
}

func message(t signal.Type, life int64, g signal.Goodbye) string {
	data, err := signal.Envelope{Type: t, Life: life, Payload: signal.Raw(g)}.Encode()
	if err != nil {
		panic("page: goodbye: " + err.Error()) // payloads are made by signal.Raw
	}
	return string(data)
}

// storage is sessionStorage or localStorage; a browser may refuse both.
func storage(name, method string, args ...any) (v js.Value) {
	v = js.Null()
	_ = browser.Try(func() { v = js.Global().Get(name).Call(method, args...) })
	return v
}

// After says how the last page of this tab ended, if it could not say so
// itself. Firefox 153 loses what pagehide writes when a tab is closed and
// restored (4 of 4), so only where there is pageswap does a missing mark mean
// a crash.
func (l *Lifecycle) After() signal.After {
	window := js.Global()
	if window.Get("document").Get("wasDiscarded").Truthy() {
		return signal.AfterDiscard
	}
	mark := storage("sessionStorage", "getItem", "holdline.bye")
	storage("sessionStorage", "removeItem", "holdline.bye")
	if window.Get("onpageswap").IsUndefined() || mark.Type() == js.TypeString {
		return ""
	}
	return signal.AfterCrash
}

// SaveRecord keeps the record for the next page of this tab.
func (l *Lifecycle) SaveRecord(r session.Record) {
	storage("sessionStorage", "setItem", recordKey, string(signal.Raw(r)))
}

// ClearRecord forgets the record and lets go of the identity's lock.
func (l *Lifecycle) ClearRecord() {
	storage("sessionStorage", "removeItem", recordKey)
	l.release()
}

func (l *Lifecycle) release() {
	if lock := l.stub.Get("lock"); lock.Truthy() {
		lock.Call("release")
		l.stub.Set("lock", nil)
	}
}

// Record is what the last page of this tab left; nil when it left none.
func (l *Lifecycle) Record() *session.Record {
	v := storage("sessionStorage", "getItem", recordKey)
	if v.Type() != js.TypeString {
		return nil
	}
	var r session.Record
	if json.Unmarshal([]byte(v.String()), &r) != nil || r.Life < 1 {
		return nil // of another version, or not ours
	}
	return &r
}

// SaveStopped keeps the record for any tab of this browser; the stub forgets
// it with a goodbye.
func (l *Lifecycle) SaveStopped(r session.Record) {
	storage("localStorage", "setItem", stoppedKey+r.Participant, string(signal.Raw(r)))
}

// ForgetStopped forgets it.
func (l *Lifecycle) ForgetStopped(participant string) {
	storage("localStorage", "removeItem", stoppedKey+participant)
}

// Stopped reports by done what other pages have left of this room, and who of
// them still lives. What is too old goes.
func (l *Lifecycle) Stopped(room string, policy session.Policy, done func([]session.Stopped)) {
	all := stopped(room, policy)
	locks := js.Global().Get("navigator").Get("locks")
	if len(all) == 0 || !locks.Truthy() {
		done(all)
		return
	}
	browser.Then(locks.Call("query"), func(state js.Value, err error) {
		for i := range all {
			if err != nil {
				break // refused: as if there were no locks
			}
			held := state.Get("held")
			for n := range held.Length() {
				all[i].Alive = all[i].Alive || held.Index(n).Get("name").String() == lockName(all[i].Record.Participant)
			}
		}
		done(all)
	})
}

func stopped(room string, policy session.Policy) (all []session.Stopped) {
	var keys []string
	_ = browser.Try(func() {
		list := js.Global().Get("Object").Call("keys", js.Global().Get("localStorage"))
		for i := range list.Length() {
			keys = append(keys, list.Index(i).String())
		}
	})
	now := int64(js.Global().Get("Date").Call("now").Float())
	for _, key := range keys {
		if !strings.HasPrefix(key, stoppedKey) {
			continue
		}
		var r session.Record
		v := storage("localStorage", "getItem", key)
		switch {
		case v.Type() != js.TypeString:
		case json.Unmarshal([]byte(v.String()), &r) != nil || !policy.Fresh(r, now):
			storage("localStorage", "removeItem", key)
		case r.Room == room && key == stoppedKey+r.Participant:
			all = append(all, session.Stopped{Record: r})
		}
	}
	return all
}

// ServedAs is what the server called this page when it served it, as the
// headers of the response say; "" where the browser does not tell: Firefox 153
// tells in secure contexts only.
func ServedAs() (name string) {
	_ = browser.Try(func() {
		timing := js.Global().Get("performance").Call("getEntriesByType", "navigation").Index(0).Get("serverTiming")
		if timing.IsUndefined() {
			return
		}
		for i := range timing.Length() {
			if t := timing.Index(i); t.Get("name").String() == "page" && signal.ValidPage(t.Get("description").String()) {
				name = t.Get("description").String()
			}
		}
	})
	return name
}

// lockName is the Web Lock of an identity.
func lockName(participant string) string { return "holdline:" + participant }

// Asks says whether the person wants to be asked before leaving a call.
func (l *Lifecycle) Asks() bool {
	v := storage("localStorage", "getItem", askKey)
	return v.Type() == js.TypeString && v.String() == "yes"
}

// SaveAsks keeps the choice.
func (l *Lifecycle) SaveAsks(on bool) {
	storage("localStorage", "setItem", askKey, choose(on, "yes", "no"))
}

// Claim takes the Web Lock of an identity, so that a duplicated tab finds it
// taken, and reports by done: claimed when this page holds it, known when the
// browser has locks at all (it has none on plain http). A program that was
// broken off has left its lock to the next in this page.
func (l *Lifecycle) Claim(participant string, done func(claimed, known bool)) {
	if lock := l.stub.Get("lock"); lock.Truthy() && participant != "" && lock.Get("participant").String() == participant {
		done(true, true)
		return
	}
	locks := js.Global().Get("navigator").Get("locks")
	if !locks.Truthy() || participant == "" {
		done(false, false)
		return
	}
	l.release()
	var release js.Value
	hold, freeHold := browser.Export(func(args []js.Value) any {
		release = args[0]
		return nil
	})
	held := js.Global().Get("Promise").New(hold)
	freeHold()
	var free func()
	granted, free := browser.Export(func([]js.Value) any {
		l.stub.Set("lock", map[string]any{"participant": participant, "release": release})
		done(true, true)
		return held
	})
	options := map[string]any{"signal": js.Global().Get("AbortSignal").Call("timeout", lockPatience)}
	browser.Then(locks.Call("request", lockName(participant), options, granted), func(_ js.Value, err error) {
		free()
		if err != nil && strings.Contains(err.Error(), "TimeoutError") {
			done(false, true)
		} else if err != nil {
			done(false, false) // this browser refuses locks here
		}
	})
}
