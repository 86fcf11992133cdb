package page

import (
	"fmt"
	"testing"

	"holdline/server/signal"
	"holdline/wasm/session"
)

// unreached is as many people as are asked for, of whom none could be reached.
func unreached(n int) []session.PeerSnapshot {
	var peers []session.PeerSnapshot
	for i, finding := range signal.Findings() {
		if i == n {
			break
		}
		peer := ana(ended(signal.CauseICEFailed), func(p *session.PeerSnapshot) {
			p.Participant, p.Name, p.End.Finding = fmt.Sprint(i), "Wolfeschlegelsteinhausen", finding
			p.Path = &session.Path{State: session.PathFailed, Finding: finding}
		})
		peers = append(peers, peer)
	}
	return peers
}

// tileLayout looks at what the tiles say in a frame.
const tileLayout = `
	const self = box(d.getElementById('self'))
	for (const tile of d.querySelectorAll('.peer')) {
		const edge = box(tile), shown = [...tile.querySelectorAll('.what, .finding, .next')].filter((e) => e.checkVisibility())
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
