package page

import (
	"encoding/json"
	"strconv"
	"syscall/js"

	"holdline/wasm/browser"
	"holdline/wasm/doctor"
)

// CheckControls is what a person, or a script through window.holdline, can
// order at /check. They are called from browser callbacks.
type CheckControls struct {
	Version  string
	Again    func()
	Devices  func()                    // ask for camera and microphone
	Report   func(words string) []byte // as JSON; words is the verdict as it stands on the page
	Snapshot func() doctor.Snapshot
}

// CheckPage is the document at /check.
type CheckPage struct {
	controls CheckControls
	shell    js.Value
	document js.Value
	table    Table
	snapshot doctor.Snapshot
	view     CheckView
	rows     map[string]*checkElement

	status, state, verdict, more, id, finding *slot
	done, all, asks, asksShown                *slot
	again, devices                            *slot
}

// checkElement is a check's element.
type checkElement struct {
	state, name, stateName, says, detailsShown *slot
	list                                       *slot
}

// checkLists are the ids of the groups' lists.
var checkLists = map[string]string{
	string(doctor.GroupBrowser): "check-browser", string(doctor.GroupServer): "check-server",
	string(doctor.GroupOthers): "check-others", string(doctor.GroupDevices): "check-device-list",
}

// ForCheck says whether this is the page at /check.
func ForCheck() bool {
	return js.Global().Get("holdline").Get("shell").Get("config").Get("check").Truthy()
}

// NewCheckPage takes the page over from the shell.
func NewCheckPage(c CheckControls) *CheckPage {
	document := js.Global().Get("document")
	id := func(id string) js.Value { return document.Call("getElementById", id) }
	verdict, progress, asks := id("check-verdict"), id("check-progress"), id("check-asks")
	p := &CheckPage{
		controls: c, shell: js.Global().Get("holdline").Get("shell"), document: document, rows: map[string]*checkElement{},
		state:     attributeOf(id("check"), "data-check-state"),
		verdict:   textOf(verdict),
		id:        attributeOf(verdict, "data-verdict"),
		finding:   attributeOf(verdict, "data-finding"),
		more:      textOf(id("check-more")),
		done:      &slot{write: func(v string) { progress.Set("value", v) }},
		all:       &slot{write: func(v string) { progress.Set("max", v) }},
		asksShown: shownOf(asks),
		again:     attributeOf(id("check-again"), "aria-disabled"), // disabled, it would lose the focus
		devices:   attributeOf(id("check-devices"), "aria-disabled"),
	}
	list := find(asks, "ul")
	p.asks = &slot{write: func(v string) { p.fillList(list, v) }}
	p.status = &slot{write: func(v string) { p.shell.Call("status", v) }}
	browser.Listen(id("check-again"), "click", func(js.Value) { c.Again() })
	browser.Listen(id("check-devices"), "click", func(js.Value) { c.Devices() })
	browser.Listen(p.shell, "ask", func(ev js.Value) { p.answer(ev.Get("detail")) })
	browser.Listen(p.shell, "language", func(js.Value) {
		p.readTable()
		p.Render(p.snapshot)
	})
	p.readTable()
	p.shell.Call("attach", c.Version)
	return p
}

func (p *CheckPage) readTable() {
	p.table = Table{}
	_ = json.Unmarshal([]byte(p.shell.Call("table").String()), &p.table) // out of JSON.stringify
}

// answer fills in what window.holdline asks for.
func (p *CheckPage) answer(question js.Value) {
	var answer []byte
	switch question.Get("what").String() {
	case "snapshot":
		answer, _ = json.Marshal(p.controls.Snapshot())
	case "report":
		words := ""
		if p.view.ID != "" {
			words = p.view.Verdict
		}
		answer = p.controls.Report(words)
	}
	if len(answer) > 0 {
		question.Set("json", string(answer))
	}
}

// Render brings the page to s; only what differs is touched.
func (p *CheckPage) Render(s doctor.Snapshot) {
	v := p.table.CheckView(s)
	p.snapshot, p.view = s, v
	for _, row := range v.Rows {
		p.renderRow(row)
	}
	p.finding.put(v.Finding) // before the verdict: who waits for that reads it
	p.more.put(v.More)
	p.verdict.put(v.Verdict)
	p.id.put(v.ID)
	p.all.put(strconv.Itoa(v.All))
	p.done.put(strconv.Itoa(v.Done))
	asks, _ := json.Marshal(v.Asks)
	p.asks.put(string(asks))
	p.asksShown.putBool(len(v.Asks) > 0)
	p.again.putBool(v.State == "running" || s.Asking)
	p.devices.putBool(!v.Offers)
	p.status.put(v.Status)
	p.state.put(v.State)
	p.shell.Call("changed")
}

func (p *CheckPage) renderRow(row CheckRow) {
	e := p.rows[row.ID]
	if e == nil {
		e = p.addRow(row)
		p.rows[row.ID] = e
	}
	e.name.put(row.Name)
	e.stateName.put(row.StateName)
	e.says.put(row.Says)
	details, _ := json.Marshal(row.Details)
	e.list.put(string(details))
	e.detailsShown.putBool(len(row.Details) > 0)
	e.state.put(row.State)
}

func (p *CheckPage) addRow(row CheckRow) *checkElement {
	el := fresh(p.document, "check-row")
	el.Call("setAttribute", "data-check", row.ID)
	p.document.Call("getElementById", checkLists[row.Group]).Call("append", el)
	list := find(el, "dl")
	return &checkElement{
		state: attributeOf(el, "data-state"), name: textOf(find(el, ".check-name")), stateName: textOf(find(el, ".check-state")),
		says: textOf(find(el, ".check-says")), detailsShown: shownOf(find(el, "details")),
		list: &slot{write: func(v string) { p.fillDetails(list, v) }},
	}
}

// fillList makes one item of each text.
func (p *CheckPage) fillList(list js.Value, texts string) {
	var all []string
	_ = json.Unmarshal([]byte(texts), &all) // as Render has written it
	list.Call("replaceChildren")
	for _, words := range all {
		list.Call("append", p.element("li", words))
	}
}

func (p *CheckPage) element(tag, words string) js.Value {
	el := p.document.Call("createElement", tag)
	el.Set("textContent", words)
	return el
}

func (p *CheckPage) fillDetails(list js.Value, rows string) {
	var all []DetailRow
	_ = json.Unmarshal([]byte(rows), &all) // as renderRow has written it
	list.Call("replaceChildren")
	for _, row := range all {
		pair := p.document.Call("createElement", "div")
		value := p.element("dd", row.Value)
		if row.Quoted {
			value.Set("lang", "en")
		}
		pair.Call("append", p.element("dt", row.Name), value)
		list.Call("append", pair)
	}
}
