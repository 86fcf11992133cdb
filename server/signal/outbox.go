package signal

import (
	"bytes"
	"slices"
)

// Outbox keeps what was sent and is not acknowledged yet, so that it can be
// sent again on a new socket. Page and server each have one per direction of
// a life. The zero value is not ready: use NewOutbox.
//
// When it is over its limits the oldest candidates go first. Of descriptions
// the newest of each sender and recipient is kept, by life, then generation,
// then arrival, and the one before it on the same connection: an answer goes
// before the offer that follows it, for their candidates are the same. Those two
// never go. So what is kept can be over the limit by descriptions alone, two
// per pair.
type Outbox struct {
	Last  int64      // seq of the newest message
	Kept  []Envelope // not acknowledged, oldest first
	Bytes int        // of the payloads kept

	MaxMessages int
	MaxBytes    int
}

// The most that is kept for one who is away: 256 messages and 256 KiB.
const (
	KeptMessages = 256
	KeptBytes    = 256 << 10
)

// NewOutbox is an empty Outbox with the given limits.
func NewOutbox(messages, bytes int) Outbox {
	return Outbox{MaxMessages: messages, MaxBytes: bytes}
}

// Put gives e its seq, keeps it and returns it as it is to be sent.
func (o *Outbox) Put(e Envelope) Envelope {
	if o.repeats(e) {
		e.Seq = 0 // a copy; the kept one stays before its candidates
		return e
	}
	o.Last++
	e.Seq = o.Last
	if e.Type == TypeDescription {
		newer, before := false, o.before(e)
		o.drop(func(k Envelope) bool {
			if k.Type != TypeDescription || k.From != e.From || k.To != e.To {
				return false
			}
			older := k.Life < e.Life || k.Life == e.Life && k.Generation <= e.Generation
			newer = newer || !older
			return older && k.Seq != before
		})
		if newer {
			return e // of an RTCPeerConnection that is no more
		}
	}
	o.Kept = append(o.Kept, e)
	o.Bytes += len(e.Payload)
	for over := o.over(); over && o.dropOldestCandidate(); over = o.over() {
	}
	return e
}

// before is the seq of the kept description that came last before e on the
// same connection; 0 is none.
func (o *Outbox) before(e Envelope) (seq int64) {
	for _, k := range o.Kept {
		if k.Type == e.Type && k.From == e.From && k.To == e.To && k.Life == e.Life && k.ToLife == e.ToLife && k.Generation == e.Generation {
			seq = k.Seq
		}
	}
	return seq
}

// repeats says whether e is a description that is kept already.
func (o *Outbox) repeats(e Envelope) bool {
	return e.Type == TypeDescription && slices.ContainsFunc(o.Kept, func(k Envelope) bool {
		return k.Type == e.Type && k.From == e.From && k.To == e.To && k.Life == e.Life && k.ToLife == e.ToLife &&
			k.Generation == e.Generation && k.Negotiation == e.Negotiation && bytes.Equal(k.Payload, e.Payload)
	})
}

func (o *Outbox) over() bool {
	return len(o.Kept) > o.MaxMessages || o.Bytes > o.MaxBytes
}

func (o *Outbox) dropOldestCandidate() bool {
	for i, k := range o.Kept {
		if k.Type != TypeDescription {
			o.Bytes -= len(k.Payload)
			o.Kept = append(o.Kept[:i:i], o.Kept[i+1:]...)
			return true
		}
	}
	return false
}

// Ack forgets everything up to seq.
func (o *Outbox) Ack(seq int64) {
	o.drop(func(k Envelope) bool { return k.Seq <= seq })
}

// Forget drops what was kept for or from a participant.
func (o *Outbox) Forget(participant string) {
	o.drop(func(k Envelope) bool { return k.To == participant || k.From == participant })
}

func (o *Outbox) drop(gone func(Envelope) bool) {
	stay := o.Kept[:0]
	o.Bytes = 0
	for _, k := range o.Kept {
		if !gone(k) {
			stay = append(stay, k)
			o.Bytes += len(k.Payload)
		}
	}
	clear(o.Kept[len(stay):])
	o.Kept = stay
}
