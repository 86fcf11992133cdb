// Package session is the life of a session: why it ended and how it recovers,
// as one pure machine. The driver steps the session with facts and carries
// out the orders that come back; nothing here knows a browser, a clock or a
// goroutine.
//
// A session is in one phase (lobby, joining, joined, ended). It holds one
// signaling link to the server and one peer link per remote participant:
//
//	               offer, answer, ICE, DTLS              silence, disconnected
//	negotiating ───────────────────────► connected ──────────────────► interrupted
//	     │                                   ▲                               │
//	     │ deadline                          │ a beat, a packet              │ ladder
//	     ▼                                   │                               ▼
//	   ended ◄────────────────────────── recovering ◄────────────────────────┘
//
// What a participant does (leaves, reloads, is away) outranks what its link
// does. Only the room on the server ends somebody who is away while this
// page's signaling is open; without it the page's own windows run.
//
// Every event that answers an order carries the generation of the
// RTCPeerConnection and the attempt it belongs to; what is of an older one is
// dropped in one place (Session.stale). matrix.go says for each state and
// each kind of event whether it is handled, ignored, or cannot happen.
package session
