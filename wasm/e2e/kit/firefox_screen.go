package kit

// paintedScreen has getDisplayMedia give a canvas that is painted on: a
// headless Firefox 153 has no screen and fails with NotReadableError, where
// Chromium gives a screen that it paints by itself. A page at an address
// without media has no MediaDevices.
const paintedScreen = `if (globalThis.MediaDevices) MediaDevices.prototype.getDisplayMedia = async () => {
	const canvas = document.createElement('canvas')
	canvas.width = 1280, canvas.height = 720
	const g = canvas.getContext('2d')
	const stream = canvas.captureStream(20), [track] = stream.getVideoTracks()
	let hue = 0
	const paint = setInterval(() => {
		if (track.readyState === 'ended') return clearInterval(paint)
		g.fillStyle = 'hsl(' + (hue += 7) + 'deg 80% 50%)'
		g.fillRect(0, 0, canvas.width, canvas.height)
	}, 50)
	return stream
}`
