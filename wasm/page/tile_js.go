package page

import (
	"syscall/js"

	"holdline/wasm/session"
)

// tileElement is a remote participant on the stage.
type tileElement struct {
	element, video js.Value
	line           js.Value // the button that opens the panel
	screen         js.Value // the <video> of a shared screen, undefined while there is none
	rendered       bool     // a snapshot has known it

	name, label, state, cause, picture, tint *slot
	screenShown                              *slot
	who, avatar, what, hold, finding, next   *slot
	holdShown, findingShown, nextShown       *slot
	rejoinShown, toCheckShown                *slot
	mutedShown, cameraOffShown               *slot
	lineName, expanded                       *slot
	path                                     pathSlots
}

func newTileElement(document js.Value, participant string) *tileElement {
	el := fresh(document, "tile")
	el.Call("setAttribute", "data-peer", participant)
	hold, line, finding, next := find(el, ".hold"), find(el, ".line"), find(el, ".finding"), find(el, ".next")
	return &tileElement{
		element:        el,
		video:          find(el, "video"),
		line:           line,
		name:           attributeOf(el, "data-name"),
		label:          attributeOf(el, "aria-label"),
		state:          attributeOf(el, "data-state"),
		cause:          attributeOf(el, "data-cause"),
		picture:        attributeOf(el, "data-picture"),
		tint:           attributeOf(el, "data-tint"),
		screenShown:    attributeOf(el, "data-screen"),
		who:            textOf(find(el, ".who")),
		avatar:         textOf(find(el, ".avatar")),
		what:           textOf(find(el, ".what")),
		hold:           textOf(hold),
		holdShown:      shownOf(hold),
		finding:        textOf(finding),
		findingShown:   shownOf(finding),
		next:           textOf(next),
		nextShown:      shownOf(next),
		rejoinShown:    shownOf(find(el, ".rejoin")),
		toCheckShown:   shownOf(find(el, ".to-check")),
		mutedShown:     shownOf(find(el, ".badge-muted")),
		cameraOffShown: shownOf(find(el, ".badge-camera")),
		lineName:       textOf(find(line, "span")),
		expanded:       attributeOf(line, "aria-expanded"),
		path:           pathSlotsOf(el),
	}
}

func (p *Page) renderTile(e *tileElement, t Tile) {
	e.rendered = true
	e.showScreen(p.document, t)
	e.path.put(t.Path)
	e.lineName.put(t.PathName)
	e.cause.put(t.Cause) // before data-state: who waits for a state reads its cause
	e.state.put(t.State)
	e.what.put(t.What)
	e.name.put(t.Name)
	e.label.put(t.Shown)
	e.who.put(t.Shown)
	e.avatar.put(t.Initials)
	e.tint.put(t.Tint)
	e.hold.put(t.Hold)
	e.holdShown.putBool(t.Hold != "")
	e.finding.put(t.Finding)
	e.findingShown.putBool(t.Finding != "")
	e.next.put(t.Next)
	e.nextShown.putBool(t.Next != "")
	e.rejoinShown.putBool(t.Rejoin)
	e.toCheckShown.putBool(t.ToCheck)
	e.mutedShown.putBool(t.Muted)
	e.cameraOffShown.putBool(t.CameraOff)
	if t.Picture {
		e.picture.put("on")
	} else {
		e.picture.put("off")
	}
}

// showScreen has a second <video> behind the camera's for as long as a screen
// is shared.
func (e *tileElement) showScreen(document js.Value, t Tile) {
	if t.Screen && e.screen.IsUndefined() {
		e.screen = fresh(document, "shared")
		e.video.Call("after", e.screen)
	}
	if !t.Screen && !e.screen.IsUndefined() {
		e.screen.Set("srcObject", js.Null())
		e.screen.Call("remove")
		e.screen = js.Undefined()
	}
	if !e.screen.IsUndefined() {
		e.screen.Set("ariaLabel", t.ScreenName)
	}
	e.screenShown.put(choose(t.Screen, "on", "off"))
}

// pictureOf is the <video> of a kind, undefined where there is none.
func (e *tileElement) pictureOf(kind session.DeviceKind) js.Value {
	if kind == session.Screen {
		return e.screen
	}
	return e.video
}

// renderTiles brings the stage to tiles. An element is never moved: a <video>
// that leaves the document pauses.
func (p *Page) renderTiles(tiles []Tile) {
	there := map[string]bool{}
	for i, t := range tiles {
		there[t.Participant] = true
		e := p.tiles[t.Participant]
		if e == nil {
			e = p.addTile(t.Participant, tiles[i+1:])
		}
		p.renderTile(e, t)
	}
	for participant, e := range p.tiles {
		if e.rendered && !there[participant] {
			e.video.Set("srcObject", js.Null())
			e.element.Call("remove")
			delete(p.tiles, participant)
		}
	}
}

// addTile puts a new tile before the first of those after it that is already
// on the stage, else before the own one.
func (p *Page) addTile(participant string, after []Tile) *tileElement {
	e := newTileElement(p.document, participant)
	before := p.self
	for _, t := range after {
		if next := p.tiles[t.Participant]; next != nil {
			before = next.element
			break
		}
	}
	p.stage.Call("insertBefore", e.element, before)
	p.tiles[participant] = e
	return e
}
