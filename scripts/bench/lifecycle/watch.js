// Notes what a page shows of one participant, for all three pages alike: they
// keep what the README's "The page's contract" says of data-signaling,
// data-peer, data-state, data-cause and of the video inside. Times are in
// milliseconds since 1970. What happens is known when the participant is not
// shown as connected any more; where only signaling breaks, the call goes on,
// and then it is known when anything is shown of it (any).
(name, any) => {
  const root = document.documentElement
  const find = () => document.querySelector(`[data-peer][data-name="${name}"]`)
  const id = find().dataset.peer
  const now = () => performance.timeOrigin + performance.now()
  // known: when the page first showed what happens, and what it showed.
  // since: from when on it may be well again; from known on, unless given.
  // attached: when it was well again; moves: when a frame came then.
  const notes = window.bench = { known: 0, sign: '', since: 0, attached: 0, moves: 0, gap: 0, last: now() }
  // fault is what the page shows that is not as it was, and whether the
  // participant is shown as connected in spite of it.
  const fault = () => {
    const tile = find()
    if (!tile) return ['nobody', false]
    const { peer, state, cause } = tile.dataset
    if (peer !== id) return ['somebody else', false]
    if (state !== 'connected' || cause) return [`${state} ${cause}`.trim(), state === 'connected']
    if (root.dataset.signaling !== 'open') return [`signaling ${root.dataset.signaling}`, true]
    return ['', true]
  }
  const look = () => {
    const [sign, connected] = fault()
    if (sign && (any || !connected) && !notes.known) [notes.known, notes.sign] = [now(), sign]
    const since = notes.since || notes.known
    const back = !sign && since && now() >= since
    if (back) notes.attached ||= now()
    return back
  }
  const gap = () => {
    notes.gap = Math.max(notes.gap, now() - notes.last)
    return notes.gap
  }
  let video
  const frame = () => {
    gap()
    notes.last = now()
    if (look()) notes.moves ||= now()
    video.requestVideoFrameCallback(frame)
  }
  const poll = () => {
    look()
    const newest = find()?.querySelector('video')
    if (newest && newest !== video) {
      video = newest
      video.requestVideoFrameCallback(frame)
    }
  }
  notes.read = () => ({ known: notes.known, sign: notes.sign, attached: notes.attached, moves: notes.moves, gap: gap() })
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true })
  setInterval(poll, 10)
  poll()
}
