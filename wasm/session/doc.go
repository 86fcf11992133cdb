// Package session is the life of a session: why it ended and how it recovers,
// as one pure machine. The driver steps the session with facts and carries
// out the orders that come back; nothing here knows a browser, a clock or a
// goroutine. STATES.svg shows the states, CAUSES.md the causes and the ladder
// with its numbers; make docs draws both from the tables that decide.
//
// # The session
//
// A page loads into the lobby. Join, or the record that the last page of the
// tab left behind, begins a life: joining until the server's welcome, then
// joined until Leave or a refusal. Rejoin begins the next. Every load of the
// page is a life; the participant stays the same over all of them, as long as
// its resume token is good.
//
// # The signaling link
//
// One socket goes to the server. It beats, because a page cannot see
// WebSocket pings, and a socket that is silent is given up as if it had
// closed. A lost link is tried again for as long as the page is open; only a
// close code that says so is final. What a message says is kept until the
// server acknowledges it, so nothing is lost between two sockets. A call does
// not end when its signaling does.
//
// # The peer links
//
// One RTCPeerConnection goes to each remote participant. Who came last offers;
// the other waits, but not for ever. Perfect negotiation decides glare: of two
// first offers the higher id gives way, later who opened. Every event that answers an order carries the link's
// generation and the attempt; what is of an older one dies in Session.decide.
// A link is connected once its control channel is open, for only then either
// side can be heard. The first connection has deadlines: one for the answer,
// one for a path.
//
// # Two lanes
//
// What a participant says comes over the server and over the control channel,
// and each proves something about the other. Beats that stop while packets
// come are a page that hangs, not a path that broke. A server that says away
// while the channel beats has only lost that page's socket: the page vouches
// for it, and carries offers, answers and candidates in the band. So one whose
// signaling ends without a goodbye is asked at once, and is away when it does
// not answer within a moment (probe.go). The four
// numbers of an envelope (participant, life, generation, negotiation) make
// copies harmless.
//
// # Leaving, in two steps
//
// beforeunload means maybe: leaving is said on both lanes. pagehide means it:
// bye follows, by the stub, since Firefox stops Go there; PrepareGoodbye keeps
// all that it needs ready. Who is still here a second later says stay, and
// nobody was hung up on. The three share a counter; the highest wins, and bye
// is the last word of its life. A freeze says leaving too, and keeps its place
// for much longer.
//
// # The return
//
// A page that finds its record joins as who it was, in its next life. The
// others drop the links of the last one and wait for its offer. A page from
// the bfcache begins a new life as well: it had said bye. After a sleep the
// clocks have jumped, and everything that may still be alive is given a moment
// to be heard before a timer fires. One who comes back too late is told what
// the others were told.
//
// # The ladder, and who may end whom
//
// Silence, or connectionState disconnected, interrupts a link. While the
// remote can be reached, it climbs: an ICE restart, a new connection beside the
// old one, an ICE restart over the relay only, and then one each few seconds.
// After a long silence, or on another network, the new connection comes first:
// what the old one still carries comes late (stall.go).
// In each rung one side offers; the polite one waits a moment for the other.
// connectionState is never the end of anything. Where the network itself went,
// the socket went with it: the server is asked in the same moment, and dialed
// anew where it does not answer (askServer).
//
// # Paths
//
// The server gives each page STUN and TURN servers with credentials that live
// for minutes; they are asked for anew at half of their life, over a remote
// page where signaling is lost (ice.go). What gathering finds tells which of
// them answer (reach.go), and with what the remote finds, why a path is relayed
// (story.go) or why there is none (finding.go).
//
//   - While this page's signaling is open, only the room ends somebody who is
//     away.
//   - Without it, this page's own windows run, and the ladder's time on top.
//   - A link to somebody who is there ends when its ladder or a deadline does;
//     gave-up tells the other side, which ends it with the same words.
//   - hangup ends at once, on both lanes; so does the room's removal.
//   - One's own session ends by Leave and by a refusal, and by nothing else.
//
// Diagnose names the cause: the first row of Verdicts that holds. matrix.go
// says for each state and each event whether it is handled, ignored or cannot
// happen, and transition.go which moves there are; what neither has is counted
// in Nevers.
//
// # Sources
//
//	W3C webrtc-pc, 4.3.3      connectionState; failed is not final, a restart repairs it
//	W3C webrtc-pc, 4.4.1.5    descriptions are set, or the promise rejects
//	W3C webrtc-pc, 5.5        RTCDtlsTransportState: closed by the remote, or failed
//	W3C webrtc-pc, 6.2        data channels; closed while the page lives: the association is gone
//	W3C webrtc-pc, 10.7       perfect negotiation
//	html, page lifecycle      beforeunload, pagehide, pageshow; page-lifecycle: freeze, resume, wasDiscarded
//	RFC 8445, 9               ICE restarts: media flows on over the old pair meanwhile
//	RFC 8838                  trickled candidates, and the end of them
//	RFC 8863, 4               the PAC timer: no failure before 39.5 s; hence 40 s
//	RFC 7675, 5.1             consent expires after 30 s without an answer
//	RFC 8656, 3.2             relay allocations end by themselves; the last path there is
//	RFC 6455, 5.5, 7.1.5, 7.4 pings, how a socket closes, and our close codes from 4000
package session
