// Package relay is STUN (RFC 8489) and TURN (RFC 8656) for the calls of one
// server, on pion/turn: over UDP, and over whatever connections are handed to
// it, so that TCP and TLS may share a port with HTTP.
//
// A browser gets a credential that lives for minutes and is bound to one
// participant of one room. With it the browser makes allocations, which live
// on without it; both end when the participant has left.
//
//	page                    server                     relay
//	 │── hello ──────────────►│                          │
//	 │◄─ ice {EXPIRY:ID, …} ──│                          │
//	 │── Allocate, EXPIRY:ID, its HMAC ─────────────────►│
//	 │── Refresh, Send, … ──────────────────────────────►│
//	 │── bye ────────────────►│── Revocation {ID} ──────►│
//
// What goes through is limited in bytes, in number and in where it may go to;
// what is refused is counted by its reason.
package relay
