package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3"

	"holdline/server/room"
)

// config is what the operator decided. Durations are scaled already.
type config struct {
	Addr    string
	Debug   string // address of the debug pages; "" is off
	State   string // the folder with the server's key and its own certificate
	TLSCert string // both or none
	TLSKey  string
	// OwnCertificate lets the server make one where none is given and other
	// devices reach it.
	OwnCertificate bool
	QR             string // "always", "never" or "auto"

	Origins  []string // allowed beside the server's own, as scheme://host[:port] in lower case
	LogLevel slog.Level

	MaxRate        int // messages per second and socket
	MaxBurst       int // messages that may come at once
	MaxRooms       int
	MaxConnections int           // signaling sockets
	MaxReturns     int           // per second, of the pages that a drain sent away
	Drain          time.Duration // how long a shutdown waits for sockets to go

	Policy room.Policy
	Relay  relayConfig
}

// errVersion asks for the version instead of a server, as flag.ErrHelp asks for help.
var errVersion = errors.New("version requested")

// A setting is one flag, its environment twin and its line in the help.
type setting struct {
	name   string
	holder string // stands for the value in the help
	def    string // as one would type it; "" is not set
	about  string
	set    func(string) error // the error completes "--name takes "
}

// env is the name of the setting's environment twin.
func (s setting) env() string {
	return "HOLDLINE_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

type group struct {
	title    string
	settings []setting
}

// settings returns every setting; setting one writes c. scale gets the factor
// that parseConfig applies at the end.
func (c *config) settings(scale *float64) []group {
	p := &c.Policy
	def := room.DefaultPolicy()
	whole := strconv.Itoa
	return []group{
		{"Where it listens", []setting{
			{"addr", "HOST:PORT", "127.0.0.1:8080", "address; without HOST all interfaces, port 0 takes a free one", address(&c.Addr)},
			{"tls-cert", "FILE", "", "certificate chain in PEM; turns on HTTPS, which browsers on other devices need for camera and microphone, and TURN over TLS", text(&c.TLSCert)},
			{"tls-key", "FILE", "", "private key of the certificate, in PEM", text(&c.TLSKey)},
			{"own-certificate", "BOOL", "true", "true or false: without --tls-cert the server makes a certificate for HTTPS itself, kept in --state, for when other devices reach it; they are warned once", boolean(&c.OwnCertificate)},
			{"origins", "LIST", "", "origins, separated by commas, whose pages may connect beside the server's own, such as https://example.org", origins(&c.Origins)},
			{"debug-addr", "HOST:PORT", "", "address of /debug/vars and /debug/pprof/, for the operator only; off unless given, without HOST this machine only", loopback(&c.Debug)},
		}},
		c.Relay.settings(),
		{"What it keeps and says", []setting{
			{"state", "DIR", "", "folder of the server's key and of its own certificate, and of what must be known after a restart: who has left (revocations) and how long credentials live (credentials) (default: holdline in $XDG_STATE_HOME, else in ~/.local/state)", text(&c.State)},
			{"qr", "WHEN", "auto", "the address for other devices as a QR code below the URLs: always, never, or auto, where stdout is a terminal", oneOf(&c.QR, "always", "never", "auto")},
			{"log-level", "LEVEL", "warn", "what goes to stderr: debug, info, warn or error", level(&c.LogLevel)},
		}},
		{"Limits", []setting{
			{"max-room", "N", whole(def.MaxParticipants), "participants in a room", number(&p.MaxParticipants, 2, 64)},
			{"max-name", "N", whole(def.Limits.Name), "Unicode code points in a participant's name", number(&p.Limits.Name, 1, 256)},
			{"max-rooms", "N", "10000", "rooms at the same time", number(&c.MaxRooms, 1, 1_000_000)},
			{"max-connections", "N", "10000", "signaling sockets at the same time; each needs a file descriptor", number(&c.MaxConnections, 1, 1_000_000)},
			{"max-message", "BYTES", whole(def.Limits.Message), "size of one signaling message, in bytes", number(&p.Limits.Message, 16<<10, 1<<20)},
			{"max-rate", "N", "100", "messages per second on one socket", number(&c.MaxRate, 1, 10_000)},
			{"max-burst", "N", "300", "messages that one socket may send at once", number(&c.MaxBurst, 1, 100_000)},
			{"max-returns", "N", "1000", "pages per second that come back after a drain: it asks them to return over as long as that takes", number(&c.MaxReturns, 1, 1_000_000)},
		}},
		{"Times", []setting{
			{"ping", "TIME", def.PingEvery.String(), "between two pings on a socket", duration(&p.PingEvery, 100*time.Millisecond, time.Minute)},
			{"dead-after", "TIME", def.DeadAfter.String(), "silence after which a socket is dead", duration(&p.DeadAfter, 200*time.Millisecond, 5*time.Minute)},
			{"return-window", "TIME", def.ReturnWindow.String(), "how long a place is held after a goodbye: a close, a navigation, or of unknown intent", duration(&p.ReturnWindow, 0, time.Hour)},
			{"return-window-reload", "TIME", def.ReturnWindowReload.String(), "the same after a reload", duration(&p.ReturnWindowReload, 0, time.Hour)},
			{"grace-closed", "TIME", def.GraceClosed.String(), "the same after a socket that closed without a goodbye", duration(&p.GraceClosed, 0, time.Hour)},
			{"grace-silent", "TIME", def.GraceSilent.String(), "the same after a socket that fell silent", duration(&p.GraceSilent, 0, time.Hour)},
			{"keep-left", "TIME", def.KeepLeft.String(), "how long a room remembers how somebody ended, for who comes back too late", duration(&p.KeepLeft, 0, 24*time.Hour)},
			{"return-after", "TIME", def.GoawayReturn.String(), "when pages come back after a drain, at the earliest; they spread over as long again", duration(&p.GoawayReturn, 100*time.Millisecond, 30*time.Second)},
			{"drain", "TIME", "5s", "how long SIGTERM waits for sockets to go; a second SIGTERM does not wait", duration(&c.Drain, 0, 10*time.Minute)},
			{"time-scale", "FACTOR", "1", "shortens all other times but drain and relay-lifetime, for tests: 0.1 makes 5s half a second", factor(scale, 0.001, 1)},
		}},
	}
}

// parseConfig reads flags and, where a flag is not given, its environment twin.
// The errors flag.ErrHelp and errVersion ask for something else than a server.
func parseConfig(args []string) (config, error) {
	scale := 1.0
	c := config{Policy: room.DefaultPolicy(), Relay: relayConfig{CheckCredentials: time.Minute, CheckFor: 2 * time.Minute}}
	if err := parse("holdline", c.settings(&scale), args); err != nil {
		return config{}, err
	}
	if err := c.check(); err != nil {
		return config{}, err
	}
	c.Policy = c.Policy.Scale(scale)
	c.Relay.scale(scale)
	return c, nil
}

// parse sets what the arguments and the environment say.
func parse(program string, groups []group, args []string) error {
	if slices.Contains(args, "--version") || slices.Contains(args, "-version") {
		return errVersion
	}
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var invalid error // what flag and ff would wrap in several layers
	for _, g := range groups {
		for _, s := range g.settings {
			if s.def != "" {
				if err := s.set(s.def); err != nil {
					panic("default of --" + s.name + ": takes " + err.Error())
				}
			}
			flags.Func(s.name, "", func(value string) error {
				if err := s.set(value); err != nil {
					invalid = fmt.Errorf("--%s (%s) takes %w, got %q", s.name, s.env(), err, value)
				}
				return invalid
			})
		}
	}
	err := ff.Parse(flags, args, ff.WithEnvVarPrefix("HOLDLINE"))
	switch {
	case errors.Is(err, flag.ErrHelp):
		return flag.ErrHelp
	case invalid != nil:
		return invalid
	case err != nil:
		return errors.Unwrap(err) // without ff's "error parsing commandline arguments"
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

// check returns what is wrong with the settings together, and finds the state
// folder.
func (c *config) check() (err error) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return fmt.Errorf("--tls-cert and --tls-key need each other, got %q and %q", c.TLSCert, c.TLSKey)
	case c.Policy.DeadAfter <= c.Policy.PingEvery:
		return fmt.Errorf("--dead-after must be longer than --ping, got %v and %v", c.Policy.DeadAfter, c.Policy.PingEvery)
	case c.MaxBurst < c.MaxRate:
		return fmt.Errorf("--max-burst must not be below --max-rate, got %d and %d", c.MaxBurst, c.MaxRate)
	}
	if c.State == "" {
		if c.State, err = userStateFolder(); err != nil {
			return err
		}
	}
	return c.Relay.check()
}

// userStateFolder follows the XDG Base Directory Specification: a relative
// $XDG_STATE_HOME is ignored.
func userStateFolder() (string, error) {
	if base := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "holdline"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", errors.New("--state (HOLDLINE_STATE) is needed: this user has no home folder")
	}
	return filepath.Join(home, ".local", "state", "holdline"), nil
}

func text(to *string) func(string) error {
	return func(value string) error {
		*to = value
		return nil
	}
}

func address(to *string) func(string) error {
	return func(value string) error {
		_, port, err := net.SplitHostPort(value)
		if n, portErr := strconv.Atoi(port); err != nil || portErr != nil || n < 0 || n > 65535 {
			return errors.New("HOST:PORT with a port from 0 to 65535")
		}
		*to = value
		return nil
	}
}

// loopback is an address that is this machine's own unless a host is given.
func loopback(to *string) func(string) error {
	return func(value string) error {
		if err := address(to)(value); err != nil {
			return err
		}
		if strings.HasPrefix(value, ":") {
			*to = "127.0.0.1" + value
		}
		return nil
	}
}

func number(to *int, low, high int) func(string) error {
	return func(value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < low || n > high {
			return fmt.Errorf("a whole number from %d to %d", low, high)
		}
		*to = n
		return nil
	}
}

func factor(to *float64, low, high float64) func(string) error {
	return func(value string) error {
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || !(f >= low && f <= high) { // NaN is neither
			return fmt.Errorf("a factor from %v to %v", low, high)
		}
		*to = f
		return nil
	}
}

func duration(to *time.Duration, low, high time.Duration) func(string) error {
	return func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < low || d > high {
			return fmt.Errorf("a time with its unit (500ms, 5s, 2m) from %s to %s", low, high)
		}
		*to = d
		return nil
	}
}

func boolean(to *bool) func(string) error {
	return func(value string) error {
		if value != "true" && value != "false" {
			return errors.New("true or false")
		}
		*to = value == "true"
		return nil
	}
}

func oneOf(to *string, words ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(words, value) {
			return errors.New(strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1])
		}
		*to = value
		return nil
	}
}

func level(to *slog.Level) func(string) error {
	return func(value string) error {
		switch value {
		case "debug", "info", "warn", "error":
			return to.UnmarshalText([]byte(value))
		}
		return errors.New("debug, info, warn or error")
	}
}

func origins(to *[]string) func(string) error {
	return func(value string) error {
		var list []string
		for origin := range strings.SplitSeq(value, ",") {
			origin = strings.ToLower(strings.TrimSpace(origin))
			secure := strings.HasPrefix(origin, "http://") || strings.HasPrefix(origin, "https://")
			// A * would be a pattern to the socket and a letter to POST /bye.
			if !secure || strings.ContainsAny(origin, "*?[\\@") || http.NewCrossOriginProtection().AddTrustedOrigin(origin) != nil {
				return errors.New("origins such as https://example.org or http://host:8080, separated by commas")
			}
			list = append(list, origin)
		}
		*to = list
		return nil
	}
}
