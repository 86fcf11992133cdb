package page

import (
	"fmt"
	"strings"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// unreached is as many people as are asked for, of whom none could be reached.
func unreached(n int) []session.PeerSnapshot {
	var peers []session.PeerSnapshot
	for i, finding := range signal.Findings()[:n] {
		peer := ana(ended(signal.CauseICEFailed), func(p *session.PeerSnapshot) {
			p.Participant, p.Name, p.End.Finding = fmt.Sprint(i), "Wolfeschlegelsteinhausen", finding
			p.Path = &session.Path{State: session.PathFailed, Finding: finding}
			p.Rejoin = true
		})
		peers = append(peers, peer)
	}
	return peers
}

// tileLayout looks at what the tiles say in a frame.
const tileLayout = `
	const self = box(d.getElementById('self'))
	for (const tile of d.querySelectorAll('.peer')) {
		const edge = box(tile), shown = [...tile.querySelectorAll('.what, .finding, .next, .rejoin, .to-check')].filter((e) => e.checkVisibility())
		const rejoin = shown.find((e) => e.matches('.rejoin'))
		if (!shown.some((e) => e.matches('.to-check')) && edge.height > 320 && edge.width > 384) wrong.push('a tile of ' + edge.width + ' by ' + edge.height + ' has no link')
		if (!rejoin && edge.height > 224 && edge.width > 224) wrong.push('a tile of ' + edge.width + ' by ' + edge.height + ' has no button')
		for (const button of shown.filter((e) => e.matches('.button'))) {
			const b = box(button)
			if (b.width < 44 || b.height < 44) wrong.push('the button is ' + b.width + ' by ' + b.height)
			for (const [x, y] of [[b.left + 2, b.top + 22], [b.right - 2, b.top + 22], [b.left + b.width / 2, b.bottom - 2]]) {
				const over = d.elementFromPoint(x, y) // the chat may lie over the whole stage
				if (over?.closest('.button') !== button && over?.closest('#stage')) wrong.push(button.className + ' of ' + edge.width + ' by ' + edge.height + ' is covered by ' + over.outerHTML.slice(0, 60))
			}
		}
		if (edge.height < 160) continue // it has no room: the panel says so
		if (!shown.some((e) => e.matches('.finding'))) wrong.push('a tile of ' + edge.width + ' by ' + edge.height + ' is bare')
		for (const e of shown) {
			const b = box(e)
			if (b.left < edge.left || b.right > edge.right || b.top < edge.top || b.bottom > edge.bottom) wrong.push(e.className + ' sticks out of ' + edge.width + ' by ' + edge.height + ': ' + JSON.stringify(b))
			if (d.getElementById('stage').dataset.self === 'corner' && b.right > self.left && b.bottom > self.top && b.top < self.bottom) wrong.push(e.className + ' lies under the own picture')
		}
	}`

func TestWhatATileSaysOfAPathThatWasNotFoundFitsEveryWidth(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		for _, state := range []session.State{session.StateWaiting, session.StateConnected} {
			realPage(t, call(state, unreached(n)...))
			for _, language := range []string{"en", "zh"} {
				shown(`holdline.shell.setLanguage('` + language + `')`)
				for _, size := range [][2]int{{360, 640}, {390, 844}, {844, 390}, {700, 900}, {1030, 700}, {1280, 800}} {
					if got := framed(size[0], size[1], tileLayout); got != "" {
						t.Errorf("%s, %s, %d people, %d by %d: %s", language, state, n, size[0], size[1], got)
					}
				}
			}
		}
	}
}

func TestRejoinIsOnTheTileAndInThePanelUntilTheLinkIsNegotiated(t *testing.T) {
	s := call(session.StateWaiting, unreached(1)...)
	p := realPage(t, s)
	shown(`holdline.shell.setLanguage('en')`)
	const tile, inPanel = `document.querySelector('.peer .rejoin')`, `p.querySelector('.rejoin')`
	negotiating := call(session.StateRecovering, ana(func(p *session.PeerSnapshot) { p.Participant, p.State = "0", session.PeerNegotiating }))
	is(t, "ended", tile+`.matches('button[type=button]:enabled')`, tile+`.textContent === 'Rejoin'`, tile+`.checkVisibility()`)
	shown(tile + `.focus(), ` + tile + `.click()`)
	if *rejoined != 1 {
		t.Errorf("after the button was pressed once: Rejoin %d times", *rejoined)
	}
	is(t, "pressed", `document.activeElement === b`)
	p.Render(negotiating)
	is(t, "negotiating", `!`+tile+`.checkVisibility()`, `document.activeElement === b`)

	p.Render(s)
	shown(`b.click()`)
	is(t, "opened", inPanel+`.checkVisibility()`, inPanel+`.textContent === 'Rejoin'`)
	shown(inPanel + `.focus(), ` + inPanel + `.click()`)
	if *rejoined != 2 {
		t.Errorf("after the panel's was pressed, too: Rejoin %d times", *rejoined)
	}
	p.Render(negotiating)
	is(t, "negotiating again", `!`+inPanel+`.checkVisibility()`, `!p.hidden`, `p.contains(document.activeElement)`)

	left := call(session.StateWaiting, ana(ended(signal.CauseHangup)))
	left.Peers[0].Participant = "0"
	p.Render(left)
	is(t, "left", `!`+tile+`.checkVisibility()`, `!`+inPanel+`.checkVisibility()`)
	shown(`holdline.shell.setLanguage('zh')`)
	p.Render(s)
	is(t, "in Chinese", tile+`.checkVisibility()`, tile+`.textContent === '重新加入'`, inPanel+`.textContent === '重新加入'`)
}

func TestTheDoctorIsALinkThatLeavesTheCallAlone(t *testing.T) {
	s := call(session.StateConnected, unreached(1)...)
	p := realPage(t, s)
	shown(`holdline.shell.setLanguage('en'), document.getElementById('stage').style.minHeight = '40rem'`) // so that the tile has room for it
	for _, where := range []string{`document.querySelector('.peer .to-check')`, `p.querySelector('.to-check')`} {
		if strings.HasPrefix(where, "p.") {
			shown(`b.click()`)
		}
		is(t, where, where+`.checkVisibility()`, where+`.innerText.startsWith('Check your connection')`, where+`.textContent.endsWith('(opens in a new tab)')`,
			where+`.getAttribute('href') === '/check'`, where+`.target === '_blank'`, where+`.relList.contains('noopener')`, `(`+where+`.focus(), document.activeElement === `+where+`)`)
	}
	left := call(session.StateWaiting, ana(ended(signal.CauseHangup)))
	left.Peers[0].Participant = "0"
	p.Render(left)
	is(t, "left", `[...document.querySelectorAll('.to-check')].every((e) => !e.checkVisibility())`)
	shown(`holdline.shell.setLanguage('zh')`)
	p.Render(s)
	is(t, "in Chinese", `document.querySelector('.peer .to-check').textContent === '检查连接（在新标签页中打开）'`)
}
