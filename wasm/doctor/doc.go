// Package doctor examines what a page can reach: the ICE doctor at /check. It
// is a machine like the session, and as pure: facts go in, orders come out,
// time is an argument.
//
//	Started ──► the server by HTTP ──► clock
//	        ├─► the socket: check ──► ice ──┬─► STUN, and the NAT's mapping
//	        │                               └─► the relay over UDP, TCP, TLS ──► a loop through it
//	        ├─► addresses ──► are they hidden
//	        └─► camera and microphone, without asking for them
//
// Each question is a check, with a connection of its own where it needs one:
// Firefox 153 does not say which server a candidate comes from. When all are
// answered the evidence is looked up in a table (verdict.go).
package doctor
