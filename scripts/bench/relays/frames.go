//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
)

// header is ChannelData's length in bytes before the payload (RFC 8656, section 12.4).
const header = 4

// frame is a payload as ChannelData. Payloads here are multiples of four bytes,
// so that there is no padding over streams.
func frame(payload []byte) []byte {
	f := binary.BigEndian.AppendUint16(nil, channel)
	f = binary.BigEndian.AppendUint16(f, uint16(len(payload)))
	return append(f, payload...)
}

// frames takes ChannelData out of a stream, however it comes in pieces.
type frames struct{ rest []byte }

// add gives the payloads that p makes whole.
func (f *frames) add(p []byte, got func(payload []byte)) error {
	if len(f.rest) > 0 {
		f.rest = append(f.rest, p...)
		p = f.rest
	}
	for len(p) >= header {
		if number := binary.BigEndian.Uint16(p); number != channel {
			return fmt.Errorf("ChannelData of channel %#x came, want %#x", number, channel)
		}
		end := header + int(binary.BigEndian.Uint16(p[2:]))
		if len(p) < end {
			break
		}
		got(p[header:end])
		p = p[end:]
	}
	f.rest = append(f.rest[:0], p...)
	return nil
}
