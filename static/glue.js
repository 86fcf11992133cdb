// What Go would do with hundreds of crossings, done in one: the statistics of
// a connection, picked to a dozen numbers and the chosen pair.
'use strict'
window.holdlineGlue = (() => {
  // The totals of the last sample of each connection: rates are of what came since.
  const last = new WeakMap()

  // [packets, RTP packets among them, ms since the last packet, round-trip time
  // in ms, loss 0 to 1, bit/s in, bit/s out, ms since a check was answered, pairs
  // that wait, run, succeeded, failed, then [local, remote, relay protocol] of the
  // chosen pair or null]. 0 where the browser does not say. Packets counts
  // everything that came from the remote: RTP, data, STUN.
  async function statistics(pc) {
    let packets = 0, media = 0, lost = 0, newest = 0, pair = null, selected = ''
    const checks = {waiting: 0, 'in-progress': 0, succeeded: 0, failed: 0}
    const report = await pc.getStats()
    report.forEach((s) => {
      if (s.type === 'inbound-rtp') {
        media += s.packetsReceived ?? 0
        lost += s.packetsLost ?? 0
      }
      if (s.type === 'data-channel') packets += s.messagesReceived ?? 0
      if (s.type === 'candidate-pair') {
        newest = Math.max(newest, s.lastPacketReceivedTimestamp ?? 0)
        packets += (s.responsesReceived ?? 0) + (s.requestsReceived ?? 0)
        if (s.state === 'frozen') checks.waiting++
        else if (s.state in checks) checks[s.state]++
        if (s.selected || !pair?.selected && s.state === 'succeeded' && s.nominated && !(pair?.bytesReceived > s.bytesReceived)) pair = s
      }
      if (s.type === 'transport' && s.selectedCandidatePairId) selected = s.selectedCandidatePairId
    })
    pair = report.get(selected) ?? pair // Firefox 153 has no such statistics of a transport, and says selected
    const now = performance.timeOrigin + performance.now()
    const is = {
      at: now, pair: pair?.id, media, lost,
      in: pair?.bytesReceived ?? 0, out: pair?.bytesSent ?? 0,
      // Chromium 156 counts answers, Firefox 153 too, once consent was first checked.
      answers: pair?.responsesReceived ?? 0, answeredAt: 0,
    }
    const was = last.get(pc)
    const same = was && was.pair === is.pair
    is.answeredAt = same && was.answers === is.answers ? was.answeredAt : is.answers ? now : 0
    last.set(pc, is)
    const seconds = same ? (is.at - was.at) / 1000 : 0
    const rate = (key) => seconds > 0 ? Math.max(0, is[key] - was[key]) * 8 / seconds : 0
    const gone = was ? Math.max(0, lost - was.lost) : 0
    const came = was ? Math.max(0, media - was.media) : 0
    const local = pair && report.get(pair.localCandidateId), remote = pair && report.get(pair.remoteCandidateId)
    return [
      packets + media, media, newest ? Math.max(0, now - newest) : 0, (pair?.currentRoundTripTime ?? 0) * 1000,
      gone + came ? gone / (gone + came) : 0, rate('in'), rate('out'), is.answeredAt ? Math.max(1, now - is.answeredAt) : 0,
      checks.waiting, checks['in-progress'], checks.succeeded, checks.failed,
      local && remote ? [local, remote, local.relayProtocol] : null,
    ]
  }
  return {statistics}
})()
