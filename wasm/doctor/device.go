package doctor

// devicesSeen judges what the browser tells unasked.
func (d *Doctor) devicesSeen(ev DevicesSeen) {
	if d.is(CheckCamera, StateRunning) {
		d.judgeDevice(CheckCamera, ev.Camera)
	}
	if d.is(CheckMicrophone, StateRunning) {
		d.judgeDevice(CheckMicrophone, ev.Microphone)
	}
}

func (d *Doctor) judgeDevice(id CheckID, f DeviceFacts) {
	if f.Permission != "" {
		d.detail(id, Detail{Name: DetailPermission, Text: string(f.Permission)})
	}
	if f.Count >= 0 {
		d.detail(id, number(DetailFound, float64(f.Count), UnitCount))
	}
	switch {
	case !d.browser.Secure:
		d.finish(id, StateFailed, DeviceNoHTTPS)
	case f.Permission == PermissionDenied:
		d.finish(id, StateFailed, DeviceDenied)
	case f.Count == 0:
		d.finish(id, StateWarned, DeviceMissing)
	case f.Permission == PermissionGranted:
		d.finish(id, StatePassed, DeviceReady)
	default:
		d.finish(id, StatePassed, DeviceAsks)
	}
}

func (d *Doctor) askForDevices() {
	if d.run == 0 || d.asking || !d.browser.Secure {
		return
	}
	d.asking, d.opening = true, nil
	for _, id := range []CheckID{CheckCamera, CheckMicrophone} {
		d.at(id).Details = nil
		d.start(id, 0) // the person may take any time
	}
	d.do(OpenDevices{})
}

// deviceOpened judges both when both have answered: one alone is no news.
func (d *Doctor) deviceOpened(ev DeviceOpened) {
	if !d.asking {
		return
	}
	if d.opening = append(d.opening, ev); len(d.opening) < 2 {
		return
	}
	for _, ev := range d.opening {
		d.judgeOpening(ev)
	}
	d.asking = false
	// With the permission Chromium gathers where it found nothing before.
	if d.is(CheckAddresses, StateFailed) && !d.running() && (d.is(CheckCamera, StatePassed) || d.is(CheckMicrophone, StatePassed)) {
		d.begin()
	}
}

// judgeOpening judges what getUserMedia said (W3C mediacapture-streams, section
// 10.3.1).
func (d *Doctor) judgeOpening(ev DeviceOpened) {
	id := CheckMicrophone
	if ev.Camera {
		id = CheckCamera
	}
	switch ev.Name {
	case "":
		d.finish(id, StatePassed, DeviceReady)
	case "NotAllowedError", "SecurityError":
		d.finish(id, StateFailed, DeviceDenied)
	case "NotFoundError", "OverconstrainedError":
		d.finish(id, StateWarned, DeviceMissing)
	default:
		d.detail(id, Detail{Name: DetailError, Text: ev.Name})
		d.finish(id, StateWarned, DeviceBusy)
	}
}
