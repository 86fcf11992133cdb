//go:build e2e && screenshots

package e2e

import (
	"net/url"

	"holdline/wasm/e2e/kit"
)

// panelScreens are the panel of a connection, for one and among several.
func panelScreens(a *album) {
	s := StartServer(a.t)
	ana, _ := a.pair(s, "")
	ana.Press("Connection to Ben Okafor")
	ana.draws("in")
	a.take(ana, "panel")
	details := func(bool) {
		ana.Eval(`(document.getElementById('connection-details').open = true, document.getElementById('connection-details').scrollIntoView())`, nil)
	}
	a.take(ana, "panel-details", details)
	ana.Choose("Language", "zh")
	a.take(ana, "zh-panel-details", details)
	ana.Choose("语言", "en")
	for _, name := range []string{"Chen Wei", "Dora Lind"} {
		a.joins(s, name, "")
		ana.Sees(name, "connected")
	}
	ana.plays(3)
	ana.Press("Connection to Dora Lind")
	ana.draws("in")
	a.take(ana, "panel-four")
}

// unreachedScreens are people who find no path to each other: no candidate gets
// to the other side.
func unreachedScreens(a *album) {
	s := StartServer(a.t)
	deaf := func(name, query string) *Page {
		p := a.visitor(name)
		p.BeforeDocuments(`RTCPeerConnection.prototype.addIceCandidate = async () => {}`)
		p.Open(address(s, "garden", url.QueryEscape(name), query))
		return p
	}
	ana := deaf("Ana Ruiz", "")
	ana.Is("waiting")
	deaf("Ben Okafor", "")
	ana.SeesCause("Ben Okafor", "ended", "ice-failed")
	a.take(ana, "unreached", closeChat(ana))
	ana.SetScreen(kit.Screen{Width: 844, Height: 390, Phone: true})
	a.write(ana, "unreached-lying-phone.png")
	ana.Press("Connection to Ben Okafor")
	a.take(ana, "unreached-panel")
	ana.Choose("Language", "zh")
	a.take(ana, "zh-unreached-panel")
	ana.Key("Escape")
	a.take(ana, "zh-unreached", closeChat(ana))
	ana.Choose("语言", "en")
	for _, name := range []string{"Chen Wei", "Dora Lind", "Emil Novák"} {
		deaf(name, "&media=none")
	}
	for _, name := range []string{"Chen Wei", "Dora Lind", "Emil Novák"} {
		ana.SeesCause(name, "ended", "ice-failed")
	}
	a.take(ana, "unreached-four", closeChat(ana))
}
