package main

import "log/slog"

// spareDescriptors are for what is no signaling socket: the listeners, pages
// that are being downloaded, the log.
const spareDescriptors = 256

// tellDescriptors says so when the operating system will refuse sockets before
// --max-connections does.
func tellDescriptors(log *slog.Logger, maxConnections int) {
	if most, known := descriptorLimit(); known && most < uint64(maxConnections)+spareDescriptors {
		log.Warn("the limit of open files is too low for --max-connections: raise it with ulimit -Hn or LimitNOFILE",
			"limit", most, "needed", maxConnections+spareDescriptors)
	}
}
