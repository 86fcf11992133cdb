//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cores are those of this process that the server and the client get.
func cores() (server, client int, err error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return 0, 0, fmt.Errorf("ask for the cores: %w", err)
	}
	var all []int
	for core := 0; len(all) < set.Count(); core++ {
		if set.IsSet(core) {
			all = append(all, core)
		}
	}
	if len(all) < 2 {
		return 0, 0, fmt.Errorf("want a core for the server and one for the client, got %d", len(all))
	}
	return all[0], all[1], nil
}

// pin keeps all threads of this process on one core; those to come inherit it.
func pin(core int) error {
	runtime.GOMAXPROCS(1)
	var set unix.CPUSet
	set.Set(core)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(id, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("pin to core %d: %w", core, err)
		}
	}
	return nil
}

// ticks is how many a second /proc counts (USER_HZ, 100 on every architecture of Go's).
const ticks = 100

// processorTime is how much a process has used.
func processorTime(pid int) (time.Duration, error) {
	path := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	d, err := parseStat(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// parseStat adds up utime and stime, fields 14 and 15 (proc(5)). The second
// field is the program's name, which may hold anything, in parentheses.
func parseStat(text string) (time.Duration, error) {
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("want at least 13 fields after the name, got %d", len(fields))
	}
	sum := 0
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks, nil
}

// resident is how many bytes of memory a process has.
func resident(pid int) (int, error) {
	path := fmt.Sprintf("/proc/%d/smaps_rollup", pid) // exact; the other files lag behind
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, err := parseResident(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}

func parseResident(text string) (int, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "Rss:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")))
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("want a line Rss:, got none")
}

// busyTime is how much was used of some cores, by whomever.
func busyTime(cores ...int) (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	sum := time.Duration(0)
	for _, core := range cores {
		d, err := parseCore(string(text), core)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		sum += d
	}
	return sum, nil
}

// parseCore adds up what a core did: user, nice, system, irq, softirq and steal
// (proc(5)), but neither idle nor iowait.
func parseCore(text string, core int) (time.Duration, error) {
	name := fmt.Sprintf("cpu%d", core)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != name {
			continue
		}
		sum := 0
		for i, field := range fields[1:min(9, len(fields))] {
			n, err := strconv.Atoi(field)
			if err != nil {
				return 0, err
			}
			if i != 3 && i != 4 {
				sum += n
			}
		}
		return time.Duration(sum) * time.Second / ticks, nil
	}
	return 0, fmt.Errorf("want a line %s, got none", name)
}
