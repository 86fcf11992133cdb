// Package e2e drives real browsers through what ends a call: it starts the
// server, opens pages, performs what a person or a browser does to a page by
// name, and waits for states. Its tests (build tag e2e) run with make test.
package e2e
