// The goodbye of a page. Firefox cancels Go code while a tab closes (29 of 48
// goodbyes arrived from Go, 57 of 57 from a handler like this one), so Go lays
// finished messages ready, and these few lines choose one and send it on every
// road there is: socket, control channels, beacon. The core takes the copies
// as one.
'use strict'
{
  const none = { armed: false, ask: false, socket: null, channels: [], connections: [], leaving: {}, bye: {}, beacon: {}, gone: '', stopped: '' }
  let ready = none
  let listening = false
  let hint = null // what the Navigation API last said
  let swap = null // what pageswap said: the page is going, and this is where
  let going = null // the goodbye that pagehide chose, to be sent again
  let gone = false // all of it was done
  let parting = null // the socket at beforeunload
  let partedAt = -Infinity // and when that was

  const path = (url) => {
    const to = url && new URL(url, location.href)
    return to && to.origin === location.origin ? to.pathname : ''
  }
  const intents = { reload: 'reload', traverse: 'traverse', push: 'navigate', replace: 'navigate' }
  const aim = (type, url) => ({ intent: intents[type] ?? 'navigate', target: path(url) })

  // The messages have a place for the target, which Go cannot know beforehand.
  const fill = (text, target) => text.replace('"target":"@"', `"target":${JSON.stringify(target)}`)

  function send(kind, { intent, target }) {
    const text = ready[kind][intent] && fill(ready[kind][intent], target)
    if (!text) return
    if (ready.socket?.readyState === WebSocket.OPEN) ready.socket.send(text)
    for (const c of ready.channels) {
      try { c.send(text) } catch { /* closed since: the other roads carry it */ }
    }
  }

  function sayBye(why) {
    send('bye', why)
    const beacon = ready.beacon[why.intent]
    if (beacon) navigator.sendBeacon('/bye', fill(beacon, why.target))
  }

  // leaveBehind leaves a message with the browser, which sends it when the page
  // is destroyed (fetchLater): a page that says goodbye takes it back.
  let left = { text: '', controller: null }
  function leaveBehind(text) {
    if (text === left.text) return
    left.controller?.abort()
    left = { text, controller: new AbortController() }
    if (!text || !window.fetchLater) return
    try { fetchLater('/gone', { method: 'POST', body: text, signal: left.controller.signal }) } catch { /* no quota: a crash looks like a kill */ }
  }

  // mark tells the next page of this tab that this one could say goodbye, and
  // leaves no offer to go back in.
  function mark(intent) {
    try { sessionStorage.setItem('holdline.bye', intent) } catch { /* refused: the next page takes it for a crash */ }
    try { localStorage.removeItem(ready.stopped) } catch { /* refused: nothing was kept either */ }
  }

  function maybeLeaving(event) {
    parting = ready.socket
    partedAt = performance.now()
    const why = hint ?? { intent: 'unknown', target: '' }
    send('leaving', why)
    if (ready.ask) event.preventDefault()
    stub.onleaving?.(why.intent, why.target)
  }

  // Chromium says by pageswap what kind of going it is, and by its absence
  // that it is a close. Firefox has closed the socket before pagehide, unless
  // the tab is being closed; while the next page is slow to come, this one may
  // have opened another one since.
  function reason() {
    if ('onpageswap' in window) return swap ?? { intent: 'close', target: '' }
    const socket = parting ?? ready.socket
    if (!socket || socket.readyState === WebSocket.OPEN) return { intent: 'close', target: '' }
    return hint ?? { intent: 'unload', target: '' }
  }

  function leaving(event) {
    if (!ready.armed || gone) return
    going = reason()
    // A close with megabytes queued loses the goodbye, so only what is idle is closed.
    const idle = ready.channels.every((c) => c.bufferedAmount === 0)
    sayBye(going)
    leaveBehind('')
    if (idle) for (const c of ready.connections) c.close()
    const persisted = event.persisted === true // unload says nothing of it
    if (persisted) ready.socket?.close(1000)
    letGo()
    mark(going.intent)
    gone = true
    stub.onbye?.(going.intent, going.target, persisted)
  }

  function letGo() {
    stub.lock?.release()
    stub.lock = null
  }

  const again = () => { if (going) sayBye(going) }

  // Where the address bar or the tab strip ends a page, Firefox stops whatever
  // script runs, and if none does, the next one that begins: with a single
  // listener version 153 lost the goodbye of 3 in 10 closed tabs. A listener
  // that is stopped leaves the work to the next.
  function listenToPagehide() {
    for (let i = 0; i < 3; i++) addEventListener('pagehide', (event) => leaving(event))
    if (!('onpageswap' in window)) addEventListener('unload', (event) => { leaving(event); again() })
  }

  const stub = window.holdlineGoodbye = {
    onleaving: null, // (intent, target): leaving was said
    onbye: null, // (intent, target, persisted): bye was said
    lock: null, // { participant, release }: the Web Lock of an identity
    prepare(next) {
      ready = next
      leaveBehind(going ? '' : next.gone)
      if (next.armed === listening) return
      listening = next.armed
      if (listening) addEventListener('beforeunload', maybeLeaving)
      else removeEventListener('beforeunload', maybeLeaving)
    },
    // failed: Go has exited, so nobody prepares anything any more. Firefox may
    // end it while the page goes, whose goodbye says more: it has a second.
    failed() {
      if (going) return
      const rest = partedAt + 1000 - performance.now()
      if (rest > 0) return void setTimeout(() => this.failed(), rest)
      mark('failed')
      sayBye({ intent: 'failed', target: '' })
      for (const c of ready.connections) c.close()
      this.prepare(none)
    },
    // abandon lets go of what a program had that was broken off, before the
    // next one begins in this page. The identity's lock stays with the page.
    abandon() {
      stub.onleaving = stub.onbye = null
      ready.socket?.close()
      for (const c of ready.connections) {
        for (const sender of c.getSenders()) sender.track?.stop()
        c.close()
      }
      for (const track of document.querySelector('#self video')?.srcObject?.getTracks() ?? []) track.stop()
    },
  }

  window.navigation?.addEventListener('navigate', (e) => {
    if (!e.hashChange && e.downloadRequest === null) hint = aim(e.navigationType, e.destination.url)
  })
  addEventListener('pageswap', (e) => {
    swap = e.activation ? aim(e.activation.navigationType, e.activation.entry?.url) : { intent: 'navigate', target: '' }
  })
  listenToPagehide()
  document.addEventListener('visibilitychange', again)
  addEventListener('pageshow', () => { hint = swap = going = parting = null; gone = false })
}
