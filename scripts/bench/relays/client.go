//go:build linux

package main

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"
)

// The transports by which clients come.
const (
	overUDP = "UDP"
	overTCP = "TCP"
	overTLS = "TLS"
)

var transports = []string{overUDP, overTCP, overTLS}

// client is a TURN client with one allocation and one channel. pion/turn's own
// hands each packet from one goroutine to another, and writes them one by one:
// too much for a client that has to outrun a server on a core like its own.
type client struct {
	*wire
	conn io.ReadWriter // the wire, or TLS on it
	tls  *tls.Conn     // nil without

	frames  frames
	relayed netip.AddrPort

	username, password string
	realm              stun.Realm
	nonce              stun.Nonce
}

// channel is the only one that a client has bound: the first (RFC 8656, section 12).
const channel = 0x4000

// allocate connects a client over a transport and makes its allocation.
func (s *server) allocate(transport string) (*client, error) {
	at := s.plain
	if transport == overTLS {
		at = s.secure
	}
	w, err := dial(transport != overUDP, at)
	if err != nil {
		return nil, err
	}
	c := &client{wire: w, conn: w, username: s.username, password: s.password}
	if transport == overTLS {
		c.tls = tls.Client(w, &tls.Config{RootCAs: s.roots, ServerName: at.Addr().String()})
		c.conn = c.tls
	}
	if err := c.allocate(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) allocate() error {
	if c.tls != nil {
		if err := c.tls.Handshake(); err != nil {
			return fmt.Errorf("TLS handshake: %w", err)
		}
	}
	transport := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{unix.IPPROTO_UDP, 0, 0, 0}}
	response, err := c.request(stun.MethodAllocate, transport)
	if err != nil {
		return err
	}
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(response, stun.AttrXORRelayedAddress); err != nil {
		return fmt.Errorf("the relayed address: %w", err)
	}
	ip, _ := netip.AddrFromSlice(relayed.IP)
	c.relayed = netip.AddrPortFrom(ip.Unmap(), uint16(relayed.Port))
	return nil
}

// bind binds the channel to a peer, which permits it, too.
func (c *client) bind(peer netip.AddrPort) error {
	number := stun.RawAttribute{Type: stun.AttrChannelNumber, Value: binary.BigEndian.AppendUint16(nil, channel)}
	number.Value = append(number.Value, 0, 0) // reserved
	_, err := c.request(stun.MethodChannelBind, number, peerAddress(peer))
	return err
}

type peerAddress netip.AddrPort

// AddTo makes it a stun.Setter.
func (p peerAddress) AddTo(m *stun.Message) error {
	at := netip.AddrPort(p)
	return stun.XORMappedAddress{IP: at.Addr().AsSlice(), Port: int(at.Port())}.AddToAs(m, stun.AttrXORPeerAddress)
}

// request asks, and once more with what the first refusal has told (RFC 8489,
// section 9.2.5).
func (c *client) request(method stun.Method, attributes ...stun.Setter) (*stun.Message, error) {
	for {
		setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attributes...)
		known := c.nonce != nil
		if known {
			setters = append(setters, stun.NewUsername(c.username), c.realm, c.nonce, stun.NewLongTermIntegrity(c.username, c.realm.String(), c.password))
		}
		request, err := stun.Build(setters...)
		if err != nil {
			return nil, fmt.Errorf("build %s: %w", method, err)
		}
		response, err := c.exchange(request)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
		if response.Type.Class == stun.ClassSuccessResponse {
			return response, nil
		}
		var code stun.ErrorCodeAttribute
		if err := code.GetFrom(response); err != nil {
			return nil, fmt.Errorf("%s: an answer that is neither a success nor an error: %s", method, response)
		}
		if known || code.Code != stun.CodeUnauthorized {
			return nil, fmt.Errorf("%s: %s", method, code)
		}
		if err := errors.Join(c.realm.GetFrom(response), c.nonce.GetFrom(response)); err != nil {
			return nil, fmt.Errorf("%s: %w", method, err)
		}
	}
}

func (c *client) exchange(request *stun.Message) (*stun.Message, error) {
	if _, err := c.conn.Write(request.Raw); err != nil {
		return nil, err
	}
	p := make([]byte, 2048)
	n, err := c.conn.Read(p) // a server writes a response in one piece, and a record has it whole
	if err != nil {
		return nil, err
	}
	response := &stun.Message{Raw: p[:n]}
	if err := response.Decode(); err != nil {
		return nil, err
	}
	if response.TransactionID != request.TransactionID {
		return nil, errors.New("the response is to another request")
	}
	return response, nil
}

// send sends packets of a size, all in one write: datagrams, frames, or frames
// in a TLS record each. all holds them one after the other.
func (c *client) send(all []byte, size int) error {
	if c.tls == nil {
		_, err := c.conn.Write(all)
		return err
	}
	return c.gather(func() error {
		for ; len(all) > 0; all = all[size:] {
			if _, err := c.conn.Write(all[:size]); err != nil {
				return err
			}
		}
		return nil
	})
}

// receive gives the payloads of what there is, until there is no more.
func (c *client) receive(buffer []byte, got func(payload []byte)) error {
	return drain(c.conn, buffer, func(p []byte) error {
		if !c.stream {
			c.frames.rest = c.frames.rest[:0]
		}
		return c.frames.add(p, got)
	})
}

// drain reads what there is, until there is no more.
func drain(r io.Reader, buffer []byte, got func(p []byte) error) error {
	for {
		n, err := r.Read(buffer)
		if errors.Is(err, unix.EAGAIN) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := got(buffer[:n]); err != nil {
			return err
		}
	}
}
