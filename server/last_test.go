package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdline/server/room"
	"holdline/server/signal"
)

// joinAs is third on a page that the server served under a name.
func (p pair) joinAs(name, page string) *client {
	p.ana.s.t.Helper()
	c := p.ana.s.connect()
	c.hello(signal.Hello{Room: "blue", Name: name, Page: page})
	c.welcomed()
	p.see(c.id)
	return c
}

func (s *server) report(page, body string) (int, string) {
	s.t.Helper()
	return s.post("/reports?page="+page, signal.ReportsType, body)
}

// crash is a report as Chromium 156 sends it.
func crash(room, reason string) string {
	if reason != "" {
		reason = fmt.Sprintf(`"reason":%q,`, reason)
	}
	return fmt.Sprintf(`[{"age":10,"body":{"crash_report_api":{},"is_top_level":true,%s"visibility_state":"visible"},"type":"crash","url":"https://holdline.example/r/%s?lang=en","user_agent":"Mozilla/5.0"}]`, reason, room)
}

func TestWhatAPageLeftForItsEndTellsACrash(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	eve := p.third("Eve")
	good := signal.Gone{Room: "blue", Participant: eve.id, Life: 1, Key: eve.welcome.ByeKey}
	changed := func(f func(*signal.Gone)) string {
		g := good
		f(&g)
		return string(signal.Raw(g))
	}
	for _, tt := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"malformed", `gone`, 400, "malformed message"},
		{"not UTF-8", "{\"room\":\"\xff\"}", 400, "not UTF-8"},
		{"a bad room", changed(func(g *signal.Gone) { g.Room = "a/b" }), 400, "room: want"},
		{"a bad participant", changed(func(g *signal.Gone) { g.Participant = "A" }), 400, "participant: want"},
		{"no life", changed(func(g *signal.Gone) { g.Life = 0 }), 400, "life: want"},
		{"oversized", changed(func(g *signal.Gone) { g.Key = strings.Repeat("x", signal.MaxBeacon) }), 413, "want at most 8192 bytes"},
		{"another's key", changed(func(g *signal.Gone) { g.Key = p.ana.welcome.ByeKey }), 403, "key: not the one"},
		{"for another life", changed(func(g *signal.Gone) { g.Life = 2 }), 403, "key: not the one"},
	} {
		if status, text := s.post("/gone", "text/plain", tt.body); status != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d %q, want %d with %q", tt.name, status, text, tt.status, tt.says)
		}
	}
	body := changed(func(*signal.Gone) {})
	gone := func() {
		t.Helper()
		if status, text := s.post("/gone", "text/plain", body); status != http.StatusNoContent {
			t.Errorf("%d %q, want 204", status, text)
		}
	}
	gone() // while its socket is open it is only noted
	p.undisturbed()
	eve.ws.CloseNow()
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CausePageCrashed)
	}
	gone()
	p.undisturbed()
	empty := signal.Gone{Room: "green", Participant: "ana", Life: 1, Key: room.ByeKey(hallKey, "green", "ana", 1)}
	if status, _ := s.post("/gone", "text/plain", string(signal.Raw(empty))); status != http.StatusNoContent || s.lobby.count() != 1 {
		t.Errorf("for a room that is gone: %d and %d rooms, want 204 and 1", status, s.lobby.count())
	}
}

func TestACrashReportIsANewRevisionProvisionalOrFinal(t *testing.T) {
	s := startServer(t, func(c *config) { c.Policy.GraceClosed = 0 })
	p := s.pair()
	eve := p.joinAs("Eve", "PAGE1")
	eve.ws.CloseNow()
	both := func(do func(c *client)) {
		t.Helper()
		do(p.ana)
		do(p.bo)
	}
	both(func(c *client) {
		var row signal.Presence
		c.want(signal.TypeAway, &row)
		c.wantLeft(eve.id, signal.CausePageVanished)
	})
	for i, tt := range []struct{ reason, says string }{{"oom", "crash report: out of memory"}, {"unresponsive", "crash report: unresponsive"}, {"", "crash report"}} {
		if status, text := s.report("PAGE1", crash("blue", tt.reason)); status != http.StatusNoContent {
			t.Fatalf("report: %d %q, want 204", status, text)
		}
		both(func(c *client) {
			var left signal.Left
			c.want(signal.TypeLeft, &left)
			if e := left.End; e.Cause != signal.CausePageCrashed || !e.Final || e.Revision != 3+i || e.Evidence[len(e.Evidence)-1] != tt.says {
				t.Errorf("%+v, want page-crashed, final, revision %d, %s", e, 3+i, tt.says)
			}
		})
	}
	if n := s.lobby.unknownReports.Load(); n != 0 {
		t.Errorf("%d reports were of pages that nobody knows", n)
	}
}

func TestAReportThatIsNotOfACrashHereChangesNothing(t *testing.T) {
	s := startServer(t, nil)
	p := s.pair()
	eve := p.joinAs("Eve", "PAGE1")
	eve.ws.CloseNow()
	for _, c := range []*client{p.ana, p.bo} {
		c.wantAway(eve.id, signal.CausePageVanished)
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"csp-violation"},`, signal.MaxReportCount), ",") + "]"
	for _, tt := range []struct {
		name, page, body string
		unknown          int64 // counted so far
	}{
		{"nothing", "PAGE1", `[]`, 0},
		{"null", "PAGE1", `null`, 0},
		{"other types", "PAGE1", strings.ReplaceAll(crash("blue", ""), `"crash"`, `"deprecation"`), 0},
		{"of a page that is no room", "PAGE1", strings.ReplaceAll(crash("blue", ""), "/r/", "/x/"), 0},
		{"of a room that cannot be", "PAGE1", crash("a%2Fb", ""), 0},
		{"of an address that is none", "PAGE1", `[{"type":"crash","url":"https://%zz/r/blue"}]`, 0},
		{"as many as may be", "PAGE1", many, 0},
		{"of an unknown page", "PAGE2", crash("blue", "oom"), 1},
		{"of another room", "PAGE1", crash("green", "oom"), 2},
	} {
		if status, text := s.report(tt.page, tt.body); status != http.StatusNoContent {
			t.Errorf("%s: %d %q, want 204", tt.name, status, text)
		}
		if n := s.lobby.unknownReports.Load(); n != tt.unknown {
			t.Errorf("%s: %d unknown so far, want %d", tt.name, n, tt.unknown)
		}
		p.undisturbed()
	}
	for _, tt := range []struct {
		name, page, kind, body string
		status                 int
		says                   string
	}{
		{"another media type", "PAGE1", "application/json", `[]`, 415, "Content-Type: want application/reports+json, got application/json"},
		{"no media type", "PAGE1", "", `[]`, 415, "Content-Type: want application/reports+json, got nothing"},
		{"no page", "", signal.ReportsType, `[]`, 400, `page: want the name that the page was served under, got "nothing"`},
		{"a strange page", "%22%0a", signal.ReportsType, `[]`, 400, "page: want"},
		{"a page of 33", strings.Repeat("A", 33), signal.ReportsType, `[]`, 400, "page: want"},
		{"malformed", "PAGE1", signal.ReportsType, `[`, 400, "malformed message"},
		{"an object", "PAGE1", signal.ReportsType, `{}`, 400, "body: want an array of reports, got object"},
		{"not UTF-8", "PAGE1", signal.ReportsType, "[{\"type\":\"\xff\"}]", 400, "not UTF-8"},
		{"a type that is a number", "PAGE1", signal.ReportsType, `[{"type":1}]`, 400, "type: want a string"},
		{"a reason that is a number", "PAGE1", signal.ReportsType, `[{"type":"crash","url":"https://x/r/blue","body":{"reason":1}}]`, 400, "body.reason: want a string"},
		{"too many", "PAGE1", signal.ReportsType, strings.Replace(many, "[", `[{},`, 1), 400, "body: want at most 32 reports, got 33"},
		{"too large", "PAGE1", signal.ReportsType, `["` + strings.Repeat("x", signal.MaxReports) + `"]`, 413, "body: want at most 65536 bytes"},
	} {
		if status, text := s.post("/reports?page="+tt.page, tt.kind, tt.body); status != tt.status || !strings.Contains(text, tt.says) {
			t.Errorf("%s: %d %q, want %d with %q", tt.name, status, text, tt.status, tt.says)
		}
	}
	p.undisturbed()
}

func TestReportsFromOneAddressAreLimited(t *testing.T) {
	s := startServer(t, nil)
	for n := range 10 * reportBurst {
		status, text := s.report("PAGE1", `[]`)
		if status == http.StatusTooManyRequests && n >= reportBurst && strings.Contains(text, "want at most 10 a second") {
			return
		}
		if status != http.StatusNoContent {
			t.Fatalf("report %d: %d %q", n+1, status, text)
		}
	}
	t.Errorf("%d reports were taken, want at most %d at once", 10*reportBurst, reportBurst)
}

func TestAddressesAreLimitedEachForItself(t *testing.T) {
	a := addressLimit{rate: reportRate, burst: reportBurst}
	now := time.Now()
	exhaust := func(remote string) (n int) {
		for a.allow(remote, now) {
			n++
		}
		return n
	}
	if n := exhaust("192.0.2.1:1000"); n != reportBurst {
		t.Errorf("%d requests at once, want %d", n, reportBurst)
	}
	for remote, want := range map[string]bool{
		"192.0.2.1:2000": false, "[::ffff:192.0.2.1]:3000": false, "192.0.2.2:1000": true, "[2001:db8::1]:1000": true, "@": true,
	} {
		if a.allow(remote, now) != want {
			t.Errorf("%s: %v, want %v", remote, !want, want)
		}
	}
	exhaust("[2001:db8::1]:1000")
	if a.allow("[2001:db8::2]:1000", now) || !a.allow("[2001:db8:0:1::2]:1000", now) {
		t.Error("an IPv6 address is not limited by its /64")
	}
	many := func(network int) {
		for i := range 2 * limitedAddresses {
			a.allow(fmt.Sprintf("10.%d.%d.%d:1", network, i/256, i%256), now)
		}
	}
	many(0)
	if len(a.of) != limitedAddresses {
		t.Errorf("%d addresses are remembered, want %d", len(a.of), limitedAddresses)
	}
	if n := exhaust("192.0.2.99:1"); n >= reportBurst {
		t.Errorf("an address beyond those that are told apart may ask %d times, as if it were alone", n)
	}
	now = now.Add(time.Minute)
	if n := exhaust("192.0.2.99:1"); n != reportBurst || len(a.of) != 1 {
		t.Errorf("a minute later: %d requests, and %d addresses are remembered; want %d and 1", n, len(a.of), reportBurst)
	}
}
