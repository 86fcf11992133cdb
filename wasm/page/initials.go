package page

import (
	"strings"
	"unicode"
)

// initials stand for a person where there is no picture: the first letters of
// the first and the last word, or the last two signs of a name in Chinese,
// Japanese or Korean.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return ""
	}
	if signs := []rune(words[0]); signs[0] >= 0x2e80 && signs[0] < 0x1f000 {
		return string(signs[max(0, len(signs)-2):])
	}
	first := initial(words[0])
	if len(words) == 1 {
		return first
	}
	return first + initial(words[len(words)-1])
}

func initial(word string) string {
	signs := []rune(word)
	for _, r := range signs {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return string(signs[0])
}

// tints is how many colours static/call.css has for initials.
const tints = 6

// tint is the colour of a participant's initials, the same on every page.
func tint(participant string) string {
	sum := 0
	for i := range len(participant) {
		sum = (sum*31 + int(participant[i])) & 0xffff
	}
	return string(rune('0' + sum%tints))
}
