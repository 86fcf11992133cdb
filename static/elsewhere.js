// Other ways to open this page: on another device, by a QR code, and by HTTPS
// where it came by plain HTTP and so gets no camera.
'use strict'
{
  const { shell } = window.holdline
  const { config, text } = shell
  const root = document.documentElement
  const $ = (id) => document.getElementById(id)

  let note = () => ''
  const showNote = () => { $('elsewhere-note').textContent = note() }

  // drawn is the room's address as others can open it, which the server knows:
  // on localhost it is another one. It is null where only this computer
  // reaches the server.
  async function drawn() {
    const query = new URLSearchParams({ path: `/r/${config.room}`, origin: location.origin })
    const answer = await fetch(`/qr.svg?${query}`)
    if (!answer.ok) throw new Error(await answer.text())
    if (answer.status === 204) return null
    return new DOMParser().parseFromString(await answer.text(), 'image/svg+xml').documentElement
  }

  function show(svg) {
    $('elsewhere-qr').replaceChildren(...svg ? [svg] : [])
    $('elsewhere-link').textContent = svg?.querySelector('title').textContent ?? ''
    for (const id of ['elsewhere-scan', 'elsewhere-qr', 'elsewhere-link']) $(id).hidden = !svg
    showNote()
  }

  async function open() {
    $('elsewhere').showModal()
    try {
      const svg = await drawn()
      const warned = svg?.dataset.ownCertificate === 'true'
      note = () => !svg ? text('elsewhere.none', { port: location.port || '80' }) : warned ? text('elsewhere.warned') : ''
      show(svg)
    } catch (err) {
      console.error(err)
      note = () => text('elsewhere.failed')
      show(null)
    }
  }

  // It goes when somebody comes, who may be oneself on the other device.
  function closeInCalls() {
    new MutationObserver(() => {
      if (!['lobby', 'waiting'].includes(root.dataset.state)) $('elsewhere').close()
    }).observe(root, { attributeFilter: ['data-state'] })
  }

  // offerHTTPS says before that the browser will warn, which is why nobody is
  // sent there unasked.
  async function offerHTTPS() {
    const answer = await fetch('/https')
    const origin = answer.status === 200 ? await answer.text() : ''
    if (!origin || new URL(origin).hostname !== location.hostname) return
    $('secure-link').href = origin + location.pathname + location.search
    $('secure-notice').hidden = false
  }

  for (const id of ['lobby-elsewhere', 'invite-elsewhere']) $(id).addEventListener('click', open)
  shell.addEventListener('language', showNote)
  closeInCalls()
  if (!isSecureContext) offerHTTPS().catch(console.error)
}
