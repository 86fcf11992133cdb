package page

import (
	"slices"
	"strconv"
	"strings"

	"holdline/wasm/doctor"
)

// CheckView is what stands on /check: finished words and attributes.
type CheckView struct {
	State   string // running or done
	Status  string // what is under way, by groups: it is read out whenever it changes
	Verdict string // the sentence on top
	More    string // and what it means
	ID      string // of the verdict, "" while it runs
	Finding string
	Done    int // checks that have an outcome
	All     int
	Rows    []CheckRow
	Asks    []string
	Offers  bool // to check camera and microphone
}

// CheckRow is one check.
type CheckRow struct {
	ID, Group string
	State     string
	Name      string
	StateName string
	Says      string
	Details   []DetailRow
}

// DetailRow is one technical fact. Quoted says that its value is as a browser or
// a specification words it, in English.
type DetailRow struct {
	Name, Value string
	Quoted      bool
}

// CheckView is the page for s.
func (t Table) CheckView(s doctor.Snapshot) CheckView {
	v := CheckView{
		State: choose(s.Running, "running", "done"), ID: string(s.Verdict), Finding: string(s.Finding),
		Verdict: t.Say("check.title"), More: t.Say("check.lead"), All: len(s.Checks), Offers: s.Browser.Secure && !s.Asking && s.Run > 0,
	}
	if s.Verdict != "" {
		v.Verdict, v.More = t.Say("check.verdict."+v.ID), t.Say("check.more."+v.ID)
	}
	for _, c := range s.Checks {
		v.Rows = append(v.Rows, t.checkRow(c))
		if c.Outcome != "" && c.State != doctor.StateRunning {
			v.Done++
		}
	}
	v.Status = t.checkStatus(s)
	for _, a := range s.Asks {
		v.Asks = append(v.Asks, t.Say("check.ask."+string(a.ID), "protocol", a.Protocol, "host", a.Host, "port", strconv.Itoa(a.Port), "code", a.Code))
	}
	return v
}

// checkStatus names the first group that is not done. The whole list would be
// too much to listen to.
func (t Table) checkStatus(s doctor.Snapshot) string {
	if s.Asking {
		return t.Say("device.asking")
	}
	for _, g := range doctor.Groups() {
		if s.Running && slices.ContainsFunc(s.Checks, func(c doctor.Check) bool {
			return c.Group == g && (c.State == doctor.StateWaiting || c.State == doctor.StateRunning)
		}) {
			return t.Say("check.now." + string(g))
		}
	}
	return ""
}

func (t Table) checkRow(c doctor.Check) CheckRow {
	row := CheckRow{
		ID: string(c.ID), Group: string(c.Group), State: string(c.State),
		Name: t.Say("check.name." + string(c.ID)), StateName: t.Say("check.state." + string(c.State)),
	}
	if c.State != doctor.StateRunning && c.Outcome != "" {
		row.Says = t.Say("check.says."+string(c.Outcome), t.outcomeParams(c)...)
	}
	for _, d := range c.Details {
		row.Details = append(row.Details, DetailRow{t.Say("check.detail." + string(d.Name)), t.detailValue(d), d.Text != ""})
	}
	if c.Took > 0 && c.State != doctor.StateRunning {
		row.Details = append(row.Details, DetailRow{t.Say("check.took"), amount(c.Took, doctor.UnitMilliseconds), false})
	}
	return row
}

// outcomeParams are the facts that the words of an outcome may name.
func (t Table) outcomeParams(c doctor.Check) (params []string) {
	names := map[doctor.DetailName]string{
		doctor.DetailStatus: "status", doctor.DetailError: "error", doctor.DetailOffset: "offset",
		doctor.DetailThroughput: "rate", doctor.DetailRoundTrip: "time",
	}
	for _, d := range c.Details {
		if name := names[d.Name]; name != "" {
			value := t.detailValue(d)
			if d.Name == doctor.DetailOffset {
				value = strings.TrimPrefix(value, "-")
			}
			params = append(params, name, value)
		}
	}
	return params
}

func (t Table) detailValue(d doctor.Detail) string {
	switch {
	case d.Word != "":
		return t.Say("check.word."+string(d.Word), "count", amount(d.Number, doctor.UnitCount))
	case d.Unit == "":
		return d.Text
	}
	return amount(d.Number, d.Unit)
}

// amount writes a number with its unit, as short as one reads it.
func amount(v float64, u doctor.Unit) string {
	short := func(v float64, unit string) string {
		digits := 0
		if v < 10 && v > -10 {
			digits = 1
		}
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', digits, 64), ".0") + " " + unit
	}
	switch {
	case u == doctor.UnitCount:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case u == doctor.UnitMilliseconds && v >= 1000:
		return short(v/1000, "s")
	case u == doctor.UnitSeconds && (v >= 120 || v <= -120):
		return short(v/60, "min")
	case u == doctor.UnitBits && v >= 1e6:
		return short(v/1e6, "Mbit/s")
	case u == doctor.UnitBits:
		return short(v/1e3, "kbit/s")
	case u == doctor.UnitBytes && v >= 1e6:
		return short(v/1e6, "MB")
	case u == doctor.UnitBytes:
		return short(v/1e3, "kB")
	}
	return short(v, string(u))
}
