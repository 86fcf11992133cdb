// Notes in a page what comes from the other side, for all pages alike: messages
// of any data channel, new frames of the remote picture, states of connections,
// and what is shown of the other one. Times are in milliseconds since 1970.
{
  const now = () => performance.timeOrigin + performance.now()
  const notes = { joined: 0, messages: [], frames: [], states: [], shown: [] }
  const hear = (channel) => channel.addEventListener('message', () => notes.messages.push(now()))
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
      super(...args)
      this.addEventListener('datachannel', ({ channel }) => hear(channel))
      this.addEventListener('connectionstatechange', () => notes.states.push({ at: now(), state: this.connectionState }))
    }
    createDataChannel(...args) {
      const channel = super.createDataChannel(...args)
      hear(channel)
      return channel
    }
  }
  const followed = new WeakSet()
  let last
  const follow = (video) => {
    const frame = (_, { rtpTimestamp }) => {
      if (rtpTimestamp === undefined || rtpTimestamp !== last) notes.frames.push(now()) // else one that is presented again
      last = rtpTimestamp
      video.requestVideoFrameCallback(frame)
    }
    followed.add(video)
    video.requestVideoFrameCallback(frame)
  }
  const look = () => {
    const tile = document.querySelector('[data-peer]')
    const video = tile?.querySelector('video')
    if (video && !followed.has(video)) follow(video)
    const seen = { state: tile?.dataset.state ?? '', cause: tile?.dataset.cause ?? '', signaling: document.documentElement?.dataset.signaling ?? '' }
    const before = notes.shown.at(-1)
    if (!before || Object.keys(seen).some((key) => seen[key] !== before[key])) notes.shown.push({ at: now(), ...seen })
  }
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true })
  addEventListener('click', () => { notes.joined ||= now() }, true)
  window.bench = {
    now,
    read: (since) => ({
      ...notes, opened: performance.timeOrigin, now: now(),
      messages: notes.messages.filter((at) => at >= since), frames: notes.frames.filter((at) => at >= since),
    }),
  }
}
