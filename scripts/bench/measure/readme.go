package measure

import (
	"fmt"
	"os"
	"strings"
)

// marks are the lines of the README between which a target of the Makefile has
// its table.
func marks(target string) (begins, ends string) {
	return fmt.Sprintf("<!-- %[1]s: written by make %[1]s README=1 -->\n", target), fmt.Sprintf("<!-- end of %s -->\n", target)
}

// Between puts the table of a target in place of the one in a text.
func Between(text, target, table string) (string, error) {
	begins, ends := marks(target)
	before, rest, ok := strings.Cut(text, begins)
	_, after, closed := strings.Cut(rest, ends)
	if !ok || !closed {
		return "", fmt.Errorf("want a line %q and after it a line %q", strings.TrimSpace(begins), strings.TrimSpace(ends))
	}
	return before + begins + "\n" + table + "\n" + ends + after, nil
}

// WriteREADME puts the table of a target into a README.
func WriteREADME(readme, target, table string) error {
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	full, err := Between(string(text), target, table)
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return os.WriteFile(readme, []byte(full), 0o644)
}
