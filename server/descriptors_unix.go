//go:build unix

package main

import "syscall"

// descriptorLimit is how many files and sockets the process may have open. Go
// raises the soft limit to the hard one when a program starts (os, since Go
// 1.19), so this is all that there is to have.
func descriptorLimit() (most uint64, known bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}
