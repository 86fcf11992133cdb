package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Secret is what the server's own relay shares with the server: both derive it
// from the server's key.
func Secret(key []byte) string { return base64.RawStdEncoding.EncodeToString(mac(key, "turn", "")) }

// ID names a participant of a room to a relay. It goes over the network in the
// clear (RFC 8489, section 9.2: USERNAME), and a room's name is its secret.
func ID(key []byte, room, participant string) string {
	return opaque(mac(key, "turn id", room+"/"+participant))
}

// CheckID names somebody who only checks the network. The relay allows it less.
func CheckID(key []byte, participant string) string {
	return checkMark + opaque(mac(key, "turn check", participant))
}

const checkMark = "check-"

// PassedOnID names the owner of credentials which another participant of the
// room has asked for, and may have kept. They end with their owner. What is
// done with them counts as what the asker does, and as what is passed on to the
// owner: so nobody gets more by asking for others, or by leaving and asking
// again, nor spends what another has. Of what is passed on to an owner one
// asker has a share, and leaves the rest to others.
func PassedOnID(owner, asker string) string { return owner + passedOnMark + asker }

const passedOnMark = "+" // in no id otherwise

// ownerOf is whose end ends what an id has.
func ownerOf(id string) string {
	owner, _, _ := strings.Cut(id, passedOnMark)
	return owner
}

// accountsOf are those whom what an id has is counted for, the smallest share
// first: what that has no more, costs the others nothing.
func accountsOf(id string) []string {
	if owner, asker, ok := strings.Cut(id, passedOnMark); ok {
		return []string{id, owner + passedOnMark, asker}
	}
	if strings.HasPrefix(id, checkMark) {
		return []string{id, checkMark}
	}
	return []string{id}
}

func opaque(sum []byte) string {
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

func mac(key []byte, use, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(use + "\x00" + text))
	return h.Sum(nil)
}

// Credential makes username and password for an id, as coturn's
// use-auth-secret and draft-uberti-behave-turn-rest-00, section 2.2, have
// them: EXPIRY:ID, and the base64 of its HMAC-SHA1.
func Credential(secret, id string, expires time.Time) (username, password string) {
	username = strconv.FormatInt(expires.Unix(), 10) + ":" + id
	return username, passwordOf(secret, username)
}

func passwordOf(secret, username string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// readUsername takes a username apart; ok is false for one that Credential
// does not make.
func readUsername(username string) (id string, expires time.Time, ok bool) {
	head, id, found := strings.Cut(username, ":")
	seconds, err := strconv.ParseInt(head, 10, 64)
	if !found || err != nil || seconds < 0 || id == "" || len(username) > maxUsername {
		return "", time.Time{}, false
	}
	return id, time.Unix(seconds, 0), true
}

// maxUsername is the most that a username may have, in bytes; ours have 27, or
// 44 where they were passed on.
const maxUsername = 64
