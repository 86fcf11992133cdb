//go:build !js

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/story.txt and story.svg anew")

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

func TestThePictureOfAReport(t *testing.T) {
	code, got, stderr := command("", "-svg", "testdata/report.json")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	if *update {
		if err := os.WriteFile("testdata/story.svg", []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/story.svg")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("the picture is another one: look at what -update draws")
	}
	for d := xml.NewDecoder(strings.NewReader(got)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, words := range []string{">server<", ">this page<", ">Ben<", "offer from Ben", "answer for Ben", "candidate from Ben × 2", "bye reload",
		"away, page-reloaded", "Ben closed the page", "You left the call", "recovering, network-lost", "signaling lost", " beats<", "s pass<"} {
		if !strings.Contains(got, words) {
			t.Errorf("the picture lacks %q", words)
		}
	}
	last, lastTime := 0.0, 0.0
	for _, m := range regexp.MustCompile(`class="time" x="\d+" y="([\d.]+)">([\d.]+)<`).FindAllStringSubmatch(got, -1) {
		y, err1 := strconv.ParseFloat(m[1], 64)
		at, err2 := strconv.ParseFloat(m[2], 64)
		if err1 != nil || err2 != nil || y < last+rowHeight || at < lastTime {
			t.Errorf("%s s stand at %s, below %v s at %v", m[2], m[1], lastTime, last)
		}
		last, lastTime = y, at
	}
	if lastTime != 48 {
		t.Errorf("the last time is %v, want 48", lastTime)
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
		{"help", "", []string{"-h"}, 0, "go run ./wasm [-svg] REPORT.json"},
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
