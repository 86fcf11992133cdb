package kit

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

const (
	killSignal     = syscall.SIGKILL
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
)

// tree lists a process and its descendants, parents first.
func tree(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []int{pid}
	}
	children := map[int][]int{}
	for _, e := range entries {
		child, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it ended meanwhile
		}
		// pid (comm) state ppid …, where comm may hold anything
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		var state string
		var parent int
		if _, err := fmt.Sscan(rest, &state, &parent); err == nil {
			children[parent] = append(children[parent], child)
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// signalTree sends a signal to a process and all its descendants.
func signalTree(pid int, signal syscall.Signal) {
	for _, p := range tree(pid) {
		syscall.Kill(p, signal)
	}
}

// renderers lists the processes of a Chromium that run pages.
func renderers(pid int) (found []int) {
	for _, p := range tree(pid) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p))
		if err == nil && strings.Contains(string(line), "--type=renderer") {
			found = append(found, p)
		}
	}
	return found
}
