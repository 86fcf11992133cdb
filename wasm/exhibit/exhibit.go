// Package exhibit is what the tests of the documents share that explain a
// report by an example.
package exhibit

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// Indent is a report as people read it.
func Indent(report any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	if err := e.Encode(report); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// Example checks that the first example in a document is what this program
// writes, and that its reader takes it without a loss. With update it is written
// anew. It returns the example as it was read, and the document's prose.
func Example[T any](t *testing.T, file string, want T, update bool) (shown T, prose string) {
	t.Helper()
	const before, after = "```json\n", "\n```"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), before)
	text, tail, ok := strings.Cut(rest, after)
	if !ok {
		t.Fatalf("%s has no example", file)
	}
	if update {
		text = string(Indent(want))
		if err := os.WriteFile(file, []byte(head+before+text+after+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	strict := json.NewDecoder(strings.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&shown); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(Indent(shown), []byte(text)) {
		t.Error("the example, decoded and encoded, is another one")
	}
	if !bytes.Equal(Indent(want), []byte(text)) {
		t.Error("the example is not what this program writes: go test -update")
	}
	return shown, head + tail
}

// Explained checks that the prose names each field of the types, as JSON has it.
func Explained(t *testing.T, prose string, types ...reflect.Type) {
	t.Helper()
	for _, of := range types {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(prose, "`"+name+"`") {
				t.Errorf("nobody says what %s is", name)
			}
		}
	}
}
