//go:build !js

package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/story.txt anew")

func command(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

func TestTheStoryOfAReport(t *testing.T) {
	code, got, stderr := command("", "testdata/report.json")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if *update {
		if err := os.WriteFile("testdata/story.txt", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/story.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the story is\n%s\nwant\n%s", got, want)
	}
}

func TestAReportFromStandardInput(t *testing.T) {
	report, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	code, fromStdin, _ := command(string(report), "-")
	_, fromFile, _ := command("", "testdata/report.json")
	if code != 0 || fromStdin != fromFile {
		t.Errorf("exit code %d; the story from standard input is another one", code)
	}
}

func TestAReplayThatEndsElsewhereIsShown(t *testing.T) {
	report, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	other := strings.Replace(string(report), `"state": "ended"`, `"state": "connected"`, 1)
	if other == string(report) {
		t.Fatal("the report has no ended session")
	}
	code, got, _ := command(other, "-")
	if code != 1 || !strings.Contains(got, `- "state": "connected"`) || !strings.Contains(got, `+ "state": "ended"`) {
		t.Errorf("exit code %d, want 1 and the difference at the end of\n%s", code, got)
	}
}

func TestWhatIsNoReportGetsAClearError(t *testing.T) {
	for _, tt := range []struct {
		name, stdin string
		args        []string
		code        int
		want        string
	}{
		{"help", "", []string{"-h"}, 0, "go run ./wasm REPORT.json"},
		{"no argument", "", nil, 2, "usage:"},
		{"two arguments", "", []string{"a", "b"}, 2, "usage:"},
		{"an unknown flag", "", []string{"--loud"}, 2, "usage:"},
		{"no such file", "", []string{"testdata/none.json"}, 1, "testdata/none.json"},
		{"not JSON", "hello", []string{"-"}, 1, "- is not a report"},
		{"another schema", `{"schema":"other/1"}`, []string{"-"}, 1, `want holdline.report/1, got "other/1"`},
		{"a broken trace", `{"schema":"holdline.report/1","trace":[{"rows":[{"event":"Exploded"}]}]}`, []string{"-"}, 1, "does not replay"},
	} {
		code, _, stderr := command(tt.stdin, tt.args...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit code %d, %q, want %d, %q", tt.name, code, stderr, tt.code, tt.want)
		}
	}
}
