//go:build e2e

package e2e

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

// audit lists what somebody with a screen reader, weak sight or a thumb would
// stumble over. Exceptions: a checkbox is as large as its label; a disabled
// control needs no contrast (WCAG 2.2, 1.4.3); pictures under text count as
// white behind the veil.
const audit = `(() => {
	const found = []
	const seen = (el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !el.closest('.unseen')
	const what = (el) => el.tagName.toLowerCase() + (el.id ? '#' + el.id : '.' + el.className) + ' ' + el.textContent.trim().slice(0, 30)
	const ids = [...document.querySelectorAll('[id]')].map((el) => el.id)
	for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push('two elements have the id ' + id)
	for (const el of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], label[for]')) {
		for (const of of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for']) {
			for (const id of (el.getAttribute(of) ?? '').split(' ').filter(Boolean)) if (!document.getElementById(id)) found.push(what(el) + ': ' + of + ' names ' + id + ', which is not there')
		}
	}
	for (const el of document.querySelectorAll('button, a[href], input, select, textarea, summary, [tabindex="0"]')) {
		if (!seen(el)) continue
		const box = (el.type === 'checkbox' ? el.closest('label') : el).getBoundingClientRect()
		if (box.width < 44 || box.height < 44) found.push(what(el) + ': only ' + box.width.toFixed(1) + ' x ' + box.height.toFixed(1))
		if (box.left < -1 || box.right > innerWidth + 1) found.push(what(el) + ': sticks out of the page')
	}
	if (document.documentElement.scrollWidth > innerWidth) found.push('the page is wider than the screen')

	const parse = (css) => { const n = css.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]; return [n[0], n[1], n[2], n[3] ?? 1] }
	const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3])).concat(1)
	const ground = (el) => {
		const layers = []
		for (let at = el; at; at = at.parentElement) {
			const color = parse(getComputedStyle(at).backgroundColor)
			layers.push(color)
			if (color[3] === 1) break
			if (at.matches('.tile[data-picture=on]')) { layers.push([255, 255, 255, 1]); break }
		}
		return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1])
	}
	const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
	const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05) }
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
	const done = new Set()
	while (texts.nextNode()) {
		const el = texts.currentNode.parentElement
		if (!texts.currentNode.data.trim() || done.has(el) || !seen(el) || el.closest('[hidden], option, script, style, :disabled')) continue
		done.add(el)
		const style = getComputedStyle(el), size = parseFloat(style.fontSize), under = ground(el)
		const least = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5
		const got = contrast(over(parse(style.color), under), under)
		if (got < least) found.push(what(el) + ': contrast ' + got.toFixed(2) + ', needs ' + least)
	}
	for (const el of document.querySelectorAll('button:enabled .icon, .badge')) {
		if (!seen(el)) continue
		const got = contrast(parse(getComputedStyle(el).stroke === 'none' ? getComputedStyle(el).color : getComputedStyle(el).stroke), ground(el))
		if (got < 3) found.push(what(el.closest('[id], [class]')) + ': icon with contrast ' + got.toFixed(2) + ', needs 3')
	}
	return found
})()`

// named are the roles that a name belongs to.
var named = []string{"button", "textbox", "combobox", "checkbox", "link", "progressbar", "image", "img", "dialog", "log", "region"}

// audited checks the page's present state on a phone and on a desktop, light
// and dark.
func (p *Page) audited(state string) {
	p.t.Helper()
	for _, phone := range []bool{true, false} {
		for _, dark := range []bool{false, true} {
			width, height := 1280, 800
			if phone {
				width, height = 390, 844
			}
			p.SetScreen(kit.Screen{Width: width, Height: height, Phone: phone, Dark: dark})
			p.Settle()
			var found []string
			p.Eval(audit, &found)
			if !dark { // in the dark all have the same names
				found = append(found, p.Unnamed(named...)...)
			}
			for _, f := range found {
				p.t.Errorf("%s (phone %t, dark %t): %s", state, phone, dark, f)
			}
		}
	}
}

func TestEveryScreenCanBeReadAndTouched(t *testing.T) {
	s := StartServer(t, "--addr", ":0")
	p := visit(t, "Ana", s.URL+"/?lang=en", "")
	p.Fill("Room", "not a room")
	p.Press("Open room")
	p.audited("start")

	p = visit(t, "Ana", s.URL+"/r/test?lang=en", refuse("true", "NotAllowedError"))
	p.Until("it says why", `!document.getElementById('device-notice').hidden`)
	p.audited("lobby")
	p.Press("Open on another device")
	p.Find("dialog", "Open on another device")
	p.audited("on another device")
	p.Press("Close")
	p.Eval(`document.getElementById('secure-notice').hidden = false`, nil)
	p.audited("offered https")
	p.Eval(`document.getElementById('secure-notice').hidden = true`, nil)
	p.Press("Join")
	p.Is("waiting")
	p.audited("waiting")
	p.Press("Leave")
	p.Is("ended")

	ana, ben := call(t, s, "")
	ana.Press("Chat")
	ben.Eval(`holdline.say('hello')`, nil)
	ana.hasMessage("hello")
	ana.audited("chat")
	ana.Press("Close chat")
	ana.Press("Mute microphone")
	ana.Press("Turn camera off")
	ben.Press("Mute microphone")
	ana.Until("Ben is muted", tile("Ben")+`.querySelector('.badge-muted').checkVisibility()`)
	ana.audited("call")
	cem := participant(t, s, "Cem", "&media=none")
	ana.Sees("Cem", "connected")
	cem.Press("Leave")
	ben.Do(kit.CloseTab)
	ana.Sees("Ben", "away")
	ana.audited("away and ended")
	s.Kill()
	ana.Until("the server is lost", `document.documentElement.dataset.signaling === 'lost'`)
	ana.audited("signaling lost")
	ana.Press("Leave")
	ana.Is("ended")
	ana.Eval(`document.getElementById('end-details').open = true`, nil)
	ana.audited("end")
}
