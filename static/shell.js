// What a person touches in the page, apart from the call itself: forms,
// language, link and report, chat panel, the words of the end.
'use strict'
{
  const { shell } = window.holdline
  const { config, text, fire } = shell
  const root = document.documentElement
  const $ = (id) => document.getElementById(id)
  const on = (id, type, fn) => $(id).addEventListener(type, fn)
  const click = (id, fn) => on(id, 'click', fn)

  // Status: what is happening, in words; a note ("Link copied.") shows over
  // it for a while.
  let base = () => ''
  let note = null
  const showStatus = () => { $('status').textContent = note ? note() : base() }

  // status takes an id with its parameters, or finished words.
  shell.status = (id, params) => {
    base = () => text(id, params) || id
    showStatus()
  }

  let noteEnds = 0
  function notify(id, params, ms = 4000) {
    note = () => text(id, params)
    showStatus()
    clearTimeout(noteEnds)
    noteEnds = setTimeout(() => { note = null; showStatus() }, ms)
  }

  shell.loading = (on) => {
    $('progress').hidden = !on
    if (!on) shell.status('')
  }

  // Fields.
  function complain(field, id, params) {
    $(field).setAttribute('aria-invalid', String(Boolean(id)))
    $(`${field === 'room-name' ? 'room' : field}-error`).textContent = id ? text(id, params) : ''
    if (id) $(field).focus()
  }

  // randomRoom is 22 letters and digits: 131 bits, more than can be guessed.
  function randomRoom() {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
    let name = ''
    while (name.length < 22) {
      // Only the bytes below 4 x 62 count, so that every sign is as likely.
      for (const b of crypto.getRandomValues(new Uint8Array(32))) if (b < 248 && name.length < 22) name += alphabet[b % 62]
    }
    return name
  }

  const goTo = (room) => location.assign('/r/' + room)

  // roomIn reads a room's name out of a name or a pasted link.
  function roomIn(typed) {
    const link = /\/r\/([^/?#\s]*)/.exec(typed)
    return link ? link[1] : typed
  }

  function complainRoom(room) {
    const strange = [...room].find((c) => !/[\w-]/.test(c))
    const got = room === '' ? text('room.got.nothing')
      : strange?.trim() === '' ? text('room.got.space')
      : strange ? text('room.got.character', { character: strange })
        : text('room.got.length', { count: room.length })
    complain('room-name', 'room.error', { got })
  }

  function openRoom(event) {
    event.preventDefault()
    const room = roomIn($('room-name').value.trim())
    if (/^[\w-]{1,64}$/.test(room)) return goTo(room)
    complainRoom(room)
  }

  function joinFromLobby(event) {
    event.preventDefault()
    const name = shell.cleanName($('name').value)
    const count = [...name].length
    if (count > 64) return complain('name', 'name.error', { count })
    complain('name', '')
    shell.stored.set('name', name)
    shell.join(name || text('name.guest') || 'Guest')
  }

  // The link and the report.
  const link = () => `${location.origin}/r/${config.room}`

  // copyText copies without navigator.clipboard too, which plain http lacks.
  async function copyText(value) {
    try {
      await navigator.clipboard.writeText(value)
      return true
    } catch {
      const box = document.createElement('textarea')
      box.value = value
      box.className = 'unseen'
      const before = document.activeElement
      document.body.append(box)
      box.select()
      const done = document.execCommand('copy')
      box.remove()
      before?.focus()
      return done
    }
  }

  async function copyLink() {
    if (await copyText(link())) notify('copied')
    else notify('copy.failed', { link: link() }, 20_000)
  }

  function saveReport() {
    const report = window.holdline.report()
    if (!report) return
    const url = URL.createObjectURL(new Blob([JSON.stringify(report)], { type: 'application/json' }))
    const a = document.createElement('a')
    a.href = url
    a.download = `holdline-${config.room || 'check'}-${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}.json`
    a.click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
    notify('report.saved')
  }

  // Chat: the panel; its lines are the client's.
  const limit = 4000
  const digits = (n) => n.toLocaleString(shell.language())
  let unread = 0

  // The chat and the panel of a connection, which is the client's, stand in the
  // same place: one at a time. The chat comes back when it made room.
  let chatWaits = false
  shell.panel = (open) => {
    if (open) {
      chatWaits ||= chatOpen()
      openChat(false)
    } else if (chatWaits) {
      chatWaits = false
      openChat(true)
    }
  }

  function openChat(open) {
    if (open && !$('connection').hidden) {
      chatWaits = false
      fire('chat')
    }
    root.dataset.chat = open ? 'open' : 'closed'
    $('chat-toggle').setAttribute('aria-expanded', String(open))
    if (open) {
      unread = 0
      scrollChat()
    }
    nameChat()
  }

  const chatOpen = () => root.dataset.chat === 'open'
  const scrollChat = () => { $('chat-scroll').scrollTop = $('chat-scroll').scrollHeight }

  function nameChat() {
    const badge = $('chat-toggle').querySelector('.unread')
    badge.hidden = unread === 0
    badge.textContent = unread > 99 ? '99+' : unread
    $('chat-toggle').querySelector('[data-name]').textContent = unread ? text('chat.unread', { count: unread }) : text('chat')
  }

  let atEnd = true
  function linesAdded(records) {
    const added = records.flatMap((r) => [...r.addedNodes])
    if (!added.length) return
    if (!chatOpen()) unread += added.filter((el) => el.dataset.mine !== 'true').length
    if (atEnd || added.some((el) => el.dataset.mine === 'true')) scrollChat()
    nameChat()
  }

  function growMessage() {
    const box = $('message')
    box.style.height = 'auto'
    box.style.height = `${box.scrollHeight + 2}px`
  }

  function sendMessage(event) {
    event.preventDefault()
    const said = $('message').value.trim()
    const count = [...said].length
    if (count > limit) return complain('message', 'chat.error', { limit: digits(limit), count: digits(count) })
    complain('message', '')
    if (!said) return
    window.holdline.say(said)
    $('message').value = ''
    growMessage()
  }

  // The end. What fits to do next, the first of them as the main one.
  const steps = {
    reload: ['reload', 'end-start'],
    'other-browser': ['end-copy'],
    'other-room': ['end-start', 'rejoin'],
    'ask-owner': ['end-start'],
    'use-https': ['end-start'],
  }
  let ended = null

  // wordEnd fills the alert; words is an id that outranks the cause's.
  function wordEnd() {
    if (!ended) return
    const { end, words } = ended
    const id = words ?? end.cause
    // Without words (they were not loaded either) the HTML's own stay.
    for (const [el, wording] of [['end-title', 'self.' + id], ['end-more', 'self.more.' + id], ['end-next', 'next.' + end.next]]) {
      $(el).textContent = text(wording) || $(el).textContent
    }
    $('end-cause').textContent = end.cause
    $('end-layer').textContent = text('layer.' + end.layer)
    $('end-by').textContent = text('by.' + end.by)
    $('end-evidence').replaceChildren(...(end.evidence ?? []).map((fact) => {
      const li = document.createElement('li')
      li.textContent = fact
      return li
    }))
    $('end-evidence-row').hidden = !end.evidence?.length
    shell.status('status.ended')
  }

  // end shows that this page's own session has ended, and how; again when more
  // is known. end(null) takes it back, after Rejoin.
  shell.end = (end, words) => {
    const first = !ended
    ended = end && { end, words }
    $('end-words').dataset.cause = end?.cause ?? ''
    if (!end) return
    root.dataset.state = 'ended'
    root.dataset.cause = end.cause
    const fits = config.room ? steps[end.next] ?? ['rejoin', 'end-start'] : []
    for (const id of ['rejoin', 'reload', 'end-copy', 'end-start']) {
      $(id).hidden = !fits.includes(id)
      $(id).classList.toggle('primary', id === fits[0])
      $(id).style.order = String(fits.indexOf(id))
    }
    wordEnd()
    if (first && fits.length) $(fits[0]).focus()
    window.holdline.dispatchEvent(new CustomEvent('end', { detail: end }))
  }

  // play starts a video that the browser would not start by itself, or else
  // lets the person do it.
  function play(video) {
    const hear = video.parentElement.querySelector('.hear')
    video.play().then(() => { if (hear) hear.hidden = true }, (err) => { if (hear && err.name === 'NotAllowedError') hear.hidden = false })
  }

  // keepFocus hands the focus to the page when what has it is hidden: the
  // invitation goes when somebody comes.
  function keepFocus() {
    let focused = null
    document.addEventListener('focusin', (event) => { focused = event.target })
    new MutationObserver(() => {
      if (!focused || focused.checkVisibility()) return
      if ([focused, document.body].includes(document.activeElement)) $('main').focus({ preventScroll: true })
    }).observe(root, { subtree: true, attributeFilter: ['hidden', 'data-state', 'data-chat'] })
  }

  function wirePanels() {
    const wide = matchMedia('(min-width: 64rem)')
    openChat(wide.matches)
    wide.addEventListener('change', () => {
      if ($('connection').hidden) openChat(wide.matches)
      else chatWaits = wide.matches
    })
    click('chat-toggle', () => {
      openChat(!chatOpen())
      if (chatOpen()) $('message').focus()
    })
    const close = () => { openChat(false); $('chat-toggle').focus() }
    click('chat-close', close)
    on('chat', 'keydown', (event) => { if (event.key === 'Escape') close() })
    on('chat-scroll', 'scroll', () => { atEnd = $('chat-scroll').scrollHeight - $('chat-scroll').scrollTop - $('chat-scroll').clientHeight < 40 })
    new MutationObserver(linesAdded).observe($('messages'), { childList: true })
    on('compose', 'submit', sendMessage)
    on('message', 'input', growMessage)
    on('message', 'keydown', (event) => {
      // A word that is still being composed (Chinese, Japanese) takes Enter for itself.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) sendMessage(event)
    })
    for (const of of ['device', 'former']) click(`${of}-dismiss`, () => { $(`${of}-notice`).hidden = true })
    const started = (event) => { if (event.target instanceof HTMLVideoElement) play(event.target) }
    document.addEventListener('loadedmetadata', started, true)
    document.addEventListener('click', (event) => {
      if (event.target.closest('.hear')) document.querySelectorAll('.peer video').forEach(play)
      const again = event.target.closest('.rejoin')
      if (again) {
        // It goes as soon as the new connection is under way; what it is about stays.
        (again.closest('.peer')?.querySelector('.line') ?? $('connection-scroll')).focus()
        fire('rejoin')
      }
    })
  }

  Object.assign(shell, { notify, copyText, saveReport })

  // wire brings the page to life once its elements are there.
  shell.wire = () => {
    $('language').value = shell.language()
    on('language', 'change', () => shell.setLanguage($('language').value))
    shell.addEventListener('language', () => { $('language').value = shell.language(); nameChat(); wordEnd(); showStatus() })
    click('start-call', () => goTo(randomRoom()))
    on('open-room', 'submit', openRoom)
    on('lobby', 'submit', joinFromLobby)
    on('room-name', 'input', () => complain('room-name', ''))
    on('name', 'input', () => complain('name', ''))
    click('copy', copyLink)
    click('invite-copy', copyLink)
    click('end-copy', copyLink)
    click('save-report', saveReport)
    click('rejoin', () => { $('main').focus(); fire('rejoin') })
    click('go-back', () => { $('main').focus(); fire('back') })
    click('reload', () => location.reload())
    wirePanels()
    keepFocus()

    $('lobby-room').textContent = config.room
    $('invite-link').value = link()
    on('invite-link', 'focus', () => $('invite-link').select())
    $('name').value = config.name
    if (root.dataset.state === 'joining') shell.status('status.joining')
    // Not on a touch screen, where the keyboard would cover the page unasked.
    if (root.dataset.state === 'lobby' && !matchMedia('(pointer: coarse)').matches) $('name').focus()
  }
}
