package room

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"holdline/server/signal"
)

// token is what a page shows to be the same participant again. It is signed
// with the server's key, so it survives a restart of the server.
type token struct {
	Room        string `json:"r"`
	Participant string `json:"p"`
	Order       int    `json:"o"`
	Serial      int    `json:"s"` // grows with each welcome; valid until its successor is acknowledged
}

var encoding = base64.RawURLEncoding

func (t token) sign(key []byte) string {
	body, err := json.Marshal(t)
	if err != nil {
		panic("room: token: " + err.Error()) // strings and integers are JSON
	}
	return encoding.EncodeToString(body) + "." + encoding.EncodeToString(mac(key, "token", string(body)))
}

// readToken reports the token in s if this server's key signed it.
func readToken(key []byte, s string) (t token, ok bool) {
	head, tail, found := strings.Cut(s, ".")
	if !found {
		return t, false
	}
	body, err := encoding.DecodeString(head)
	if err != nil {
		return t, false
	}
	sum, err := encoding.DecodeString(tail)
	if err != nil || !hmac.Equal(sum, mac(key, "token", string(body))) {
		return t, false
	}
	return t, json.Unmarshal(body, &t) == nil
}

// ByeKey is what a beacon to /bye must carry to be believed for this life.
func ByeKey(key []byte, room, participant string, life int64) string {
	return encoding.EncodeToString(mac(key, "bye", room+"/"+participant+"/"+strconv.FormatInt(life, 10))[:18])
}

// ValidByeKey reports whether the beacon carries the key of its room,
// participant and life.
func ValidByeKey(key []byte, b signal.Beacon) bool {
	return hmac.Equal([]byte(b.Key), []byte(ByeKey(key, b.Room, b.Participant, b.Life)))
}

func mac(key []byte, use, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(use + "\x00" + text))
	return h.Sum(nil)
}
