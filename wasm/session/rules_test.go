package session

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pure are the packages that decide, and what of ours each may import.
var pure = map[string][]string{
	"wasm/session":  {"holdline/server/signal"},
	"server/signal": {},
	"server/room":   {"holdline/server/signal"},
	"wasm/doctor":   {"holdline/server/signal", "holdline/wasm/session"},
	"wasm/sim":      {"holdline/server/signal", "holdline/server/room", "holdline/wasm/session"},
}

// forbidden are the names through which a pure package would know more than
// it was told.
var forbidden = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"},
	"math/rand":    {"*"},
	"math/rand/v2": {"Int", "IntN", "Int32", "Int32N", "Int64", "Int64N", "Uint32", "Uint32N", "Uint64", "Uint64N", "Uint", "UintN", "N", "Float32", "Float64", "Perm", "Shuffle", "NormFloat64", "ExpFloat64"},
	"crypto/rand":  {"*"},
	"log":          {"*"},
	"log/slog":     {"*"},
	"os":           {"*"},
	"sync":         {"*"},
}

func TestPurePackagesKnowOnlyWhatTheyAreTold(t *testing.T) {
	for dir, ours := range pure {
		path := filepath.Join("..", "..", dir)
		if _, err := os.Stat(path); err != nil {
			continue // not there yet
		}
		set := token.NewFileSet()
		var files []*ast.File
		names, err := filepath.Glob(filepath.Join(path, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: importer.ForCompiler(set, "source", nil)}
		if _, err := config.Check(dir, set, files, info); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			checkFile(t, set, f, info, ours)
		}
	}
}

func checkFile(t *testing.T, set *token.FileSet, f *ast.File, info *types.Info, ours []string) {
	wrong := func(n ast.Node, what string) { t.Errorf("%s: %s", set.Position(n.Pos()), what) }
	harmless := map[int]bool{} // lines with a range over a map whose order decides nothing
	for _, group := range f.Comments {
		for _, c := range group.List {
			if strings.Contains(c.Text, "any order") {
				harmless[set.Position(c.Pos()).Line] = true
			}
		}
	}
	for _, spec := range f.Imports {
		name := strings.Trim(spec.Path.Value, `"`)
		first, _, _ := strings.Cut(name, "/")
		if (first == "holdline" || strings.Contains(first, ".")) && !slices.Contains(ours, name) {
			wrong(spec, "imports "+name)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			wrong(n, "starts a goroutine")
		case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			wrong(n, "has a channel")
		case *ast.RangeStmt:
			if _, isMap := info.TypeOf(n.X).Underlying().(*types.Map); isMap && !harmless[set.Position(n.Pos()).Line] {
				wrong(n, "ranges over a map (where the order decides nothing, say on its line: in any order)")
			}
		case *ast.SelectorExpr:
			object := info.Uses[n.Sel]
			if object == nil || object.Pkg() == nil || object.Parent() != object.Pkg().Scope() {
				return true // a method or a field
			}
			if names := forbidden[object.Pkg().Path()]; slices.Contains(names, "*") || slices.Contains(names, object.Name()) {
				wrong(n, "uses "+object.Pkg().Path()+"."+object.Name())
			}
		}
		return true
	})
}

// accepted are packages that weigh much or do not belong into a page, which
// the client has all the same, and why.
var accepted = map[string]string{
	"net":               "Pion's types name addresses",
	"crypto/tls":        "Pion's dtls package takes its certificates",
	"crypto/x509":       "Pion's Certificate",
	"encoding/json":     "the wire, the trace, and Pion brings it along",
	"fmt":               "Pion brings it along",
	"os":                "the runtime's files for js/wasm",
	"reflect":           "encoding/json",
	"log":               "Pion's logging package",
	"golang.org/x/net/": "Pion's ice, and its dependencies",
}

// unwanted may not be in the client, unless a line of accepted says why.
var unwanted = []string{
	"net/http", "net/http/httptest", "html/template", "text/template", "net/rpc", "testing", "flag", "log/slog", "os/exec",
	"go/ast", "embed", "database/sql", "regexp", "compress/gzip", "compress/flate",
	"net", "crypto/tls", "crypto/x509", "encoding/json", "fmt", "os", "reflect", "log", "golang.org/x/net/",
	"github.com/coder/websocket", "github.com/pion/turn", "holdline/server/room", "holdline/server",
}

func TestTheClientContainsWhatItNeeds(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "holdline/wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "holdline/wasm/session") {
		t.Fatal("the list is not that of the client")
	}
	has := func(name string) bool {
		return slices.ContainsFunc(deps, func(d string) bool {
			return d == name || strings.HasSuffix(name, "/") && strings.HasPrefix(d, name)
		})
	}
	for _, name := range unwanted {
		if has(name) && accepted[name] == "" {
			t.Errorf("the client contains %s", name)
		}
	}
	for name := range accepted {
		if !has(name) {
			t.Errorf("%s is accepted, but not in the client any more", name)
		}
	}
}
