// Package results is what the browser tests keep for the README's table of
// browsers: wasm/e2e writes it, scripts/docs reads it.
package results

// Folder holds a file of Results for each pair of browsers, as JSON.
const Folder = "testdata/browsers"

// Results is what the tests saw in a pair of browsers.
type Results struct {
	Actor    string   `json:"actor"` // engine and major version, as in "Firefox 153"
	Observer string   `json:"observer"`
	Rows     []Result `json:"rows"`
}

// Result is what the observer's page showed when something happened to the
// actor's.
type Result struct {
	Name   string   `json:"name"`
	Shown  []string `json:"shown,omitempty"`  // state and cause, one after the other
	Cannot string   `json:"cannot,omitempty"` // why the actor's browser cannot be made to do it
}
