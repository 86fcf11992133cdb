package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/page"
	"holdline/wasm/session"
)

func main() {
	var last session.Snapshot
	log := func(s string) { js.Global().Get("console").Call("log", "CONTROL "+s) }
	p := page.New(page.Controls{
		Version: "mock", Join: func(n string) { log("join " + n) }, Leave: func() { log("leave") }, Rejoin: func() { log("rejoin") },
		Say: func(t string) { log("say " + t) }, SetMicrophone: func(on bool) { log(fmt.Sprint("mic ", on)) }, SetCamera: func(on bool) { log(fmt.Sprint("cam ", on)) },
		SetAskToLeave: func(on bool) { log(fmt.Sprint("ask ", on)) }, Begin: func(c page.Config) { last.Room = c.Room; log(fmt.Sprintf("config %+v", c)) },
		SaveReport: func() []byte { return []byte(`{"schema":"holdline.report/1"}`) }, Snapshot: func() session.Snapshot { return last },
	})
	f, _ := browser.Export(func(a []js.Value) any {
		var s session.Snapshot
		if err := json.Unmarshal([]byte(a[0].String()), &s); err != nil {
			panic(err)
		}
		last = s
		p.Render(s)
		return nil
	})
	v, _ := browser.Export(func(a []js.Value) any { return p.RemoteVideo(a[0].String()) })
	sv, _ := browser.Export(func(a []js.Value) any { return p.SelfVideo() })
	die, _ := browser.Export(func(a []js.Value) any { go func() { panic("mock dies") }(); return nil })
	js.Global().Set("mockVideo", v)
	js.Global().Set("mockSelf", sv)
	js.Global().Set("mockDie", die)
	js.Global().Set("mockRender", f)
	last = session.Snapshot{State: session.StateLobby, Signaling: session.SignalingStateClosed, Room: last.Room}
	p.Render(last)
	select {}
}
