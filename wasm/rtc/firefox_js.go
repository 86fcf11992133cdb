package rtc

import (
	"strings"
	"syscall/js"
)

// ChecksOvertake says whether this browser's checks overtake its answer to an
// ICE restart, to the other side's harm, as those of Firefox 153 do.
func ChecksOvertake() bool { return isFirefox() }

// isFirefox is for what no other sign tells.
func isFirefox() bool {
	return strings.Contains(text(js.Global().Get("navigator").Get("userAgent")), "Firefox/")
}
