// Package kit drives real browsers through what ends a web page, for tests of
// pages that must survive it or notice it: WebRTC calls above all. It starts
// the server, opens pages in headless Chromium or Firefox with a fake camera
// and microphone, does by name what a person, a browser or a machine does to a
// page (see Actions), waits for states, and measures how long it takes until
// another page knows.
//
// A test of a page of your own, in which Ben's tab is closed and Ana's page
// must say so within a second:
//
//	func TestAnaIsToldThatBenIsGone(t *testing.T) {
//		server := kit.StartServer(t, "./my-server", "--listen", "127.0.0.1:0")
//		chromium, firefox := kit.StartFor(t, kit.Chromium), kit.StartFor(t, kit.Firefox)
//		ana := firefox.NewProfile(t).NewPage(t, server.URL+"/room?name=Ana")
//		ben := chromium.NewProfile(t).NewPage(t, server.URL+"/room?name=Ben")
//		ana.Until("Ben is there", `document.querySelector('#ben.connected')`)
//		ana.Watch("gone", `!document.querySelector('#ben.connected')`)
//		ordered := ben.Do(kit.CloseTab)
//		if took := ana.Noted("gone") - ordered; took > 1000 {
//			t.Errorf("Ana was told after %.0f ms", took)
//		}
//	}
//
// The program may be any that prints its URL as its first line (StartServer).
// Pages are the same for both engines: their methods wait, fail the test with
// what the page shows and what its console said, and find controls by role and
// accessible name as assistive technology does. What an engine cannot do is
// said with its reason (Action.Cannot), never skipped silently.
//
// To start a browser takes seconds. Start one for all tests in TestMain
// (Start), give each test profiles of its own (Browser.NewProfile), and start
// further ones (StartFor) only for actions that end or stop the whole process
// (Action.WholeBrowser).
//
// The kit runs on Linux. It finds Debian's browsers; HOLDLINE_CHROMIUM and
// HOLDLINE_FIREFOX name others. Seen to work with Chromium 156 and Firefox ESR
// 153.
package kit
