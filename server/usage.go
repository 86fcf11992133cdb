package main

import (
	"strings"
	"unicode/utf8"
)

// usage is what -h prints, in at most usageWidth columns.
func usage() string {
	var c config
	var scale float64
	return describe("Holdline serves calls between browsers: the page, the signaling that connects them, and\n"+
		"STUN and TURN.\n\n"+
		"usage: holdline [flags]\n"+
		"       holdline relay [flags]   STUN and TURN in a process of their own; -h lists them\n", c.settings(&scale))
}

// relayUsage is what holdline relay -h prints.
func relayUsage() string {
	var c config
	var scale float64
	return describe("holdline relay is the server's STUN and TURN in a process of their own: calls that go\n"+
		"through it outlive the server's restarts. Both get the same --state, --relay-addr and\n"+
		"--relay-control.\n\n"+
		"It takes TURN off the server's own port. Whoever is let out to port 443 alone reaches it\n"+
		"only at an address of its own: give both --relay-addr 203.0.113.8:443, the server --addr\n"+
		"203.0.113.7:443 and --relay-host relay.example.org, and both a certificate that is for\n"+
		"that name, too. The relay inside the server needs none of this: it shares its port.\n\nusage: holdline relay [flags]\n", c.relaySettings(&scale))
}

func describe(head string, groups []group) string {
	left := func(s setting) string { return "  --" + s.name + " " + s.holder }
	column := 0
	for _, g := range groups {
		for _, s := range g.settings {
			column = max(column, utf8.RuneCountInString(left(s))+2)
		}
	}

	var b strings.Builder
	b.WriteString(head)
	for _, g := range groups {
		b.WriteString("\n" + g.title + "\n")
		for _, s := range g.settings {
			words := strings.Fields(s.about)
			if s.def != "" {
				words = append(words, "(default "+s.def+")")
			}
			start := left(s)
			for _, line := range wrap(words, usageWidth-column) {
				b.WriteString(start + strings.Repeat(" ", column-utf8.RuneCountInString(start)) + line + "\n")
				start = ""
			}
		}
	}
	b.WriteString("\n  -h, --help  this text\n  --version   version of the program and of its Go\n\n" +
		"Every flag has an environment twin: --log-level is HOLDLINE_LOG_LEVEL. The flag wins.\n")
	return b.String()
}

// usageWidth is what a terminal and a README show without wrapping.
const usageWidth = 90

// wrap joins words to lines of at most width code points; a longer word gets a
// line of its own.
func wrap(words []string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line+" "+word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
