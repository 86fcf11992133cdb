package kit_test

import (
	"testing"

	"holdline/wasm/e2e/kit"
)

// A test of a page of your own: Ben's tab is closed, and Ana's page must say
// so within a second.
func Example() {
	test := func(t *testing.T) {
		server := kit.StartServer(t, "./my-server", "--listen", "127.0.0.1:0")
		chromium, firefox := kit.StartFor(t, kit.Chromium), kit.StartFor(t, kit.Firefox)
		ana := firefox.NewProfile(t).NewPage(t, server.URL+"/room?name=Ana")
		ben := chromium.NewProfile(t).NewPage(t, server.URL+"/room?name=Ben")
		ana.Until("Ben is there", `document.querySelector('#ben.connected')`)
		ana.Watch("gone", `!document.querySelector('#ben.connected')`)
		ordered := ben.Do(kit.CloseTab)
		if took := ana.Noted("gone") - ordered; took > 1000 {
			t.Errorf("Ana was told after %.0f ms", took)
		}
	}
	_ = test // go test calls it
}
