// Package sample has one test for each way in which a program can end, and for
// what the wrapper promises it. The wrapper's own tests run them.
package sample

// Covered is there to be counted by -test.coverprofile.
func Covered() string { return "covered" }
