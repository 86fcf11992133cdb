package page

import (
	"math"
	"strings"
	"testing"
)

// rtts is a series of round-trip times, a second each, the last one at now.
func rtts(values ...float64) (s Series) {
	for i, v := range values {
		s = append(s, Sample{At: now - float64(len(values)-1-i)*1000, RTT: v, Loss: v / 1000, In: v * 1e4, Out: v * 1e5, Consent: v * 1000})
	}
	return s
}

func rtt(s Sample) float64 { return s.RTT }

func TestALineOverTime(t *testing.T) {
	nan := math.NaN()
	late := Series{{At: now - 10_000, RTT: 50}, {At: now - 6000, RTT: 25}, {At: now - 5000, RTT: 25}}
	for _, tt := range []struct {
		name   string
		series Series
		want   string
	}{
		{"nothing", nil, ""},
		{"nothing known", rtts(nan, nan), ""},
		{"now at the right, the edge at the top", rtts(0, 50), "M238 48L240 0"},
		{"half way", rtts(25, 25, 25), "M236 24L238 24L240 24"},
		{"a point that stands alone is a dot", rtts(25), "M240 24h0"},
		{"what is not known is a gap", rtts(50, nan, 25, 25), "M234 0h0M238 24L240 24"},
		{"what did not come is a gap", late, "M220 0h0M228 24L230 24"},
		{"a gap at the end", rtts(50, 50, nan), "M236 0L238 0"},
		{"off the scale stays in the field", rtts(80, -3), "M238 0L240 48"},
		{"older than two minutes", append(Series{{At: now - plotSpan - 1000, RTT: 50}}, rtts(25)...), "M240 24h0"},
		{"at the left edge", append(Series{{At: now - plotSpan, RTT: 50}}, rtts(25)...), "M0 0h0M240 24h0"},
		{"a clock that is behind the sample", Series{{At: now + 30, RTT: 25}}, "M240 24h0"},
	} {
		if got := line(tt.series, rtt, now, 50); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTheEdgeOfAnAxisIsARoundNumber(t *testing.T) {
	for _, tt := range []struct{ high, least, want float64 }{
		{math.Inf(-1), 50, 50}, {0, 50, 50}, {50, 50, 50}, {51, 50, 100}, {100, 50, 100}, {101, 50, 200},
		{201, 50, 500}, {501, 50, 1000}, {0.06, 0.05, 0.1}, {0.4, 0.05, 0.5}, {1, 0.05, 1}, {1_234_567, 100_000, 2_000_000},
	} {
		if got := edge(tt.high, tt.least); math.Abs(got-tt.want) > tt.want*1e-9 {
			t.Errorf("edge(%v, %v) = %v, want %v", tt.high, tt.least, got, tt.want)
		}
	}
}

func TestAPlotInWords(t *testing.T) {
	nan := math.NaN()
	gone := rtts(20, 48)
	for i := range gone {
		gone[i].At -= 5000
	}
	for _, tt := range []struct {
		name, of, language       string
		series                   Series
		top, value, span, spoken string
	}{
		{"rtt", "plot.rtt", "en", rtts(20, 48, 24), "50 ms", "24 ms", "20–48 ms", "Round-trip time: 24 ms; in the last two minutes 20–48 ms"},
		{"rtt in Chinese", "plot.rtt", "zh", rtts(20, 48, 24), "50 毫秒", "24 毫秒", "20～48 毫秒", "往返时间：24 毫秒；最近两分钟 20～48 毫秒"},
		{"always the same", "plot.rtt", "en", rtts(24, 24), "50 ms", "24 ms", "", "Round-trip time: 24 ms; in the last two minutes always 24 ms"},
		{"short ones", "plot.rtt", "en", rtts(0.25, 3), "50 ms", "3 ms", "0.2–3 ms", "Round-trip time: 3 ms; in the last two minutes 0.2–3 ms"},
		{"longer ones", "plot.rtt", "en", rtts(12.25, 3.5), "50 ms", "3.5 ms", "4–12 ms", "Round-trip time: 3.5 ms; in the last two minutes 4–12 ms"},
		{"what was before does not count", "plot.rtt", "en", append(Series{{At: now - plotSpan - 1, RTT: 900}}, rtts(20, 24)...), "50 ms", "24 ms", "20–24 ms", "Round-trip time: 24 ms; in the last two minutes 20–24 ms"},
		{"much out", "plot.out", "en", rtts(123), "20 Mbit/s", "12 Mbit/s", "", "Sent: 12 Mbit/s; in the last two minutes always 12 Mbit/s"},
		{"nothing yet", "plot.rtt", "en", nil, "50 ms", "not known", "", "Round-trip time: not known yet"},
		{"not known any more", "plot.rtt", "en", rtts(20, 48, nan), "50 ms", "not known", "20–48 ms", "Round-trip time: not known; in the last two minutes 20–48 ms"},
		{"no sample any more", "plot.rtt", "en", gone, "50 ms", "not known", "20–48 ms", "Round-trip time: not known; in the last two minutes 20–48 ms"},
		{"loss", "plot.loss", "en", rtts(0, 25), "5%", "2.5%", "0–2.5%", "Packets lost: 2.5%; in the last two minutes 0–2.5%"},
		{"much loss", "plot.loss", "en", rtts(0, 123), "20%", "12%", "0–12%", "Packets lost: 12%; in the last two minutes 0–12%"},
		{"in", "plot.in", "en", rtts(50, 64), "1 Mbit/s", "640 kbit/s", "500–640 kbit/s", "Received: 640 kbit/s; in the last two minutes 500–640 kbit/s"},
		{"out", "plot.out", "en", rtts(5, 12.5), "2 Mbit/s", "1.2 Mbit/s", "0.5–1.2 Mbit/s", "Sent: 1.2 Mbit/s; in the last two minutes 0.5–1.2 Mbit/s"},
		{"consent", "plot.consent", "en", rtts(0, 4.9), "30 s", "4 s ago", "0–4 s", "Consent confirmed: 4 s ago; in the last two minutes 0–4 s"},
	} {
		for _, q := range quantities {
			if q.name != tt.of {
				continue
			}
			p := tables(t)[tt.language].plot(q, tt.series, now)
			if p.Top != tt.top || p.Value != tt.value || p.Range != tt.span || p.Words != tt.spoken {
				t.Errorf("%s: top %q, value %q, range %q, words %q\nwant %q, %q, %q, %q", tt.name, p.Top, p.Value, p.Range, p.Words, tt.top, tt.value, tt.span, tt.spoken)
			}
		}
	}
}

func TestThePlotsOfThePageAreDrawnForTheirViewBox(t *testing.T) {
	html := source(t, "../../static/index.html")
	if !strings.Contains(html, `viewBox="0 0 240 48" preserveAspectRatio="none" role="img"`) || plotWidth != 240 || plotHeight != 48 {
		t.Error("the lines are drawn for another viewBox")
	}
}

func TestThePlotsAreNamedInBothLanguages(t *testing.T) {
	for language, want := range map[string]string{"en": "Round-trip time, Packets lost, Received, Sent, Consent confirmed", "zh": "往返时间, 丢包率, 接收, 发送, 许可确认"} {
		var names []string
		for _, q := range quantities {
			names = append(names, tables(t)[language].plot(q, nil, now).Name)
		}
		if got := strings.Join(names, ", "); got != want {
			t.Errorf("%s: %s, want %s", language, got, want)
		}
	}
}

func TestAnAxisSeldomChanges(t *testing.T) {
	en := tables(t)["en"]
	tops := map[string]bool{}
	for i := range 60 {
		v := 60 + 30*math.Sin(float64(i))
		tops[en.plot(quantities[0], rtts(60, 90, v), now).Top] = true
	}
	if len(tops) != 1 {
		t.Errorf("%d axes for times that swing between 30 and 90 ms", len(tops))
	}
}
