// The page before the client is there, and around it: which room, which
// language, window.holdline, and the life of the Go program in this page.
// It runs before the body is parsed, so the first paint is the right screen.
'use strict'
{
  const root = document.documentElement
  const query = new URLSearchParams(location.search)
  const path = /^\/r\/([^/]*)\/?$/.exec(location.pathname)

  // stored keeps small things in this browser; where storage is refused they
  // last as long as the page.
  const stored = {
    get(key) { try { return localStorage.getItem('holdline.' + key) } catch { return null } },
    set(key, value) { try { localStorage.setItem('holdline.' + key, value) } catch { /* refused: see above */ } },
  }

  // cleanName takes out what the server refuses in a name and nobody sees:
  // control characters, line separators and marks that turn the direction.
  const cleanName = (s) => s.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, '').trim()

  const config = {
    check: /^\/check\/?$/.test(location.pathname),
    room: path && /^[\w-]{1,64}$/.test(path[1]) ? path[1] : '',
    name: [...cleanName(query.get('name') ?? stored.get('name') ?? '')].slice(0, 64).join(''),
    joinNow: query.get('join') === 'now',
    media: ['none', 'audio', 'video'].includes(query.get('media')) ? query.get('media') : '',
  }

  // shell is what static/*.js and the client (wasm/page) say to each other.
  // The shell fires: join (detail: the name), back, rejoin, leave, say (detail: the
  // text), ask (detail: {what, json}; the listener fills in json), language, chat
  // (it needs the panel's place). The client reads config, language() and
  // table(), and calls attach, status, changed, panel and end.
  const shell = new EventTarget()
  const fire = (type, detail) => shell.dispatchEvent(new CustomEvent(type, { detail }))

  // Words: text.json, with the HTML's English until it is there.
  const languages = ['en', 'zh']
  const known = (tag) => languages.find((l) => tag?.toLowerCase().split('-')[0] === l)
  let tables = { en: {}, zh: {} }
  let language = known(query.get('lang')) ?? known(stored.get('language')) ??
    (navigator.languages ?? []).map(known).find(Boolean) ?? 'en'

  // isolated keeps a right-to-left value from turning the sentence around it.
  const isolated = (value) => /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(value) ? `\u2068${value}\u2069` : `${value}`

  // text words an id; an id without words (the table is not there) is ''.
  function text(id, params = {}) {
    return (tables[language][id] ?? '').replace(/\{(\w+)\}/g, (_, name) => isolated(params[name] ?? ''))
  }

  function fillWords(node) {
    for (const el of node.querySelectorAll('[data-text]')) el.textContent = text(el.dataset.text) || el.textContent
    for (const el of node.querySelectorAll('[data-text-label]')) el.ariaLabel = text(el.dataset.textLabel) || el.ariaLabel
    for (const el of node.querySelectorAll('[data-text-placeholder]')) el.placeholder = text(el.dataset.textPlaceholder) || el.placeholder
    for (const el of node.querySelectorAll('template')) fillWords(el.content)
  }

  function applyLanguage() {
    root.lang = language
    fillWords(document)
    document.title = text(config.room ? 'title.room' : config.check ? 'title.check' : 'title.start', { room: config.room }) || document.title
    fire('language')
  }

  function setLanguage(to) {
    language = known(to) ?? language
    stored.set('language', language)
    applyLanguage()
  }

  // window.holdline is the page's contract for scripts; see the README.
  let attached = false
  let watched = false // whether anybody listens for change
  let last = { at: 0, room: config.room, name: config.name, participant: '', life: 0, peers: [], messages: [] }
  let markReady

  function ask(what) {
    if (!attached) return null
    const detail = { what, json: null }
    fire('ask', detail)
    return detail.json && JSON.parse(detail.json)
  }

  class Holdline extends EventTarget {
    version = ''
    ready = new Promise((resolve) => { markReady = resolve })
    // Without the client it is what was last known, in the page's present state.
    snapshot() {
      const { state, signaling, cause } = root.dataset
      return last = ask('snapshot') ?? { ...last, state, signaling, cause }
    }
    report() { return ask('report') ?? shell.bareReport?.() ?? null }
    leave() { fire('leave') }
    say(text) { fire('say', `${text}`) }
    addEventListener(type, ...rest) {
      if (type === 'change') watched = true
      super.addEventListener(type, ...rest)
    }
  }
  const holdline = window.holdline = new Holdline()

  // A Join that was pressed before the client runs waits here for it.
  let wanted = null
  let slow = 0

  function join(name) {
    document.getElementById('main').focus()
    if (attached) return fire('join', name)
    wanted = name
    root.dataset.state = 'joining'
    shell.status('loading.join')
  }

  function enable(on) {
    for (const control of document.querySelectorAll('.controls button, #settings, #ask, #ask-in-call, .check-up button')) control.disabled = !on
  }

  function attach(version) {
    clearTimeout(slow)
    shell.loading(false)
    attached = true
    document.getElementById('save-report').hidden = false
    enable(true)
    holdline.version = version
    if (wanted !== null) fire('join', wanted)
    wanted = null
    markReady(holdline)
  }

  // changed says that there is something new to see; the snapshot is only
  // made when somebody listens.
  function changed() {
    if (watched) holdline.dispatchEvent(new CustomEvent('change', { detail: holdline.snapshot() }))
  }

  // stop ends the page's own part without the client: words is the id of
  // what happened where that differs from the cause.
  function stop(cause, next, words) {
    clearTimeout(slow)
    attached = false
    document.getElementById('save-report').hidden = true
    shell.loading(false)
    if (config.check) return shell.checkStopped(words ?? cause)
    root.dataset.signaling = 'closed'
    const end = { subject: last.participant, cause, layer: 'app', by: 'browser', next, revision: 1, final: true }
    last.end = end
    shell.end(end, words)
    changed()
  }

  function fail(err, words) {
    console.error(err)
    window.holdlineGoodbye?.failed?.()
    stop('client-failed', 'reload', words)
  }

  // load compiles the client. The response goes to the compiler untouched: a
  // wrapped one (to count its bytes) would cost Chromium's code cache.
  async function load(wasm) {
    slow = setTimeout(() => {
      shell.loading(true)
      if (wanted === null) shell.status({ joining: 'loading.join', check: 'loading.progress' }[root.dataset.state] ?? 'loading')
    }, 1000)
    let go, program
    try {
      go = new Go()
      program = await WebAssembly.instantiateStreaming(fetch(wasm), go.importObject)
      await shell.words
    } catch (err) {
      return fail(err, 'load-failed')
    }
    return run(go, program)
  }

  // run stays until the client has exited. Where it was broken off, the next
  // one begins in this page: a reload would take the place of a navigation
  // that is only slow, and for the time of that Firefox fetches nothing.
  async function run(go, { instance, module }) {
    while (await brokenOff(go, instance)) {
      attached = false
      enable(false)
      go = new Go()
      try {
        instance = await WebAssembly.instantiate(module, go.importObject)
      } catch (err) {
        return fail(err)
      }
      window.holdlineGoodbye?.abandon()
      if (root.dataset.state === 'ended') config.joinNow = false // who has left stays away
      shell.end(null)
      for (const el of document.querySelectorAll('[data-peer], [data-check], #messages > *, .recovery')) el.remove()
      document.getElementById('connection').hidden = true
    }
    fail(new Error('the Go program has exited'))
  }

  // brokenOff runs the program until it ends and says whether that was in its
  // middle. Where the person types an address or goes back, Firefox 153 ends
  // whatever script runs (TestACallOutlivesItsProgram). A script that was ended
  // does not count itself out, and the microtask comes when nothing runs any
  // more. Until then the program may have been called again, and exited.
  async function brokenOff(go, instance) {
    let depth = 0, stopped
    const broken = new Promise((resolve) => { stopped = resolve })
    const counted = (enter) => {
      if (depth++ === 0) queueMicrotask(() => { if (depth > 0) stopped() })
      try { return enter() } finally { depth-- }
    }
    const resume = go._resume.bind(go)
    go._resume = () => counted(resume)
    await Promise.race([broken, counted(() => go.run(instance)).catch(console.error)])
    // Its listeners are still there, and would throw; its timers would wait
    // in a loop for Go to take notice.
    go._resume = () => {}
    for (const timer of go._scheduledTimeouts.values()) clearTimeout(timer)
    go._scheduledTimeouts.clear()
    return depth > 0
  }

  async function start() {
    const href = (id) => document.getElementById(id).href
    shell.words = fetch(href('text')).then((r) => r.json()).then((t) => { tables = t }).catch(console.error).then(applyLanguage)
    shell.wire()
    if (config.check) shell.wireCheck()
    applyLanguage()
    if (!window.RTCPeerConnection || !window.WebAssembly) {
      await shell.words
      return stop('unsupported-browser', 'other-browser')
    }
    if (config.room || config.check) return load(href('wasm'))
    // The start page has no client; it only warms the compiled one.
    markReady(holdline)
    WebAssembly.compileStreaming(fetch(href('wasm'))).catch(console.error)
  }

  // A page that was in this call a moment ago (a reload, a restored tab)
  // comes back without its lobby; the record is the client's.
  function wasHere() {
    try { return JSON.parse(sessionStorage.getItem('holdline.record'))?.room === config.room } catch { return false }
  }

  root.lang = language
  if (config.check) {
    root.dataset.state = 'check'
  } else if (!window.RTCPeerConnection || !window.WebAssembly) {
    root.dataset.state = 'ended'
    root.dataset.cause = 'unsupported-browser'
  } else if (config.room) {
    root.dataset.state = config.joinNow || wasHere() ? 'joining' : 'lobby'
  }

  Object.assign(shell, {
    config, stored, cleanName, fire, text, join, attach, changed, setLanguage,
    language: () => language,
    table: () => JSON.stringify(tables[language]),
  })
  holdline.shell = shell
  document.addEventListener('DOMContentLoaded', start)
}
