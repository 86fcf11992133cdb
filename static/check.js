// The ICE doctor's page around the client: the report's buttons, and what can
// be said where the client cannot run.
'use strict'
{
  const { shell } = window.holdline
  const { text } = shell
  const $ = (id) => document.getElementById(id)
  let stopped = '' // the verdict without a client
  const began = performance.timeOrigin + performance.now()

  // what holds for a browser without the client; the fields are those of
  // wasm/doctor/REPORT.md.
  const browser = () => ({ agent: navigator.userAgent, peerConnection: Boolean(window.RTCPeerConnection), secure: isSecureContext, tellsErrors: false })
  const supported = () => Boolean(window.RTCPeerConnection && window.WebAssembly)
  const support = () => ({ id: 'support', group: 'browser', ...(supported() ? { state: 'passed', outcome: 'support-complete' } : { state: 'failed', outcome: 'support-lacking' }) })
  const asks = () => supported() ? [] : [{ id: 'other-browser' }]

  shell.bareReport = () => stopped && {
    schema: 'holdline.check/1', version: '', words: text('check.verdict.' + stopped), run: 0, running: false,
    began, at: performance.timeOrigin + performance.now(), browser: browser(), verdict: stopped, asks: asks(), checks: [support()],
  } || null

  async function copyReport() {
    const report = window.holdline.report()
    if (report && await shell.copyText(JSON.stringify(report, null, 1))) shell.notify('check.copied')
    else shell.notify('check.copy.failed')
  }

  // show words the verdict without a client, and the one check that needs none.
  function show() {
    $('check').dataset.checkState = 'done'
    $('check-more').textContent = text('check.more.' + stopped) || $('check-more').textContent
    $('check-verdict').textContent = text('check.verdict.' + stopped) || stopped
    $('check-verdict').dataset.verdict = stopped
    const list = $('check-browser')
    document.querySelectorAll('[data-check]').forEach((el) => el.remove())
    const { id, state, outcome } = support()
    const row = $('check-row').content.firstElementChild.cloneNode(true)
    row.dataset.check = id
    row.dataset.state = state
    for (const [part, words] of [['name', 'check.name.' + id], ['state', 'check.state.' + state], ['says', 'check.says.' + outcome]]) {
      row.querySelector('.check-' + part).textContent = text(words)
    }
    list.append(row)
    $('check-asks').hidden = !asks().length
    $('check-asks').querySelector('ul').replaceChildren(...asks().map(({ id }) => {
      const li = document.createElement('li')
      li.textContent = text('check.ask.' + id)
      return li
    }))
  }

  // checkStopped says why there is no client, or no longer.
  shell.checkStopped = (verdict) => {
    stopped = verdict
    shell.status('')
    for (const id of ['check-again', 'check-copy', 'check-save']) $(id).disabled = false
    $('check-again').removeAttribute('aria-disabled')
    $('check-again').addEventListener('click', () => location.reload())
    show()
  }

  shell.wireCheck = () => {
    $('check-copy').addEventListener('click', copyReport)
    $('check-save').addEventListener('click', shell.saveReport)
    shell.addEventListener('language', () => {
      if (stopped) return show()
      if ($('check-verdict').dataset.verdict) return // the client's
      for (const [id, words] of [['check-verdict', 'check.title'], ['check-more', 'check.lead']]) $(id).textContent = text(words) || $(id).textContent
    })
  }
}
