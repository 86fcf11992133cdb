package main

import (
	"os"
	"strings"
	"testing"
)

func TestEveryPlantedFaultHasItsPlace(t *testing.T) {
	for _, m := range mutants {
		text, err := os.ReadFile("../../" + m.file)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		if n := strings.Count(string(text), m.old); n != 1 {
			t.Errorf("%s: its text stands %d times in %s, want once", m.name, n, m.file)
		}
	}
}
