package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestALimitOfOpenFilesThatIsTooLowIsLogged(t *testing.T) {
	most, known := descriptorLimit()
	if !known {
		t.Fatal("the limit is not known")
	}
	for connections, want := range map[int]bool{int(most) - spareDescriptors: false, int(most) - spareDescriptors + 1: true} {
		var log strings.Builder
		tellDescriptors(slog.New(slog.NewTextHandler(&log, nil)), connections)
		if got := strings.Contains(log.String(), fmt.Sprint(most)); got != want {
			t.Errorf("limit %d, --max-connections %d: %q", most, connections, log.String())
		}
	}
}

// Go itself raises the soft limit; should it cease to, a server would be short
// of sockets at the 1024 that is most systems' soft limit.
func TestTheSoftLimitOfOpenFilesIsRaisedToTheHardOne(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -Sn 100; exec "$0" --addr 127.0.0.1:0 --state "$1"`, executable, t.TempDir())
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, row, _ := strings.Cut(string(limits), "Max open files")
	fields := strings.Fields(row)
	if len(fields) < 2 || fields[0] == "100" {
		t.Errorf("open files, soft and hard: %q, want the soft limit raised from 100", fields[:min(2, len(fields))])
	}
}
