//go:build e2e

package e2e

import (
	"fmt"
	"testing"
)

// panelOf is an expression of the panel (p) and the participant's tile (t).
func panelOf(name, expression string) string {
	return fmt.Sprintf(`(() => { const p = document.getElementById('connection'), t = %s; return %s })()`, tile(name), expression)
}

// draws waits until a plot of the open panel has a line, and until it moves on.
func (p *Page) draws(plot string) {
	p.t.Helper()
	line := fmt.Sprintf(`document.querySelector('[data-plot=%s] .plot-line').getAttribute('d')`, plot)
	p.Until("the plot of "+plot+" has a line", line+`?.includes('L')`)
	before := p.Text(line)
	p.Until("the plot of "+plot+" moves on", fmt.Sprintf(`%s !== %q`, line, before))
}

func TestThePanelTellsOfADirectPath(t *testing.T) {
	ana, ben := call(t, StartServer(t), "")
	ana.plays(1)
	ana.ToFront()
	ana.Until("the path is direct", tile("Ben")+`.dataset.path === 'direct' && `+tile("Ben")+`.dataset.why === ''`)
	ana.Until("the panel is not there", panelOf("Ben", `!p.checkVisibility()`))
	ana.Eval(`document.getElementById('main').focus()`, nil)
	ana.tab("Connection to Ben")
	ana.Key("Enter")
	ana.Until("the panel is there, and has the focus", panelOf("Ben", `p.checkVisibility() && p.contains(document.activeElement)`))
	ana.focusOn("Connection to Ben")
	ana.Until("it is about Ben", panelOf("Ben", `p.dataset.of === t.dataset.peer && t.querySelector('.line').ariaExpanded === 'true'`))
	ana.Until("it says that the path is direct", panelOf("Ben", `p.dataset.path === 'direct' && p.querySelector('.verdict').textContent.startsWith('Direct: ')`))
	ana.Until("it says what the pair is", panelOf("Ben", `['host', 'prflx', 'srflx'].includes(p.dataset.local) && ['host', 'prflx', 'srflx'].includes(p.dataset.remote)`))
	for _, plot := range []string{"rtt", "loss", "in", "out"} {
		ana.draws(plot)
	}
	ana.Until("scripts read the sample", panelOf("Ben", `Number(p.dataset.rtt) >= 0 && Number(p.dataset.in) > 0 && Number(p.dataset.out) > 0`))
	ana.tab("Details")
	ana.Key("Enter")
	ana.Until("the details show", panelOf("Ben", `p.querySelector('[data-fact=local]').checkVisibility() && p.querySelector('[data-fact=took]').checkVisibility()`))
	ana.Until("both have found an address", panelOf("Ben", `[...p.querySelectorAll('tbody tr')].reduce((sum, row) => sum + Number(row.cells[1].textContent), 0) > 0`))
	before := ana.Text(panelOf("Ben", `p.dataset.rtt + p.querySelector('[data-plot=in] .plot-line').getAttribute('d')`))
	ana.Until("it was rendered again", panelOf("Ben", fmt.Sprintf(`p.dataset.rtt + p.querySelector('[data-plot=in] .plot-line').getAttribute('d') !== %q`, before)))
	ana.Until("nothing of that took the focus or closed the details", panelOf("Ben", `document.activeElement.matches('summary') && p.querySelector('details').open`))
	ana.plays(1)
	ana.Key("Escape")
	ana.Until("the panel is gone", panelOf("Ben", `!p.checkVisibility() && t.querySelector('.line').ariaExpanded === 'false'`))
	ana.focusOn("Connection to Ben")
	quiet(t, ana, ben)
}

func TestThePanelFollowsTheLanguageAndGoesWithItsParticipant(t *testing.T) {
	ana, ben := call(t, StartServer(t, scale), "&media=none")
	ana.ToFront()
	ana.Until("the path is direct", tile("Ben")+`.dataset.path === 'direct'`)
	ana.Press("Connection to Ben")
	ana.Until("it is in English", panelOf("Ben", `p.innerText.includes('Round-trip time') && p.innerText.includes('Direct: ')`))
	ana.Choose("Language", "zh")
	ana.Until("it is in Chinese", panelOf("Ben", `p.innerText.includes('往返时间') && p.innerText.includes('直连：') && !p.innerText.includes('Direct')`))
	ana.Press("关闭面板")
	ana.Until("the focus is on the button again", panelOf("Ben", `document.activeElement === t.querySelector('.line')`))
	ana.Press("与 Ben 的连接")
	ben.Press("Leave")
	ana.Until("it says that Ben has left", panelOf("Ben", `p.dataset.path === 'none' && p.querySelector('.verdict').textContent === 'Ben 离开了通话'`))
	ana.Until("it goes with Ben", `document.querySelector('[data-peer]') === null && !document.getElementById('connection').checkVisibility()`)
	ana.Until("the focus is kept", `document.activeElement !== document.body`)
	quiet(t, ana, ben)
}
