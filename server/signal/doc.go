// Package signal is the wire between the page and the server, and between
// two pages over their control channel: one small envelope that the server
// reads and a payload that it passes on unread.
//
// PROTOCOL.md tells the conversations in the order in which they happen, with
// an example of every message. Nothing here has a clock, a goroutine or a
// socket; the limits are arguments.
package signal

// Subprotocol is what the page asks for and the server grants in the
// WebSocket handshake (RFC 6455, section 1.9). A page of another version is
// accepted under its own name and closed with CloseVersionMismatch, so that
// it can tell the person to load the page again.
const Subprotocol = "holdline.v1"
