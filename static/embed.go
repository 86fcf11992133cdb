// Package static holds the page: its sources, and what the build puts into dist.
package static

import "embed"

// Files are the page's. A clean clone has nothing in dist but a placeholder
// whose name begins with a dot, so that the module compiles before the wasm does.
//
//go:embed *.css *.html *.js *.json *.svg all:dist
var Files embed.FS
