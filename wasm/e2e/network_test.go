//go:build e2e

package e2e

import "testing"

// networkKind lets a test say of which kind the page's network is, as browsers
// do on phones: those of desktops (Chromium 156, Firefox 153) tell none.
const networkKind = connections + `{
	const connection = navigator.connection ?? new EventTarget()
	let kind = 'wifi'
	Object.defineProperty(connection, 'type', { get: () => kind })
	Object.defineProperty(navigator, 'connection', { value: connection })
	window.estimate = () => connection.dispatchEvent(new Event('change'))
	window.changeTo = (next) => { kind = next; estimate() }
}`

func TestAnotherKindOfNetworkRestartsICEAtOnce(t *testing.T) {
	s := StartServer(t)
	ana := visit(t, "Ana", address(s, "test", "Ana", "&media=none"), connections)
	ana.Is("waiting")
	ben := visit(t, "Ben", address(s, "test", "Ben", "&media=none"), networkKind)
	ana.Sees("Ben", "connected")
	ben.Sees("Ana", "connected")
	before := ben.identities()
	ben.Eval(`estimate(), estimate(), 1`, nil) // of how fast it is: the event tells of that, too
	restartsICEBy(t, ben, ana, `changeTo('cellular'), 1`)
	if n := ben.Text(`JSON.stringify(holdline.report().trace).split('"NetworkChanged"').length - 1`); n != "1" {
		t.Errorf("the trace has %s changes of the network, want one", n)
	}
	if after := ben.identities(); after != before {
		t.Errorf("before the change %s, after it %s", before, after)
	}
	for _, p := range []*Page{ana, ben} {
		if n := p.Text(`connections.length`); n != "1" {
			t.Errorf("%s connections were made, want one", n)
		}
	}
}
