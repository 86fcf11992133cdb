package doctor

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// example is the report that REPORT.md shows.
func example() Report {
	w := atHome()
	w.tls443, w.hidden = true, false
	w.play()
	return w.doctor.Report("1.0.0", "Only secure web traffic passes on your network.")
}

func indent(r Report) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

func TestREPORTmdShowsAReport(t *testing.T) {
	const file, before, after = "REPORT.md", "```json\n", "\n```"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(data), before)
	shown, tail, ok := strings.Cut(rest, after)
	if !ok {
		t.Fatalf("%s has no example", file)
	}
	if *update {
		shown = string(indent(example()))
		if err := os.WriteFile(file, []byte(head+before+shown+after+tail), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	strict := json.NewDecoder(strings.NewReader(shown))
	strict.DisallowUnknownFields()
	var r Report
	if err := strict.Decode(&r); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(indent(r), []byte(shown)) {
		t.Error("the example, decoded and encoded, is another one")
	}
	if !bytes.Equal(indent(example()), []byte(shown)) {
		t.Error("the example is not what this program writes: go test -update")
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Snapshot](), reflect.TypeFor[Ask](), reflect.TypeFor[Check](), reflect.TypeFor[Browser]()} {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(head, "`"+name+"`") {
				t.Errorf("%s does not say what %s is", file, name)
			}
		}
	}
}

func TestAReportHoldsNeitherCredentialsNorAddresses(t *testing.T) {
	for _, tt := range checkups {
		w := atHome()
		w.hidden = false
		tt.change(w)
		w.play(tt.presses...)
		before := w.story()
		report := string(indent(w.doctor.Report("1.0.0", "")))
		for _, secret := range []string{"secret", "1700003600", "192.168.", "198.51.", "203.0.", "6f0a3a1e"} {
			if strings.Contains(report, secret) {
				t.Errorf("%s: the report holds %s:\n%s", tt.name, secret, report)
			}
		}
		if w.story() != before {
			t.Errorf("%s: the page shows other things once there is a report", tt.name)
		}
	}
}

func TestAnAddressHasOnePseudonymThroughoutAReport(t *testing.T) {
	w := atHome()
	w.hidden = false
	w.play()
	r := w.doctor.Report("", "")
	mapped := ""
	for _, c := range r.Candidates {
		if c.Type == "srflx" {
			mapped = c.Address
		}
	}
	socket := r.Checks[2].Details
	if got := socket[len(socket)-1].Text; mapped == "" || got != mapped || !strings.HasPrefix(got, "ipv4-public-") {
		t.Errorf("the server saw %q, STUN saw %q", got, mapped)
	}
}

func TestReadReportRefusesOthers(t *testing.T) {
	if _, err := ReadReport(indent(example())); err != nil {
		t.Error(err)
	}
	for _, data := range []string{"", "{}", `{"schema":"holdline.report/1"}`} {
		if _, err := ReadReport([]byte(data)); err == nil {
			t.Errorf("%q was taken for a report", data)
		}
	}
}
