// What Go would do with hundreds of crossings, done in one: the statistics of
// a connection, picked to four values.
'use strict'
window.holdlineGlue = {
  // [packets, round-trip time in ms, local candidate type, remote candidate type,
  // ms since the last packet, 0 where the browser does not say].
  // Packets counts everything that came from the remote: RTP, data, STUN.
  async statistics(pc) {
    let packets = 0, rtt = 0, local = '', remote = '', pair = null, last = 0
    const report = await pc.getStats()
    report.forEach((s) => {
      if (s.type === 'candidate-pair') last = Math.max(last, s.lastPacketReceivedTimestamp ?? 0)
      if (s.type === 'inbound-rtp') packets += s.packetsReceived ?? 0
      if (s.type === 'data-channel') packets += s.messagesReceived ?? 0
      if (s.type === 'candidate-pair') {
        packets += (s.responsesReceived ?? 0) + (s.requestsReceived ?? 0)
        if (s.state === 'succeeded' && s.nominated && !(pair?.bytesReceived > s.bytesReceived)) pair = s
      }
    })
    if (pair) {
      rtt = (pair.currentRoundTripTime ?? 0) * 1000
      local = report.get(pair.localCandidateId)?.candidateType ?? ''
      remote = report.get(pair.remoteCandidateId)?.candidateType ?? ''
    }
    const age = last ? Math.max(0, performance.timeOrigin + performance.now() - last) : 0
    return [packets, rtt, local, remote, age]
  },
}
