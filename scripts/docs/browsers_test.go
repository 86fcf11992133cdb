package main

import (
	"os"
	"strings"
	"testing"

	"holdline/wasm/e2e/results"
)

func TestTheTableOfBrowsersTellsWhereTheyDiffer(t *testing.T) {
	pairs := []results.Results{
		{Actor: "A 1", Observer: "A 1", Rows: []results.Result{
			{Name: "close", Shown: []string{"away page-closed", "ended page-closed"}},
			{Name: "reload", Shown: []string{"away page-closed", "away page-reloaded", "connected "}},
			{Name: "kill", Shown: []string{"away page-vanished", "ended page-crashed"}},
			{Name: "freeze", Cannot: "it has no ice"},
		}},
		{Actor: "B 2", Observer: "A 1", Rows: []results.Result{
			{Name: "close", Shown: []string{"away page-closed", "ended page-closed"}},
			{Name: "reload"},
			{Name: "kill", Shown: []string{"ended page-crashed"}},
			{Name: "freeze", Shown: []string{"away page-frozen", "connected "}},
		}},
		{Actor: "A 1", Observer: "B 2", Rows: []results.Result{
			{Name: "close", Shown: []string{"away page-closed", "ended page-closed"}},
			{Name: "reload", Shown: []string{"away page-reloaded", "connected "}},
			{Name: "kill", Shown: []string{"away page-vanished", "ended page-crashed"}},
			{Name: "freeze", Cannot: "it has no ice"},
		}},
	}
	got, err := browserTable(pairs)
	if err != nil {
		t.Fatal(err)
	}
	want := "| what happens | A 1 | B 2 |\n| --- | --- | --- |\n" +
		"| close | `page-closed`, ended | `page-closed`, ended |\n" +
		"| reload | `page-closed`, `page-reloaded`, back; in B 2: `page-reloaded`, back | nothing is shown |\n" +
		"| kill | `page-vanished`, ended `page-crashed` | ended `page-crashed` |\n" +
		"| freeze | not driven | `page-frozen`, back |\n" +
		"\nNot driven:\n\n- freeze, A 1: it has no ice.\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	pairs[2].Rows = pairs[2].Rows[:3]
	if _, err := browserTable(pairs); err == nil || !strings.Contains(err.Error(), "freeze") {
		t.Errorf("a row is missing, and it says %v", err)
	}
}

func TestTheReadmeHasTheTableOfTheLastRun(t *testing.T) {
	want, err := browsers(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("README.md is not fresh: run make docs")
	}
}
