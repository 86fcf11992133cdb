package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenario/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{Seed: 1}
			if testing.Verbose() {
				o.Tell = func(line string) { fmt.Println(line) }
			}
			err = RunScenario(string(text), o)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		})
	}
}
