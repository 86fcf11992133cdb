package relay

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net"

	"github.com/pion/stun/v4"
)

// realm is said by TURN servers and shown by no browser. Over UDP each address
// is told one of its own instead, which it must say again. So an allocation is
// made only for an address where somebody has heard the answer to the first
// request: pion/turn 5.1 signs its nonces with the time alone, and one that was
// fetched at one address would do in the name of any other. The realm tells
// addresses apart, not ports: browsers go on with it on another one after a
// 437. It is good until the relay ends, also for who had the address before,
// or shares it.
const realm = "holdline"

// realms are made with a key that nobody else has.
type realms struct{ key []byte }

func newRealms() realms {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return realms{key}
}

// of is what somebody there must say. It is as long as realm: pion/turn writes
// that into its answers, and they must not grow.
func (r realms) of(from net.Addr) string {
	udp, ok := from.(*net.UDPAddr)
	if !ok {
		return realm // over TCP everybody has been heard
	}
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(unmapped(udp.AddrPort()).Addr().WithZone("").String()))
	return base32.StdEncoding.EncodeToString(h.Sum(nil)[:5])
}

// write puts the realm of an address into a response, where there is one. Those
// have no MESSAGE-INTEGRITY.
func (r realms) write(p []byte, to net.Addr) []byte {
	answer := stun.Message{Raw: bytes.Clone(p)}
	if answer.Decode() != nil {
		return p
	}
	said, err := answer.Get(stun.AttrRealm)
	if err != nil || len(said) != len(realm) {
		return p
	}
	copy(said, r.of(to))
	return answer.Raw
}
