package page

import (
	"encoding/json"
	"strconv"
	"syscall/js"

	"holdline/server/signal"
	"holdline/wasm/browser"
	"holdline/wasm/session"
)

// Controls is what a person, or a script through window.holdline, can order.
// They are called from browser callbacks: they copy, enqueue and return.
type Controls struct {
	Version       string       // what window.holdline.version says
	Begin         func(Config) // before any of the others: what the address asks for
	Join          func(name string)
	Leave, Rejoin func()
	GoBack        func() // as who this browser was when it stopped
	Say           func(text string)
	SetMicrophone func(on bool)
	SetCamera     func(on bool)
	SetScreen     func(on bool)           // share it, and no more; the browser lets the person pick
	SetAskToLeave func(on bool)           // whether closing the page asks first
	SaveReport    func() []byte           // the report so far, as JSON
	Snapshot      func() session.Snapshot // of the present moment
}

// maxCells is how many cells static/call.css lays out: eight participants and
// some who have just gone.
const maxCells = 12

// Page is the document. Its methods are to be called from one goroutine at a
// time, and none of them waits for anything.
type Page struct {
	controls Controls
	shell    js.Value
	document js.Value
	stage    js.Value
	self     js.Value
	table    Table
	timer    *browser.Timer

	snapshot      session.Snapshot
	rendered      bool
	microphoneOn  bool
	cameraOn      bool
	sharing       bool
	tiles         map[string]*tileElement
	chat          chat
	panel         panel
	hourAndMinute js.Value

	status, ended, ask, askInCall            *slot
	rootState, rootSignaling, rootCause      *slot
	signalingNotice, signalingShown          *slot
	deviceNotice, deviceShown                *slot
	back, backShown                          *slot
	formerNotice, formerCause, formerShown   *slot
	inviteShown, cells, selfPlace            *slot
	screens, screenColumns, strip            *slot
	selfPicture, selfAvatar, selfMuted       *slot
	microphone, microphoneID, microphoneName *slot
	camera, cameraID, cameraName             *slot
	screen, screenID, screenName             *slot
	screenShown, sharingShown                *slot
}

// New takes the page over from the shell. A Join that was pressed before the
// client ran is carried out before New returns.
func New(c Controls) *Page {
	document := js.Global().Get("document")
	id := func(id string) js.Value { return document.Call("getElementById", id) }
	root := document.Get("documentElement")
	signaling, device := id("signaling-notice"), id("device-notice")
	stage, self, microphone, camera := id("stage"), id("self"), id("microphone"), id("camera")
	ask, askInCall, screen, former := id("ask"), id("ask-in-call"), id("screen"), id("former-notice")
	p := &Page{
		controls:      c,
		shell:         js.Global().Get("holdline").Get("shell"),
		document:      document,
		stage:         stage,
		self:          self,
		tiles:         map[string]*tileElement{},
		panel:         newPanel(document),
		chat:          chat{list: id("messages"), lines: map[string]*chatLine{}},
		hourAndMinute: js.ValueOf(map[string]any{"hour": "2-digit", "minute": "2-digit"}),

		rootState:       attributeOf(root, "data-state"),
		rootSignaling:   attributeOf(root, "data-signaling"),
		rootCause:       attributeOf(root, "data-cause"),
		signalingNotice: textOf(find(signaling, "span")),
		signalingShown:  shownOf(signaling),
		deviceNotice:    textOf(find(device, "p")),
		deviceShown:     shownOf(device),
		back:            textOf(id("back-words")),
		backShown:       shownOf(id("back")),
		formerNotice:    textOf(find(former, "p")),
		formerCause:     attributeOf(former, "data-cause"),
		formerShown:     shownOf(former),
		inviteShown:     shownOf(id("invite")),
		cells:           attributeOf(stage, "data-cells"),
		selfPlace:       attributeOf(stage, "data-self"),
		screens:         attributeOf(stage, "data-screens"),
		screenColumns:   propertyOf(stage, "--screens"),
		strip:           propertyOf(stage, "--strip"),
		selfPicture:     attributeOf(self, "data-picture"),
		selfAvatar:      textOf(find(self, ".avatar")),
		selfMuted:       shownOf(find(self, ".badge-muted")),
		microphone:      attributeOf(microphone, "data-on"),
		microphoneID:    attributeOf(find(microphone, "[data-name]"), "data-text"),
		microphoneName:  textOf(find(microphone, "[data-name]")),
		camera:          attributeOf(camera, "data-on"),
		cameraID:        attributeOf(find(camera, "[data-name]"), "data-text"),
		cameraName:      textOf(find(camera, "[data-name]")),
		screen:          attributeOf(screen, "data-on"),
		screenID:        attributeOf(find(screen, "[data-name]"), "data-text"),
		screenName:      textOf(find(screen, "[data-name]")),
		screenShown:     shownOf(screen),
		sharingShown:    shownOf(id("screen-notice")),
	}
	p.status = &slot{write: func(v string) { p.shell.Call("status", v) }}
	p.ended = &slot{write: func(v string) { p.shell.Call("end", parsed(v)) }, value: "null", written: true}
	p.timer = browser.NewTimer(func() { p.Render(p.snapshot) })
	p.ask, p.askInCall = checkedOf(ask), checkedOf(askInCall)
	p.readTable()
	p.listen(microphone, camera, id("leave"))
	p.listenScreen(screen, id("screen-stop"))
	p.listenPanel()
	for _, box := range []js.Value{ask, askInCall} {
		browser.Listen(box, "change", func(js.Value) { c.SetAskToLeave(box.Get("checked").Bool()) })
	}
	c.Begin(p.config())
	p.shell.Call("attach", c.Version)
	return p
}

// listen stays for as long as the page.
func (p *Page) listen(microphone, camera, leave js.Value) {
	c := p.controls
	browser.Listen(microphone, "click", func(js.Value) { c.SetMicrophone(!p.microphoneOn) })
	browser.Listen(camera, "click", func(js.Value) { c.SetCamera(!p.cameraOn) })
	browser.Listen(leave, "click", func(js.Value) { c.Leave() })
	browser.Listen(p.shell, "leave", func(js.Value) { c.Leave() })
	browser.Listen(p.shell, "rejoin", func(js.Value) { c.Rejoin() })
	browser.Listen(p.shell, "back", func(js.Value) { c.GoBack() })
	browser.Listen(p.shell, "join", func(ev js.Value) { c.Join(ev.Get("detail").String()) })
	browser.Listen(p.shell, "say", func(ev js.Value) { c.Say(ev.Get("detail").String()) })
	browser.Listen(p.shell, "ask", func(ev js.Value) { p.answer(ev.Get("detail")) })
	browser.Listen(p.shell, "language", func(js.Value) {
		p.readTable()
		if p.rendered {
			p.Render(p.snapshot)
		}
	})
}

func (p *Page) listenScreen(screen, stop js.Value) {
	browser.Listen(screen, "click", func(js.Value) { p.controls.SetScreen(!p.sharing) })
	browser.Listen(stop, "click", func(js.Value) { p.controls.SetScreen(false) })
}

// answer fills in what window.holdline asks for.
func (p *Page) answer(question js.Value) {
	var answer []byte
	switch question.Get("what").String() {
	case "snapshot":
		answer, _ = json.Marshal(p.controls.Snapshot())
	case "report":
		answer = p.controls.SaveReport()
	}
	if len(answer) > 0 {
		question.Set("json", string(answer))
	}
}

func (p *Page) readTable() {
	p.table = Table{}
	// The table comes out of JSON.stringify: it cannot be malformed.
	_ = json.Unmarshal([]byte(p.shell.Call("table").String()), &p.table)
}

// Render brings the page to s. It may be called as often as one likes: only
// what differs is touched, and no <video> is made anew.
func (p *Page) Render(s session.Snapshot) {
	_, now := browser.Now()
	v := p.table.View(s, now)
	p.snapshot = s

	p.renderTiles(v.Tiles)
	p.renderPanel(s, now)
	p.keepSampling(s)
	p.renderEnd(s)
	p.rootCause.put(v.Cause) // before data-state: who waits for a state reads its cause
	p.rootSignaling.put(v.Signaling)
	p.rootState.put(v.State)
	p.status.put(v.Status)
	p.signalingNotice.put(v.SignalingNotice)
	p.signalingShown.putBool(v.SignalingNotice != "")
	p.deviceNotice.put(v.DeviceNotice)
	p.deviceShown.putBool(v.DeviceNotice != "")
	p.back.put(v.Back)
	p.backShown.putBool(v.Back != "")
	p.formerNotice.put(v.FormerNotice)
	p.formerCause.put(v.FormerCause)
	p.formerShown.putBool(v.FormerNotice != "")
	p.renderStage(v)
	p.renderControls(v)
	p.renderChat(s.Messages)
	p.ask.putBool(s.AskToLeave)
	p.askInCall.putBool(s.AskToLeave)
	p.rendered = true
	p.shell.Call("changed")

	if v.Again > 0 {
		p.timer.Set(v.Again)
	} else {
		p.timer.Stop()
	}
}

func (p *Page) renderStage(v View) {
	p.inviteShown.putBool(v.Invite)
	p.cells.put(strconv.Itoa(min(v.Cells, maxCells)))
	p.screens.put(strconv.Itoa(v.Screens))
	p.screenColumns.put(strconv.Itoa(v.Screens))
	p.strip.put(strconv.Itoa(max(1, v.Cells-v.Screens)))
	p.selfPlace.put(choose(v.SelfInCell, "cell", "corner"))
	p.selfPicture.put(choose(v.SelfPicture, "on", "off"))
	p.selfAvatar.put(v.SelfInitials)
	p.selfMuted.putBool(v.SelfMuted)
}

func (p *Page) renderControls(v View) {
	p.microphoneOn, p.cameraOn, p.sharing = v.Microphone.On, v.Camera.On, v.Sharing
	p.microphone.putBool(v.Microphone.On)
	p.microphoneID.put(v.Microphone.Name)
	p.microphoneName.put(p.table.Say(v.Microphone.Name))
	p.camera.putBool(v.Camera.On)
	p.cameraID.put(v.Camera.Name)
	p.cameraName.put(p.table.Say(v.Camera.Name))
	p.screen.putBool(v.Screen.On)
	p.screenID.put(v.Screen.Name)
	p.screenName.put(p.table.Say(v.Screen.Name))
	p.screenShown.putBool(v.CanShare)
	p.sharingShown.putBool(v.Sharing)
}

// renderEnd shows how this side's session ended, and tells scripts; again when
// a later revision knows more. Rejoin takes it back.
func (p *Page) renderEnd(s session.Snapshot) {
	if s.State != session.StateEnded {
		p.ended.put("null")
	} else if s.End != nil {
		p.ended.put(string(signal.Raw(s.End)))
	}
}

func parsed(text string) js.Value { return js.Global().Get("JSON").Call("parse", text) }

// RemoteVideo is the <video> that plays what the participant sends, for
// srcObject. The camera's, which plays the sound too, stays the same for as
// long as the participant's element does; the screen's is there while one is
// shared, and undefined else.
func (p *Page) RemoteVideo(participant string, kind session.DeviceKind) js.Value {
	e := p.tiles[participant]
	if e == nil {
		e = p.addTile(participant, nil)
	}
	return e.pictureOf(kind)
}

// SelfVideo is the muted <video> for the own picture.
func (p *Page) SelfVideo() js.Value { return find(p.self, "video") }
