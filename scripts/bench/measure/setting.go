package measure

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Setting is what of a bench's setting is the same for all.
type Setting struct {
	Machine  string `json:"machine"`
	Holdline string `json:"holdline"` // what bin/holdline says of its version
	Load     string `json:"load"`     // the machine's load average at the start
}

// Describe looks at the machine and at bin/holdline.
func Describe() (s Setting, err error) {
	version, err := exec.Command("bin/holdline", "--version").Output()
	if err != nil {
		return s, fmt.Errorf("bin/holdline --version: %w", err)
	}
	s.Holdline = strings.TrimSpace(string(version))
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return s, err
	}
	s.Load, _, _ = strings.Cut(string(load), " ")
	s.Machine = fmt.Sprintf("%d cores (%s), headless", runtime.NumCPU(), model())
	return s, nil
}

// model is the processor's name.
func model() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere than on x86 there is no such line
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
