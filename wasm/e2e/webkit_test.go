//go:build e2e

package e2e

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

// TestWebKitIsToldThatItCannotMakeCalls: Debian's WebKit has no
// RTCPeerConnection (WebKitGTK 2.50).
func TestWebKitIsToldThatItCannotMakeCalls(t *testing.T) {
	s := StartServer(t)
	w := kit.StartWebKit(t)
	w.Open(address(s, "test", "Ana", ""))
	var has string
	w.Eval(`typeof RTCPeerConnection`, &has)
	if has != "undefined" {
		t.Fatalf("RTCPeerConnection is a %s in %s: it can be an engine of the tests", has, w.Version)
	}
	w.Until("it says so", `document.documentElement.dataset.state === 'ended'
		&& document.documentElement.dataset.cause === 'unsupported-browser'`)
	w.Until("it says so in words", `(() => {
		const alert = document.querySelector('[role=alert][data-cause=unsupported-browser]')
		return alert.offsetParent !== null && alert.innerText.includes('This browser cannot make calls')
	})()`)
}
