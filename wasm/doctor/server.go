package doctor

import (
	"strconv"
	"time"
)

// serverAnswered judges the way to the server and its clock.
func (d *Doctor) serverAnswered(ev ServerAnswered) {
	if !d.is(CheckServer, StateRunning) {
		return
	}
	if ev.Err != "" {
		d.detail(CheckServer, Detail{Name: DetailError, Text: ev.Err})
		d.serverSilent()
		return
	}
	d.detail(CheckServer, Detail{Name: DetailStatus, Text: strconv.Itoa(ev.Status)})
	if ev.Status != 200 {
		d.finish(CheckServer, StateFailed, ServerRefuses)
	} else {
		d.finish(CheckServer, StatePassed, ServerAnswers)
	}
	d.judgeClock(ev.Date)
}

func (d *Doctor) serverSilent() {
	d.finish(CheckServer, StateFailed, ServerSilent)
	d.finish(CheckClock, StateSkipped, ClockUnknown)
}

// judgeClock compares the date of the answer with the middle of the time
// between question and answer. The date is cut to seconds, so half of one is
// added.
func (d *Doctor) judgeClock(date int64) {
	if date == 0 {
		d.finish(CheckClock, StateSkipped, ClockUnknown)
		return
	}
	took := time.Duration(d.at(CheckServer).Took * float64(time.Millisecond))
	offset := time.Duration(d.now.Wall-date-500)*time.Millisecond - took/2
	d.detail(CheckClock, number(DetailOffset, offset.Round(100*time.Millisecond).Seconds(), UnitSeconds))
	if offset.Abs() > d.policy.ClockWithin {
		d.finish(CheckClock, StateWarned, ClockOff)
		return
	}
	d.finish(CheckClock, StatePassed, ClockRight)
}

func (d *Doctor) socketOpened() {
	if d.is(CheckSocket, StateRunning) {
		d.opened = true
		d.detail(CheckSocket, number(DetailConnected, milliseconds(d.now.Mono-d.at(CheckSocket).since), UnitMilliseconds))
	}
}

// socketSilent gives up a socket that did not open, or did not tell.
func (d *Doctor) socketSilent() {
	if d.opened {
		d.finish(CheckSocket, StateWarned, SocketMute)
	} else {
		d.finish(CheckSocket, StateFailed, SocketSilent)
	}
	d.closeSocket()
	d.skipNetwork(ServersUnknown)
}

// iceRefused gives up a server of whose ICE servers a call would have none.
func (d *Doctor) iceRefused(why string) {
	if !d.is(CheckSocket, StateRunning) {
		return
	}
	d.detail(CheckSocket, Detail{Name: DetailError, Text: why})
	d.finish(CheckSocket, StateFailed, SocketBadServers)
	d.closeSocket()
	d.skipNetwork(ServersUnknown)
}

func (d *Doctor) closeSocket() {
	d.open = false
	d.do(CloseSocket{d.run})
}

func (d *Doctor) socketClosed(ev SocketClosed) {
	d.open = false
	if !d.is(CheckSocket, StateRunning) {
		return
	}
	d.detail(CheckSocket, Detail{Name: DetailClose, Text: strconv.Itoa(ev.Code)})
	if ev.Reason != "" {
		d.detail(CheckSocket, Detail{Name: DetailError, Text: ev.Reason})
	}
	if d.opened {
		d.finish(CheckSocket, StateWarned, SocketMute)
	} else {
		d.finish(CheckSocket, StateFailed, SocketRefused)
	}
	d.skipNetwork(ServersUnknown)
}
