// Package e2e tests Holdline in real browsers: two persons' pages, the real
// server between them, and what ends a call. What is not Holdline's own is in
// package kit. The tests have the build tag e2e and run with make test; the
// flags -actor and -observer name the pair of browsers that they run in:
//
//	go test -tags e2e ./wasm/e2e -actor firefox -observer chromium
package e2e
