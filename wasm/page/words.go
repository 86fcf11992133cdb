package page

import "strings"

// Table is the words of one language, by id, as in static/text.json.
type Table map[string]string

// Say words id. params are names and values in turn, for the places like
// {name} in the words. An id without words is "".
func (t Table) Say(id string, params ...string) string {
	words := t[id]
	for i := 0; i+1 < len(params); i += 2 {
		words = strings.ReplaceAll(words, "{"+params[i]+"}", isolated(params[i+1]))
	}
	return words
}

// first words the first of the ids that has words: an id from a newer server
// has none here.
func (t Table) first(params []string, ids ...string) string {
	for _, id := range ids {
		if t[id] != "" {
			return t.Say(id, params...)
		}
	}
	return ""
}

// isolated keeps a right-to-left value from turning the sentence around it:
// first strong isolate, pop directional isolate (UAX 9, section 2.4).
func isolated(s string) string {
	for _, r := range s {
		if 0x590 <= r && r <= 0x8ff || 0xfb1d <= r && r <= 0xfdff || 0xfe70 <= r && r <= 0xfefc {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}
