package session

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// worked is the processor time of this thread: what else the machine does does
// not count.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var clock unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &clock); err != nil {
		t.Fatal(err)
	}
	return time.Duration(clock.Nano())
}

// Nothing that a remote sends can make redaction slow: a page that hangs
// loses its call. Four times the text may take twelve times as long, where a
// square would be sixteen.
func TestRedactionOfALongTextIsQuick(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	took := func(part string, length int) time.Duration {
		least := time.Hour
		for range 15 {
			var r redactor
			text := strings.Repeat(part, length/len(part))
			start := worked(t)
			r.text(text)
			least = min(least, worked(t)-start)
		}
		return least
	}
	for _, part := range []string{"a:", "1.", "f", "::", "1.2.3.4-"} {
		short, long := took(part, 8<<10), took(part, 32<<10)
		if ratio := float64(long) / float64(short); ratio > 12 {
			t.Errorf("%q: four times the text takes %.1f times as long (%v, %v)", part, ratio, short, long)
		}
	}
}
