package kit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// WithAuthority has the browser trust the certificates that an authority
// signs, which is given as a PEM file, for TURN over TLS too. It needs
// certutil, of the package libnss3-tools.
func WithAuthority(file string) Option {
	return func(c *config) { c.authority = file }
}

// trust puts an authority into a database of NSS, which both engines read.
func trust(folder, authority string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	database := "sql:" + folder
	for _, args := range [][]string{
		{"-N", "-d", database, "--empty-password"},
		{"-A", "-d", database, "-n", "test", "-t", "C,,", "-i", authority},
	} {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("certutil %s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

// chromiumTrusts has a Chromium with this home folder trust an authority.
func chromiumTrusts(home, authority string) error {
	return trust(filepath.Join(home, ".pki", "nssdb"), authority)
}
