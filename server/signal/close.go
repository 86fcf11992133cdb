package signal

// CloseCode is a WebSocket close code of ours (RFC 6455, section 7.4.2:
// 4000 to 4999 are for private use).
type CloseCode int

// The close codes, each a row of Closes.
const (
	CloseReplaced        CloseCode = 4001
	CloseRoomFull        CloseCode = 4002
	CloseNotAllowed      CloseCode = 4003
	CloseRemoved         CloseCode = 4004
	CloseVersionMismatch CloseCode = 4005
	CloseTooMuch         CloseCode = 4006
	CloseTooLarge        CloseCode = 4007
	CloseBadHello        CloseCode = 4008
	CloseNoHello         CloseCode = 4009
	CloseGoaway          CloseCode = 4010
	CloseDisplaced       CloseCode = 4011
	CloseBye             CloseCode = 4012
	CloseSlow            CloseCode = 4013
	CloseBusy            CloseCode = 4014
)

// Close is one row of the table: why the server closes a socket, and whether
// the page may try again.
type Close struct {
	Code   CloseCode
	Cause  Cause
	Final  bool   // the page must not come again by itself
	Reason string // English, for logs and reports
}

// Closes is the one table of close codes.
var Closes = []Close{
	{CloseReplaced, CauseReplaced, true, "another page lives by this identity"},
	{CloseRoomFull, CauseRoomFull, true, "the room is full"},
	{CloseNotAllowed, CauseNotAllowed, true, "not allowed"},
	{CloseRemoved, CauseRemoved, true, "removed from the room"},
	{CloseVersionMismatch, CauseVersionMismatch, true, "the page speaks another version: " + Subprotocol + " is wanted"},
	{CloseTooMuch, CauseTooMuch, true, "too many messages"},
	{CloseTooLarge, CauseTooMuch, true, "a message is too large"},
	{CloseBadHello, CauseNotAllowed, true, "the first message must be hello or check"},
	{CloseNoHello, CauseSignalingLost, false, "no hello came in time"},
	{CloseGoaway, CauseServerShutdown, false, "the server drains"},
	{CloseDisplaced, CauseReplaced, false, "a newer socket of the same page took over"},
	{CloseBye, CauseHangup, true, "goodbye"},
	{CloseSlow, CauseSignalingLost, false, "the page does not read what is sent to it"},
	{CloseBusy, CauseServerUnreachable, false, "the server is at its limit"},
}

// CloseOf finds the row of code; ok is false for codes that are not ours.
func CloseOf(code int) (row Close, ok bool) {
	for _, c := range Closes {
		if int(c.Code) == code {
			return c, true
		}
	}
	return Close{}, false
}
