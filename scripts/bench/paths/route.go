package main

import (
	"slices"
	"strings"

	"holdline/wasm/e2e/nets"
)

// The ways that a call goes, as the table words them.
const (
	hostToHost = "direct, host"
	reflexive  = "direct, server-reflexive"
	relayed    = "relayed over " // and what a page speaks with its relay
)

// route words the way of a call from what both ends know of it. A page behind a
// NAT knows only its own side: each is reached by what the other has as its
// remote candidate.
func route(ana, ben nets.Path) string {
	var over []string
	direct := hostToHost
	for _, path := range []nets.Path{ana, ben} {
		if path.Local.Type == "relay" {
			over = append(over, strings.ToUpper(path.Local.RelayProtocol))
		}
		if path.Remote.Type != "host" {
			direct = reflexive
		}
	}
	slices.Sort(over)
	over = slices.Compact(over)
	if len(over) == 0 {
		return direct
	}
	return relayed + strings.Join(over, " and ")
}
