package main

import (
	"log/slog"

	"holdline/server/relay"
)

// spareDescriptors are for what is no signaling socket: the listeners, pages
// that are being downloaded, the log.
const spareDescriptors = 256

// relayDescriptors are what a relay needs for its allocations: each has a
// socket, and one over TCP a second; and for connections that have none yet.
func relayDescriptors(maxAllocations int) int { return 2*maxAllocations + relay.MaxWaiting }

// tellDescriptors says so when the operating system will refuse sockets before
// the limits of the flags do.
func tellDescriptors(log *slog.Logger, needed int) {
	needed += spareDescriptors
	if most, known := descriptorLimit(); known && most < uint64(needed) {
		log.Warn("the limit of open files is too low for --max-connections and --relay-max: raise it with ulimit -Hn or LimitNOFILE",
			"limit", most, "needed", needed)
	}
}
