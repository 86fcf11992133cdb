// Package room is the pure half of the server: who is in a room, who is away
// and until when, and who gets which message.
//
// Step takes a fact (a page said hello, a socket closed) and answers with
// orders (send this, close that). Time is an argument, there is no goroutine
// and no randomness; the caller steps a room from one goroutine at a time and
// calls Step with Tick once Deadline has come.
//
// A participant is present, leaving, away or left:
//
//	           leaving               bye, end of stream
//	 present ──────────► leaving ─────────────┐
//	  ▲  ▲ ◄──────────────  │                 ▼
//	  │  │     stay         └──────────────► away ──────► left
//	hello└────────────────────────────────────┘  deadline
//	               hello with the token
//
// Only the room ends somebody who is away; its End is the final one for all.
package room
