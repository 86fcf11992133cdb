//go:build !unix

package main

// descriptorLimit is not known here.
func descriptorLimit() (most uint64, known bool) { return 0, false }
