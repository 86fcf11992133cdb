package doctor

import (
	"reflect"
	"strings"
	"testing"

	"holdline/wasm/exhibit"
)

// example is the report that REPORT.md shows.
func example() Report {
	w := atHome()
	w.tls443, w.hidden = true, false
	w.play()
	return w.doctor.Report("1.0.0", "Only secure web traffic passes on your network.")
}

func TestREPORTmdShowsAReport(t *testing.T) {
	_, prose := exhibit.Example(t, "REPORT.md", example(), *update)
	exhibit.Explained(t, prose, reflect.TypeFor[Snapshot](), reflect.TypeFor[Ask](), reflect.TypeFor[Check](), reflect.TypeFor[Browser]())
}

func TestAReportHoldsNeitherCredentialsNorAddresses(t *testing.T) {
	for _, tt := range checkups {
		w := atHome()
		w.hidden = false
		tt.change(w)
		w.play(tt.presses...)
		before := w.story()
		report := string(exhibit.Indent(w.doctor.Report("1.0.0", "")))
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
	if _, err := ReadReport(exhibit.Indent(example())); err != nil {
		t.Error(err)
	}
	for _, data := range []string{"", "{}", `{"schema":"holdline.report/1"}`} {
		if _, err := ReadReport([]byte(data)); err == nil {
			t.Errorf("%q was taken for a report", data)
		}
	}
}
