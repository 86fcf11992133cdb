package doctor

// beginLoop connects the page with itself through the relay, by the best way
// that answered, once all have been tried: so nothing else is under way.
func (d *Doctor) beginLoop() {
	for _, id := range append([]CheckID{CheckSTUN, CheckNAT, CheckAddresses}, relays...) {
		if d.is(id, StateRunning) || d.is(id, StateWaiting) {
			return
		}
	}
	if !d.asksRelay() {
		d.finish(CheckLoop, StateSkipped, NotOffered)
		return
	}
	for _, id := range relays {
		if d.is(id, StatePassed) {
			d.detail(CheckLoop, Detail{Name: DetailTransport, Text: string(id)[len("relay-"):]})
			d.start(CheckLoop, d.policy.LoopWithin)
			d.do(OpenLoop{Run: d.run, Servers: d.relay[id]})
			return
		}
	}
	d.finish(CheckLoop, StateSkipped, LoopNoRelay)
}

func (d *Doctor) loopOpened() {
	if d.is(CheckLoop, StateRunning) {
		d.detail(CheckLoop, number(DetailConnected, milliseconds(d.now.Mono-d.at(CheckLoop).since), UnitMilliseconds))
	}
}

func (d *Doctor) loopPinged(ev LoopPinged) {
	if d.is(CheckLoop, StateRunning) {
		d.detail(CheckLoop, number(DetailRoundTrip, ev.Median, UnitMilliseconds), number(DetailSlowest, ev.Slowest, UnitMilliseconds))
	}
}

func (d *Doctor) loopCarried(ev LoopCarried) {
	if !d.is(CheckLoop, StateRunning) || ev.Took <= 0 {
		return
	}
	rate := float64(ev.Bytes) * 8 / (ev.Took / 1000)
	d.detail(CheckLoop, number(DetailThroughput, rate, UnitBits), number(DetailCarried, float64(ev.Bytes), UnitBytes))
	if ev.Bytes == 0 {
		d.finish(CheckLoop, StateFailed, LoopBroken)
	} else if rate < d.policy.LoopRate {
		d.finish(CheckLoop, StateWarned, LoopSlow)
	} else {
		d.finish(CheckLoop, StatePassed, LoopCarries)
	}
	d.do(CloseLoop{d.run})
}

func (d *Doctor) loopFailed(why string) {
	if !d.is(CheckLoop, StateRunning) {
		return
	}
	if why != "" {
		d.detail(CheckLoop, Detail{Name: DetailError, Text: why})
	}
	d.finish(CheckLoop, StateFailed, LoopBroken)
	d.do(CloseLoop{d.run})
}
